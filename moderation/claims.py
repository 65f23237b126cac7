"""Who has an item open: a short lease while it is read, or a longer one of twenty that were handed out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import format_time, gettext
from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlalchemy.orm import Session

from pledges.db import Values, rows_of

from . import decisions, queue, record
from .models import Moderator, Review
from .workflow import WAITS, MoveNotAllowed

HAND = 20
HANDED_FOR = timedelta(minutes=30)
NOT_HANDED = ("mine", "hand", "parked")  # what somebody has already, or has laid aside


@dataclass(frozen=True)
class Standing:
    """How a person stands to an item that waits."""

    state: str  # free | mine | other
    words: str
    until: str  # of my lease, as it goes back with its release


def standing(review: Review, me: Moderator, now: datetime) -> Standing:
    holder = decisions.holder(review, now)
    if holder is None or review.claimed_until is None:
        return Standing("free", "", "")
    until = review.claimed_until.isoformat()
    if holder.id == me.id:
        return Standing(
            "mine", gettext("Yours until %(time)s.", time=format_time(review.claimed_until, "HH:mm")), until
        )
    return Standing("other", held_words(holder, review.claimed_until), "")


def held_words(holder: Moderator, until: datetime) -> str:
    time = format_time(until, "HH:mm")
    return gettext("%(name)s has this open until %(time)s.", name=holder.name, time=time)


def take(session: Session, review: Review, by: Moderator, now: datetime) -> bool:
    """Whether `by` has the lease now, anew or for longer.

    Raises Overtaken where the item no longer waits, MoveNotAllowed where somebody else has to decide it.
    """
    _require_theirs(session, review, by)
    return queue.claim(session, review, by, now)


def _require_theirs(session: Session, review: Review, by: Moderator) -> None:
    """It waits, and `by` may decide it: whoever may not would only keep others from it."""
    if review.state not in WAITS:
        raise decisions.Overtaken(decisions.last_decision(session, review))
    if why := decisions.barred(session, review, by):
        raise MoveNotAllowed(f"somebody else has to decide: {why}")


def leave(session: Session, review: Review, by: Moderator, until: datetime | None, now: datetime) -> None:
    """The page was left: what is only open is free, what was handed out stays.

    `until` is the end of the lease that the page knew; a lease that a newer page has taken since is not ended.
    """
    known = Review.claimed_until == until if until is not None else Review.id == review.id
    handed = and_(Review.handed_until.is_not(None), Review.handed_until > now)
    session.execute(
        update(Review)
        .where(Review.id == review.id, Review.claimed_by_id == by.id, known)
        .values(
            claimed_by_id=case((handed, Review.claimed_by_id), else_=None),
            claimed_until=case((handed, Review.handed_until), else_=None),
        )
        .execution_options(synchronize_session=False)
    )


def take_over(session: Session, review: Review, by: Moderator, now: datetime) -> None:
    """It is open at `by` now, whoever had it; recorded where somebody had. Raises Overtaken or MoveNotAllowed."""
    review = decisions.locked(session, review.id)
    _require_theirs(session, review, by)
    before = decisions.holder(review, now)
    review.claimed_by_id, review.claimed_until, review.handed_until = by.id, now + queue.LEASE, None
    session.flush()
    session.expire(review, ["claimed_by"])
    if before is not None and before.id != by.id:
        record.add(
            session,
            record.actor(by),
            "review:take-over",
            f"review:{review.id}",
            before={"holder": before.id},
            after={"holder": by.id},
            campaign_id=review.campaign_id,
            now=now,
        )


def hand_out(
    session: Session,
    by: Moderator,
    campaigns: list[int] | None,
    lane: str,
    now: datetime,
    filters: queue.Filters = queue.NONE,
) -> list[int]:
    """The twenty oldest of a narrowed lane that are free are this person's for half an hour: one act for each campaign."""
    ids = queue.next_free(session, now=now, campaigns=campaigns, lane=lane, by=by, limit=HAND, filters=filters)
    if not ids:
        return []
    until = now + HANDED_FOR
    free = or_(Review.claimed_by_id.is_(None), Review.claimed_until <= now)
    session.execute(
        update(Review)
        .where(Review.id.in_(ids), free)
        .values(claimed_by_id=by.id, claimed_until=until, handed_until=until)
        .execution_options(synchronize_session=False)
    )
    got = select(Review.campaign_id, Review.id).where(Review.id.in_(ids), Review.claimed_by_id == by.id)
    where = session.execute(got.order_by(Review.id)).all()  # a colleague may have been quicker with some
    for campaign_id in sorted({campaign_id for campaign_id, _ in where}):
        after = {"lane": lane, "reviews": [review_id for there, review_id in where if there == campaign_id]}
        _record(session, "queue:hand", by, campaign_id, after, now)
    return [review_id for _, review_id in where]


def _record(session: Session, act: str, by: Moderator, campaign_id: int, after: dict[str, Any], now: datetime) -> None:
    subject = f"moderator:{by.id}"
    record.add(session, record.actor(by), act, subject, after=after, campaign_id=campaign_id, now=now)


def handed(values: Values, by: Moderator, now: datetime) -> Callable[[], int]:
    """How many of what this person was handed are left."""
    return values.ask(select(func.count()).where(*_left_of(by, now)))


def _left_of(by: Moderator, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Review.claimed_by_id == by.id, Review.handed_until > now, Review.state.in_(WAITS))


def _handed(session: Session, by: Moderator, now: datetime) -> dict[int, int]:
    """How many of what this person was handed are left in each campaign."""
    counted = select(Review.campaign_id, func.count()).where(*_left_of(by, now)).group_by(Review.campaign_id)
    return {campaign_id: count for campaign_id, count in session.execute(counted.order_by(Review.campaign_id))}


def leave_behind(session: Session, of: Moderator, where: list[int] | None) -> None:
    """What waits for somebody who decides no longer, but in the campaigns `where` (none: in all), is anybody's again."""
    if where is None:
        return
    gone = (Review.state.in_(WAITS), Review.campaign_id.not_in(where))
    nobody = {"claimed_by_id": None, "claimed_until": None, "handed_until": None}
    for whose, values in ((Review.passed_to_id, {"passed_to_id": None}), (Review.claimed_by_id, nobody)):
        session.execute(
            update(Review).where(*gone, whose == of.id).values(**values).execution_options(synchronize_session=False)
        )


def let_go(session: Session, by: Moderator, now: datetime) -> int:
    """Everything this person had open or was handed is free for others; how many. Recorded where twenty were handed."""
    had = _handed(session, by, now)
    ended = session.execute(
        update(Review)
        .where(Review.claimed_by_id == by.id)
        .values(claimed_by_id=None, claimed_until=None, handed_until=None)
        .execution_options(synchronize_session=False)
    )
    for campaign_id, count in had.items():
        _record(session, "queue:give-back", by, campaign_id, {"reviews": count}, now)
    return rows_of(ended)
