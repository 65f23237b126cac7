"""What spares the person who reads: harsh texts counted, left out for an hour or for good, and a pause suggested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext
from sqlalchemy import BigInteger, ColumnElement, case, func, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from moderation.models import Decision, Lane, Moderator, Review, ReviewLane, SignIn
from moderation.workflow import Move
from pledges.db import Values, rows_of

SPARED_FOR = timedelta(hours=1)
HARSH_ENOUGH = 5  # texts since the last break; then a pause is suggested, and nothing more
LONG_ENOUGH = timedelta(minutes=60)
MANY_HARSH = 3  # then the next one says which it would be
MAY_SKIP = (Lane.ABUSE, Lane.SPAM, Lane.PERSONAL_DATA, Lane.REPORTED, Lane.WELSH)


@dataclass(frozen=True)
class Pace:
    """How this session has gone so far; for the person alone, and compared with nobody's."""

    decided: int
    time: str
    opened: int
    pause: bool
    spared_until: datetime | None


def unwanted(by: Moderator, now: datetime) -> ColumnElement[bool] | None:
    """What stays off this person's lists; none: they take whatever comes. They may still decide on all of it."""
    lanes = {Lane(lane) for lane in by.skips if lane in set(Lane)}
    spared = spared_until(by, now) is not None
    if not lanes and not spared:
        return None
    row = aliased(ReviewLane)
    skipped = lanes | {Lane.ABUSE} if spared else lanes
    stands = select(row.review_id).where(row.review_id == Review.id, row.lane.in_(skipped)).correlate(Review).exists()
    return or_(stands, Review.masked.is_(True)) if spared else stands


def spared_until(by: Moderator, now: datetime) -> datetime | None:
    """Until when no harsh texts come; none: they come."""
    return by.no_harsh_until if by.no_harsh_until is not None and by.no_harsh_until > now else None


def opened(session: Session, sign_in_id: int | None) -> int:
    """How many harsh texts this session has shown."""
    row = session.get(SignIn, sign_in_id) if sign_in_id is not None else None
    return row.harsh_opened if row is not None else 0


def count_opened(session: Session, sign_in_id: int | None, seen: int, texts: int = 1) -> bool:
    """Whether these harsh texts may be shown: they are counted, once for each page that asked.

    `seen` is the count when the page with the button was made. A page that is loaded again sends an old one, is not
    counted and shows nothing.
    """
    counted = session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.harsh_opened == literal(seen, BigInteger))  # whatever a form said
        .values(harsh_opened=SignIn.harsh_opened + texts)
        .execution_options(synchronize_session=False)
    )
    row = session.get(SignIn, sign_in_id)
    if row is not None:
        session.refresh(row)
    return rows_of(counted) == 1


def rest(session: Session, sign_in_id: int | None, now: datetime) -> None:
    """A break begins: what is counted towards the next one counts from here."""
    session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id)
        .values(rested_at=now, harsh_at_rest=SignIn.harsh_opened)
        .execution_options(synchronize_session=False)
    )


def pace(
    session: Session, values: Values, by: Moderator, sign_in_id: int | None, now: datetime
) -> Callable[[], Pace | None]:
    row = session.get(SignIn, sign_in_id) if sign_in_id is not None else None
    if row is None:
        return lambda: None
    decided = select(func.sum(case((Decision.move == Move.UNDO, -1), else_=1))).where(
        Decision.moderator_id == by.id, Decision.decided_at >= row.since
    )
    asked = values.ask(decided)
    return lambda: _pace(row, by, asked() or 0, now)


def _pace(row: SignIn, by: Moderator, decided: int, now: datetime) -> Pace:
    tired = row.harsh_opened - row.harsh_at_rest >= HARSH_ENOUGH or now - (row.rested_at or row.since) >= LONG_ENOUGH
    return Pace(
        decided=max(0, decided),
        time=_spent(int((now - row.since).total_seconds() // 60)),
        opened=row.harsh_opened,
        pause=tired,
        spared_until=spared_until(by, now),
    )


def _spent(minutes: int) -> str:
    if minutes < 60:
        return gettext("%(count)s min", count=minutes)
    return gettext("%(hours)s h %(minutes)s min", hours=minutes // 60, minutes=minutes % 60)
