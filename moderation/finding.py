"""Items are found by words, names and numbers, whether they wait or are decided."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges import search
from pledges.models import Contribution

from . import queue
from .models import Report, Review

PAGE = 25
HIGHEST_ID = 2**63 - 1


def by_reference(session: Session, asked: str, campaigns: list[int] | None) -> str | None:
    """The public id of the contribution that this is the id of, or the reference of a report on."""
    reported = select(Report.contribution_id).where(Report.reference == asked).scalar_subquery()
    query = select(Contribution.public_id).where((Contribution.public_id == asked) | (Contribution.id == reported))
    if campaigns is not None:
        query = query.where(Contribution.campaign_id.in_(campaigns))
    return session.scalars(query.limit(1)).first()


def by_number(session: Session, asked: str, campaigns: list[int] | None) -> Review | None:
    """The item of this number in the queue."""
    digits = asked.removeprefix("#")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        return None
    review = session.get(Review, int(digits))
    return review if review is not None and (campaigns is None or review.campaign_id in campaigns) else None


def by_words(
    session: Session, asked: str, campaigns: list[int] | None, *, before: int = HIGHEST_ID, limit: int = PAGE
) -> list[Review]:
    """Items whose words, names or organisation hold every word that was asked, newest first."""
    found = search.matching(session, asked)
    if found is None:
        return []
    query = select(Review.id).where(Review.revision_id.in_(found), Review.id < before)
    if campaigns is not None:
        query = query.where(Review.campaign_id.in_(campaigns))
    ids = session.scalars(query.order_by(Review.id.desc()).limit(limit)).all()
    whole = select(Review).where(Review.id.in_(ids)).order_by(Review.id.desc())
    whole = whole.options(*queue.WHOLE)
    return list(session.scalars(whole))
