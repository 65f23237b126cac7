"""Who has an item open: a short lease while it is read, or a longer one of twenty that were handed out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import format_time, gettext
from sqlalchemy import and_, case, func, or_, select, update
from sqlalchemy.orm import Session

from pledges.db import rows_of

from . import decisions, queue, record
from .models import Moderator, Review
from .workflow import WAITS

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
    """Whether `by` has the lease now, anew or for longer; raises Overtaken where the item no longer waits."""
    if review.state not in WAITS:
        raise decisions.Overtaken(decisions.last_decision(session, review))
    return queue.claim(session, review, by, now)


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
    """It is open at `by` now, whoever had it; recorded where somebody had. Raises Overtaken."""
    review = decisions.locked(session, review.id)
    if review.state not in WAITS:
        raise decisions.Overtaken(decisions.last_decision(session, review))
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
    """The twenty oldest of a narrowed lane that are free are this person's for half an hour: one act, however many."""
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
    after = {"lane": lane, "reviews": sorted(ids)}
    record.add(session, record.actor(by), "queue:hand", f"moderator:{by.id}", after=after, now=now)
    return ids


def handed(session: Session, by: Moderator, now: datetime) -> int:
    """How many of what this person was handed are left."""
    mine = (Review.claimed_by_id == by.id, Review.handed_until > now, Review.state.in_(WAITS))
    return session.scalar(select(func.count()).select_from(Review).where(*mine)) or 0


def let_go(session: Session, by: Moderator, now: datetime) -> int:
    """Everything this person had open or was handed is free for others; how many. Recorded where twenty were handed."""
    had = handed(session, by, now)
    ended = session.execute(
        update(Review)
        .where(Review.claimed_by_id == by.id)
        .values(claimed_by_id=None, claimed_until=None, handed_until=None)
        .execution_options(synchronize_session=False)
    )
    if had:
        record.add(session, record.actor(by), "queue:give-back", f"moderator:{by.id}", after={"reviews": had}, now=now)
    return rows_of(ended)
