"""Which campaigns there are to see, and what they take now."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ExecutableOption

from pledges.errors import NotYours
from pledges.models import Campaign, CampaignState, Contribution

from . import known

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")


def shown_campaigns(session: Session, *with_it: ExecutableOption) -> list[Campaign]:
    """Every campaign that the public may see, the open ones first, newest first; `with_it`: what is read along."""
    shown = select(Campaign).where(Campaign.state.in_([CampaignState.OPEN, CampaignState.CLOSED]))
    found = session.scalars(shown.options(*with_it))
    return sorted(found, key=lambda each: (each.state is not CampaignState.OPEN, -each.id))


def campaign_or_404(session: Session, slug: str) -> Campaign:
    """The campaign at this address, with its parts; raises NotYours where there is none, or none yet."""
    found = known.of_slug(session, slug) if _SLUG.fullmatch(slug) else None
    if found is None or found.state is CampaignState.DRAFT:
        raise NotYours
    return found


def is_open(campaign: Campaign, now: datetime) -> bool:
    """Whether promises are taken now."""
    return (
        campaign.state is CampaignState.OPEN
        and (campaign.opens_at is None or campaign.opens_at <= now)
        and (campaign.closes_at is None or now < campaign.closes_at)
    )


def takes_comments(campaign: Campaign, parent: Contribution | None = None) -> bool:
    """Whether comments are taken; they may go on after the last day for promises."""
    return (
        campaign.comments_open
        and campaign.state is CampaignState.OPEN
        and (parent is None or parent.comments_closed_at is None)
    )
