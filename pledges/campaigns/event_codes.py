"""Event codes: each lifts the limit of one address for a room behind it, within hours, an end and a ceiling of its own."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from pledges.models import Campaign, Contribution, EventCode, Organisation, ShowName
from pledges.settings import Settings
from pledges.tokens import new_public_id

MOST_SHOWN = 50  # of the links of one organisation
CODE = re.compile(r"[A-Za-z0-9-]{4,40}")


@dataclass(frozen=True)
class Given:
    """A link for colleagues, and who made it."""

    event: EventCode
    pledge: Contribution

    def counts(self, now: datetime) -> bool:
        """Whether somebody who comes by it is let in by it now."""
        pledge = self.pledge
        stands = pledge.shown_at is not None and pledge.show_name is not ShowName.ANONYMOUS
        return stands and self.event.ended_at is None and self.event.ends_at > now


def add(
    session: Session,
    campaign: Campaign,
    code: str,
    *,
    name: str,
    ceiling: int,
    last_day: date,
    from_hour: time | None,
    until_hour: time | None,
    now: datetime,
) -> EventCode:
    """The code is valid from now to the end of `last_day`, or of the night that begins on it.

    ValueError for one that is taken, over or no code, and for hours of no length.
    """
    if not CODE.fullmatch(code):
        raise ValueError("a code has 4 to 40 letters, digits or hyphens")
    if session.scalars(
        select(EventCode.id).where(EventCode.campaign_id == campaign.id, func.lower(EventCode.code) == code.lower())
    ).first():
        raise ValueError(f"{code!r} has been handed out before")
    if from_hour is not None and from_hour == until_hour:
        raise ValueError("the hours begin and end at the same time: leave both out for the whole day")
    over_midnight = from_hour is not None and until_hour is not None and until_hour < from_hour
    end = until_hour if over_midnight and until_hour is not None else time()
    ends_at = datetime.combine(last_day + timedelta(days=1), end, ZoneInfo(campaign.time_zone))
    if ends_at <= now:
        raise ValueError("the last day is over")
    event = EventCode(
        campaign_id=campaign.id,
        code=code,
        name=name[:120],
        from_hour=from_hour,
        until_hour=until_hour,
        starts_at=now,
        ends_at=ends_at,
        ceiling=ceiling,
    )
    session.add(event)
    session.flush()
    return event


def staff_link_of(session: Session, pledge: Contribution, now: datetime) -> EventCode | None:
    """The code by which the colleagues of this organisation come, while it has one."""
    made = select(EventCode).where(EventCode.campaign_id == pledge.campaign_id, EventCode.pledge_id == pledge.id)
    running = made.where(EventCode.ended_at.is_(None), EventCode.ends_at > now)
    return session.scalars(running.order_by(EventCode.id.desc()).limit(1)).first()


def make_staff_link(session: Session, pledge: Contribution, settings: Settings, now: datetime) -> EventCode:
    """Colleagues who come by it find their organisation filled in, and no limit but this code's own; the same while it runs."""
    standing = staff_link_of(session, pledge, now)
    if standing is not None:
        return standing
    assert pledge.published_revision is not None  # noqa: S101 (it is shown)
    name = pledge.published_revision.organisation
    event = EventCode(
        campaign_id=pledge.campaign_id,
        code=f"staff-{new_public_id()}{new_public_id()}",
        name=name[:120],
        organisation=name,
        pledge_id=pledge.id,
        starts_at=now,
        ends_at=now + timedelta(days=settings.staff_link_days),
        ceiling=settings.limit_staff_link,
    )
    session.add(event)
    session.flush()
    return event


def staff_links_of(session: Session, organisation: Organisation, campaign_ids: Collection[int]) -> list[Given]:
    """The links for its colleagues that were made in these campaigns, the newest first, with the promise of whoever made each."""
    made = (
        select(EventCode, Contribution)
        .join(Contribution, Contribution.id == EventCode.pledge_id)
        .where(Contribution.organisation_id == organisation.id, EventCode.campaign_id.in_(campaign_ids))
        .options(joinedload(Contribution.campaign))
        .order_by(EventCode.id.desc())
    )
    return [Given(event, pledge) for event, pledge in session.execute(made.limit(MOST_SHOWN))]


def end(session: Session, campaign: Campaign, code: str, now: datetime) -> EventCode | None:
    """The running event of this code has ended; none: there was none."""
    running = select(EventCode).where(
        EventCode.campaign_id == campaign.id, func.lower(EventCode.code) == code.lower(), EventCode.ended_at.is_(None)
    )
    event = session.scalars(running.order_by(EventCode.code != code, EventCode.id)).first()
    if event is not None:
        event.ended_at = now
    return event


def event_code(session: Session, campaign: Campaign, code: str, now: datetime) -> EventCode | None:
    """The event whose code this is, in whatever letters, if it is on now."""
    if not code:
        return None
    same = (EventCode.campaign_id == campaign.id, func.lower(EventCode.code) == code.lower())
    found = session.scalars(select(EventCode).where(*same).order_by(EventCode.code != code, EventCode.id))
    return next((event for event in found if _is_on(event, campaign, now) and _stands(session, event)), None)


def event_of(session: Session, contribution: Contribution, now: datetime) -> EventCode | None:
    """The event with whose code this was sent, if it is on now."""
    event = session.get(EventCode, contribution.event_code_id) if contribution.event_code_id else None
    is_on = event is not None and _is_on(event, contribution.campaign, now) and _stands(session, event)
    return event if is_on else None


def _stands(session: Session, event: EventCode) -> bool:
    """Whether the promise still stands for which it was made, if it was for one."""
    if event.pledge_id is None:
        return True
    pledge = session.get(Contribution, event.pledge_id)
    return pledge is not None and pledge.shown_at is not None and pledge.show_name is not ShowName.ANONYMOUS


def _is_on(event: EventCode, campaign: Campaign, now: datetime) -> bool:
    return event.ended_at is None and event.starts_at <= now < event.ends_at and _in_its_hours(event, campaign, now)


def _in_its_hours(event: EventCode, campaign: Campaign, now: datetime) -> bool:
    clock = now.astimezone(ZoneInfo(campaign.time_zone)).time()
    begun = event.from_hour is None or event.from_hour <= clock
    going_on = event.until_hour is None or clock < event.until_hour
    return begun or going_on if event.over_midnight else begun and going_on
