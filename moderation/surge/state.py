"""Whether a campaign is in a surge, and what that guards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.models import Hold, Surge
from pledges.campaigns import versions
from pledges.campaigns.guarding import SWITCHES
from pledges.models import Campaign


def running(session: Session, campaign_id: int, now: datetime, *, lock: bool = False) -> Surge | None:
    """The surge of this campaign that is on now."""
    query = select(Surge).where(Surge.campaign_id == campaign_id, Surge.ended_at.is_(None), Surge.ends_at > now)
    return session.scalars(query.with_for_update() if lock else query).first()


def everywhere(session: Session, campaigns: list[int] | None, now: datetime) -> list[tuple[Surge, Campaign]]:
    """What is on now in these campaigns (none: in all), the one that ends first first."""
    query = select(Surge, Campaign).join(Campaign, Campaign.id == Surge.campaign_id)
    query = query.where(Surge.ended_at.is_(None), Surge.ends_at > now)
    if campaigns is not None:
        query = query.where(Surge.campaign_id.in_(campaigns))
    return [(surge, campaign) for surge, campaign in session.execute(query.order_by(Surge.ends_at, Surge.id))]


def lock(session: Session, campaign: Campaign) -> None:
    session.flush()
    session.refresh(campaign, with_for_update=True)


def guard(session: Session, campaign: Campaign, surge: Surge | None, now: datetime) -> None:
    """What the public side goes by; the wall's version changes, so that no cached page outlives it."""
    if surge is None:
        campaign.guard, campaign.guard_until, campaign.frozen_at = {}, None, None
    else:
        campaign.guard = {name: getattr(surge, name) for name in SWITCHES}
        campaign.guard_until = surge.ends_at
        campaign.frozen_at = (campaign.frozen_at or now) if surge.screens else None
    session.flush()
    versions.touch(session, campaign.id)


# -- the lists -------------------------------------------------------------------------------------------


def holds(session: Session, campaign_id: int, now: datetime) -> list[Hold]:
    """The entries that hold now, those that end first first."""
    query = select(Hold).where(Hold.campaign_id == campaign_id, Hold.ended_at.is_(None), Hold.ends_at > now)
    return list(session.scalars(query.order_by(Hold.ends_at, Hold.id)))
