"""What is asked about an organisation and waits for a person: that somebody speaks for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from pledges.errors import NotNow
from pledges.figures import counters
from pledges.models import Contribution, How, Kind, Matter, MatterKind, Organisation, Type
from pledges.models.turns import hold, hold_by_ids
from pledges.tokens import new_public_id

from . import badges, domains

LINK_HOLDS = timedelta(days=7)  # that is mailed to an address of the organisation
LANE = f"{counters.LANES}organisations"
MOST = 20  # that are shown of one organisation


class NoDomain(ValueError):
    """The address stands at no domain that anybody could have registered."""


def can_ask(pledge: Contribution, now: datetime) -> bool:
    """Whether its author may prove to speak for its organisation: it stands on the wall, and nothing is proved yet, or not for long."""
    if pledge.type is not Type.PLEDGE or pledge.kind is not Kind.ORGANISATION or pledge.example:
        return False
    if pledge.shown_at is None or pledge.organisation is None:
        return False
    return not badges.vouched(pledge, now) or may_renew(pledge, now)


def may_renew(pledge: Contribution, now: datetime) -> bool:
    """Whether its author holds a badge that soon ends."""
    until = pledge.organisation.verified_until if pledge.organisation is not None else None
    return badges.holds(pledge, now) and until is not None and until - now <= badges.RENEWED_BEFORE


def newest_of(session: Session, contribution_id: int, now: datetime) -> tuple[Matter | None, Matter | None]:
    """What the author of this promise has asked last: what nobody has answered yet, and what was answered."""
    query = select(Matter).where(Matter.contribution_id == contribution_id, Matter.kind == MatterKind.PROOF)
    found = session.scalars(query.order_by(Matter.id.desc()).limit(2)).all()
    asked = next((each for each in found if each.decided_at is None and not is_over(each, now)), None)
    return asked, next((each for each in found if each.decided_at is not None), None)


def is_over(matter: Matter, now: datetime) -> bool:
    """Whether its link opens nothing any more."""
    return matter.waiting_since is None and now >= matter.asked_at + LINK_HOLDS


def ask(session: Session, pledge: Contribution, email: str, *, take_over: bool, lang: str, now: datetime) -> Matter:
    """A link is to be mailed to this address; raises NoDomain, and NotNow where nothing is to be proved, or it waits already."""
    hold(session, pledge)
    if not can_ask(pledge, now) or pledge.organisation_id is None:
        raise NotNow
    domain = domains.registrable(domains.host_of(email))
    if domain is None:
        raise NoDomain
    forget(session, pledge, unless_waiting=True)
    matter = Matter(
        public_id=new_public_id(),
        kind=MatterKind.PROOF,
        campaign_id=pledge.campaign_id,
        organisation_id=pledge.organisation_id,
        contribution_id=pledge.id,
        email=email,
        domain=domain,
        shared=domains.is_shared(session, domains.host_of(email)),
        take_over=take_over,
        lang=lang,
        asked_at=now,
    )
    session.add(matter)
    session.flush()
    return matter


def press(session: Session, matter: Matter, now: datetime) -> bool:
    """The link was pressed: a person has to say yes now; False: it was pressed before. Raises NotNow where it is over."""
    session.refresh(matter, with_for_update=True)
    if matter.decided_at is not None or is_over(matter, now):
        raise NotNow
    if matter.waiting_since is not None:
        return False
    matter.waiting_since = now
    session.flush()
    counters.add(session, matter.campaign_id, LANE, +1)
    return True


def by_colleague(organisation: Organisation, pledge: Contribution | None, now: datetime) -> bool:
    """Whether who holds the badge may say yes, and so a lead: it has one, and somebody else asks to speak for it."""
    return badges.is_verified(organisation, now) and pledge is not None and not badges.holds(pledge, now)


def waiting_at(session: Session, organisation_id: int) -> list[Matter]:
    """What waits about it, the oldest first."""
    query = select(Matter).where(
        Matter.organisation_id == organisation_id, Matter.waiting_since.is_not(None), Matter.decided_at.is_(None)
    )
    with_it = (joinedload(Matter.contribution), joinedload(Matter.campaign), joinedload(Matter.organisation))
    return list(session.scalars(query.options(*with_it).order_by(Matter.waiting_since, Matter.id).limit(MOST)))


def decide(
    session: Session, matter: Matter, accepted: bool, how: How, now: datetime, *, by_holder: int | None = None
) -> None:
    """It is answered, and what was asked for is done; raises NotNow where it waits no more.

    `by_holder`: the promise of whoever says so, where that is no moderator; raises NotNow where they hold the badge no more.
    """
    pledge = _locked(session, matter, by_holder, now)
    if matter.decided_at is not None or matter.waiting_since is None:
        raise NotNow
    if accepted:
        if pledge is None or pledge.organisation_id is None or pledge.shown_at is None:
            raise NotNow
        organisation = badges.lock(session, pledge.organisation_id)
        badges.give(session, organisation, pledge, how=how, domain=matter.domain, take_over=matter.take_over, now=now)
        matter.organisation_id = organisation.id
    matter.decided_at, matter.accepted, matter.how, matter.email = now, accepted, how if accepted else None, ""
    session.flush()
    counters.add(session, matter.campaign_id, LANE, -1)


def _locked(session: Session, matter: Matter, by_holder: int | None, now: datetime) -> Contribution | None:
    """Promises first, in the order of their ids, as whoever decides on words does; then the matter, as it is committed."""
    hold_by_ids(session, matter.contribution_id, by_holder)
    session.refresh(matter, with_for_update=True)
    if by_holder is not None and not badges.holds(session.get_one(Contribution, by_holder), now):
        raise NotNow
    return session.get(Contribution, matter.contribution_id) if matter.contribution_id is not None else None


def forget(session: Session, pledge: Contribution, *, unless_waiting: bool = False) -> None:
    """Nothing that its author has asked waits, or is known; raises NotNow where something waits and is not to be forgotten."""
    mine = select(Matter).where(Matter.contribution_id == pledge.id)
    if unless_waiting:
        mine = mine.where(Matter.decided_at.is_(None), Matter.kind == MatterKind.PROOF)
    found = session.scalars(mine.order_by(Matter.id).with_for_update()).all()
    if unless_waiting and any(each.waiting_since is not None for each in found):
        raise NotNow
    drop(session, found)


def forget_unpressed(session: Session, now: datetime, most: int) -> int:
    """Some whose link was never pressed are gone, with the addresses that they were sent to."""
    old = select(Matter).where(
        Matter.waiting_since.is_(None), Matter.decided_at.is_(None), Matter.asked_at <= now - LINK_HOLDS
    )
    found = session.scalars(old.order_by(Matter.id).limit(most)).all()
    drop(session, found)
    return len(found)


def drop(session: Session, found: Iterable[Matter]) -> None:
    """These are gone, and the lane's number follows."""
    for each in found:
        session.delete(each)
    session.flush()
    for each in found:
        if each.waiting_since is not None and each.decided_at is None:
            counters.add(session, each.campaign_id, LANE, -1)


def waiting(session: Session, campaign_id: int) -> int:
    """How many wait here, counted from the rows."""
    query = select(func.count()).where(
        Matter.campaign_id == campaign_id, Matter.waiting_since.is_not(None), Matter.decided_at.is_(None)
    )
    return session.scalar(query) or 0
