"""When an author may ask a second moderator: the private page and the letters ask here."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.letters import still_true
from moderation.models import Appeal, Decision, Review
from moderation.workflow import Move, State
from pledges.settings import Settings

from . import second


def until(
    session: Session, review: Review, last: Decision | None, now: datetime, settings: Settings
) -> datetime | None:
    """Until when the author may ask again; none: not declined, too late, or `last` is not to be appealed against."""
    if last is None or review.state is not State.REJECTED or last.move is not Move.REJECT:
        return None
    end = last.decided_at + timedelta(days=settings.appeal_days)
    return None if now > end or not left(session, review) else end


def left(session: Session, review: Review) -> bool:
    """Whether a decline of this item can be appealed against: the author stands by these words, and none was made.

    They are the newest, or stood on the wall until then beside newer ones that are not to be shown as they are.
    """
    if session.scalar(select(Appeal.id).where(Appeal.review_id == review.id).limit(1)) is not None:
        return False
    newest = select(Review.id).where(Review.contribution_id == review.contribution_id).order_by(Review.id.desc())
    return session.scalar(newest.limit(1)) == review.id or _stood(session, review)


def _stood(session: Session, review: Review) -> bool:
    """Whether these words stand on the wall, or did until they were taken down, and no newer ones wait or were sent since."""
    contribution = review.contribution
    newer = select(Review.state).where(Review.contribution_id == contribution.id, Review.id > review.id)
    if any(state not in (State.REJECTED, State.REVISE) for state in session.scalars(newer)):
        return False
    if still_true.is_shown(review):
        return True
    down = taken_down_by(session, review)
    if down is None or contribution.published_revision_id is not None:
        return False
    return max(revision.submitted_at for revision in contribution.revisions) <= down.decided_at


def taken_down_by(session: Session, review: Review) -> Decision | None:
    """The decline by which words that stood on the wall left it; none where they are not declined or never stood."""
    if review.state is not State.REJECTED:
        return None
    declined = select(Decision).where(Decision.review_id == review.id, Decision.move == Move.REJECT)
    last = session.scalars(declined.order_by(Decision.id.desc()).limit(1)).first()
    return last if last is not None and left_the_wall(session, last) else None


def left_the_wall(session: Session, decline: Decision) -> bool:
    """Whether the words stood on the wall until this decline, or until it was proposed."""
    review = decline.review
    return decline.shown_before_id == review.revision_id or second.was_hidden_by_proposal(session, review)
