"""What happened in a lane since a page of it was made, and what became of the items that the page shows.

A page asks every few seconds. Most answers are "nothing": whether that is so is told by one query over the ends of
five tables and the shown rows by their ids, and its outcome is the answer's validator. Nothing else is read unless it
changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import Select, String, and_, cast, func, literal, or_, select
from sqlalchemy.orm import Session, joinedload

from moderation import claims
from moderation.bulk.picks import Pick
from moderation.decisions import move
from moderation.models import Act, Decision, Lane, Moderator, Report, Review, ReviewLane
from moderation.queue import aside, order, waiting
from moderation.queue import filters as queue_filters
from moderation.record import words
from moderation.workflow import WAITS, State
from pledges.db import Values

from . import story

MARKS = (*aside.MARKS, *aside.BACKS)  # acts that take an item off a list and decide nothing
MOST = 1000  # is as many as are counted


@dataclass(frozen=True)
class Since:
    """The newest decision and act when the page was made, and when that was."""

    decision_id: int
    act_id: int
    at: datetime

    def __str__(self) -> str:
        return f"{self.decision_id}.{self.act_id}.{int(self.at.timestamp())}"


@dataclass(frozen=True)
class News:
    """How many are new, where the first of them stands, and what became of shown items."""

    new: int
    after: str
    rows: dict[int, dict[str, str]]  # state: gone | held | free; words


def since(values: Values, now: datetime) -> Callable[[], Since]:
    """This moment, for a page that is being made."""
    decision_id, act_id = values.ask(select(func.max(Decision.id))), values.ask(select(func.max(Act.id)))
    return lambda: Since(decision_id() or 0, act_id() or 0, now)


def read_since(text: str, now: datetime) -> Since | None:
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts):
        return None
    moment = min(int(parts[2]), int(now.timestamp()))
    return Since(int(parts[0]), int(parts[1]), datetime.fromtimestamp(moment, now.tzinfo))


def validator(session: Session, me: Moderator, said: str, picks: Sequence[Pick], now: datetime) -> str:
    """Changes whenever the answer to `said` may have changed; one query."""
    ends = (
        select(func.max(Decision.id)).scalar_subquery(),
        select(func.max(Act.id)).scalar_subquery(),
        select(func.max(Report.id)).scalar_subquery(),
        # what no check has looked at shows after a while, without anybody's doing
        select(func.max(Review.waiting_since))
        .where(Review.state == State.RECEIVED, Review.waiting_since <= now - waiting.UNCHECKED_AFTER)
        .scalar_subquery(),
        # what was laid aside comes back when its time has come, worker or not
        select(func.max(ReviewLane.waiting_since))
        .where(ReviewLane.lane == Lane.PARKED, ReviewLane.waiting_since <= now)
        .scalar_subquery(),
    )
    one = select(literal(1).label("one")).subquery()
    shown = Review.id.in_([pick.review_id for pick in picks])
    rows = session.execute(
        select(*ends, Review.id, Review.version, Review.claimed_by_id, Review.claimed_until)
        .select_from(one)
        .outerjoin(Review, shown)
        .order_by(Review.id)
    ).all()
    told: list[Any] = [said, me.id, me.lang, me.skips, str(me.no_harsh_until and me.no_harsh_until > now)]
    told += [str(end) for end in rows[0][: len(ends)]]
    for row in rows:
        held = claims.held_by_another(row.claimed_by_id, row.claimed_until, me, now)
        told.append((row.id, row.version, row.claimed_by_id if held else None))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def of(
    session: Session,
    me: Moderator,
    *,
    campaigns: list[int] | None,
    lane: str,
    since: Since,
    picks: Sequence[Pick],
    now: datetime,
    filters: queue_filters.Filters = queue_filters.NONE,
) -> News:
    listed = [pick.review_id for pick in picks]
    count = 0
    firsts: list[Review] = []
    for new in _new(session, campaigns, lane, me, since, now):
        new = queue_filters.of_kind(new.where(Review.id.not_in(listed)), filters)
        new = queue_filters.aged(session, new, filters, campaigns, now)
        count += _counted(session, new)
        firsts += session.scalars(new.order_by(Review.waiting_since, Review.id).limit(1)).all()
    first = min(firsts, key=lambda review: (review.waiting_since, review.id), default=None)
    after = order.Position(first.waiting_since, first.id - 1) if first is not None else None
    versions = {pick.review_id: pick.version for pick in picks}
    shown = select(Review).where(Review.id.in_(versions)).options(joinedload(Review.claimed_by))
    reviews = [each for each in session.scalars(shown) if campaigns is None or each.campaign_id in campaigns]
    rows = _rows(session, reviews, versions, lane, me, now)
    return News(
        min(count, MOST),
        f"{after.waiting_since.isoformat()}_{after.review_id}" if after else "",
        {review_id: row for review_id, row in rows.items() if row},
    )


def _new(
    session: Session, campaigns: list[int] | None, lane: str, me: Moderator, since: Since, now: datetime
) -> Iterator[Select[Review]]:
    """What stands in the lane and has come since: it waits by a decision, came back, was passed to me, or is unchecked."""
    came = select(Decision.review_id).where(Decision.id > since.decision_id, Decision.to_state == State.WAITING)
    subject = literal("review:") + cast(Review.id, String)
    passed = select(Act.id).where(Act.subject == subject, Act.id > since.act_id, Act.act == aside.PASS).exists()
    unchecked = and_(Review.state == State.RECEIVED, Review.waiting_since > since.at - waiting.UNCHECKED_AFTER)
    back = Review.id.in_(_put_back(session, since))
    ways = [passed, back] if lane == "mine" else [Review.id.in_(came), unchecked, back]
    yield waiting.standing(now, campaigns, lane, me).where(or_(*ways))
    if lane == Lane.ALL:
        yield waiting.returned(now, campaigns, me, since.at)


def _counted(session: Session, query: Select[Review]) -> int:
    few = query.with_only_columns(Review.id).limit(MOST).subquery()
    return session.scalar(select(func.count()).select_from(few)) or 0


def _put_back(session: Session, since: Since) -> list[int]:
    """What is no longer laid aside, as the record tells."""
    lines = (
        select(Act.subject).where(Act.id > since.act_id, Act.act.in_(aside.BACKS)).order_by(Act.id.desc()).limit(MOST)
    )
    return [int(subject.removeprefix("review:")) for subject in session.scalars(lines)]


def _rows(
    session: Session, reviews: list[Review], versions: dict[int, int], lane: str, me: Moderator, now: datetime
) -> dict[int, dict[str, str]]:
    """What became of each shown item; nothing of one that stands as it was shown."""
    overtaken = {each.id for each in reviews if each.version != versions[each.id] or each.state not in WAITS}
    left = {each.id for each in reviews if each.id not in overtaken and _has_left(each, lane, me, now)}
    last = move.last_decisions(session, overtaken) if overtaken else {}
    gone = {review_id: story.overtaken_words(last.get(review_id)) for review_id in overtaken}
    gone |= _marked(session, left) if left else {}
    return {
        each.id: {"state": "gone", "words": gone[each.id]} if each.id in gone else _standing(each, me, now)
        for each in reviews
    }


def _has_left(review: Review, lane: str, me: Moderator, now: datetime) -> bool:
    """Whether it was laid aside, came back or was passed on, so that this lane shows it no more."""
    aside = review.parked_until is not None and review.parked_until > now
    return aside != (lane == "parked") or (review.passed_to_id not in (None, me.id) and lane == "mine")


def _standing(review: Review, me: Moderator, now: datetime) -> dict[str, str]:
    holder = claims.holder(review, now)
    if holder is not None and holder.id != me.id:
        return {"state": "held", "words": gettext("%(name)s has it open", name=holder.name)}
    return {"state": "free", "words": ""}


def _marked(session: Session, review_ids: Iterable[int]) -> dict[int, str]:
    """Who laid each of these aside or passed it on."""
    subjects = {f"review:{review_id}": review_id for review_id in review_ids}
    newest = select(func.max(Act.id)).where(Act.subject.in_(subjects), Act.act.in_(MARKS)).group_by(Act.subject)
    lines = session.scalars(select(Act).where(Act.id.in_(newest))).all()
    told = dict.fromkeys(subjects.values(), story.overtaken_words(None))
    for line, (_, who, what) in zip(reversed(lines), words.beside_decisions(session, lines), strict=True):
        told[subjects[line.subject]] = gettext("%(who)s: %(what)s", who=who, what=what)
    return told
