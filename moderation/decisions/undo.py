"""A decision is taken back, and all stands as before."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from moderation import claims, lanes, standing, workflow
from moderation.letters import dropping
from moderation.models import Appeal, Decision, Evidence, Moderator, Report, Review
from moderation.record import agreement
from moderation.workflow import Move, MoveNotAllowed, State
from pledges.settings import Settings
from pledges.wall import publishing

from .complaints import close_appeals
from .move import NewerStands, follow, last_decision, make_move, note_down
from .owed import tell_after_all


def undoable(
    decision: Decision | None, by: Moderator | None, now: datetime, settings: Settings, since: datetime | None = None
) -> bool:
    """Whether this decision can still be taken back by whoever made it, before anybody was told.

    Of a decision made with many others the window begins at `since`, when the last of them was made.
    """
    return (
        decision is not None
        and by is not None
        and decision.moderator_id == by.id
        and decision.move in workflow.BY_PEOPLE
        and not _stands_otherwise(decision)
        and claims.is_free_for(decision.review, by, now)
        and now - (since or decision.decided_at) <= timedelta(seconds=settings.undo_seconds)
    )


def _stands_otherwise(decision: Decision) -> bool:
    """Whether it took words down in whose place others of the author were approved since."""
    shown = decision.review.contribution.published_revision_id
    return decision.shown_before_id == decision.review.revision_id and shown not in (None, decision.shown_before_id)


def _replaced(review: Review) -> bool:
    return any(other.number > review.revision.number for other in review.contribution.revisions)


def take_back(
    session: Session,
    review: Review,
    *,
    by: Moderator | None,
    now: datetime,
    settings: Settings,
    since: datetime | None = None,
) -> Decision:
    """State and shown words stand as before the last decision; its letter and feedback are not sent."""
    claims.require_free(review, by, now)
    last = last_decision(session, review)
    if last is not None and last.moderator_id == (by.id if by else None) and _stands_otherwise(last):
        raise NewerStands("newer words of the author stand in their place")
    if last is None or not undoable(last, by, now, settings, since):
        raise MoveNotAllowed("too late to undo: reopen the item instead")
    contribution = review.contribution
    session.execute(update(Report).where(Report.closed_by_id == last.id).values(closed_by_id=None))
    session.execute(update(Appeal).where(Appeal.closed_by_id == last.id).values(closed_by_id=None))
    answer = standing.last(session, review, last.id) if last.move is Move.REOPEN else None
    if answer is not None and last.from_state not in workflow.WAITS:  # what it answered is answered again
        close_appeals(session, review, answer)
    to_state = last.from_state
    if _replaced(review) and to_state in workflow.MENDABLE and last.shown_before_id != review.revision_id:
        to_state = State.SUPERSEDED  # newer words came since, so these need no decision
    elif to_state is State.APPROVED and lanes.reported(session, review):
        to_state = State.WAITING  # somebody complained meanwhile, and a person has to read that
    decision = make_move(session, review, Move.UNDO, to_state, by=by, now=now, undoes=last)
    # what another decision has shown or hidden since is not ours to change back
    thawed = last.move in workflow.SHOWS and contribution.published_revision_id == review.revision_id
    if last.shown_before_id != contribution.published_revision_id and (
        thawed or last.shown_after_id == contribution.published_revision_id
    ):
        _show_again(session, review, last.shown_before_id, now)
    if last.move in workflow.SHOWS:
        _stand_again(session, review, last, now)
    decision.shown_after_id = contribution.published_revision_id
    review.needs_second = _stands_proposed(session, review)
    if to_state in workflow.WAITS:
        lanes.put_in(session, review)
    _check_again(review, now)
    dropping.drop_decision(session, last, now)
    tell_after_all(session, review, decision.id + 1, now, settings)
    agreement.count(session, review, decision)
    session.execute(
        update(Evidence).where(Evidence.review_id == review.id).values(feedback_owed=None, feedback_due_at=None)
    )
    follow(session, now)
    note_down(session, review, decision)
    return decision


def _stands_proposed(session: Session, review: Review) -> bool:
    """Whether, of what people did here and did not take back, a proposal was the last."""
    newest = standing.last(session, review)
    if newest is None:
        return False
    return newest.move is Move.PROPOSE or (newest.alone and review.state in workflow.WAITS)


def _show_again(session: Session, review: Review, revision_id: int | None, now: datetime) -> None:
    """These words are shown as before; where newer ones had taken their place, their review stands as it stood."""
    if revision_id is None:
        publishing.hide(session, review.contribution, now)
        return
    older = session.scalars(select(Review).where(Review.revision_id == revision_id)).one()
    publishing.publish(session, older.revision, now)
    ended = last_decision(session, older)
    if older.id != review.id and ended is not None and ended.move is Move.SUPERSEDE:
        _unsupersede(session, older, ended, now)


def _unsupersede(session: Session, older: Review, ended: Decision, now: datetime) -> None:
    session.execute(update(Appeal).where(Appeal.closed_by_id == ended.id).values(closed_by_id=None))
    make_move(session, older, Move.UNDO, ended.from_state, by=None, now=now)
    if ended.from_state in workflow.WAITS:
        lanes.put_in(session, older)
    _check_again(older, now)


def _check_again(review: Review, now: datetime) -> None:
    """What waits for its checks once more has them; the job that was owed found it decided and went away."""
    if review.state is State.RECEIVED:
        review.check_after = now


def _stand_again(session: Session, review: Review, approved: Decision, now: datetime) -> None:
    """Older words that were not shown and ended with this approval stand as they stood."""
    for older in session.scalars(select(Review).where(Review.contribution_id == review.contribution_id)).all():
        ended = last_decision(session, older)
        by_program = ended is not None and ended.moderator_id is None and not ended.by_author
        if ended is not None and by_program and ended.move is Move.SUPERSEDE and ended.id > approved.id:
            _unsupersede(session, older, ended, now)
