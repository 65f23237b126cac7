"""The badge of an organisation: whether it holds, which promises speak for it, and how it begins, goes on and ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, joinedload

from pledges.campaigns import versions
from pledges.models import Contribution, How, Organisation, Revision, ShowName
from pledges.webhooks import owing

from . import places

HOLDS = timedelta(days=365)
RENEWED_BEFORE = timedelta(days=60)  # its end, from when on it can be proved anew
TOLD_BEFORE = timedelta(weeks=4)  # its end, whoever holds it
AT_ONCE = 50


def is_verified(organisation: Organisation, now: datetime) -> bool:
    """Whether its badge holds now."""
    until = organisation.verified_until
    return organisation.verified_at is not None and (until is None or until > now)


@dataclass(frozen=True)
class Told:
    """How, when and until when an organisation proved who it is."""

    how: str
    domain: str  # empty where it was no proof by domain
    since: datetime
    until: datetime | None


def told(organisation: Organisation | None, now: datetime) -> Told | None:
    """What its badge says; none where it has none now."""
    if organisation is None or organisation.verified_at is None or not is_verified(organisation, now):
        return None
    how = organisation.verified_how or ""
    domain = organisation.domain or "" if how == How.DOMAIN else ""
    return Told(how, domain, organisation.verified_at, organisation.verified_until)


def website(contribution: Contribution, now: datetime) -> str:
    """The organisation's website as its author gave it and a moderator read it: shown once it is verified."""
    shown = contribution.published_revision
    return shown.website if shown is not None and speaks(contribution, now) else ""


def website_of(session: Session, organisation: Organisation, now: datetime) -> str:
    """The website that whoever holds its badge gave; empty where there is none to show."""
    if organisation.verified_at is None or not is_verified(organisation, now):
        return ""
    query = select(Revision.website).join(Contribution, Contribution.published_revision_id == Revision.id)
    mine = query.where(
        Contribution.organisation_id == organisation.id,
        Contribution.holds_badge.is_(True),
        Contribution.vouched_at >= organisation.verified_at,
        Contribution.show_name != ShowName.ANONYMOUS,
    )
    return session.scalars(mine.limit(1)).first() or ""


def vouched(contribution: Contribution, now: datetime) -> bool:
    """Whether its author is known to speak for the organisation that it stands under, and the badge holds."""
    since = contribution.vouched_at
    if since is None or contribution.organisation is None:
        return False
    began = contribution.organisation.verified_at
    return is_verified(contribution.organisation, now) and began is not None and since >= began


def speaks(contribution: Contribution, now: datetime) -> bool:
    """The same, where the organisation is named: the badge of a promise."""
    return contribution.show_name is not ShowName.ANONYMOUS and vouched(contribution, now)


def holds(contribution: Contribution, now: datetime) -> bool:
    """Whether its author says which colleagues speak for the organisation too."""
    return contribution.holds_badge and vouched(contribution, now)


def holder(session: Session, organisation: Organisation, now: datetime) -> Contribution | None:
    """The promise whose author holds the badge; none: nobody, or nobody any more."""
    query = select(Contribution).where(
        Contribution.organisation_id == organisation.id, Contribution.holds_badge.is_(True)
    )
    return next((each for each in session.scalars(query.order_by(Contribution.id)) if vouched(each, now)), None)


def people(session: Session, organisation: Organisation, now: datetime, most: int = AT_ONCE) -> list[Contribution]:
    """The promises whose authors speak for it, the first to be told so first."""
    if organisation.verified_at is None or not is_verified(organisation, now):
        return []
    query = select(Contribution).where(
        Contribution.organisation_id == organisation.id, Contribution.vouched_at >= organisation.verified_at
    )
    query = query.options(joinedload(Contribution.campaign)).order_by(Contribution.vouched_at, Contribution.id)
    return list(session.scalars(query.limit(most)))


def lock(session: Session, organisation_id: int) -> Organisation:
    """The row as it is committed, and nobody else changes it; whoever calls has locked the promise before."""
    return session.get_one(Organisation, organisation_id, with_for_update=True, populate_existing=True)


