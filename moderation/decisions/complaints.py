"""Reports and appeals are closed by what was decided."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from moderation import workflow
from moderation.letters import outbox
from moderation.models import Appeal, Decision, Report, Review
from moderation.workflow import Move, State
from pledges.settings import Settings


def close_complaints(session: Session, review: Review, decision: Decision, now: datetime, settings: Settings) -> None:
    """An appeal, and what visitors reported of these words, have their outcome; who left an address is told it."""
    if decision.move is Move.WITHDRAW:  # an appeal stays open, for whoever reads the words when they are put back
        _answer_reports(session, review, decision, now, settings)
        return
    if decision.move is Move.SUPERSEDE:  # what the author asked to be read again is not to be shown any more
        close_appeals(session, review, decision)
        return
    if decision.moderator_id is None or decision.to_state in workflow.WAITS:
        return
    close_appeals(session, review, decision)
    if decision.to_state is State.REVISE and review.contribution.published_revision_id is not None:
        return  # what was reported still stands there: it is answered when the words have changed or gone
    _answer_reports(session, review, decision, now, settings)


def _answer_reports(session: Session, review: Review, decision: Decision, now: datetime, settings: Settings) -> None:
    """What was reported and this answers is closed, and who left an address is owed a letter."""
    still_open = (_answered(review), Report.closed_by_id.is_(None))
    for report in session.scalars(select(Report).where(*still_open, Report.email != "")).all():
        outbox.owe_outcome(session, report, decision, now, settings)
    session.execute(update(Report).where(*still_open).values(closed_by_id=decision.id))


def close_appeals(session: Session, review: Review, decision: Decision) -> None:
    session.execute(
        update(Appeal)
        .where(Appeal.review_id == review.id, Appeal.closed_by_id.is_(None))
        .values(closed_by_id=decision.id)
    )


def _answered(review: Review) -> ColumnElement[bool]:
    """Reports that a decision on this item answers: those of its words, and of words whose place newer ones took."""
    replaced = select(Review.revision_id).where(
        Review.contribution_id == review.contribution_id, Review.state == State.SUPERSEDED
    )
    of_these = or_(
        Report.revision_id.is_(None), Report.revision_id == review.revision_id, Report.revision_id.in_(replaced)
    )
    return and_(Report.contribution_id == review.contribution_id, of_these)
