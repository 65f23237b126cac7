"""The order of a lane, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, literal, or_, select, union_all
from sqlalchemy.orm import Session, joinedload, selectinload

from moderation import claims
from moderation.models import Decision, Lane, Moderator, Review, ReviewLane
from pledges.db import Utc
from pledges.models import Campaign

from .filters import NONE, Filters, aged, asked_campaigns, by_target, campaign_ids, narrowed, of_kind
from .waiting import UNCHECKED_AFTER, in_front, is_lane, not_spared, source, standing, untaken, untaken_in

PAGE = 25
WHOLE = (  # with all that a row of a list shows, so that no row asks by itself
    joinedload(Review.revision),
    joinedload(Review.contribution),
    joinedload(Review.campaign),
    joinedload(Review.claimed_by),
    selectinload(Review.findings),
    selectinload(Review.lanes),
)


@dataclass(frozen=True)
class Position:
    """Where a page of the queue ended."""

    waiting_since: datetime
    review_id: int


def page(
    session: Session,
    *,
    now: datetime,
    campaigns: list[int] | None,
    lane: str = "all",
    by: Moderator | None = None,
    after: Position | None = None,
    limit: int = PAGE,
    filters: Filters = NONE,
    among: Sequence[Campaign] | None = None,
) -> list[Review]:
    """What waits, oldest first, in campaigns of these ids (none = all); `limit` at most.

    `among`: these campaigns themselves, where they have been read.
    """
    chosen = asked_campaigns(session, campaigns, filters, among)
    if not chosen:
        return []
    if is_lane(lane) and not_spared(by, now) is None and not (filters.age or filters.more()):
        values = _values(chosen, now, after)
        return list(session.scalars(_plain_page(len(chosen), Lane(lane), after is not None, limit), values))
    return list(session.scalars(_page_of(_places(now, chosen, lane, by, filters, after, limit), limit)))


def _page_of(parts: Iterable[Select[Any]], limit: int) -> Select[Review]:
    """The items at these places, put together in order."""
    whole = union_all(*(select(part.subquery()) for part in parts)).subquery()
    places = select(whole.c.since, whole.c.id).order_by(whole.c.since, whole.c.id).limit(limit).subquery()
    query = select(Review).join(places, places.c.id == Review.id).order_by(places.c.since, places.c.id)
    return query.options(*WHOLE)


@lru_cache(maxsize=1000)
def _plain_page(campaigns: int, lane: Lane, paged: bool, limit: int) -> Select[Review]:
    """The page of a whole lane in so many campaigns, made once, to be asked for with `_values`.

    The rows of the lane tell all that is asked.
    """
    rows = ReviewLane.__table__.c
    now: Any = bindparam("now", type_=Utc)
    parts = []
    for place in range(campaigns):
        where = [rows.lane == lane, rows.campaign_id == bindparam(f"campaign_{place}"), rows.behind.is_(False)]
        where += [rows.waiting_since > now] if lane is Lane.PARKED else []
        parts.append(_shortly(where, rows.waiting_since, rows.review_id, paged, limit))
    if lane is Lane.ALL:
        those: Any = bindparam("campaigns", expanding=True)
        unchecked, back = untaken(now, bindparam("unchecked_since", type_=Utc))
        review, returned = Review.__table__.c, [back, rows.campaign_id.in_(those), rows.behind.is_(False)]
        new = [unchecked, review.campaign_id.in_(those), review.behind.is_(False)]
        parts.append(_shortly(new, review.waiting_since, review.id, paged, limit))
        parts.append(_shortly(returned, rows.waiting_since, rows.review_id, paged, limit))
    return _page_of(parts, limit)


def _shortly(where: list[Any], key: Any, own_id: Any, paged: bool, limit: int) -> Select[Any]:
    if paged:
        after: Any = Position(bindparam("after", type_=Utc), bindparam("after_id", type_=BigInteger))  # type: ignore[arg-type]
        where = [*where, *_beyond(key, own_id, after)]
    return select(key.label("since"), own_id.label("id")).where(*where).order_by(key, own_id).limit(limit)


def _values(campaigns: Sequence[Campaign], now: datetime, after: Position | None) -> dict[str, Any]:
    values: dict[str, Any] = {f"campaign_{place}": campaign.id for place, campaign in enumerate(campaigns)}
    values |= {
        "campaigns": [campaign.id for campaign in campaigns],
        "now": now,
        "unchecked_since": now - UNCHECKED_AFTER,
    }
    return values | ({"after": after.waiting_since, "after_id": after.review_id} if after is not None else {})


def page_from(session: Session, review_id: int, *, lane: str = "all", limit: int = PAGE, **asked: Any) -> list[Review]:
    """The page that begins with this item, asked for as `page` is; empty where it does not stand there."""
    first = session.scalars(select(Review).where(Review.id == literal(review_id, BigInteger))).first()
    if first is None:
        return []
    here = position(first, lane)
    before = Position(here.waiting_since, here.review_id - 1)
    reviews = page(session, lane=lane, after=before, limit=limit, **asked)
    return reviews if reviews and reviews[0].id == review_id else []


def position(review: Review, lane: str) -> Position:
    """Where the item stands in this lane."""
    laid_aside = lane == Lane.PARKED and review.parked_until is not None
    return Position(review.parked_until if laid_aside and review.parked_until else review.waiting_since, review.id)


def _places(
    now: datetime,
    campaigns: Sequence[Campaign],
    lane: str,
    by: Moderator | None,
    filters: Filters,
    after: Position | None,
    limit: int,
) -> Iterator[Select[Any]]:
    """One short walk down an index for each campaign, and those to the few that no worker took up."""
    for campaign in campaigns:
        query, key = source(now, [campaign.id], lane, by)
        yield _first(narrowed(query, key, campaign.wait_target_minutes, filters, now), key, lane, after, limit)
    for target, ids in by_target(campaigns, filters).items():
        for query, key in untaken_in(now, ids, lane, by):
            yield _first(narrowed(query, key, target, filters, now), key, lane, after, limit)


def _first(query: Select[Review], key: Any, lane: str, after: Position | None, limit: int) -> Select[Any]:
    """The first of these after a position, without those that a cluster's row stands for."""
    query = query.where(in_front(key), *_beyond(key, Review.id, after))
    found = query.with_only_columns(key.label("since"), Review.id.label("id"))
    return found.order_by(key, _own_id(lane, key)).limit(limit)


