"""What a flood is, and what is only a good day.

That much arrives is what a launch looks like, so it starts nothing: moderators are told, and may start surge mode. By
itself that starts where much is refused by the limits, or where much of what came is spoken against: strong words of a
list, spam, or the very same words again and again. What is usual is told by a week of the campaign; where there is none,
nothing is said of it. A day that a lead has told in advance expects what was told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from moderation.akismet import fields
from moderation.checks import lists, repeats, trap, words
from moderation.checks.base import Verdict
from moderation.models import Finding, Review
from pledges import ends
from pledges.models import Campaign, Contribution, Revision

from . import expecting

LOOKED_AT = timedelta(minutes=10)
USUAL_OVER = timedelta(days=7)
JUMP = 10  # times the usual number
FEWEST_ARRIVALS = 30  # in `LOOKED_AT`: below it nobody needs help
FEWEST_REFUSALS = 100
FEWEST_BAD = 20  # of what arrived in `LOOKED_AT`, spoken against by one kind of check
BAD_SHARE = 4  # and at least one in so many
TOLD_WRONG = 2  # times what was told for a day: then it is another day than was told
LOUD = (Verdict.LOOK, Verdict.STOP)
KINDS = {"words": (words.NAME, lists.NAME), "spam": (fields.NAME, trap.NAME), "likeness": (repeats.NAME,)}


@dataclass(frozen=True)
class Flood:
    """Why a campaign looks flooded, and whether that is enough to guard it without asking anybody."""

    why: str  # arrivals | refusals | words | spam | likeness
    count: int
    starts: bool


def seen(session: Session, campaign: Campaign, now: datetime, refusals: int) -> Flood | None:
    """What the last minutes look like; none: as usual, or as was told in advance."""
    recent = arrived(session, campaign.id, now - LOOKED_AT, now)
    bad = _spoken_against(session, campaign.id, now) if recent >= FEWEST_BAD else None  # they are part of what arrived
    if bad is not None and bad.count * BAD_SHARE >= recent:
        return bad
    if recent < FEWEST_ARRIVALS and refusals < FEWEST_REFUSALS:
        return None
    told = expecting.on(session, campaign, now)
    usual = _usual(session, campaign.id, now)
    if refusals >= max(FEWEST_REFUSALS, JUMP * (usual or 0)):
        return Flood("refusals", refusals, starts=told is None)
    if told is not None:
        since = ends.begins(told.day, campaign.time_zone)
        unlike = arrived(session, campaign.id, since, now) > TOLD_WRONG * told.about
        return Flood("arrivals", recent, starts=False) if unlike else None
    if recent >= max(FEWEST_ARRIVALS, JUMP * (usual or 0)):
        return Flood("arrivals", recent, starts=False)
    return None


def _usual(session: Session, campaign_id: int, now: datetime) -> float | None:
    """How much arrives in ten minutes on the mean of a week; none where the campaign has no week behind it."""
    before = _arrivals(campaign_id, datetime.min.replace(tzinfo=now.tzinfo), now - USUAL_OVER)
    if session.scalars(before.limit(1)).first() is None:
        return None
    return arrived(session, campaign_id, now - USUAL_OVER, now - LOOKED_AT) / (USUAL_OVER / LOOKED_AT - 1)


def _spoken_against(session: Session, campaign_id: int, now: datetime) -> Flood | None:
    """The kind of check that speaks against most of what just came, if against enough of it."""
    came = _arrivals(campaign_id, now - LOOKED_AT, now)
    counts = {why: _counted(session, came.where(_found(why))) for why in KINDS}
    why = max(counts, key=lambda each: counts[each])
    return Flood(why, counts[why], starts=True) if counts[why] >= FEWEST_BAD else None


def _found(why: str) -> ColumnElement[bool]:
    """Whether a check of this kind speaks against a revision; of likeness only that the very same words came before."""
    loud: ColumnElement[bool] = Finding.verdict.in_(LOUD)
    if why == "likeness":
        loud = func.coalesce(Finding.detail["equal"].as_string(), "[]") != "[]"
    return (
        select(Finding.id)
        .join(Review, Review.id == Finding.review_id)
        .where(Review.revision_id == Revision.id, Finding.round == Review.round, Finding.check.in_(KINDS[why]), loud)
        .correlate(Revision)
        .exists()
    )


def _arrivals(campaign_id: int, since: datetime, until: datetime) -> Select[int]:
    return (
        select(Revision.id)
        .join(Contribution, Contribution.id == Revision.contribution_id)
        .where(
            Contribution.campaign_id == campaign_id,
            Contribution.example.is_(False),
            Revision.submitted_at > since,
            Revision.submitted_at <= until,
        )
    )


def arrived(session: Session, campaign_id: int, since: datetime, until: datetime) -> int:
    """How many revisions came, but for examples."""
    return _counted(session, _arrivals(campaign_id, since, until))


def _counted(session: Session, query: Select[int]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0