def give(
    session: Session,
    organisation: Organisation,
    to: Contribution,
    *,
    how: How,
    domain: str,
    take_over: bool,
    now: datetime,
) -> None:
    """The author of this promise speaks for the organisation; both rows are locked by whoever calls.

    Where it had no badge it has one now; proved anew by who holds it, it holds a year longer.
    """
    began = not is_verified(organisation, now)
    renewed = not began and holds(to, now)
    if began:
        organisation.verified_at = now
    if began or renewed:
        organisation.verified_how, organisation.domain = how, domain
        organisation.verified_until = now + HOLDS
    if not renewed:
        to.vouched_at = now
        _tell(session, [to], now)
    if began or take_over or holder(session, organisation, now) is None:
        hand_over(session, organisation, to)
    session.flush()
    touch(session, organisation, now)


def hand_over(session: Session, organisation: Organisation, to: Contribution) -> None:
    """Nobody but the author of this promise says which colleagues speak for it."""
    session.execute(
        update(Contribution)
        .where(Contribution.organisation_id == organisation.id, Contribution.holds_badge.is_(True))
        .values(holds_badge=False)
        .execution_options(synchronize_session="fetch")
    )
    to.holds_badge = True
    session.flush()


def dismiss(session: Session, organisation: Organisation, who: Contribution, now: datetime) -> None:
    """The author of this promise speaks for it no longer."""
    leave(who)
    _tell(session, [who], now)
    session.flush()
    touch(session, organisation, now)


def end_without_people(session: Session, contribution: Contribution, now: datetime) -> None:
    """Its author speaks for the organisation no longer: the badge ends where they were the last who did."""
    organisation = contribution.organisation
    if organisation is None or not vouched(contribution, now):
        return
    row = lock(session, organisation.id)
    others = [each for each in people(session, row, now, most=2) if each.id != contribution.id]
    leave(contribution)
    session.flush()
    if not others:
        end(session, row, now)


def leave(contribution: Contribution) -> None:
    """It stands under another organisation or none, so nothing that was proved counts for it."""
    contribution.vouched_at, contribution.holds_badge = None, False


def end(session: Session, organisation: Organisation, now: datetime) -> None:
    """The badge is gone everywhere; nobody speaks for it until somebody proves it anew."""
    _tell(session, _vouched_for(session, organisation), now)
    organisation.verified_at = organisation.verified_until = None
    organisation.verified_how = organisation.domain = None
    session.flush()
    touch(session, organisation, now)


def _vouched_for(session: Session, organisation: Organisation) -> list[Contribution]:
    """The promises that bear its badge, until now."""
    mine = select(Contribution).where(
        Contribution.organisation_id == organisation.id, Contribution.vouched_at >= organisation.verified_at
    )
    return list(session.scalars(mine.order_by(Contribution.id)))


def _tell(session: Session, pledges: Iterable[Contribution], now: datetime) -> None:
    """Whoever copies a wall learns that these are verified now, or no longer."""
    for pledge in pledges:
        if pledge.shown_at is not None:
            owing.owe(session, pledge, owing.CHANGED, now)


def expire(session: Session, now: datetime) -> int:
    """Some badges whose time is over are gone from every page that is kept; answers how many."""
    over = select(Organisation).where(Organisation.verified_until <= now).order_by(Organisation.id)
    found = session.scalars(over.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    for organisation in found:
        end(session, organisation, now)
    return len(found)


def ending(session: Session, now: datetime) -> list[Organisation]:
    """Some whose badge soon ends, and of which end nobody has been told; whoever calls tells of it. Locked."""
    soon = select(Organisation).where(
        Organisation.verified_until > now,
        Organisation.verified_until <= now + TOLD_BEFORE,
        or_(Organisation.told_until.is_(None), Organisation.told_until != Organisation.verified_until),
    )
    query = soon.order_by(Organisation.verified_until, Organisation.id).limit(AT_ONCE)
    return list(session.scalars(query.with_for_update(skip_locked=True)))


def touch(session: Session, organisation: Organisation, now: datetime) -> None:
    """Every page that may show it is out of date, and whoever copies these walls is told."""
    for campaign_id in sorted(places.campaigns_of(session, organisation)):
        versions.touch(session, campaign_id)
        owing.owe_organisation(session, organisation, campaign_id, now)
