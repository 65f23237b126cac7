"""Which sites may frame a campaign's wall: the owner's list; an empty one lets any site."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from moderation.models import Moderator
from moderation.record import chain
from pledges.campaigns import versions
from pledges.embed import frame
from pledges.models import Campaign

MOST = 50
TEXT_CHARS = MOST * (frame.SITE_CHARS + 2)


def read(text: str) -> tuple[list[str], list[str]]:
    """The sites that are written here, one a line, each once; and the lines that are none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = [(line, frame.site(line)) for line in lines]
    return list(dict.fromkeys(site for _line, site in found if site)), [line for line, site in found if not site]


def change(session: Session, campaign: Campaign, sites: list[str], by: Moderator, now: datetime) -> None:
    """From now on these may, and no others; it stands in the record."""
    session.refresh(campaign, with_for_update=True)
    before = list(campaign.embed_origins)
    if sites == before:
        return
    campaign.embed_origins = sites
    session.flush()
    versions.touch(session, campaign.id)
    told = {"before": {"sites": len(before)}, "after": {"sites": len(sites)}}
    chain.add(
        session, chain.actor(by), "campaign:sites", f"campaign:{campaign.id}", campaign_id=campaign.id, now=now, **told
    )
