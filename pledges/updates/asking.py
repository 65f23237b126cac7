"""When an author is asked how it goes, what ends that, and how long the address is kept for it.

Asked is who ticked that box: four weeks after the promise was shown first, at the day that was set, at that of each action
of an organisation, after three months and after twelve. `Contact.next_question_at` is the next of these; the worker asks
at it, and looks then for the one after.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.campaigns import versions
from pledges.figures import counters
from pledges.models import Consent, Contact, Contribution, Revision, Type
from pledges.models.turns import hold

from . import actions

FOLLOW_UP, INVITE_AGAIN = "follow_up", "invite_again"  # what a letter asks, and what a box says
WEEKS = timedelta(weeks=4)
MONTHS = (3, 12)
HOUR = time(9)  # on the day that was set, where the campaign is
KEPT = timedelta(days=30)  # an address, after the last question
INVITED_WITHIN = timedelta(days=549)  # a year and a half: the next campaign may come late


def moments(pledge: Contribution) -> list[datetime]:
    """When this author is asked, in order; never twice on one day."""
    made, shown = pledge.published_at, pledge.published_revision
    if made is None:
        return []
    zone = ZoneInfo(pledge.campaign.time_zone)
    found = [made + WEEKS, *(_months_after(made, months) for months in MONTHS)]
    for day in _days_set(shown):
        if day > made.astimezone(zone).date():
            found.append(datetime.combine(day, HOUR, zone))
    return sorted({each.astimezone(zone).date(): each for each in reversed(found)}.values())


def _days_set(shown: Revision | None) -> list[date]:
    """The days that these words name, those of their actions too."""
    if shown is None:
        return []
    return [day for day in (shown.by_when, *(each.by for each in actions.of_revision(shown))) if day is not None]


def day_of(pledge: Contribution, moment: datetime) -> date:
    """The day of a question, where the campaign is."""
    return moment.astimezone(ZoneInfo(pledge.campaign.time_zone)).date()


def _months_after(moment: datetime, months: int) -> datetime:
    """The same day so many months later, or the last of that month."""
    year, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + year, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def plan(session: Session, pledge: Contribution, now: datetime, *, asked: bool = False) -> None:
    """The next question, and how long the address is kept; a question that is due stays so until it is `asked`."""
    contact = pledge.contact
    if contact is None or pledge.type is not Type.PLEDGE:
        return
    due = contact.next_question_at
    if not contact.follow_up:
        contact.next_question_at = None
    elif asked or due is None or due > now:
        contact.next_question_at = next((each for each in moments(pledge) if each > now), None)
    contact.forget_after = _kept_until(session, pledge, contact) or contact.forget_after


def _kept_until(session: Session, pledge: Contribution, contact: Contact) -> datetime | None:
    """An address that is kept for questions or an invitation is forgotten when the last of them is behind us.

    None where it is kept for neither.
    """
    ends = []
    if contact.follow_up and pledge.published_at is not None:
        ends.append(moments(pledge)[-1] + KEPT)
    if _agreed(session, [pledge.id], INVITE_AGAIN):
        ends.append((pledge.published_at or pledge.created_at) + INVITED_WITHIN)
    return max(ends, default=None)


def _agreed(session: Session, pledge_ids: Iterable[int], purpose: str) -> list[Consent]:
    """What these authors ticked for this purpose and have not taken back."""
    session.flush()
    given = select(Consent).where(Consent.contribution_id.in_(pledge_ids), Consent.purpose == purpose)
    return list(session.scalars(given.where(Consent.withdrawn_at.is_(None))))


def asked(session: Session, pledge: Contribution, now: datetime) -> None:
    """A letter that asks has been sent: counted once, if the promise still stands, on every page that tells it."""
    hold(session, pledge)
    if pledge.asked_at is None:
        versions.touch(session, pledge.campaign_id)
        with counters.moving(session, pledge):
            pledge.asked_at = now


def invited(session: Session, pledge: Contribution, now: datetime) -> None:
    """The invitation that the address was kept for has been sent."""
    contact = pledge.contact
    if contact is None:
        return
    last = moments(pledge)[-1:] if contact.follow_up else []
    contact.forget_after = max([now, *last]) + KEPT


def start(session: Session, pledge: Contribution, now: datetime) -> None:
    """Its author wants to be asked."""
    if pledge.contact is not None:
        pledge.contact.follow_up, pledge.contact.forget_after = True, None
        plan(session, pledge, now)


def end(session: Session, pledge: Contribution, purpose: str, now: datetime) -> None:
    """No letter of this purpose goes to the author of this promise; when it was agreed to stays known."""
    agreed = _agreed(session, [pledge.id], purpose)
    for consent in agreed:
        consent.withdrawn_at = now
    contact = pledge.contact
    if contact is None or not (agreed or (purpose == FOLLOW_UP and contact.follow_up)):
        return  # the address is kept for something else
    if purpose == FOLLOW_UP:
        contact.follow_up, contact.next_question_at = False, None
    contact.forget_after = _kept_until(session, pledge, contact) or now + KEPT


def stop(session: Session, pledge: Contribution, purpose: str, now: datetime) -> None:
    """No letter of this purpose goes to the address that was given with this promise, whatever else was sent with it."""
    if pledge.contact is None:
        end(session, pledge, purpose, now)
        return
    same = select(Contact).where(Contact.email_hash == pledge.contact.email_hash).order_by(Contact.id)
    for contact in session.scalars(same.with_for_update()).all():
        end(session, contact.contribution, purpose, now)
