"""Keys of partners: given out once, known by their hash, and of no use from the moment they are ended."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.models import Campaign, PartnerKey
from pledges.tokens import hash_token

BEGINS = "wall_"
MOST = 50  # keys of a campaign that are in use


class TooMany(Exception):
    """The campaign has as many keys as anybody looks after."""


def give(session: Session, campaign: Campaign, name: str, now: datetime) -> tuple[PartnerKey, str]:
    """A new key: the row, and the key itself, which is told this once. Raises TooMany."""
    if len([key for key in of(session, campaign) if key.ended_at is None]) >= MOST:
        raise TooMany
    key = BEGINS + secrets.token_urlsafe(32)
    row = PartnerKey(campaign_id=campaign.id, name=name, hash=hash_token(key), hint=key[-4:], made_at=now)
    session.add(row)
    session.flush()
    return row, key


def of(session: Session, campaign: Campaign) -> Sequence[PartnerKey]:
    """The campaign's keys, those in use first, the newest first; of those that ended the last few."""
    mine = select(PartnerKey).where(PartnerKey.campaign_id == campaign.id)
    used = session.scalars(mine.where(PartnerKey.ended_at.is_(None)).order_by(PartnerKey.id.desc())).all()
    ended = mine.where(PartnerKey.ended_at.is_not(None)).order_by(PartnerKey.ended_at.desc()).limit(20)
    return [*used, *session.scalars(ended)]


def end(session: Session, campaign: Campaign, key_id: int, now: datetime) -> PartnerKey | None:
    """The key counts no more; none where this campaign has none of this number in use."""
    key = session.get(PartnerKey, key_id)
    if key is None or key.campaign_id != campaign.id or key.ended_at is not None:
        return None
    key.ended_at = now
    session.flush()
    return key


def known(session: Session, campaign: Campaign, key: str) -> PartnerKey | None:
    """The row of this key, where it is one of the campaign's that is in use."""
    found = session.scalars(select(PartnerKey).where(PartnerKey.hash == hash_token(key))).first()
    return found if found is not None and found.campaign_id == campaign.id and found.ended_at is None else None


def use(session: Session, key: PartnerKey, now: datetime) -> bool:
    """Whether the key still counts in this transaction; when it was used last is kept."""
    mine = update(PartnerKey).where(PartnerKey.id == key.id, PartnerKey.ended_at.is_(None))
    return session.execute(mine.values(used_at=now)).rowcount == 1  # type: ignore[attr-defined]
