"""What happened to an item, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext, lazy_gettext
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, joinedload, object_session

from moderation import lanes, workflow
from moderation.decisions import move, open
from moderation.models import Act, Appeal, Decision, Moderator, Review
from moderation.queue import aside
from moderation.record import words
from moderation.rules import reasons
from moderation.workflow import Move, State
from pledges.intake.forms.report import CATEGORIES
from pledges.models import Contribution, Revision
from pledges.settings import settings
from pledges.text import opening

from . import context
from .checks import doubts_of
from .rows import kind, lang

RECENT = 100
TOLD = 20  # revisions of one contribution whose story is told
DECISIONS_TOLD = 10 * TOLD


@dataclass(frozen=True)
class Line:
    """One line of an item's story."""

    at: datetime
    who: str
    what: str
    note: str = ""  # what was written with it, to the author or to colleagues
    review_id: int | None = None  # of other words of the same author in this place, which the line leads to
    own: bool = True  # it happened to these very words


MARKED = {
    "park": lazy_gettext("Laid aside until tomorrow"),
    "pass": lazy_gettext("Passed on"),
    "back": lazy_gettext("It stands in its lanes again"),
}
MOVED: dict[str, Any] = {
    Move.HOLD: lazy_gettext("The checks are done. It waits for a person."),
    Move.MARK_SPAM: lazy_gettext("Called spam"),
    Move.APPROVE: lazy_gettext("Approved"),
    Move.REJECT: lazy_gettext("Declined"),
    Move.REVISE: lazy_gettext("Asked for a change"),
    Move.REOPEN: lazy_gettext("Waits again"),
    Move.WITHDRAW: lazy_gettext("Taken back by the author"),
    Move.RESTORE: lazy_gettext("Put back by the author"),
    Move.SUPERSEDE: lazy_gettext("Newer words take its place"),
    Move.UNDO: lazy_gettext("The last decision was undone"),
    Move.PROPOSE: lazy_gettext("Asked for a second opinion"),
}
DONE = {**MOVED, **MARKED}


@dataclass(frozen=True)
class Past:
    """What was sent in an item's place, and what people did with it: each newest first, of very much the newest.

    Where the item is older than all of it, it is looked up.
    """

    reviews: Sequence[Review]  # with all that an item shows of their contribution
    in_appeal: set[int]  # those of which an appeal is open
    decisions: Sequence[Decision]
    marks: Sequence[Act]
    reports: list[context.Reports]

    def revisions(self) -> list[Revision] | None:
        """All that was sent in this place; none: not all of it is here."""
        return [each.revision for each in self.reviews] if len(self.reviews) < TOLD else None

    def appealed(self, session: Session, review: Review) -> bool:
        return review.id in self.in_appeal if review in self.reviews else lanes.open_appeal(session, review)

    def last_decision(self, session: Session, review: Review) -> Decision | None:
        last = next((each for each in self.decisions if each.review_id == review.id), None)
        whole = review in self.reviews and len(self.decisions) < DECISIONS_TOLD
        return last if last is not None or whole else move.last_decision(session, review)

    def last_mark(self, session: Session, review: Review) -> Act | None:
        subject, marks = f"review:{review.id}", (*aside.MARKS, *aside.BACKS)
        last = next((each for each in self.marks if each.subject == subject and each.act in marks), None)
        whole = review in self.reviews and len(self.marks) < words.MOST_MARKS
        return last if last is not None or whole else aside.last_mark(session, review)

    def outdated(self, session: Session, review: Review) -> set[int]:
        """This item, where newer words of its author could be shown; see `open.outdated`."""
        if len(self.reviews) == TOLD:
            return open.outdated(session, [review.id])
        newer = (each for each in self.reviews if each.revision.number > review.revision.number)
        could = any(each.state not in (State.REJECTED, State.SPAM) for each in newer)
        return {review.id} if could else set()


def past_of(session: Session, review: Review) -> Past:
    of_item = joinedload(Review.contribution)
    appealed = select(Appeal.id).where(Appeal.review_id == Review.id, Appeal.closed_by_id.is_(None)).exists()
    rows = session.execute(
        select(Review, appealed)
        .where(Review.contribution_id == review.contribution_id)
        .order_by(Review.id.desc())
        .limit(TOLD)
        .options(
            joinedload(Review.revision).joinedload(Revision.theme),
            joinedload(Review.evidence),
            joinedload(Review.campaign),
            of_item.joinedload(Contribution.contact),
            of_item.joinedload(Contribution.published_revision),
            of_item.joinedload(Contribution.parent).joinedload(Contribution.published_revision),
            of_item.joinedload(Contribution.name_limits),
        )
    )
    found = rows.unique().all()
    every, ids = [each for each, _ in found], [each.id for each, _ in found]
    made = select(Decision).where(Decision.review_id.in_(ids)).order_by(Decision.id.desc()).limit(DECISIONS_TOLD)
    made = made.options(joinedload(Decision.moderator), joinedload(Decision.reason))
    in_appeal = {each.id for each, is_open in found if is_open}
    reports = context.reports_of(session, review.contribution_id)
    return Past(every, in_appeal, session.scalars(made).all(), words.marks_of(session, ids), reports)


def story_of(session: Session, review: Review, past: Past) -> list[Line]:
    """What happened to these words, and to those that stood in their place, newest first.

    Nobody can change or remove a line.
    """
    lines = [_sent(each, review) for each in past.reviews]
    lines += [_reported(each.at, each.category, each.count) for each in past.reports]
    for decision in past.decisions:
        own = decision.review_id == review.id
        lines.append(Line(decision.decided_at, _who(decision), _what(decision), decision.note, own=own))
    lines += [Line(*told) for told in words.beside_decisions(session, past.marks)]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _sent(each: Review, shown: Review) -> Line:
    """The coming of these words; of others a line that leads to them."""
    what = gettext("Sent from the form") if each.revision.number == 1 else gettext("Changed by the author")
    own = each.id == shown.id
    return Line(each.revision.submitted_at, gettext("Sender"), what, review_id=None if own else each.id, own=own)


