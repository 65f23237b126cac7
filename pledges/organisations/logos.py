"""The logo of an organisation: sent by who holds its badge, looked at by a moderator, shown while the badge holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pledges.errors import NotNow
from pledges.figures import counters
from pledges.models import Contribution, Logo, Matter, MatterKind, Organisation
from pledges.models.turns import hold, hold_by_ids
from pledges.tokens import new_public_id

from . import badges, matters
from .pictures import Picture

ALT_CHARS = 120
HASH_CHARS = 24


@dataclass(frozen=True)
class Shown:
    """A logo as a page shows it."""

    organisation: str  # its public id
    hash: str
    alt: str
    width: int
    height: int


def of(organisation: Organisation | None) -> Shown | None:
    """What stands for it now; whether its badge holds is asked by whoever shows it."""
    if organisation is None or organisation.logo_hash is None:
        return None
    return Shown(
        organisation.public_id,
        organisation.logo_hash,
        organisation.logo_alt,
        organisation.logo_width,
        organisation.logo_height,
    )


def waiting(session: Session, organisation_id: int) -> Matter | None:
    """The logo that a moderator has not looked at yet."""
    query = select(Matter).where(
        Matter.organisation_id == organisation_id, Matter.kind == MatterKind.LOGO, Matter.decided_at.is_(None)
    )
    return session.scalars(query.order_by(Matter.id.desc()).limit(1)).first()


def send(session: Session, own: Contribution, picture: Picture, alt: str, lang: str, now: datetime) -> Matter:
    """It waits for a moderator, in the place of one that waits already; raises NotNow for who holds no badge."""
    hold(session, own)
    if not badges.holds(own, now) or own.organisation_id is None:
        raise NotNow
    badges.lock(session, own.organisation_id)
    before = waiting(session, own.organisation_id)
    if before is not None:
        matters.drop(session, [before])
    matter = Matter(
        public_id=new_public_id(),
        kind=MatterKind.LOGO,
        campaign_id=own.campaign_id,
        organisation_id=own.organisation_id,
        contribution_id=own.id,
        lang=lang,
        asked_at=now,
        waiting_since=now,
    )
    session.add(matter)
    session.flush()
    session.add(
        Logo(
            matter_id=matter.id,
            organisation_id=own.organisation_id,
            hash=hashlib.sha256(picture.png).hexdigest()[:HASH_CHARS],
            png=picture.png,
            width=picture.width,
            height=picture.height,
            alt=alt[:ALT_CHARS],
        )
    )
    session.flush()
    counters.add(session, matter.campaign_id, matters.LANE, +1)
    return matter


def decide(session: Session, matter: Matter, accepted: bool, now: datetime) -> None:
    """It is shown from now on, in the place of the one before, or is gone; raises NotNow where it waits no more."""
    hold_by_ids(session, matter.contribution_id)
    organisation = badges.lock(session, matter.organisation_id)
    session.refresh(matter, with_for_update=True)
    logo = session.scalars(select(Logo).where(Logo.matter_id == matter.id)).first()
    if matter.decided_at is not None or logo is None:
        raise NotNow
    if accepted:
        session.execute(delete(Logo).where(Logo.organisation_id == organisation.id, Logo.id != logo.id))
        organisation.logo_hash, organisation.logo_alt = logo.hash, logo.alt
        organisation.logo_width, organisation.logo_height = logo.width, logo.height
    else:
        session.delete(logo)
    matter.decided_at, matter.accepted = now, accepted
    session.flush()
    badges.touch(session, organisation, now)
    counters.add(session, matter.campaign_id, matters.LANE, -1)


def take_away(session: Session, organisation: Organisation, now: datetime) -> None:
    """No logo of it is shown or kept; the row is held by whoever calls."""
    session.execute(delete(Logo).where(Logo.organisation_id == organisation.id))
    organisation.logo_hash, organisation.logo_alt = None, ""
    organisation.logo_width = organisation.logo_height = 0
    session.flush()
    badges.touch(session, organisation, now)


def forget(session: Session, own: Contribution, now: datetime) -> None:
    """What this author has sent is gone with all else of theirs."""
    theirs = select(Matter.id).where(Matter.contribution_id == own.id, Matter.kind == MatterKind.LOGO)
    sent = session.scalars(select(Logo).where(Logo.matter_id.in_(theirs))).all()
    for logo in sent:
        organisation = badges.lock(session, logo.organisation_id)
        if organisation.logo_hash == logo.hash:
            take_away(session, organisation, now)


def png(session: Session, organisation: Organisation, hash: str) -> bytes | None:
    """The picture of this hash, where it is the one that is shown."""
    if organisation.logo_hash is None or organisation.logo_hash != hash:
        return None
    query = select(Logo.png).where(Logo.organisation_id == organisation.id, Logo.hash == hash)
    return session.scalars(query.limit(1)).first()
