"""A batch: decided in portions, and resumed after a crash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from moderation import claims, permissions
from moderation.clusters import members
from moderation.decisions import decide, move, seeing
from moderation.models import Batch, BatchItem, Decision, Moderator, Reason, RecordHead, Review, ReviewCluster
from moderation.queue import aside
from moderation.workflow import Move, MoveNotAllowed
from pledges.db import transaction, until_stored
from pledges.errors import WordsChanged
from pledges.settings import Settings

from .picks import APPROVE, MARKS, MOST, PARK, REJECT, SPAM, Cannot, Pick, mark_of, marked_since, refusal
from .results import DONE, HELD_BACK, LEFT_ALONE, OVERTAKEN, PRESSED_TWICE, REFUSED, note, pending, tell_at
from .undoing import undo_one

PORTION = 50  # items a request decides


def newest_line(session: Session) -> int:
    """The number of the record's newest line: what happens later has a higher one."""
    head = session.get(RecordHead, 1)
    return head.last_act_id or 0 if head is not None else 0


def standing(reviews: Sequence[Review]) -> set[int]:
    """Those that stand on the wall now."""
    return {review.id for review in reviews if review.contribution.published_revision_id == review.revision_id}


# -- a batch begins --------------------------------------------------------------------------------


def begin(
    session: Session,
    picks: Sequence[Pick],
    move: str,
    *,
    by: Moderator,
    now: datetime,
    reason: Reason | None = None,
    to: Moderator | None = None,
    tell: bool = True,
    note: str = "",
    cluster_id: int | None = None,
    seen: int | None = None,
    proofs: Mapping[int, str] | None = None,
) -> Batch:
    """The batch is stored with all that it is to decide; the same one where the button was pressed twice.

    `seen`: the newest line of the record when the person saw the items; none: they saw them now. `proofs`: of each
    item that its words were shown, where they are to be approved.
    """
    picks = list({pick.review_id: pick for pick in reversed(picks)}.values())[::-1]  # each item once
    said = (move, reason.id if reason else None, to.id if to else None, tell, note, cluster_id)
    pressed_before = _same(session, picks, said, by, now)
    if pressed_before is not None:
        return pressed_before
    known = {row.id: row.campaign_id for row in session.execute(
        select(Review.id, Review.campaign_id).where(Review.id.in_([pick.review_id for pick in picks]))
    )}  # fmt: skip
    campaigns = set(known.values())
    batch = Batch(
        moderator_id=by.id,
        campaign_id=campaigns.pop() if len(campaigns) == 1 else None,
        cluster_id=cluster_id,
        move=move,
        reason_id=reason.id if reason else None,
        to_id=to.id if to else None,
        tell=tell,
        note=note,
        total=sum(pick.review_id in known for pick in picks),
        made_at=now,
    )
    session.add(batch)
    session.flush()
    was: dict[str, Any] = {"seen": newest_line(session) if seen is None else seen}
    shown = {review_id: {**was, "proof": proof} for review_id, proof in (proofs or {}).items()}
    session.add_all(
        BatchItem(
            batch_id=batch.id,
            review_id=pick.review_id,
            version=pick.version,
            place=place,
            was=shown.get(pick.review_id, was),
        )
        for place, pick in enumerate(pick for pick in picks if pick.review_id in known)
    )
    session.flush()
    return batch


def _same(
    session: Session, picks: Sequence[Pick], said: tuple[object, ...], by: Moderator, now: datetime
) -> Batch | None:
    """This person's newest batch, where it began a moment ago, said all the same of exactly these items as seen, and
    was not undone."""
    last = session.scalars(select(Batch).where(Batch.moderator_id == by.id).order_by(Batch.id.desc()).limit(1)).first()
    if last is None or last.undone_at is not None or now - last.made_at > PRESSED_TWICE:
        return None
    if (last.move, last.reason_id, last.to_id, last.tell, last.note, last.cluster_id) != said:
        return None
    items = session.execute(select(BatchItem.review_id, BatchItem.version).where(BatchItem.batch_id == last.id))
    return last if {tuple(row) for row in items} == {(pick.review_id, pick.version) for pick in picks} else None


# -- and goes on -----------------------------------------------------------------------------------


def go_on(batch_id: int, settings: Settings, now: datetime, *, most: int = PORTION) -> bool:
    """At most `most` more items are decided, or undone; True once there is nothing left to do."""
    for _ in range(most):
        if until_stored(lambda: _one_step(batch_id, settings, now)):
            return True
    with transaction() as session:
        batch = session.get_one(Batch, batch_id, with_for_update=True, populate_existing=True)
        return _next(session, batch) is None and _end(session, batch, settings, now)


def resume(settings: Settings, now: datetime, *, most: int = MOST) -> int:
    """Batches that nobody goes on with are brought to their end; answers how many."""
    begun = BatchItem.outcome == ""
    undoing = and_(Batch.undone_at.is_not(None), BatchItem.outcome == DONE, BatchItem.why == "")
    with transaction() as session:
        owed = session.scalars(
            select(Batch.id)
            .where(
                Batch.made_at <= now - LEFT_ALONE,
                or_(Batch.done_at.is_(None), Batch.undone_at.is_not(None)),
                or_(Batch.done_at.is_(None), exists().where(BatchItem.batch_id == Batch.id, or_(begun, undoing))),
            )
            .order_by(Batch.id)
        ).all()
    for batch_id in owed:
        go_on(batch_id, settings, now, most=most)
    return len(owed)


