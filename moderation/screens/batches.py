"""A batch under way and done, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from moderation.bulk import picks, undoing
from moderation.bulk import results as bulk_results
from moderation.models import Act, Batch, BatchItem, Decision, Moderator, Review
from moderation.record import values
from pledges.settings import settings

from . import story

RESULTS = 200  # items of a batch on one page

TITLES: dict[str, Any] = {
    picks.REJECT: lazy_gettext("Decline together"),
    picks.SPAM: lazy_gettext("Call spam together"),
    picks.PARK: lazy_gettext("Lay aside together"),
    picks.PASS: lazy_gettext("Pass on together"),
    picks.APPROVE: lazy_gettext("Read and approved"),
}
WHY: dict[str, Any] = {
    "role": lazy_gettext("Your role does not allow it in this campaign."),
    "appeal": lazy_gettext("It is an appeal against your own decision: somebody else decides."),
    "second": lazy_gettext("Two people must agree on it: decide it by itself."),
    "theirs": lazy_gettext("Whom you named may not decide this one: somebody else has to."),
    "changed": lazy_gettext("It has changed since you saw it."),
    "unclear": lazy_gettext("A check found something since you saw it."),
    "stopped": lazy_gettext("Not decided: it was stopped before."),
    "told": lazy_gettext("Not undone: its author was told already."),
}


def why_words(session: Session, cannot: picks.Cannot) -> str:
    """Why an item is left out, for a person."""
    if cannot.line is not None:
        return _marked_words(session, cannot.line)
    if cannot.why == "held" and cannot.review.claimed_by is not None:
        return gettext("%(name)s has it open", name=cannot.review.claimed_by.name)
    if cannot.why == "decided":
        return story.overtaken_words(cannot.other)
    return str(WHY[cannot.why])


def _marked_words(session: Session, line: Act) -> str:
    who, what = values.who(session, line.actor), str(values.WORDS[line.act])
    return gettext("%(who)s was quicker: %(what)s", who=who, what=what)


@dataclass(frozen=True)
class Result:
    """What came of one item of a batch."""

    review_id: int
    reference: str
    words: str
    good: bool


@dataclass(frozen=True)
class Progress:
    """A batch as its page shows it."""

    batch: Batch
    title: str
    total: int
    done: int
    finished: bool
    counts: dict[str, int]
    results: list[Result]
    next_after: int | None
    undoable: bool


def progress(session: Session, batch: Batch, by: Moderator, now: datetime, after: int = -1) -> Progress:
    """How far a batch is, and what came of each item; those that went otherwise than wished come first."""
    counts = bulk_results.counts(session, batch)
    query = (
        select(BatchItem)
        .where(BatchItem.batch_id == batch.id, BatchItem.outcome != "", BatchItem.place > after)
        .order_by(BatchItem.place)
        .limit(RESULTS + 1)
        .options(joinedload(BatchItem.review).joinedload(Review.contribution))
    )
    items = list(session.scalars(query))
    more, items = len(items) > RESULTS, items[:RESULTS]
    results = [_result(session, batch, item) for item in items]
    to_do = bulk_results.left(session, batch)
    return Progress(
        batch=batch,
        title=str(TITLES[batch.move]),
        total=batch.total,
        done=batch.total - to_do,
        finished=batch.done_at is not None and to_do == 0,
        counts=counts,
        results=sorted(results, key=lambda result: result.good),
        next_after=items[-1].place if more else None,
        undoable=undoing.undoable(batch, by, now, settings()),
    )


def _result(session: Session, batch: Batch, item: BatchItem) -> Result:
    return Result(
        item.review_id,
        item.review.contribution.public_id,
        _result_words(session, batch, item),
        item.outcome in (bulk_results.DONE, bulk_results.UNDONE) and not item.why,
    )


def _result_words(session: Session, batch: Batch, item: BatchItem) -> str:
    if item.outcome == bulk_results.UNDONE:
        return gettext("Undone")
    if item.outcome == bulk_results.DONE:
        return str(WHY["told"] if item.why == "told" else _CHANGED if item.why else story.DONE[batch.move])
    other = session.get(Decision, item.decision_id) if item.decision_id else None
    line = session.get(Act, item.was["line"]) if item.was.get("line") else None
    if line is not None:
        return _marked_words(session, line)
    if item.outcome == bulk_results.OVERTAKEN:
        return story.overtaken_words(other)
    return str(WHY.get(item.why, _HELD))


_HELD = lazy_gettext("A colleague has it open.")
_CHANGED = lazy_gettext("Not undone: something has happened to it since.")
