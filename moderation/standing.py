"""What was decided and not taken back since: the one place that knows how a decision is undone."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session, aliased

from .models import Decision, Review
from .workflow import Move

_UNDOING = aliased(Decision)


def stands(before: int | None = None) -> ColumnElement[bool]:
    """Of decisions: it was not taken back, and takes none back itself; `before`: as it was before that decision."""
    taken_back = select(_UNDOING.id).where(_UNDOING.review_id == Decision.review_id, _UNDOING.undoes_id == Decision.id)
    if before is not None:
        taken_back = taken_back.where(_UNDOING.id < before)
    return and_(Decision.move != Move.UNDO, ~taken_back.correlate(Decision).exists())


def by_people(before: int | None = None) -> Select[Decision]:
    """What people decided and did not take back; `before`: as it was before that decision."""
    made = select(Decision).where(Decision.moderator_id.is_not(None), stands(before))
    return made if before is None else made.where(Decision.id < before)


def last(session: Session, review: Review, before: int | None = None) -> Decision | None:
    """The newest of these on one item; `before`: as it was before that decision."""
    made = by_people(before).where(Decision.review_id == review.id)
    return session.scalars(made.order_by(Decision.id.desc()).limit(1)).first()
