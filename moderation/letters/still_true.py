"""Whether what a letter tells still stands: asked when something is decided, and again when the letter is written."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.models import Decision, Letter, Report, Review
from moderation.workflow import Move, State
from pledges.models import Contribution, Revision

from .outbox import Kind

DECIDED = (Kind.APPROVED, Kind.REJECTED, Kind.REVISE, Kind.TAKEN_DOWN)  # what authors are told of a decision


class Outcome(StrEnum):
    """What came of a report, as things stand now."""

    STAYS = "stays"
    LATER = "later"  # approved, and shown when the wall moves again
    REMOVED = "removed"
    TAKEN_BACK = "taken_back"  # by its author
    REPLACED = "replaced"  # by other words of its author
    WENT_WITH = "went_with"  # it stands under something that is not shown


def is_shown(review: Review) -> bool:
    """Whether these very words are those that are shown of their contribution."""
    return review.contribution.published_revision_id == review.revision_id


def parent_hidden(contribution: Contribution) -> bool:
    """Whether it stands under words that are not shown, so that nobody can see it and its page is gone."""
    return contribution.parent is not None and contribution.parent.published_revision_id is None


def took_down(decision: Decision) -> bool:
    """Whether the words were gone by this decision; what was approved while the wall stands still is only not back yet."""
    return decision.shown_after_id is None and decision.to_state is not State.APPROVED


def holds(session: Session, kind: str, decision: Decision) -> bool:
    """Whether a letter of this kind may tell its author of this decision: nothing has come of it otherwise since."""
    review = decision.review
    contribution = review.contribution
    if contribution.withdrawn_at is not None or contribution.erased_at is not None:
        return False
    if kind == Kind.APPROVED:
        return is_shown(review) or review.state is State.APPROVED
    if kind == Kind.REVISE:
        return review.state is State.REVISE
    if review.state is not State.REJECTED:
        return False
    if kind == Kind.TAKEN_DOWN:  # newer words of the author may stand in their place by now
        return contribution.published_revision_id is None
    return not _sent_since(session, decision)


def _sent_since(session: Session, decision: Decision) -> bool:
    """Whether the author has sent newer words after this decision."""
    newer = select(Revision.id).where(
        Revision.contribution_id == decision.review.contribution_id, Revision.submitted_at > decision.decided_at
    )
    return session.scalars(newer.limit(1)).first() is not None


def outcome(session: Session, report: Report, decision: Decision) -> Outcome | None:
    """What whoever reported can be told now; none: it is open again, or not as it was decided."""
    contribution = report.contribution
    shown = contribution.published_revision_id
    if shown is not None and report.revision_id in (None, shown):
        if took_down(decision) or decision.move is Move.WITHDRAW:
            return None
        return Outcome.WENT_WITH if parent_hidden(contribution) else Outcome.STAYS
    if contribution.withdrawn_at is not None or contribution.erased_at is not None:
        by_author = decision.move is Move.WITHDRAW or not took_down(decision)
        return Outcome.TAKEN_BACK if by_author else Outcome.REMOVED
    if decision.move is Move.WITHDRAW:
        return None
    of_these = select(Review.state).where(Review.revision_id == report.revision_id)
    state = session.scalar(of_these) if report.revision_id is not None else None
    if state is State.SUPERSEDED:
        return Outcome.REPLACED
    if state is State.APPROVED:
        return Outcome.LATER
    return Outcome.REMOVED if took_down(decision) or state in (State.REJECTED, State.SPAM) else None


def contradicted(session: Session, report: Report, decision: Decision) -> bool:
    """Whether what this decision answered to a report has come otherwise since."""
    told = outcome(session, report, decision)
    if told is None:
        return True
    if decision.move is Move.WITHDRAW or took_down(decision):
        return False
    return told in (Outcome.REMOVED, Outcome.TAKEN_BACK)


def of_author(session: Session, review: Review) -> list[Letter]:
    """Letters to the author about decisions on these words that have not gone and were not dropped."""
    return list(
        session.scalars(
            select(Letter)
            .join(Decision, Decision.id == Letter.decision_id)
            .where(
                Decision.review_id == review.id,
                Letter.kind.in_(DECIDED),
                Letter.sent_at.is_(None),
                Letter.dropped_at.is_(None),
            )
        )
    )