def _reported(at: datetime, category: str, count: int) -> Line:
    kind = CATEGORIES.get(category, category)
    if count == 1:
        return Line(at, gettext("Reader"), gettext("Reported: %(category)s", category=kind))
    words = gettext("Reported %(count)s times: %(category)s", count=count, category=kind)
    return Line(at, gettext("Readers"), words)


def _who(decision: Decision) -> str:
    if decision.moderator is not None:
        return decision.moderator.name
    return gettext("Sender") if decision.by_author else gettext("Checks")


PROPOSED = {
    Move.REJECT: lazy_gettext("Proposed to a second moderator to decline"),
    Move.REVISE: lazy_gettext("Proposed to a second moderator to ask for a change"),
}


def _what(decision: Decision) -> str:
    words = str(MOVED[decision.move])
    if decision.proposes is not None and not decision.alone:
        words = str(PROPOSED.get(decision.proposes, words))
    if decision.move is Move.REOPEN and decision.by_author:
        return gettext("Asked for a second moderator to look at it")
    session = object_session(decision)
    chosen = reasons.chosen(session, decision) if session is not None else []
    names = ", ".join(reason.name.in_(lang()) for reason in chosen)
    words = f"{words}: {names}" if names else words
    return gettext("%(what)s (nobody to second it)", what=words) if decision.alone else words


def overtaken_words(other: Decision | None) -> str:
    """Who was quicker, and with what."""
    if other is None:
        return gettext("This has changed since you opened it. Look at it again.")
    return gettext("%(who)s was quicker: %(what)s", who=_who(other), what=_what(other))


def toast_of(decision: Decision, *, undoable: bool) -> dict[str, Any]:
    what = _what(decision) if decision.proposes else str(MOVED[decision.move])
    told = {"what": what, "undoable": undoable, "undo": Move.UNDO.value, **_of_toast(decision.review)}
    return {**told, "doubts": doubts_of(decision.review) if decision.move is Move.APPROVE else []}


def toast_of_mark(marked: str, review: Review | None) -> dict[str, Any]:
    """What was laid aside, passed on or put back; `review`: whose mark can be undone, if any can."""
    told = {"what": str(MARKED[marked]), "words": "", "undoable": review is not None, "undo": "back"}
    return told if review is None else {**told, **_of_toast(review)}


def _of_toast(review: Review) -> dict[str, Any]:
    words = review.revision.words
    start = words if len(words) <= 60 else words[:59] + "…"
    return {
        "which": f"{kind(review)} {review.contribution.public_id}",
        "words": "" if review.masked else start,
        "review_id": review.id,
        "version": review.version,
        "seconds": settings().undo_seconds,
    }


def recent(
    session: Session,
    campaigns: list[int] | None,
    by: Moderator | None,
    before: int | None = None,
    *,
    of_checks: bool = False,
) -> tuple[list[dict[str, Any]], int | None]:
    """The latest decisions of people before this one (none: of all), newest first; and where the next page begins.

    `of_checks`: instead what the program called spam by itself, so that people find what it was wrong about.
    """
    made_by: ColumnElement[bool] = Decision.moderator_id.is_not(None)
    if of_checks:
        made_by = and_(Decision.moderator_id.is_(None), Decision.move == Move.MARK_SPAM)
    query = (
        select(Decision)
        .join(Review, Review.id == Decision.review_id)
        .where(made_by)
        .options(joinedload(Decision.review).joinedload(Review.contribution), joinedload(Decision.moderator))
        .options(joinedload(Decision.review).joinedload(Review.revision))
        .order_by(Decision.id.desc())
        .limit(RECENT + 1)
    )
    if before is not None:
        query = query.where(Decision.id < before)
    if campaigns is not None:
        query = query.where(Review.campaign_id.in_(campaigns))
    if by is not None:
        query = query.where(Decision.moderator_id == by.id)
    found = session.scalars(query).all()
    made, more = found[:RECENT], len(found) > RECENT
    review_ids = [decision.review_id for decision in made]
    newest, old = _newest_of_people(session, review_ids), open.outdated(session, review_ids)
    lines = [
        {
            "at": decision.decided_at,
            "who": _who(decision),
            "what": _what(decision),
            "reference": decision.review.contribution.public_id,
            "opening": "" if decision.review.masked else opening(decision.review.revision.words),
            "review_id": decision.review_id,
            "version": decision.review.version,
            "campaign_id": decision.review.campaign_id,
            "fate": str(workflow.FATES[decision.review.state]),
            # only the newest decision of an item can be opened again, and what is told has to be what stands
            "reopens": decision.id == newest.get(decision.review_id)
            and decision.to_state == decision.review.state
            and Move.REOPEN in open.open_moves(decision.review, old),
        }
        for decision in made
    ]
    return lines, made[-1].id if more else None


def _newest_of_people(session: Session, review_ids: list[int]) -> dict[int, int]:
    """The newest decision of a person on each of these items, whatever its author or the program did since."""
    newest = select(Decision.review_id, func.max(Decision.id)).where(
        Decision.review_id.in_(review_ids), Decision.moderator_id.is_not(None)
    )
    return {review_id: decision_id for review_id, decision_id in session.execute(newest.group_by(Decision.review_id))}
