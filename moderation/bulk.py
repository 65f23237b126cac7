"""Many items decided by one act: sorted out first, decided in portions, taken back as one step.

Each item is decided in a transaction of its own, with the version that was looked at, and its outcome is stored with
it: whoever goes on after a crash finds what is still to do, and nothing is decided twice. Whoever works on a batch holds
its row, so a page and the worker take turns. Letters and feedback wait until the undo window after the batch's end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from pledges.db import transaction, until_stored
from pledges.errors import WordsChanged
from pledges.models import Contribution
from pledges.settings import Settings
from pledges.text import number

from . import claims, clusters, decisions, lanes, notes, permissions, queue, reasons, record, seeing
from .models import Act as Line
from .models import (
    Batch,
    BatchItem,
    Cluster,
    Decision,
    Evidence,
    Lane,
    Letter,
    Moderator,
    Reason,
    RecordHead,
    Report,
    Review,
    ReviewCluster,
    Role,
)
from .permissions import Act
from .workflow import WAITS, Move, MoveNotAllowed

REJECT, SPAM, PARK, PASS, APPROVE = "reject", "spam", "park", "pass", "approve"
OFFERED = (REJECT, SPAM, PARK, PASS)  # never approve: only a reading sheet does that, which showed each item in full
MARKS = (PARK, PASS)
CONFIRMED_ABOVE = 20  # items; then the number is typed
DIGITS = 9  # reasons that a key chooses
PORTION = 50  # items a request decides
MOST = 5000  # items of one batch
HELD_BACK = timedelta(hours=12)  # letters of a batch that is not at its end; the worker brings it there within minutes
PRESSED_TWICE = timedelta(minutes=1)
LEFT_ALONE = timedelta(seconds=20)  # then the worker goes on with a batch
DONE, OVERTAKEN, REFUSED, UNDONE = "done", "overtaken", "refused", "undone"


@dataclass(frozen=True)
class Pick:
    """An item as it was seen."""

    review_id: int
    version: int

    def __str__(self) -> str:
        return f"{self.review_id}.{self.version}"


@dataclass(frozen=True)
class Cannot:
    """An item that this batch cannot decide, why (a key), and who was quicker."""

    review: Review
    why: str  # decided | changed | marked | role | appeal | second | held
    other: Decision | None = None
    line: Line | None = None  # of the record, where it was passed on or laid aside


@dataclass(frozen=True)
class DryRun:
    """What would happen, without anything happening."""

    can: list[Review] = field(default_factory=list)
    cannot: list[Cannot] = field(default_factory=list)

    @property
    def picks(self) -> list[Pick]:
        return [Pick(review.id, review.version) for review in self.can]


@dataclass(frozen=True)
class Group:
    """Items whose campaigns offer the same reasons."""

    reasons: list[Reason]
    reviews: list[Review]
    numbers: dict[int, int] = field(default_factory=dict)  # the key of each reason, the same as on an item's own page


def read_picks(texts: Iterable[str]) -> list[Pick]:
    """The items that a form names as `id.version`, in its order and each once; what cannot be read is left out."""
    found: dict[int, Pick] = {}
    for text in texts:
        for part in text.split(","):
            which, _, version = (number(piece) for piece in part.strip().partition("."))
            if which is not None and version is not None:
                found.setdefault(which, Pick(which, version))
    return list(found.values())


def sort_out(
    session: Session, picks: Sequence[Pick], by: Moderator, held: dict[int | None, Role], now: datetime, seen: int
) -> DryRun:
    """Which of the items can be decided now, and why the others cannot; what the person may not see is left out.

    `seen`: the newest line of the record when the person saw them.
    """
    sorted_out = DryRun()
    versions = {pick.review_id: pick.version for pick in picks}
    ids = list(versions)
    for start in range(0, len(ids), 500):
        query = select(Review).where(Review.id.in_(ids[start : start + 500])).order_by(Review.waiting_since, Review.id)
        for review in session.scalars(query.options(*_WHOLE)):
            if not permissions.may(held, Act.LOOK, review.campaign_id):
                continue
            refused = refusal(session, review, versions[review.id], by, held, now)
            refused = refused or _marked_since(session, review, by, now, seen)
            if refused is None:
                sorted_out.can.append(review)
            else:
                sorted_out.cannot.append(refused)
    return sorted_out


_WHOLE = (*queue.WHOLE, joinedload(Review.contribution).joinedload(Contribution.contact))


def refusal(
    session: Session, review: Review, version: int, by: Moderator, held: dict[int | None, Role], now: datetime
) -> Cannot | None:
    """Why this item is not decided with others; none: nothing stands against it.

    The role first: whoever may not decide is not told how far others are with it.
    """
    if not permissions.may(held, Act.DECIDE, review.campaign_id):
        return Cannot(review, "role")
    if review.version != version or review.state not in WAITS:
        other = decisions.last_decision(session, review)
        return Cannot(review, "decided" if other is not None and review.state not in WAITS else "changed", other)
    in_appeals = any(row.lane in (Lane.APPEALS, Lane.PARKED) for row in review.lanes)  # laid aside, it may be one
    if in_appeals and decisions.barred(session, review, by) == decisions.APPEAL:
        return Cannot(review, "appeal")
    if review.needs_second:
        return Cannot(review, "second")
    if claims.held_by_another(review.claimed_by_id, review.claimed_until, by, now):
        return Cannot(review, "held")
    return None


def newest_line(session: Session) -> int:
    """The number of the record's newest line: what happens later has a higher one."""
    head = session.get(RecordHead, 1)
    return head.last_act_id or 0 if head is not None else 0


