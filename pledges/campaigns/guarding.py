"""What a campaign under attack does differently: tighter limits, a wall that stands still, honest words to who waits.

The desk writes `Campaign.guard` and `frozen_at`; the public side only reads them. Both end by the clock, so that
a worker that has died keeps nobody out and nothing frozen.
"""

from __future__ import annotations

from datetime import datetime

from pledges.models import Campaign

SWITCHES = ("promises", "comments", "letters", "screens", "slower")


def on(campaign: Campaign, switch: str, now: datetime) -> bool:
    """Whether this switch of a surge is on now."""
    return bool(campaign.guard.get(switch)) and campaign.guard_until is not None and now < campaign.guard_until


def guarded(campaign: Campaign, now: datetime) -> bool:
    """Whether a surge is on now, whatever it switches."""
    return campaign.guard_until is not None and now < campaign.guard_until


def stands_still(campaign: Campaign, now: datetime) -> bool:
    """Whether what is approved now is not shown yet."""
    return campaign.frozen_at is not None and on(campaign, "screens", now)


def is_tight(campaign: Campaign, kind: str, now: datetime) -> bool:
    """Whether visitors get the tighter limit for this kind."""
    return kind in ("promises", "comments") and on(campaign, kind, now)
