"""A batch is taken back as one step."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from moderation import claims, lanes, permissions
from moderation.clusters import members
from moderation.decisions import decide, move
from moderation.models import Batch, BatchItem, Cluster, Decision, Letter, Moderator, Review
from moderation.permissions import Act
from moderation.queue import aside
from moderation.record import notes
from moderation.workflow import WAITS, Move, MoveNotAllowed
from pledges.settings import Settings

from .picks import MARKS, PARK, PASS
from .results import DONE, HELD_BACK, REFUSED, UNDONE, note, tell_at


def undoable(batch: Batch, by: Moderator, now: datetime, settings: Settings) -> bool:
    """Whether whoever made it can take it back as one step: while it runs, and for the window after its end."""
    if batch.moderator_id != by.id or batch.undone_at is not None:
        return False
    return batch.done_at is None or now - batch.done_at <= timedelta(seconds=settings.undo_seconds)


def undo(session: Session, batch_id: int, by: Moderator, now: datetime, settings: Settings) -> None:
    """No letter of the batch goes out any more, and `go_on` takes back item by item; raises MoveNotAllowed."""
    batch = session.get_one(Batch, batch_id, with_for_update=True, populate_existing=True)
    if not undoable(batch, by, now, settings):
        raise MoveNotAllowed("too late to undo: reopen the items instead")
    session.execute(
        update(BatchItem)
        .where(BatchItem.batch_id == batch.id, BatchItem.outcome == "")
        .values(outcome=REFUSED, why="stopped")
    )
    tell_at(session, batch, now + HELD_BACK)
    batch.done_at, batch.undone_at = batch.done_at or now, now
    if batch.cluster_id is not None and _decided_it(session, batch):
        members.decided(session, batch.cluster_id, None)
    note(session, batch, "batch:undo", now)


def _decided_it(session: Session, batch: Batch) -> bool:
    """Whether the cluster that the batch names counts as decided by one of its items, and not by somebody else's."""
    ours = select(BatchItem.decision_id).where(BatchItem.batch_id == batch.id, BatchItem.decision_id.is_not(None))
    mine = select(Cluster.id).where(Cluster.id == batch.cluster_id, Cluster.decided_by_id.in_(ours))
    return session.scalars(mine).first() is not None


def undo_one(session: Session, batch: Batch, item: BatchItem, settings: Settings, now: datetime) -> None:
    """The item stands as before the batch, unless something has happened to it since."""
    review = move.locked(session, item.review_id)
    if not permissions.may(permissions.roles(session, batch.moderator), Act.DECIDE, review.campaign_id):
        item.why = "role"
        return
    if batch.move in MARKS:
        _unmark(session, batch, item, review, now)
        return
    last = move.last_decision(session, review)
    if last is None or last.id != item.decision_id or _told(session, last):
        item.why = "told" if last is not None and last.id == item.decision_id else "changed"
        return
    try:
        with session.begin_nested():
            decide.decide(
                session,
                review.id,
                Move.UNDO,
                by=batch.moderator,
                version=review.version,
                now=now,
                settings=settings,
                undo_since=now,
            )
        item.outcome = UNDONE
    except (claims.Overtaken, MoveNotAllowed):
        item.why = "changed"
    if item.outcome != UNDONE:  # what was held back for undoing is due after all
        tell_at(session, batch, now, only=item)


def _told(session: Session, decision: Decision) -> bool:
    sent = select(Letter.id).where(Letter.decision_id == decision.id, Letter.sent_at.is_not(None)).limit(1)
    return session.scalars(sent).first() is not None


def _unmark(session: Session, batch: Batch, item: BatchItem, review: Review, now: datetime) -> None:
    """It is laid aside, or passed on, as before the batch; the note that went with it is gone."""
    stands = review.parked_until is not None if batch.move == PARK else review.passed_to_id == batch.to_id
    if review.version != item.version or review.state not in WAITS or not stands:
        item.outcome, item.why = DONE, "changed"
        return
    item.outcome, item.why = UNDONE, ""
    review.passed_to_id = item.was.get("passed_to")
    until = item.was.get("parked_until")
    if until is None and batch.move == PARK:
        aside.put_back(session, review, batch.moderator, now)
    else:
        review.parked_until = datetime.fromisoformat(until) if until else None
        lanes.put_in(session, review)
        members.come_back(session, review)
    if batch.move == PASS and batch.note:
        notes.take_back(session, review, batch.moderator, batch.note, now)