def _one_step(batch_id: int, settings: Settings, now: datetime) -> bool:
    with transaction() as session:
        return _step(session, batch_id, settings, now)


def _step(session: Session, batch_id: int, settings: Settings, now: datetime) -> bool:
    """One more item has its outcome; True where none was left."""
    batch = session.get_one(Batch, batch_id, with_for_update=True, populate_existing=True)
    item = _next(session, batch)
    if item is None:
        return _end(session, batch, settings, now)
    if batch.undone_at is not None:
        undo_one(session, batch, item, settings, now)
    else:
        _decide_one(session, batch, item, settings, now)
    return False


def _next(session: Session, batch: Batch) -> BatchItem | None:
    return session.scalars(
        pending(batch).order_by(BatchItem.place).limit(1).execution_options(populate_existing=True)
    ).first()


def _decide_one(session: Session, batch: Batch, item: BatchItem, settings: Settings, now: datetime) -> None:
    review = move.locked(session, item.review_id)
    by = batch.moderator
    refused = refusal(session, review, item.version, by, permissions.roles(session, by), now)
    refused = refused or marked_since(session, review, by, now, item.was.get("seen", 0))
    if refused is None and batch.move == APPROVE:
        refused = _not_of_a_sheet(session, review, by, now)
    if refused is not None:
        item.outcome = OVERTAKEN if refused.why in ("decided", "changed", "marked") else REFUSED
        item.why, item.decision_id = refused.why, refused.other.id if refused.other else None
        item.was = {**item.was, "line": refused.line.id if refused.line else None}
        return
    try:
        with session.begin_nested():
            _make(session, batch, item, review, settings, now)
        item.outcome = DONE
    except claims.Overtaken as error:
        item.outcome, item.decision_id = OVERTAKEN, error.other.id if error.other else None
    except aside.NotForThem:
        item.outcome, item.why = REFUSED, "theirs"
    except seeing.Doubted:
        item.outcome, item.why = REFUSED, "unclear"
    except (MoveNotAllowed, WordsChanged, seeing.NotSeen):
        item.outcome, item.why = REFUSED, "changed"


def _not_of_a_sheet(session: Session, review: Review, by: Moderator, now: datetime) -> Cannot | None:
    """Why this item stands on no sheet of this person, whenever that came about."""
    line = mark_of(session, review, by, now)
    if line is not None:
        return Cannot(review, "marked", line=line)
    return None if review.clear else Cannot(review, "unclear")


def _make(session: Session, batch: Batch, item: BatchItem, review: Review, settings: Settings, now: datetime) -> None:
    by = batch.moderator
    if batch.move in MARKS:
        until = review.parked_until
        item.was = {"passed_to": review.passed_to_id, "parked_until": until.isoformat() if until else None}
        if batch.move == PARK:
            aside.park(session, review, version=item.version, by=by, now=now)
        else:
            to = session.get(Moderator, batch.to_id) if batch.to_id else None
            aside.hand_over(session, review, version=item.version, by=by, to=to, note=batch.note, now=now)
        return
    decision = decide.decide(
        session,
        review.id,
        Move(batch.move),
        by=by,
        version=item.version,
        now=now,
        settings=settings,
        reason=batch.reason,
        note=batch.note,
        tell=batch.tell,
        seen=seeing.Seen(item.was.get("proof", "")),
    )
    item.decision_id = decision.id
    session.flush()
    tell_at(session, batch, now + HELD_BACK, only=item)


def _end(session: Session, batch: Batch, settings: Settings, now: datetime) -> bool:
    """All items have their outcome: the undo window begins, and the record has the batch with its counts, once."""
    if batch.undone_at is not None:
        return True
    if batch.done_at is None:
        batch.done_at = now
        session.flush()
        tell_at(session, batch, now + timedelta(seconds=settings.undo_seconds))
        _cluster_is_decided(session, batch)
        note(session, batch, f"batch:{batch.move}", now)
    return True


def _cluster_is_decided(session: Session, batch: Batch) -> None:
    """Its later copies gather in one row, where the batch declined some of its members, whatever the form named."""
    if batch.cluster_id is None or batch.move not in (REJECT, SPAM):
        return
    made = session.execute(
        select(BatchItem.decision_id, BatchItem.review_id)
        .join(ReviewCluster, ReviewCluster.review_id == BatchItem.review_id)
        .where(BatchItem.batch_id == batch.id, BatchItem.outcome == DONE, ReviewCluster.cluster_id == batch.cluster_id)
        .order_by(BatchItem.review_id.desc())
        .limit(1)
    ).first()
    if made is not None:
        decision = session.get_one(Decision, made.decision_id)
        members.decided(session, batch.cluster_id, decision, seen=made.review_id)
