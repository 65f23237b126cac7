"""How the desk is doing, week by week: waits, reasons, reversals, appeals. Of items, never of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from moderation import standing
from moderation.models import Appeal, Decision, Reason, Report, Review
from moderation.workflow import Move, State
from pledges.db import Values
from pledges.figures import counters
from pledges.models import Campaign, Contribution, Revision
from pledges.models import Counter as Tally

from . import agreement

WEEKS = 8
WEEK = timedelta(weeks=1)
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
    given: Counter[int] = field(default_factory=Counter)  # the same by their ids
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
    mondays = [monday - timedelta(weeks=back) for back in range(count)]
    spans = [_Span(each, *(datetime.combine(day, time(), zone) for day in (each, each + WEEK))) for each in mondays]
    whole = _Span(mondays[-1], spans[-1].start, spans[0].end)
    told = [Week(each, unfinished=place == 0) for place, each in enumerate(mondays)]
    _count(session, campaign, spans, told)
    made, stood = _made(session, campaign, whole), session.execute(_stood(campaign, whole)).all()
    for week, count in zip(told, _reversals(stood, spans), strict=True):
        week.reversals = count
    for week, span in zip(told, spans, strict=True):
        _decided([each for each in made if span.holds(each.decided_at)], week)
    _name_reasons(session, told)
    closed = _closed(session, campaign, whole)
    for week, span in zip(told, spans, strict=True):
        states = [state for made_at, state in closed if span.holds(made_at)]
        week.appeals, week.upheld = len(states), states.count(State.APPROVED)
    _spam_service(session, campaign, told)
    return told


@dataclass(frozen=True)
class _Span:
    """A week, or several, from the first moment to that of the next."""

    monday: date
    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


def _count(session: Session, campaign: Campaign, spans: list[_Span], told: list[Week]) -> None:
    """What was received and what was reported in each week, by one statement."""
    values = Values(session)
    sent = select(func.count()).select_from(Revision).join(Contribution, Contribution.id == Revision.contribution_id)
    sent = sent.where(Contribution.campaign_id == campaign.id, Revision.number == 1)
    reports = select(func.count()).select_from(Report).join(Contribution, Contribution.id == Report.contribution_id)
    reports = reports.where(Contribution.campaign_id == campaign.id)
    asked = [
        (
            values.ask(sent.where(Revision.submitted_at >= span.start, Revision.submitted_at < span.end)),
            values.ask(reports.where(Report.made_at >= span.start, Report.made_at < span.end)),
        )
        for span in spans
    ]
    for week, (received, reported) in zip(told, asked, strict=True):
        week.received, week.reports = received(), reported()


def _made(session: Session, campaign: Campaign, span: _Span) -> Sequence[Any]:
    """What people decided in this time, but what was taken back within its window: that has decided nothing."""
    return session.execute(
        standing.by_people()
        .with_only_columns(
            Decision.move, Decision.decided_at, Decision.waited_seconds, Decision.reason_id, Decision.more_reasons
        )
        .join(Review, Review.id == Decision.review_id)
        .where(Review.campaign_id == campaign.id, Decision.decided_at >= span.start, Decision.decided_at < span.end)
    ).all()


def _decided(made: Sequence[Any], week: Week) -> None:
    week.decided = dict(Counter(each.move for each in made))
    final = [each for each in made if each.move is not Move.PROPOSE]  # what two decide is one decision
    waits = sorted(each.waited_seconds for each in final if each.waited_seconds is not None)
    week.median_wait, week.ninth_wait = percentile(waits, 50), percentile(waits, 90)
    week.given = Counter(reason_id for each in final for reason_id in _reasons_of(each))


def _name_reasons(session: Session, told: list[Week]) -> None:
    given = {reason_id for week in told for reason_id in week.given}
    named = select(Reason).where(Reason.id.in_(given))
    reasons = {reason.id: reason for reason in session.scalars(named)} if given else {}
    for week in told:
        week.reasons = [(reasons[reason_id], count) for reason_id, count in week.given.most_common()]


def _reasons_of(decision: Any) -> list[int]:
    """All reasons that were chosen, each once."""
    chosen = [decision.reason_id, *(decision.more_reasons or [])]
    return list(dict.fromkeys(reason_id for reason_id in chosen if reason_id is not None))


def _reversals(stood: Iterable[Any], spans: list[_Span]) -> list[int]:
    """How many decisions of each week came out otherwise than the last that stood before on the same words."""
    last: dict[int, Move] = {}
    turned = [0] * len(spans)
    for review_id, move, decided_at in stood:
        if last.get(review_id, move) is not move:
            for place, span in enumerate(spans):
                turned[place] += span.holds(decided_at)
        last[review_id] = move
    return turned


def _stood(campaign: Campaign, span: _Span) -> Select[int, Move, datetime]:
    """All final decisions of people on the words that were decided in this time, but what was undone; oldest first."""
    by_people = (Decision.moderator_id.is_not(None), Decision.move.in_(FINAL))
    within = (Decision.decided_at >= span.start, Decision.decided_at < span.end)
    decided = (
        select(Decision.review_id)
        .join(Review, Review.id == Decision.review_id)
        .where(Review.campaign_id == campaign.id, *by_people, *within)
    )
    return (
        select(Decision.review_id, Decision.move, Decision.decided_at)
        .where(Decision.review_id.in_(decided), *by_people, Decision.decided_at < span.end, standing.stands())
        .order_by(Decision.id)
    )


def _closed(session: Session, campaign: Campaign, span: _Span) -> Sequence[Any]:
    """When each appeal of this time was made, and what it came to."""
    return session.execute(
        select(Appeal.made_at, Decision.to_state)
        .join(Review, Review.id == Appeal.review_id)
        .outerjoin(Decision, Decision.id == Appeal.closed_by_id)
        .where(Review.campaign_id == campaign.id, Appeal.made_at >= span.start, Appeal.made_at < span.end)
    ).all()


def _spam_service(session: Session, campaign: Campaign, told: list[Week]) -> None:
    """Caught, missed, wrong and clear, by days in UTC as they were counted."""
    week_of = {(week.monday + timedelta(days=number)).isoformat(): week for week in told for number in range(7)}
    counted = session.execute(
        select(Tally.name, Tally.day, Tally.value).where(
            Tally.campaign_id == campaign.id, Tally.name.in_(agreement.NAMES), Tally.day.in_(week_of)
        )
    )
    for name, day, value in counted:
        if value:
            what, service = name.removeprefix(counters.TALLIES), week_of[day].spam_service
            service[what] = service.get(what, 0) + value


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
