"""Items parked, handed to a colleague, and brought back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from moderation import claims, lanes
from moderation.clusters import members
from moderation.decisions import decide, move, second
from moderation.models import Act as Line
from moderation.models import Decision, Moderator, Report, Review
from moderation.record import chain, notes
from moderation.workflow import WAITS, Move, MoveNotAllowed, State
from pledges.db import rows_of
from pledges.models import Contribution
from pledges.settings import Settings

from .waiting import laid_aside

BACK_AT_ONCE = 20
AUTHOR_HAS = timedelta(days=7)  # to change what was reported and still stands, before somebody reads it again
PARK, PASS = MARKS = ("review:park", "review:pass")  # acts of the record
TWICE = timedelta(seconds=10)  # within it, the same press again is no second act
BACK, UNMARK = BACKS = ("review:back", "review:unmark")


def bring_back(session: Session, now: datetime) -> int:
    """What was laid aside until by now stands in its lanes again; answers how many, a few at a time."""
    due = lanes.returning(session, now, BACK_AT_ONCE)
    reviews = [move.locked(session, review_id) for review_id in sorted(due)]  # all before any counter
    for review in reviews:
        if review.parked_until is not None and review.parked_until <= now:
            put_back(session, review, None, now)
    return len(due)


def ask_again(session: Session, now: datetime, settings: Settings) -> int:
    """Reported words that still stand, whose author was asked for a change and sent none, wait for a person again.

    Answers how many, a few at a time.
    """
    asked_since = select(Decision.id).where(Decision.review_id == Review.id, Decision.decided_at > now - AUTHOR_HAS)
    due = session.scalars(
        select(Review.id)
        .join(Contribution, Contribution.id == Review.contribution_id)
        .join(Report, Report.contribution_id == Contribution.id)
        .where(
            Report.closed_by_id.is_(None),
            Review.state == State.REVISE,
            Review.revision_id == Contribution.published_revision_id,
            ~asked_since.exists(),
        )
        .distinct()
        .limit(BACK_AT_ONCE)
    ).all()
    reviews = [move.locked(session, review_id) for review_id in sorted(due)]
    for review in reviews:
        if review.state is State.REVISE:
            decide.decide(session, review.id, Move.REOPEN, by=None, version=review.version, now=now, settings=settings)
    return len(reviews)


def put_back(session: Session, review: Review, by: Moderator | None, now: datetime) -> None:
    """The item, which is locked, is laid aside no more: it stands in its lanes and with its like, and lists hear of it."""
    review.parked_until = None
    lanes.put_in(session, review)
    members.come_back(session, review)
    _is_back(session, review, by, now)


def _is_back(session: Session, review: Review, by: Moderator | None, now: datetime, act: str = BACK) -> None:
    """The record tells that it is no longer laid aside, so that lists that are open hear of it."""
    subject = f"review:{review.id}"
    chain.add(session, chain.actor(by), act, subject, campaign_id=review.campaign_id, now=now)


PARKED = timedelta(hours=24)


class NotForThem(MoveNotAllowed):
    """Whoever it was to be passed to may not decide it."""

    def __init__(self) -> None:
        super().__init__("pass")


def _not_barred(session: Session, review: Review, by: Moderator) -> None:
    """Whoever an appeal is against does not put it off either."""
    if second.barred(session, review, by) == second.APPEAL:
        raise MoveNotAllowed("an appeal is for somebody else")


def _pressed_twice(session: Session, review: Review, by: Moderator, act: str, version: int, now: datetime) -> bool:
    """Whether `by` has just done this to the item, and it stands: a button pressed twice is told in one line."""
    if move.locked(session, review.id).version != version:
        return False
    last = last_mark(session, review)
    return (
        last is not None
        and (last.act, last.actor, last.after) == (act, chain.actor(by), _marks_of(review))
        and now - last.at <= TWICE
    )


def last_mark(session: Session, review: Review) -> Line | None:
    "What was last told of its being laid aside, passed on or put back."
    marks = select(Line).where(Line.subject == f"review:{review.id}", Line.act.in_((*MARKS, *BACKS)))
    return session.scalars(marks.order_by(Line.id.desc()).limit(1)).first()


def park(session: Session, review: Review, *, version: int, by: Moderator, now: datetime) -> None:
    """The item is laid aside until tomorrow; its state and version stay.

    Raises Overtaken, and MoveNotAllowed where it is laid aside already.
    """
    claims.require_free(review, by, now)
    _not_barred(session, review, by)
    if _pressed_twice(session, review, by, PARK, version, now):
        return
    if laid_aside(review, now):
        raise MoveNotAllowed(PARK)
    _mark(session, review, by, PARK, version, {"parked_until": now + PARKED}, now)


def hand_over(
    session: Session, review: Review, *, version: int, by: Moderator, to: Moderator | None, note: str, now: datetime
) -> None:
    """A colleague is asked to look at it (none named: whoever comes next).

    Raises Overtaken; NotForThem where that colleague may not decide it either.
    """
    claims.require_free(review, by, now)
    _not_barred(session, review, by)
    if to is not None and second.barred(session, review, to):
        raise NotForThem
    if review.passed_to_id == (to.id if to else None) and _pressed_twice(session, review, by, PASS, version, now):
        notes.add_once(session, review, by, note, now)
        return
    if laid_aside(review, now):
        _is_back(session, review, by, now)
    _mark(session, review, by, PASS, version, {"passed_to_id": to.id if to else None, "parked_until": None}, now)
    if note:
        notes.add(session, review, by, note, now)


def undo_mark(
    session: Session, review: Review, *, version: int, by: Moderator, now: datetime, settings: Settings
) -> None:
    """What `by` has just laid aside or passed on stands as before; a note that went with it stays theirs.

    Raises Overtaken where it was decided since, MoveNotAllowed where there is nothing to undo (any more).
    """
    if move.locked(session, review.id).version != version:
        raise claims.Overtaken(move.last_decision(session, review))
    claims.require_free(review, by, now)
    _not_barred(session, review, by)
    mark = undoable_mark(session, review, by, now, settings)
    if mark is None:
        raise MoveNotAllowed(UNMARK)
    until = mark.before.get("until")
    review.passed_to_id = mark.before.get("to")
    review.parked_until = datetime.fromisoformat(until) if until else None
    lanes.put_in(session, review)
    members.come_back(session, review)
    _is_back(session, review, by, now, UNMARK)


def undoable_mark(session: Session, review: Review, by: Moderator, now: datetime, settings: Settings) -> Line | None:
    """The line of the record by which `by` laid this item aside or passed it on, while that can be undone."""
    last = last_mark(session, review)
    return last if is_undoable(last, review, by, now, settings) else None


def is_undoable(last: Line | None, review: Review, by: Moderator, now: datetime, settings: Settings) -> bool:
    """Whether this newest mark of the item is `by`'s and can be undone."""
    if last is None or last.act in BACKS or last.actor != chain.actor(by):
        return False
    stands = review.state in WAITS and last.after == _marks_of(review)
    return stands and now - last.at <= timedelta(seconds=settings.undo_seconds)


def _mark(
    session: Session,
    review: Review,
    by: Moderator,
    act: str,
    version: int,
    values: dict[str, Any],
    now: datetime,
) -> None:
    before = _marks_of(move.locked(session, review.id))
    changed = session.execute(
        update(Review)
        .where(Review.id == review.id, Review.version == version, Review.state.in_((State.RECEIVED, State.WAITING)))
        .values(**values, **claims.NOBODY)
        .execution_options(synchronize_session=False)
    )
    if rows_of(changed) != 1:
        raise claims.Overtaken(move.last_decision(session, review))
    session.refresh(review)
    lanes.put_in(session, review)
    members.stand_alone(session, review)
    chain.add(
        session,
        chain.actor(by),
        act,
        f"review:{review.id}",
        before=before,
        after=_marks_of(review),
        campaign_id=review.campaign_id,
        now=now,
    )


def _marks_of(review: Review) -> dict[str, Any]:
    """To whom it is passed, and until when it is laid aside."""
    return {"to": review.passed_to_id, "until": review.parked_until.isoformat() if review.parked_until else None}
