"""Who has an item open: a short lease while it is read, or a longer one of twenty that were handed out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import format_time, gettext
from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlalchemy.orm import Session

from moderation.record import chain
from pledges.db import Values, rows_of

from .models import Decision, Moderator, Review
from .workflow import WAITS

LEASE = timedelta(minutes=10)
HAND = 20
HANDED_FOR = timedelta(minutes=30)
NOT_HANDED = ("mine", "hand", "parked")  # what somebody has already, or has laid aside
NOBODY: dict[str, Any] = {"claimed_by_id": None, "claimed_until": None, "handed_until": None}


class Overtaken(Exception):
    """Somebody else decided first; `other` is their decision, if there is one."""

    def __init__(self, other: Decision | None) -> None:
        super().__init__("somebody has just decided this")
        self.other = other


class Held(Overtaken):
    """Somebody else has the item open: `by` decides after taking it over."""

    def __init__(self, holder: Moderator) -> None:
        super().__init__(None)
        self.holder = holder


# -- who has it ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """How a person stands to an item that waits."""

    state: str  # free | mine | other
    words: str
    until: str  # of my lease, as it goes back with its release


def claim_of(review: Review, me: Moderator, now: datetime) -> Claim:
    who = holder(review, now)
    if who is None or review.claimed_until is None:
        return Claim("free", "", "")
    until = review.claimed_until.isoformat()
    if who.id == me.id:
        return Claim("mine", gettext("Yours until %(time)s.", time=format_time(review.claimed_until, "HH:mm")), until)
    return Claim("other", held_words(who, review.claimed_until), "")


def held_words(holder: Moderator, until: datetime) -> str:
    time = format_time(until, "HH:mm")
    return gettext("%(name)s has this open until %(time)s.", name=holder.name, time=time)


def holder(review: Review, now: datetime) -> Moderator | None:
    """Who has this waiting item open now."""
    held = review.state in WAITS and _runs(review.claimed_until, now)
    return review.claimed_by if held else None


def held_by_another(claimed_by_id: int | None, until: datetime | None, me: Moderator, now: datetime) -> bool:
    """The same of a row's columns alone: whether somebody else than `me` has it open."""
    return claimed_by_id not in (None, me.id) and _runs(until, now)


def _runs(until: datetime | None, now: datetime) -> bool:
    return until is not None and until > now


def is_free_for(review: Review, by: Moderator, now: datetime) -> bool:
    who = holder(review, now)
    return who is None or who.id == by.id


def require_free(review: Review, by: Moderator | None, now: datetime) -> None:
    """Nobody but `by` has it open; raises Held. The program and the author do not ask."""
    who = holder(review, now)
    if by is not None and who is not None and who.id != by.id:
        raise Held(who)


def free(now: datetime, by: Moderator | None = None) -> ColumnElement[bool]:
    """Of items: nobody has it open, or `by` has."""
    lapsed = or_(Review.claimed_by_id.is_(None), Review.claimed_until <= now)
    return lapsed if by is None else or_(lapsed, Review.claimed_by_id == by.id)


def handed_to(by: Moderator, now: datetime) -> ColumnElement[bool]:
    """Of items: it is one of those that were handed to `by`."""
    return and_(Review.claimed_by_id == by.id, Review.handed_until > now)


# -- taking and leaving --------------------------------------------------------------------------------


def take(session: Session, review: Review, by: Moderator, now: datetime) -> bool:
    """Whether `by` has the lease now, anew or for longer."""
    taken = session.execute(
        update(Review)
        .where(Review.id == review.id, free(now, by))
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
    return handed_to(by, now + LEASE)


def release(session: Session, review: Review, by: Moderator) -> None:
    session.execute(
        update(Review)
        .where(Review.id == review.id, Review.claimed_by_id == by.id)
        .values(**NOBODY)
        .execution_options(synchronize_session=False)
    )


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
    """The item, which is locked, is open at `by` now, whoever had it; recorded where somebody had."""
    before = holder(review, now)
    review.claimed_by_id, review.claimed_until, review.handed_until = by.id, now + LEASE, None
    session.flush()
    session.expire(review, ["claimed_by"])
    if before is not None and before.id != by.id:
        chain.add(
            session,
            chain.actor(by),
            "review:take-over",
            f"review:{review.id}",
            before={"holder": before.id},
            after={"holder": by.id},
            campaign_id=review.campaign_id,
            now=now,
        )


def hand_out(session: Session, ids: Sequence[int], by: Moderator, lane: str, now: datetime) -> list[int]:
    """Those of these that are free, of one lane, are this person's for half an hour: one act for each campaign."""
    if not ids:
        return []
    until = now + HANDED_FOR
    session.execute(
        update(Review)
        .where(Review.id.in_(ids), free(now))
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
    chain.add(session, chain.actor(by), act, subject, after=after, campaign_id=campaign_id, now=now)


def handed(values: Values, by: Moderator, now: datetime) -> Callable[[], int]:
    """How many of what this person was handed are left."""
    return values.ask(select(func.count()).where(*_left_of(by, now)))


def _left_of(by: Moderator, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (handed_to(by, now), Review.state.in_(WAITS))


def _handed(session: Session, by: Moderator, now: datetime) -> dict[int, int]:
    """How many of what this person was handed are left in each campaign."""
    counted = select(Review.campaign_id, func.count()).where(*_left_of(by, now)).group_by(Review.campaign_id)
    return {campaign_id: count for campaign_id, count in session.execute(counted.order_by(Review.campaign_id))}


def leave_behind(session: Session, of: Moderator, where: list[int] | None) -> None:
    """What waits for somebody who decides no longer, but in the campaigns `where` (none: in all), is anybody's again."""
    if where is None:
        return
    gone = (Review.state.in_(WAITS), Review.campaign_id.not_in(where))
    for whose, values in ((Review.passed_to_id, {"passed_to_id": None}), (Review.claimed_by_id, NOBODY)):
        session.execute(
            update(Review).where(*gone, whose == of.id).values(**values).execution_options(synchronize_session=False)
        )


def let_go(session: Session, by: Moderator, now: datetime) -> int:
    """Everything this person had open or was handed is free for others; how many. Recorded where twenty were handed."""
    had = _handed(session, by, now)
    ended = session.execute(
        update(Review)
        .where(Review.claimed_by_id == by.id)
        .values(**NOBODY)
        .execution_options(synchronize_session=False)
    )
    for campaign_id, count in had.items():
        _record(session, "queue:give-back", by, campaign_id, {"reviews": count}, now)
    return rows_of(ended)