def _marked_since(session: Session, review: Review, by: Moderator, now: datetime, seen: int) -> Cannot | None:
    """Why this item is not decided, where a colleague passed it to somebody else or laid it aside after it was seen."""
    line = _mark_of(session, review, by, now)
    if line is None or line.id <= seen or line.actor == record.actor(by):
        return None
    return Cannot(review, "marked", line=line)


def _mark_of(session: Session, review: Review, by: Moderator, now: datetime) -> Line | None:
    """The line of the record by which this item is laid aside, or somebody else's; none: it is free for `by`."""
    laid_aside = review.parked_until is not None and review.parked_until > now
    if not laid_aside and review.passed_to_id in (None, by.id):
        return None
    lines = select(Line).where(
        Line.subject == f"review:{review.id}", Line.act == (queue.PARK if laid_aside else queue.PASS)
    )
    return session.scalars(lines.order_by(Line.id.desc()).limit(1)).first()


def standing(reviews: Sequence[Review]) -> set[int]:
    """Those that stand on the wall now."""
    return {review.id for review in reviews if review.contribution.published_revision_id == review.revision_id}


def reported(session: Session, reviews: Sequence[Review]) -> set[int]:
    """Those that a visitor complained about, and nobody has answered yet."""
    by_contribution = {review.contribution_id: review.id for review in reviews}
    ids, found = list(by_contribution), set()
    for start in range(0, len(ids), 500):
        query = select(Report.contribution_id).where(
            Report.contribution_id.in_(ids[start : start + 500]), Report.closed_by_id.is_(None)
        )
        found |= {by_contribution[contribution_id] for contribution_id in session.scalars(query.distinct())}
    return found


def groups(session: Session, reviews: Sequence[Review]) -> list[Group]:
    """The items by the reasons that may be chosen for all of a group."""
    found: dict[tuple[int, ...], Group] = {}
    listed: dict[int, list[Reason]] = {}
    for review in reviews:
        if review.campaign_id not in listed:
            listed[review.campaign_id] = reasons.offered(session, review.campaign_id, REJECT)
        every = listed[review.campaign_id]
        group = Group(_for_many(every), [], {reason.id: place for place, reason in enumerate(every[:DIGITS], start=1)})
        found.setdefault(tuple(reason.id for reason in group.reasons), group).reviews.append(review)
    return list(found.values())


def reasons_offered(session: Session, campaign_id: int) -> list[Reason]:
    """The campaign's reasons for declining, without those that need a second person."""
    return _for_many(reasons.offered(session, campaign_id, REJECT))


def _for_many(reasons: Sequence[Reason]) -> list[Reason]:
    return [reason for reason in reasons if not reason.needs_second]


def campaigns_of(session: Session, picks: Sequence[Pick], held: dict[int | None, Role]) -> list[int]:
    """The campaigns that these items belong to, as far as the person may see them."""
    found = session.scalars(
        select(Review.campaign_id).where(Review.id.in_([pick.review_id for pick in picks])).distinct()
    )
    return [campaign_id for campaign_id in found if permissions.may(held, Act.LOOK, campaign_id)]


def visible(session: Session, picks: Sequence[Pick], held: dict[int | None, Role]) -> list[Pick]:
    """The items of campaigns that the person may look at; all others do not exist."""
    rows = session.execute(
        select(Review.id, Review.campaign_id).where(Review.id.in_([pick.review_id for pick in picks]))
    )
    seen = {review_id for review_id, campaign_id in rows if permissions.may(held, Act.LOOK, campaign_id)}
    return [pick for pick in picks if pick.review_id in seen]


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
        _undo_one(session, batch, item, settings, now)
    else:
        _decide_one(session, batch, item, settings, now)
    return False


def _next(session: Session, batch: Batch) -> BatchItem | None:
    return session.scalars(
        _pending(batch).order_by(BatchItem.place).limit(1).execution_options(populate_existing=True)
    ).first()


def _pending(batch: Batch) -> Select[BatchItem]:
    query = select(BatchItem).where(BatchItem.batch_id == batch.id)
    if batch.undone_at is not None:
        return query.where(BatchItem.outcome == DONE, BatchItem.why == "")
    return query.where(BatchItem.outcome == "")


def _decide_one(session: Session, batch: Batch, item: BatchItem, settings: Settings, now: datetime) -> None:
    review = decisions.locked(session, item.review_id)
    by = batch.moderator
    refused = refusal(session, review, item.version, by, permissions.roles(session, by), now)
    refused = refused or _marked_since(session, review, by, now, item.was.get("seen", 0))
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
    except decisions.Overtaken as error:
        item.outcome, item.decision_id = OVERTAKEN, error.other.id if error.other else None
    except queue.NotForThem:
        item.outcome, item.why = REFUSED, "theirs"
    except seeing.Doubted:
        item.outcome, item.why = REFUSED, "unclear"
    except (MoveNotAllowed, WordsChanged, seeing.NotSeen):
        item.outcome, item.why = REFUSED, "changed"


