"""How the desk is doing, week by week: waits, reasons, reversals, appeals. Of items, never of people."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from pledges import counters
from pledges.models import Campaign, Contribution, Revision
from pledges.models import Counter as Tally

from . import agreement, standing
from .models import Appeal, Decision, Reason, Report, Review
from .workflow import Move, State

WEEKS = 8
FINAL = (Move.APPROVE, Move.REJECT, Move.REVISE, Move.MARK_SPAM)


@dataclass
class Week:
    """One week of one campaign; waits in seconds, none where nothing was decided."""

    monday: date
    unfinished: bool
    received: int = 0
    decided: dict[Move, int] = field(default_factory=dict)
    median_wait: int | None = None
    ninth_wait: int | None = None  # nine of ten waited no longer
    reasons: list[tuple[Reason, int]] = field(default_factory=list)
    reversals: int = 0  # final decisions that came out otherwise than the one before on the same words
    reports: int = 0
    appeals: int = 0
    upheld: int = 0  # appeals after which the words were shown
    spam_service: dict[str, int] = field(default_factory=dict)


def weeks(session: Session, campaign: Campaign, now: datetime, count: int = WEEKS) -> list[Week]:
    """The last weeks, newest first, by Mondays of the campaign's own time zone."""
    zone = ZoneInfo(campaign.time_zone)
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    return [
        _week(session, campaign, monday - timedelta(weeks=back), zone, unfinished=back == 0) for back in range(count)
    ]


def _week(session: Session, campaign: Campaign, monday: date, zone: ZoneInfo, *, unfinished: bool) -> Week:
    start = datetime.combine(monday, time(), zone)
    end = datetime.combine(monday + timedelta(weeks=1), time(), zone)
    week = Week(monday, unfinished)
    week.received = _count(
        session,
        select(Revision.id)
        .join(Contribution, Contribution.id == Revision.contribution_id)
        .where(
            Contribution.campaign_id == campaign.id,
            Revision.number == 1,
            Revision.submitted_at >= start,
            Revision.submitted_at < end,
        ),
    )
    _decided(session, campaign, start, end, week)
    _complaints(session, campaign, start, end, week)
    week.spam_service = _spam_service(session, campaign, monday)
    return week


def _decided(session: Session, campaign: Campaign, start: datetime, end: datetime, week: Week) -> None:
    stands = session.scalars(
        standing.by_people()
        .join(Review, Review.id == Decision.review_id)
        .where(Review.campaign_id == campaign.id, Decision.decided_at >= start, Decision.decided_at < end)
    ).all()
    week.decided = dict(Counter(each.move for each in stands))
    final = [each for each in stands if each.move is not Move.PROPOSE]  # what two decide is one decision
    waits = sorted(each.waited_seconds for each in final if each.waited_seconds is not None)
    week.median_wait, week.ninth_wait = percentile(waits, 50), percentile(waits, 90)
    week.reversals = _reversals(session, campaign, start, end)
    given = Counter(reason_id for each in final for reason_id in _reasons_of(each))
    reasons = {reason.id: reason for reason in session.scalars(select(Reason).where(Reason.id.in_(given)))}
    week.reasons = [(reasons[reason_id], count) for reason_id, count in given.most_common()]


def _reasons_of(decision: Decision) -> list[int]:
    """All reasons that were chosen, each once."""
    chosen = [decision.reason_id, *(decision.more_reasons or [])]
    return list(dict.fromkeys(reason_id for reason_id in chosen if reason_id is not None))


def _count(session: Session, query: Select[int]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _reversals(session: Session, campaign: Campaign, start: datetime, end: datetime) -> int:
    """How many decisions came out otherwise than the last that stood before on the same words, whatever lay between."""
    stood: dict[int, Move] = {}
    turned = 0
    for review_id, move, decided_at in session.execute(_stood(campaign, start, end)):
        turned += decided_at >= start and stood.get(review_id, move) is not move
        stood[review_id] = move
    return turned


def _stood(campaign: Campaign, start: datetime, end: datetime) -> Select[int, Move, datetime]:
    """All final decisions of people on the words that were decided in this time, but what was undone; oldest first."""
    by_people = (Decision.moderator_id.is_not(None), Decision.move.in_(FINAL))
    decided = (
        select(Decision.review_id)
        .join(Review, Review.id == Decision.review_id)
        .where(Review.campaign_id == campaign.id, *by_people, Decision.decided_at >= start, Decision.decided_at < end)
    )
    return (
        select(Decision.review_id, Decision.move, Decision.decided_at)
        .where(Decision.review_id.in_(decided), *by_people, Decision.decided_at < end, standing.stands())
        .order_by(Decision.id)
    )


def _complaints(session: Session, campaign: Campaign, start: datetime, end: datetime, week: Week) -> None:
    week.reports = _count(
        session,
        select(Report.id)
        .join(Contribution, Contribution.id == Report.contribution_id)
        .where(Contribution.campaign_id == campaign.id, Report.made_at >= start, Report.made_at < end),
    )
    closed = session.execute(
        select(Appeal.id, Decision.to_state)
        .join(Review, Review.id == Appeal.review_id)
        .outerjoin(Decision, Decision.id == Appeal.closed_by_id)
        .where(Review.campaign_id == campaign.id, Appeal.made_at >= start, Appeal.made_at < end)
    ).all()
    week.appeals = len(closed)
    week.upheld = sum(1 for _, state in closed if state is State.APPROVED)


def _spam_service(session: Session, campaign: Campaign, monday: date) -> dict[str, int]:
    """Caught, missed, wrong and clear, by days in UTC as they were counted."""
    days = [(monday + timedelta(days=number)).isoformat() for number in range(7)]
    counted = session.execute(
        select(Tally.name, func.sum(Tally.value))
        .where(Tally.campaign_id == campaign.id, Tally.name.in_(agreement.NAMES), Tally.day.in_(days))
        .group_by(Tally.name)
    )
    return {name.removeprefix(counters.TALLIES): int(value) for name, value in counted if value}


def percentile(ordered: list[int], share: int) -> int | None:
    """The smallest value that `share` of a hundred do not exceed (nearest rank); of nothing, none."""
    if not ordered:
        return None
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


@dataclass(frozen=True)
class Chart:
    """Points of the line of waits, in the units of a 600 × 160 picture; the target as a height."""

    points: list[tuple[float, float, date, int]]
    target: float
    top_hours: float


def chart(weeks: list[Week], target_seconds: int) -> Chart | None:
    """Nine-of-ten waits, oldest week first; of fewer than two weeks there is nothing to draw."""
    told = [(week.monday, week.ninth_wait) for week in reversed(weeks) if week.ninth_wait is not None]
    if len(told) < 2:
        return None
    top = max(target_seconds, *(wait for _, wait in told)) * 1.1
    step = 520 / (len(told) - 1)
    points = [
        (round(40 + place * step, 1), round(150 - 140 * wait / top, 1), monday, wait)
        for place, (monday, wait) in enumerate(told)
    ]
    return Chart(points, round(150 - 140 * target_seconds / top, 1), top / 3600)
