"""Days on which much is expected, told in advance by a lead or an owner: a launch is no flood."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.models import ExpectedDay, Moderator
from moderation.record import chain
from pledges.models import Campaign

MOST = 1_000_000  # promises of a day


class ToldAlready(Exception):
    """Something is told of this day."""


def on(session: Session, campaign: Campaign, now: datetime) -> ExpectedDay | None:
    """What was told of today, in the campaign's zone."""
    return _told(session, campaign, now.astimezone(ZoneInfo(campaign.time_zone)).date())


def to_come(session: Session, campaign: Campaign, now: datetime) -> list[ExpectedDay]:
    """The days that were told, from today on."""
    today = now.astimezone(ZoneInfo(campaign.time_zone)).date()
    query = select(ExpectedDay).where(
        ExpectedDay.campaign_id == campaign.id, ExpectedDay.ended_at.is_(None), ExpectedDay.day >= today
    )
    return list(session.scalars(query.order_by(ExpectedDay.day)))


def tell(session: Session, campaign: Campaign, day: date, about: int, by: Moderator, now: datetime) -> ExpectedDay:
    """So many promises are expected on this day; raises ValueError for a day that is over, ToldAlready."""
    if day < now.astimezone(ZoneInfo(campaign.time_zone)).date() or not 1 <= about <= MOST:
        raise ValueError("a day to come, and a number of promises")
    session.refresh(campaign, with_for_update=True)
    if _told(session, campaign, day) is not None:
        raise ToldAlready
    told = ExpectedDay(campaign_id=campaign.id, day=day, about=about, made_at=now, made_by_id=by.id)
    session.add(told)
    session.flush()
    _record(session, campaign, told, "expected:add", by, now)
    return told


def take_back(session: Session, campaign: Campaign, told: ExpectedDay, by: Moderator, now: datetime) -> None:
    """Nothing is expected of this day any more."""
    if told.ended_at is None:
        told.ended_at = now
        _record(session, campaign, told, "expected:end", by, now)


def _told(session: Session, campaign: Campaign, day: date) -> ExpectedDay | None:
    query = select(ExpectedDay).where(
        ExpectedDay.campaign_id == campaign.id, ExpectedDay.day == day, ExpectedDay.ended_at.is_(None)
    )
    return session.scalars(query.limit(1)).first()


def _record(session: Session, campaign: Campaign, told: ExpectedDay, act: str, by: Moderator, now: datetime) -> None:
    chain.add(
        session,
        chain.actor(by),
        act,
        f"campaign:{campaign.id}",
        after={"day": told.day.isoformat(), "about": told.about},
        campaign_id=campaign.id,
        now=now,
    )
