"""What waits, in which order; claim and release."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from pledges.db import rows_of

from . import care, clusters, decisions, notes, record
from .models import Decision, Lane, Moderator, Review, ReviewLane
from .workflow import State

PAGE = 25
LEASE = timedelta(minutes=10)
UNCHECKED_AFTER = timedelta(minutes=2)  # then a received item shows, since its checks may never come


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
) -> list[Review]:
    """What waits, oldest first, in campaigns of these ids (none = all); `limit` at most."""
    query = _waiting(now, campaigns, lane, by).where(clusters.in_front(lane if _is_lane(lane) else ""))
    key = (ReviewLane if _is_lane(lane) else Review).waiting_since
    own_id = ReviewLane.review_id if _is_lane(lane) else Review.id
    if after is not None:
        query = query.where(or_(key > after.waiting_since, and_(key == after.waiting_since, own_id > after.review_id)))
    query = query.options(
        joinedload(Review.revision),
        joinedload(Review.contribution),
        joinedload(Review.campaign),
        joinedload(Review.claimed_by),
        selectinload(Review.findings),
        selectinload(Review.lanes),
    )
    return list(session.scalars(query.order_by(key, own_id).limit(limit)))


def counts(
    session: Session, *, now: datetime, campaigns: list[int] | None, by: Moderator | None = None
) -> dict[str, int]:
    """How many wait in each lane, up to 1,000 a lane (then 1,000 means "1,000 or more")."""
    lanes = ["all", *Lane, "mine", "hand", "parked"]
    return {
        lane: session.scalar(
            select(func.count()).select_from(
                _waiting(now, campaigns, lane, by).with_only_columns(Review.id).limit(1000).subquery()
            )
        )
        or 0
        for lane in lanes
    }


def standing(now: datetime, campaigns: list[int] | None, lane: str, by: Moderator) -> Select[Review]:
    """What a lane shows to `by`, in no order."""
    return _waiting(now, campaigns, lane, by).where(clusters.in_front(lane if _is_lane(lane) else ""))


def next_free(
    session: Session, *, now: datetime, campaigns: list[int] | None, lane: str, by: Moderator, limit: int
) -> list[int]:
    """The oldest of a lane that nobody has open, was asked for, or has decided before; locked until the end.

    Rows that somebody else is locking at this moment are passed over, so that two who ask at once get different ones.
    """
    key = (ReviewLane if _is_lane(lane) else Review).waiting_since
    before = select(Decision.id).where(Decision.review_id == Review.id, Decision.moderator_id == by.id)
    query = (
        standing(now, campaigns, lane, by)
        .where(
            or_(Review.claimed_by_id.is_(None), Review.claimed_until <= now),
            Review.passed_to_id.is_(None),
            ~before.exists(),
        )
        .with_only_columns(Review.id)
        .order_by(key, Review.id)
        .limit(limit)
        .with_for_update(of=Review, skip_locked=True, key_share=True)
    )
    return list(session.scalars(query))


def _is_lane(lane: str) -> bool:
    return lane in set(Lane)


def left_out(session: Session, *, now: datetime, campaigns: list[int] | None, lane: str = "all", by: Moderator) -> int:
    """How many of a lane this person has asked not to read, up to 1,000."""
    unwanted = care.unwanted(by, now)
    if unwanted is None:
        return 0
    query = _waiting(now, campaigns, lane, by, whole=True).where(unwanted).with_only_columns(Review.id).limit(1000)
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _waiting(
    now: datetime, campaigns: list[int] | None, lane: str, by: Moderator | None, *, whole: bool = False
) -> Select[Review]:
    """What waits in a lane, but for what `by` has asked not to read; `whole`: with that too."""
    query = select(Review).where(_visible(now))
    unwanted = None if by is None or whole else care.unwanted(by, now)
    if unwanted is not None:
        query = query.where(~unwanted)
    if _is_lane(lane):
        query = query.join(ReviewLane, ReviewLane.review_id == Review.id).where(ReviewLane.lane == lane)
        if campaigns is not None:
            query = query.where(ReviewLane.campaign_id.in_(campaigns))
    elif campaigns is not None:
        query = query.where(Review.campaign_id.in_(campaigns))
    if lane == "mine":
        query = query.where(Review.passed_to_id == (by.id if by else None))
    if lane == "hand":
        query = query.where(Review.claimed_by_id == (by.id if by else None), Review.handed_until > now)
    if lane == "parked":
        return query.where(Review.parked_until > now)
    return query.where(or_(Review.parked_until.is_(None), Review.parked_until <= now))


def _visible(now: datetime) -> ColumnElement[bool]:
    return or_(
        Review.state == State.WAITING,
        and_(Review.state == State.RECEIVED, Review.waiting_since <= now - UNCHECKED_AFTER),
    )


def claim(session: Session, review: Review, by: Moderator, now: datetime) -> bool:
    """Whether `by` now holds the short lease on this item."""
    free = or_(Review.claimed_by_id.is_(None), Review.claimed_by_id == by.id, Review.claimed_until < now)
    taken = session.execute(
        update(Review)
        .where(Review.id == review.id, free)
        .values(
            claimed_by_id=by.id,
            claimed_until=case((_handed_longer(by, now), Review.handed_until), else_=now + LEASE),
            handed_until=case((_handed_longer(by, now), Review.handed_until), else_=None),
        )
        .execution_options(synchronize_session=False)
    )
    session.refresh(review)
    return rows_of(taken) == 1


def _handed_longer(by: Moderator, now: datetime) -> ColumnElement[bool]:
    """What was handed to somebody for longer than a lease stays theirs as long."""
    return and_(Review.claimed_by_id == by.id, Review.handed_until > now + LEASE)


def release(session: Session, review: Review, by: Moderator) -> None:
    session.execute(
        update(Review)
        .where(Review.id == review.id, Review.claimed_by_id == by.id)
        .values(claimed_by_id=None, claimed_until=None, handed_until=None)
        .execution_options(synchronize_session=False)
    )


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


PARKED = timedelta(hours=24)


def park(session: Session, review: Review, *, version: int, by: Moderator, now: datetime) -> None:
    """The item is laid aside until tomorrow; its state and version stay. Raises Overtaken."""
    decisions.require_free(review, by, now)
    _mark(session, review, version, {"parked_until": now + PARKED})
    record.add(session, record.actor(by), "review:park", f"review:{review.id}", campaign_id=review.campaign_id, now=now)


def hand_over(
    session: Session, review: Review, *, version: int, by: Moderator, to: Moderator | None, note: str, now: datetime
) -> None:
    """A colleague is asked to look at it (none named: whoever comes next). Raises Overtaken."""
    decisions.require_free(review, by, now)
    _mark(session, review, version, {"passed_to_id": to.id if to else None, "parked_until": None})
    if note:
        notes.add(session, review, by, note, now)
    after = {"to": to.id if to else None}
    record.add(
        session,
        record.actor(by),
        "review:pass",
        f"review:{review.id}",
        after=after,
        campaign_id=review.campaign_id,
        now=now,
    )


def _mark(session: Session, review: Review, version: int, values: dict[str, object]) -> None:
    changed = session.execute(
        update(Review)
        .where(Review.id == review.id, Review.version == version, Review.state.in_((State.RECEIVED, State.WAITING)))
        .values(**values, claimed_by_id=None, claimed_until=None, handed_until=None)
        .execution_options(synchronize_session=False)
    )
    if rows_of(changed) != 1:
        raise decisions.Overtaken(decisions.last_decision(session, review))
    session.refresh(review)
    clusters.stand_alone(session, review)
