"""How many wait, how long, and where in the queue something stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from moderation import lanes
from moderation.models import Decision, Lane, Moderator, Review, ReviewLane
from moderation.workflow import State
from pledges.db import Values
from pledges.models import EVERY_DAY, Campaign, Counter

from . import care
from .filters import Filters, asked_campaigns, by_target, narrowed
from .waiting import MINE, sources, untaken, waiting_rows

COUNTED = 1000  # what is counted row by row is counted this far


@dataclass(frozen=True)
class Lanes:
    """How many wait in each lane, exactly, and since when the oldest of them does."""

    counts: dict[str, int]
    oldest: dict[str, datetime]


def in_lanes(
    session: Session, values: Values, *, now: datetime, campaigns: list[int] | None, by: Moderator | None = None
) -> Callable[[], Lanes]:
    """Counted nowhere but for the few that no worker took up yet; the oldest is the first row of its index.

    Both in front of a cluster's row and behind it.
    """
    unchecked, back = untaken(now)
    mine, hand = (waiting_rows(now, campaigns, lane, by) for lane in OWN)
    first = func.min(Review.waiting_since)
    asked = [
        values.ask(query)
        for query in (
            _counted(_in(select(ReviewLane.review_id).where(back), ReviewLane.campaign_id, campaigns)),
            _counted(_in(select(Review.id).where(unchecked), Review.campaign_id, campaigns)),
            _counted(mine.with_only_columns(Review.id)),
            _counted(hand.with_only_columns(Review.id)),
            mine.with_only_columns(first),
            _in(select(first).where(unchecked), Review.campaign_id, campaigns),
        )
    ]
    return lambda: _lanes(session.execute(_kept(campaigns)), *(answer() for answer in asked))


def _lanes(
    kept: Iterable[Any],
    returned: int,
    new: int,
    mine: int,
    hand: int,
    oldest_mine: datetime | None,
    oldest_new: datetime | None,
) -> Lanes:
    counts, oldest = dict.fromkeys([str(lane) for lane in Lane], 0), _Oldest()
    for name, value, *both in kept:
        counts[name.removeprefix(lanes.COUNTER)] += int(value)
        oldest.add(name.removeprefix(lanes.COUNTER), *both)
    counts |= {"mine": mine, "hand": hand}
    counts["all"] += returned + new
    counts["parked"] -= returned
    oldest.add("mine", oldest_mine)
    oldest.add("all", oldest_new)
    oldest.pop(Lane.PARKED, None)  # there the moment is that of coming back
    return Lanes(counts, oldest)


class _Oldest(dict[str, datetime]):
    """The earliest moment that was told of each lane."""

    def add(self, lane: str, *moments: datetime | None) -> None:
        for moment in moments:
            if moment is not None:
                self[lane] = min(moment, self.get(lane, moment))


def _kept(campaigns: list[int] | None) -> Select[Any]:
    """(counter, how many, the oldest in front, the oldest behind) of each lane of each campaign in which any wait."""
    in_front, behind = (
        select(func.min(ReviewLane.waiting_since))
        .where(
            ReviewLane.lane == func.substr(Counter.name, len(lanes.COUNTER) + 1),
            ReviewLane.campaign_id == Counter.campaign_id,
            ReviewLane.behind.is_(is_behind),
        )
        .correlate(Counter)
        .scalar_subquery()
        for is_behind in (False, True)
    )
    kept = select(Counter.name, Counter.value, in_front, behind)
    wanted: Any = kept.where(Counter.name.in_(_NAMES), Counter.day == EVERY_DAY, Counter.value > 0)
    return _in(wanted, Counter.campaign_id, campaigns)


def waiting_in(session: Session, campaigns: list[int]) -> dict[int, int]:
    """How many wait in each of these campaigns, as the counters tell."""
    kept = select(Counter.campaign_id, Counter.value).where(
        Counter.name == f"{lanes.COUNTER}{Lane.ALL}", Counter.day == EVERY_DAY, Counter.campaign_id.in_(campaigns)
    )
    return {campaign_id: int(value) for campaign_id, value in session.execute(kept)}


_NAMES = [f"{lanes.COUNTER}{lane}" for lane in Lane]
OWN = ("mine", "hand")  # lanes of a person's own, short enough to be counted


def _counted(query: Select[Any]) -> Select[Any]:
    """How many rows, as far as COUNTED."""
    return select(func.count()).select_from(query.limit(COUNTED).subquery())


def _in(query: Select[Any], campaign: Any, campaigns: list[int] | None) -> Select[Any]:
    return query if campaigns is None else query.where(campaign.in_(campaigns))


def how_many(
    session: Session,
    values: Values,
    *,
    now: datetime,
    campaigns: list[int] | None,
    lane: str,
    by: Moderator | None,
    filters: Filters,
    among: Sequence[Campaign] | None = None,
) -> Callable[[], int]:
    """How many a page like this would show in all, counted as far as COUNTED."""
    chosen = asked_campaigns(session, campaigns, filters, among)
    asked = [values.ask(_counted(query)) for query in _to_count(now, chosen, lane, by, filters)]
    return lambda: min(COUNTED, sum(answer() for answer in asked))


def _to_count(
    now: datetime, campaigns: Sequence[Campaign], lane: str, by: Moderator | None, filters: Filters
) -> Iterator[Select[Any]]:
    """What is to be counted, campaigns of one target together."""
    for target, ids in by_target(campaigns, filters).items():
        for query, key in sources(now, ids, lane, by):
            if key is ReviewLane.waiting_since:  # both said, so that their index is walked from the moment on
                query = query.where(ReviewLane.behind.in_((False, True)))
            yield narrowed(query, key, target, filters, now).with_only_columns(Review.id)


def left_out(
    values: Values, *, now: datetime, campaigns: list[int] | None, lane: str = "all", by: Moderator
) -> Callable[[], int]:
    """How many of a lane this person has asked not to read, up to 1,000."""
    unwanted = care.unwanted(by, now)
    if unwanted is None or lane == MINE:
        return lambda: 0
    query = waiting_rows(now, campaigns, lane, by, whole=True).where(unwanted)
    return values.ask(_counted(query.with_only_columns(Review.id)))


def place_of(session: Session, review: Review) -> int | None:
    """How many wait that came no later than this item, counting itself; from 1, and 1,000 at most.

    Told for whatever stands as waiting to its author, so that a place missing does not tell of spam.
    """
    before = (
        select(Review.id)
        .where(
            Review.campaign_id == review.campaign_id,
            Review.state.in_((State.RECEIVED, State.WAITING)),
            or_(
                Review.waiting_since < review.waiting_since,
                and_(Review.waiting_since == review.waiting_since, Review.id <= review.id),
            ),
        )
        .limit(1000)
    )
    return session.scalar(select(func.count()).select_from(before.subquery()))


def usual_wait_minutes(session: Session, campaign_id: int) -> int | None:
    """The median wait of the last 50 items that a person decided here; fewer than five: nobody can say."""
    recent = session.execute(
        select(Decision.decided_at, Review.waiting_since)
        .join(Review, Review.id == Decision.review_id)
        .where(
            Review.campaign_id == campaign_id, Decision.moderator_id.is_not(None), Decision.from_state == State.WAITING
        )
        .order_by(Decision.id.desc())
        .limit(50)
    ).all()
    waits = sorted((decided - since).total_seconds() / 60 for decided, since in recent)
    return round(waits[len(waits) // 2]) if len(waits) >= 5 else None