def _beyond(key: Any, own_id: Any, after: Position | None) -> list[ColumnElement[bool]]:
    if after is None:
        return []
    beyond = and_(key == after.waiting_since, own_id > after.review_id)
    return [key >= after.waiting_since, or_(key > after.waiting_since, beyond)]


def _own_id(lane: str, key: Any) -> Any:
    """The id beside the key in the same index."""
    return ReviewLane.review_id if key is ReviewLane.waiting_since else Review.id


def next_free(
    session: Session,
    *,
    now: datetime,
    campaigns: list[int] | None,
    lane: str,
    by: Moderator,
    limit: int,
    filters: Filters = NONE,
) -> list[int]:
    """The oldest of a narrowed lane that nobody has open, was asked for, or has decided before; locked until the end.

    Rows that somebody else is locking at this moment are passed over, so that two who ask at once get different ones.
    """
    key = (ReviewLane if is_lane(lane) else Review).waiting_since
    before = select(Decision.id).where(Decision.review_id == Review.id, Decision.moderator_id == by.id)
    shown = of_kind(standing(now, campaign_ids(session, campaigns, filters), lane, by), filters)
    shown = aged(session, shown, filters, campaigns, now)
    query = (
        shown.where(
            claims.free(now),
            Review.passed_to_id.is_(None),
            ~before.exists(),
        )
        .with_only_columns(Review.id)
        .order_by(key, Review.id)
        .limit(limit)
        .with_for_update(of=Review, skip_locked=True, key_share=True)
    )
    return list(session.scalars(query))
