"""What became of each item of a batch."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from moderation.models import Batch, BatchItem, Evidence, Letter
from moderation.record import chain

HELD_BACK = timedelta(hours=12)  # letters of a batch that is not at its end; the worker brings it there within minutes
PRESSED_TWICE = timedelta(minutes=1)
LEFT_ALONE = timedelta(seconds=20)  # then the worker goes on with a batch
DONE, OVERTAKEN, REFUSED, UNDONE = "done", "overtaken", "refused", "undone"


def pending(batch: Batch) -> Select[BatchItem]:
    query = select(BatchItem).where(BatchItem.batch_id == batch.id)
    if batch.undone_at is not None:
        return query.where(BatchItem.outcome == DONE, BatchItem.why == "")
    return query.where(BatchItem.outcome == "")


def tell_at(session: Session, batch: Batch, due_at: datetime, *, only: BatchItem | None = None) -> None:
    """Letters and feedback that the batch's decisions owe, or that of one, are due at that moment."""
    items = select(BatchItem).where(BatchItem.batch_id == batch.id, BatchItem.decision_id.is_not(None))
    items = items.where(BatchItem.outcome == DONE) if only is None else items.where(BatchItem.id == only.id)
    session.execute(
        update(Letter)
        .where(
            Letter.decision_id.in_(items.with_only_columns(BatchItem.decision_id)),
            Letter.sent_at.is_(None),
            Letter.dropped_at.is_(None),
            Letter.attempts == 0,
        )
        .values(due_at=due_at)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Evidence)
        .where(
            Evidence.review_id.in_(items.with_only_columns(BatchItem.review_id)), Evidence.feedback_owed.is_not(None)
        )
        .values(feedback_due_at=due_at)
        .execution_options(synchronize_session=False)
    )


def counts(session: Session, batch: Batch) -> dict[str, int]:
    """How many items have which outcome; '' is still to do."""
    rows = session.execute(
        select(BatchItem.outcome, func.count()).where(BatchItem.batch_id == batch.id).group_by(BatchItem.outcome)
    )
    return {outcome: count for outcome, count in rows}


def left(session: Session, batch: Batch) -> int:
    """How many items are still to be decided, or to be undone."""
    return session.scalar(select(func.count()).select_from(pending(batch).subquery())) or 0


def note(session: Session, batch: Batch, act: str, now: datetime, **more: Any) -> None:
    after = {
        "counts": {name or "open": count for name, count in sorted(counts(session, batch).items())},
        "reason": batch.reason_id,
        "cluster": batch.cluster_id,
        **more,
    }
    chain.add(
        session,
        chain.actor(batch.moderator),
        act,
        f"batch:{batch.id}",
        after=after,
        campaign_id=batch.campaign_id,
        now=now,
    )
