"""A move is made, recorded, and shows or hides the words; letters and feedback are owed in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation import claims, lanes, workflow
from moderation.claims import Overtaken
from moderation.letters import outbox
from moderation.models import Decision, Moderator, Reason, Review
from moderation.record import agreement
from moderation.workflow import Move, MoveNotAllowed, State
from pledges.settings import Settings

from . import seeing
from .complaints import close_complaints
from .move import MOVED, NobodyElse, ReasonMissing, follow, last_decision, locked, make_move, note_down
from .open import unwanted
from .owed import drop_untrue, owe_feedback, take_back_letters, tell_after_all
from .second import barred, call_others, somebody_else, two_must_agree, was_hidden_by_proposal
from .show import show_or_hide
from .undo import take_back


def decide(
    session: Session,
    review_id: int,
    move: Move,
    *,
    by: Moderator | None,
    version: int,
    now: datetime,
    settings: Settings,
    reason: Reason | None = None,
    note: str = "",
    more: Sequence[Reason] = (),
    tell: bool = True,
    second: bool = False,
    seen: seeing.Seen | None = None,
    by_author: bool = False,
    undo_since: datetime | None = None,
) -> Decision:
    """Make a move; raises MoveNotAllowed, ReasonMissing, Overtaken (the review is no longer at `version`) or Held.

    A person shows only words that they were shown (`seen`): else NotSeen, or Doubted where a check found something.

    Where two must agree (a reason says so, or `second`), the first one's move is kept as a proposal; where nobody else
    is there it counts, and is put to a second person when one comes (`seconding`).
    """
    session.info.pop(MOVED, None)
    review = locked(session, review_id)
    if review.version != version:
        raise Overtaken(last_decision(session, review))
    if move is Move.UNDO:
        return take_back(session, review, by=by, now=now, settings=settings, since=undo_since)
    _require_allowed(session, review, move, by, now)
    if by is not None and move in workflow.NEEDS_REASON and reason is None:
        raise ReasonMissing
    if by is not None and move in workflow.SHOWS:
        seeing.require(review, by, seen or seeing.Seen())
    chosen = [*([reason] if reason else []), *more]
    move, proposes = _or_proposal(session, review, move, chosen, by=by, second=second)
    to_state = workflow.after(review.state, move)
    if move is Move.RESTORE:
        to_state = _stood_as(session, review) or to_state
    decision = make_move(session, review, move, to_state, by=by, by_author=by_author, now=now, reason=reason, note=note)
    decision.more_reasons = [each.id for each in more] or None
    decision.proposes = proposes
    if by is not None:
        review.needs_second = move is Move.PROPOSE
    show_or_hide(session, review, move, now, proposes)
    decision.shown_after_id = review.contribution.published_revision_id
    _mend_letters(session, review, decision, now, settings)
    if to_state is State.WAITING:
        if decision.from_state not in workflow.WAITS:
            review.waiting_since = now
        lanes.put_in(session, review)
    if by is not None:
        _owe(session, review, decision, now, settings, tell=tell)
    close_complaints(session, review, decision, now, settings)
    follow(session, now)
    note_down(session, review, decision)
    return decision


def _or_proposal(
    session: Session, review: Review, move: Move, reasons: Sequence[Reason], *, by: Moderator | None, second: bool
) -> tuple[Move, Move | None]:
    """The move that is made, and what it proposes where `by` is the first of two who must agree. Raises NobodyElse.

    Where nobody could be the second, the move itself is made, and still says that it wants one.
    """
    if by is None:
        return move, None
    proposes = move if two_must_agree(session, review, move, reasons, by=by, second=second) else None
    if proposes is None and move is not Move.PROPOSE:
        return move, None
    if somebody_else(session, review, by):
        return Move.PROPOSE, proposes
    if proposes is None and lanes.open_appeal(session, review):
        raise NobodyElse("nobody else at this desk may decide this appeal")
    return move, proposes


def _mend_letters(session: Session, review: Review, decision: Decision, now: datetime, settings: Settings) -> None:
    """Others are called to confirm; letters that this decision makes untrue do not go, those it makes true again do."""
    if decision.moderator_id is not None and decision.move is Move.PROPOSE:
        due_at = now + timedelta(seconds=settings.undo_seconds)
        call_others(session, review, f"second:{decision.id}", now, due_at=due_at, decision=decision)
    if decision.moderator_id is not None and decision.move is Move.REOPEN:
        take_back_letters(session, review, decision, now, settings)
    drop_untrue(session, review, decision, now, settings)
    if decision.move is Move.RESTORE:
        tell_after_all(session, review, decision.id, now, settings)


def _require_allowed(session: Session, review: Review, move: Move, by: Moderator | None, now: datetime) -> None:
    """Raises MoveNotAllowed or Held where this move is not open to `by` at this moment."""
    if by is not None and (why := barred(session, review, by)):
        raise MoveNotAllowed(f"somebody else has to decide: {why}")
    claims.require_free(review, by, now)
    workflow.after(review.state, move)
    if why := unwanted(review, move):
        raise MoveNotAllowed(why)


def _stood_as(session: Session, review: Review) -> State | None:
    """What was decided on it before its author took it back; none: nothing, or that it may be shown."""
    last = last_decision(session, review)
    if last is None or last.move is not Move.WITHDRAW or last.from_state not in workflow.STANDS:
        return None
    if last.from_state is State.REVISE and _was_shown(session, review, last):
        return None  # off the wall by its author's own act, it is for a person to read whether it comes back
    return last.from_state


def _was_shown(session: Session, review: Review, withdrawal: Decision) -> bool:
    """Whether these words stood on the wall until their author took them back."""
    before = session.scalars(
        select(Decision.shown_after_id)
        .where(Decision.review_id == review.id, Decision.id < withdrawal.id)
        .order_by(Decision.id.desc())
        .limit(1)
    ).first()
    return before == review.revision_id


def _owe(
    session: Session, review: Review, decision: Decision, now: datetime, settings: Settings, *, tell: bool
) -> None:
    """What a person's decision owes to others: the count of agreement, the spam service's lesson, the author's letter."""
    agreement.count(session, review, decision)
    owe_feedback(session, review, decision.move, now, settings)
    if tell:
        hidden = was_hidden_by_proposal(session, review)
        outbox.owe_decision(session, review, decision, now, settings, hidden=hidden)