def _not_of_a_sheet(session: Session, review: Review, by: Moderator, now: datetime) -> Cannot | None:
    """Why this item stands on no sheet of this person, whenever that came about."""
    line = _mark_of(session, review, by, now)
    if line is not None:
        return Cannot(review, "marked", line=line)
    return None if review.clear else Cannot(review, "unclear")


def _make(session: Session, batch: Batch, item: BatchItem, review: Review, settings: Settings, now: datetime) -> None:
    by = batch.moderator
    if batch.move in MARKS:
        until = review.parked_until
        item.was = {"passed_to": review.passed_to_id, "parked_until": until.isoformat() if until else None}
        if batch.move == PARK:
            queue.park(session, review, version=item.version, by=by, now=now)
        else:
            to = session.get(Moderator, batch.to_id) if batch.to_id else None
            queue.hand_over(session, review, version=item.version, by=by, to=to, note=batch.note, now=now)
        return
    decision = decisions.decide(
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
    _tell_at(session, batch, now + HELD_BACK, only=item)


def _tell_at(session: Session, batch: Batch, due_at: datetime, *, only: BatchItem | None = None) -> None:
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


def _end(session: Session, batch: Batch, settings: Settings, now: datetime) -> bool:
    """All items have their outcome: the undo window begins, and the record has the batch with its counts, once."""
    if batch.undone_at is not None:
        return True
    if batch.done_at is None:
        batch.done_at = now
        session.flush()
        _tell_at(session, batch, now + timedelta(seconds=settings.undo_seconds))
        _cluster_is_decided(session, batch)
        _note(session, batch, f"batch:{batch.move}", now)
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
        clusters.decided(session, batch.cluster_id, decision, seen=made.review_id)


def counts(session: Session, batch: Batch) -> dict[str, int]:
    """How many items have which outcome; '' is still to do."""
    rows = session.execute(
        select(BatchItem.outcome, func.count()).where(BatchItem.batch_id == batch.id).group_by(BatchItem.outcome)
    )
    return {outcome: count for outcome, count in rows}


def left(session: Session, batch: Batch) -> int:
    """How many items are still to be decided, or to be undone."""
    return session.scalar(select(func.count()).select_from(_pending(batch).subquery())) or 0


def _note(session: Session, batch: Batch, act: str, now: datetime, **more: Any) -> None:
    after = {
        "counts": {name or "open": count for name, count in sorted(counts(session, batch).items())},
        "reason": batch.reason_id,
        "cluster": batch.cluster_id,
        **more,
    }
    record.add(
        session,
        record.actor(batch.moderator),
        act,
        f"batch:{batch.id}",
        after=after,
        campaign_id=batch.campaign_id,
        now=now,
    )


# -- taken back ------------------------------------------------------------------------------------


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
    _tell_at(session, batch, now + HELD_BACK)
    batch.done_at, batch.undone_at = batch.done_at or now, now
    if batch.cluster_id is not None and _decided_it(session, batch):
        clusters.decided(session, batch.cluster_id, None)
    _note(session, batch, "batch:undo", now)


def _decided_it(session: Session, batch: Batch) -> bool:
    """Whether the cluster that the batch names counts as decided by one of its items, and not by somebody else's."""
    ours = select(BatchItem.decision_id).where(BatchItem.batch_id == batch.id, BatchItem.decision_id.is_not(None))
    mine = select(Cluster.id).where(Cluster.id == batch.cluster_id, Cluster.decided_by_id.in_(ours))
    return session.scalars(mine).first() is not None


def _undo_one(session: Session, batch: Batch, item: BatchItem, settings: Settings, now: datetime) -> None:
    """The item stands as before the batch, unless something has happened to it since."""
    review = decisions.locked(session, item.review_id)
    if not permissions.may(permissions.roles(session, batch.moderator), Act.DECIDE, review.campaign_id):
        item.why = "role"
        return
    if batch.move in MARKS:
        _unmark(session, batch, item, review, now)
        return
    last = decisions.last_decision(session, review)
    if last is None or last.id != item.decision_id or _told(session, last):
        item.why = "told" if last is not None and last.id == item.decision_id else "changed"
        return
    try:
        with session.begin_nested():
            decisions.decide(
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
    except (decisions.Overtaken, MoveNotAllowed):
        item.why = "changed"
    if item.outcome != UNDONE:  # what was held back for undoing is due after all
        _tell_at(session, batch, now, only=item)


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
        queue.put_back(session, review, batch.moderator, now)
    else:
        review.parked_until = datetime.fromisoformat(until) if until else None
        lanes.put_in(session, review)
        clusters.come_back(session, review)
    if batch.move == PASS and batch.note:
        notes.take_back(session, review, batch.moderator, batch.note, now)
