"""When an author may ask a second moderator: the private page and the letters ask here."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.settings import Settings

from .models import Appeal, Decision, Review
from .workflow import Move, State


def until(
    session: Session, review: Review, last: Decision | None, now: datetime, settings: Settings
) -> datetime | None:
    """Until when the author may ask again; none: not declined, too late, or `last` is not to be appealed against."""
    if last is None or review.state is not State.REJECTED or last.move is not Move.REJECT:
        return None
    end = last.decided_at + timedelta(days=settings.appeal_days)
    return None if now > end or not left(session, review) else end


def left(session: Session, review: Review) -> bool:
    """Whether a decline of this item can be appealed against: it holds the author's newest words, and none was made."""
    newest = select(Review.id).where(Review.contribution_id == review.contribution_id).order_by(Review.id.desc())
    if session.scalar(newest.limit(1)) != review.id:
        return False
    return session.scalar(select(Appeal.id).where(Appeal.review_id == review.id).limit(1)) is None
