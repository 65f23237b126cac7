"""Letters and feedback that a decision owes, or no longer does."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, update
from sqlalchemy.orm import Session

from moderation import standing
from moderation.letters import dropping, still_true
from moderation.models import Appeal, Decision, Evidence, Report, Review
from moderation.workflow import Move, State
from pledges.settings import Settings

from .move import last_decision

FEEDBACK = {Move.MARK_SPAM: "spam", Move.APPROVE: "ham"}


def take_back_letters(session: Session, review: Review, decision: Decision, now: datetime, settings: Settings) -> None:
    """What was decided is open again: letters about it that have not gone are not sent, nor are reports closed.

    An appeal that it answered is open again too, however old: whoever is appealed against still does not decide it.
    """
    before = standing.last(session, review, decision.id)
    if before is not None:
        dropping.drop_decision(session, before, now, why="reopened")
        session.execute(update(Appeal).where(Appeal.closed_by_id == before.id).values(closed_by_id=None))
        if now - before.decided_at <= timedelta(seconds=settings.undo_seconds):  # nobody has read of an outcome yet
            session.execute(update(Report).where(Report.closed_by_id == before.id).values(closed_by_id=None))


def drop_untrue(session: Session, review: Review, decision: Decision, now: datetime, settings: Settings) -> None:
    """What was owed of earlier decisions and does not stand any more is not sent; a report that it answered is open.

    So it is answered anew: at once, where this decision answers it, else by the next one.
    """
    session.flush()
    why = "withdrawn" if decision.move is Move.WITHDRAW else "overtaken"
    for letter in still_true.of_author(session, review):
        if not still_true.holds(session, letter.kind, session.get_one(Decision, letter.decision_id)):
            letter.dropped_at, letter.dropped_why = now, why
    for answered in dropping.outcomes_owed(session, review.contribution):
        before = session.get_one(Decision, answered.decision_id)
        report = session.get_one(Report, answered.report_id)
        if before.id == decision.id or not still_true.contradicted(session, report, before):
            continue
        answered.dropped_at, answered.dropped_why = now, why
        theirs = Report.closed_by_id == before.id
        if now - before.decided_at > timedelta(seconds=settings.undo_seconds):  # others have read of that outcome
            theirs = and_(theirs, Report.email == report.email)
        session.execute(update(Report).where(theirs).values(closed_by_id=None))


def tell_after_all(session: Session, review: Review, before_id: int, now: datetime, settings: Settings) -> None:
    """What an undone decision overtook, or its author took back, and nobody was told stands again, and is told after all.

    Where newer words have left the wall by that, so is what took down the older ones.
    """
    before = standing.last(session, review, before_id)
    session.flush()
    again = dropping.overtaken(session, before) if before is not None else []
    if review.contribution.published_revision_id is None:
        again += dropping.taken_down(session, review.contribution)
    for letter in again:
        if still_true.holds(session, letter.kind, session.get_one(Decision, letter.decision_id)):
            letter.dropped_at, letter.dropped_why = None, ""
            letter.due_at = now + timedelta(seconds=settings.undo_seconds)


def owe_feedback(session: Session, review: Review, move: Move, now: datetime, settings: Settings) -> None:
    """Akismet learns from a spam decision, and from an approval of what it called spam; from nothing else.

    A rejection is about our rules, not about spam: telling would poison the training and give words away.
    Each decision takes the place of the one before, so what that one owed and has not told is not told.
    """
    evidence = session.get(Evidence, review.id)
    if evidence is None or evidence.akismet_said is None:
        return
    evidence.feedback_owed, evidence.feedback_due_at = None, None
    verdict = FEEDBACK.get(move)
    if move is Move.REOPEN and _came_from_spam(session, review):
        verdict = "ham"
    believed = evidence.feedback_sent or ("spam" if evidence.akismet_said == "true" else "ham")
    if verdict is None or verdict == believed:
        return
    evidence.feedback_owed = verdict
    evidence.feedback_due_at = now + timedelta(seconds=settings.undo_seconds)


def _came_from_spam(session: Session, review: Review) -> bool:
    """Whether the move just made took the item out of spam."""
    last = last_decision(session, review)
    return last is not None and last.from_state is State.SPAM
