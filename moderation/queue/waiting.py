"""What waits in a lane, as queries."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select

from moderation import claims
from moderation.models import Lane, Moderator, Review, ReviewLane
from moderation.workflow import WAITS, State

from . import care

UNCHECKED_AFTER = timedelta(minutes=2)  # then a received item shows, since its checks may never come
MINE = "mine"  # the lane of what was passed to me


def in_front(key: Any) -> ColumnElement[bool]:
    """Without those that a cluster's row stands for, by the index that is walked."""
    return (ReviewLane if key is ReviewLane.waiting_since else Review).behind.is_(False)


def sources(
    now: datetime, campaign_ids: list[int], lane: str, by: Moderator | None
) -> list[tuple[Select[Review], Any]]:
    """Where items of a lane stand, each with the moment that orders them."""
    return [source(now, campaign_ids, lane, by), *untaken_in(now, campaign_ids, lane, by)]


def source(now: datetime, campaign_ids: list[int], lane: str, by: Moderator | None) -> tuple[Select[Review], Any]:
    return waiting_rows(now, campaign_ids, lane, by), (ReviewLane if is_lane(lane) else Review).waiting_since


def untaken_in(
    now: datetime, campaign_ids: list[int], lane: str, by: Moderator | None
) -> list[tuple[Select[Review], Any]]:
    """What shows among all that waits though no worker has taken it up."""
    if lane != Lane.ALL:
        return []
    unchecked, back = untaken(now)
    unwanted = not_spared(by, now)
    wanted = select(Review) if unwanted is None else select(Review).where(~unwanted)
    returned = wanted.join(ReviewLane, ReviewLane.review_id == Review.id)
    return [
        (wanted.where(_among(Review.campaign_id, campaign_ids), unchecked), Review.waiting_since),
        (returned.where(_among(ReviewLane.campaign_id, campaign_ids), back), ReviewLane.waiting_since),
    ]


def not_spared(by: Moderator | None, now: datetime) -> ColumnElement[bool] | None:
    return care.unwanted(by, now) if by is not None else None


def untaken(now: Any, since: Any = None) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What shows though no worker has taken it up: unchecked since too long ago, or laid aside until by now."""
    since = now - UNCHECKED_AFTER if since is None else since
    unchecked = and_(Review.state == State.RECEIVED, Review.waiting_since <= since, Review.parked_until.is_(None))
    laid_aside = and_(ReviewLane.lane == Lane.PARKED, ReviewLane.behind.is_(False))  # no row stands for it
    return unchecked, and_(laid_aside, ReviewLane.waiting_since <= now)


def returned(now: datetime, campaigns: list[int] | None, by: Moderator, since: datetime) -> Select[Review]:
    """What was laid aside until some moment after `since` and no worker has put back yet; it shows among all."""
    query = select(Review).join(ReviewLane, ReviewLane.review_id == Review.id)
    query = query.where(untaken(now)[1], ReviewLane.waiting_since > since, Review.behind.is_(False))
    unwanted = care.unwanted(by, now)
    if unwanted is not None:
        query = query.where(~unwanted)
    return query if campaigns is None else query.where(_among(ReviewLane.campaign_id, campaigns))


def standing(now: datetime, campaigns: list[int] | None, lane: str, by: Moderator) -> Select[Review]:
    """What a lane shows to `by`, in no order."""
    key = (ReviewLane if is_lane(lane) else Review).waiting_since
    return waiting_rows(now, campaigns, lane, by).where(in_front(key))


def is_lane(lane: str) -> bool:
    return lane in set(Lane)


def waiting_rows(
    now: datetime, campaigns: list[int] | None, lane: str, by: Moderator | None, *, whole: bool = False
) -> Select[Review]:
    """What stands in the lane: of the named ones their rows, of a person's own what was passed or handed to them.

    What `by` has asked not to read is left out, unless `whole`; not what a colleague has passed to `by`: nobody else
    would look for it there.
    """
    query = select(Review)
    unwanted = None if by is None or whole or lane == MINE else care.unwanted(by, now)
    if unwanted is not None:
        query = query.where(~unwanted)
    if is_lane(lane):
        query = query.join(ReviewLane, ReviewLane.review_id == Review.id).where(ReviewLane.lane == lane)
        if campaigns is not None:
            query = query.where(_among(ReviewLane.campaign_id, campaigns))
        return query.where(ReviewLane.waiting_since > now) if lane == Lane.PARKED else query
    query = query.where(_visible(now), or_(Review.parked_until.is_(None), Review.parked_until <= now))
    if campaigns is not None:
        query = query.where(_among(Review.campaign_id, campaigns))
    if lane == MINE:
        query = query.where(Review.passed_to_id == (by.id if by else None))
    if lane == "hand":
        query = query.where(claims.handed_to(by, now) if by else false())
    return query


def _among(column: Any, campaigns: list[int]) -> ColumnElement[bool]:
    """One campaign is asked for by itself, so that its part of an index is walked in order."""
    return column == campaigns[0] if len(campaigns) == 1 else column.in_(campaigns)


def _visible(now: datetime) -> ColumnElement[bool]:
    return or_(
        Review.state == State.WAITING,
        and_(Review.state == State.RECEIVED, Review.waiting_since <= now - UNCHECKED_AFTER),
    )


def laid_aside(review: Review, now: datetime) -> bool:
    """Whether it waits, but not yet."""
    return review.state in WAITS and review.parked_until is not None and review.parked_until > now
