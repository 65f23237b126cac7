"""What was chosen, and what of it can be decided together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from moderation import claims, permissions
from moderation.decisions import move, second
from moderation.models import Act as Line
from moderation.models import Decision, Lane, Moderator, Reason, Report, Review, Role
from moderation.permissions import Act
from moderation.queue import aside, order
from moderation.record import chain
from moderation.rules import reasons
from moderation.workflow import WAITS
from pledges.models import Contribution
from pledges.text import number

REJECT, SPAM, PARK, PASS, APPROVE = "reject", "spam", "park", "pass", "approve"
OFFERED = (REJECT, SPAM, PARK, PASS)  # never approve: only a reading sheet does that, which showed each item in full
MARKS = (PARK, PASS)
CONFIRMED_ABOVE = 20  # items; then the number is typed
DIGITS = 9  # reasons that a key chooses
MOST = 5000  # items of one batch


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
            refused = refused or marked_since(session, review, by, now, seen)
            if refused is None:
                sorted_out.can.append(review)
            else:
                sorted_out.cannot.append(refused)
    return sorted_out


_WHOLE = (*order.WHOLE, joinedload(Review.contribution).joinedload(Contribution.contact))


def refusal(
    session: Session, review: Review, version: int, by: Moderator, held: dict[int | None, Role], now: datetime
) -> Cannot | None:
    """Why this item is not decided with others; none: nothing stands against it.

    The role first: whoever may not decide is not told how far others are with it.
    """
    if not permissions.may(held, Act.DECIDE, review.campaign_id):
        return Cannot(review, "role")
    if review.version != version or review.state not in WAITS:
        other = move.last_decision(session, review)
        return Cannot(review, "decided" if other is not None and review.state not in WAITS else "changed", other)
    in_appeals = any(row.lane in (Lane.APPEALS, Lane.PARKED) for row in review.lanes)  # laid aside, it may be one
    if in_appeals and second.barred(session, review, by) == second.APPEAL:
        return Cannot(review, "appeal")
    if review.needs_second:
        return Cannot(review, "second")
    if claims.held_by_another(review.claimed_by_id, review.claimed_until, by, now):
        return Cannot(review, "held")
    return None


def marked_since(session: Session, review: Review, by: Moderator, now: datetime, seen: int) -> Cannot | None:
    """Why this item is not decided, where a colleague passed it to somebody else or laid it aside after it was seen."""
    line = mark_of(session, review, by, now)
    if line is None or line.id <= seen or line.actor == chain.actor(by):
        return None
    return Cannot(review, "marked", line=line)


def mark_of(session: Session, review: Review, by: Moderator, now: datetime) -> Line | None:
    """The line of the record by which this item is laid aside, or somebody else's; none: it is free for `by`."""
    laid_aside = review.parked_until is not None and review.parked_until > now
    if not laid_aside and review.passed_to_id in (None, by.id):
        return None
    lines = select(Line).where(
        Line.subject == f"review:{review.id}", Line.act == (aside.PARK if laid_aside else aside.PASS)
    )
    return session.scalars(lines.order_by(Line.id.desc()).limit(1)).first()


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
