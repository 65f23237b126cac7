"""What the desk holds of words that are erased, and of their sender, is gone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, event, or_, select, update
from sqlalchemy.orm import Session

from moderation.clusters import upkeep
from moderation.letters import dropping
from moderation.models import Batch, BatchItem, Decision, Evidence, Finding, Letter, Note, Report, Review
from moderation.post import sending
from moderation.workflow import MOVES, Move
from pledges.models import Contribution
from pledges.settings import Settings

from . import reviews


def erase(session: Session, contribution: Contribution, now: datetime, settings: Settings) -> None:
    """What the desk holds of the words and their sender is gone; bare facts of the decisions stay.

    Who reported the words is told that they are gone, and the address is forgotten with that letter.
    """
    reviews.lock(session, contribution)
    for review in reviews.of(session, contribution):
        if Move.WITHDRAW in MOVES[review.state]:
            reviews.author_moves(session, review, Move.WITHDRAW, now, settings)
        upkeep.forget(session, review)
    ids = select(Review.id).where(Review.contribution_id == contribution.id)
    session.execute(delete(Evidence).where(Evidence.review_id.in_(ids)))
    session.execute(update(Finding).where(Finding.review_id.in_(ids)).values(detail={}, quotes=[]))
    session.execute(update(Decision).where(Decision.review_id.in_(ids)).values(note=""))
    batches = select(BatchItem.batch_id).where(BatchItem.review_id.in_(ids))
    session.execute(update(Batch).where(Batch.id.in_(batches)).values(note=""))
    session.execute(delete(Note).where(Note.review_id.in_(ids)))
    theirs = Report.contribution_id == contribution.id
    session.execute(update(Report).where(theirs).values(note="", network=None))
    dropping.forget_reporters(session, theirs)
    session.execute(
        update(Letter)
        .where(Letter.contribution_id == contribution.id, Letter.sent_at.is_(None))
        .values(dropped_at=now, dropped_why="erased")
    )
    session.execute(update(Review).where(Review.id.in_(ids)).values(check_after=None))
    _forget_written(session, contribution, settings)


def _forget_written(session: Session, contribution: Contribution, settings: Settings) -> None:
    """Letters about it that lie in a folder go with the words, once the erasure is committed."""
    reports = select(Report.id).where(Report.contribution_id == contribution.id)
    concerned = or_(Letter.contribution_id == contribution.id, Letter.report_id.in_(reports))
    sent = select(Letter.id).where(concerned, Letter.sent_at.is_not(None))
    files = [sending.written(settings, letter_id) for letter_id in session.scalars(sent)]

    @event.listens_for(session, "after_commit", once=True)
    def _gone(_session: Session) -> None:
        for file in files:
            file.unlink(missing_ok=True)
