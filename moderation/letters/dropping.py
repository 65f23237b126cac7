"""Letters that are no longer owed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from moderation.models import Decision, Letter, Report
from pledges.models import Contribution

from .outbox import NOT_SENT, Kind


def drop_withdrawn(session: Session, contribution: Contribution, now: datetime) -> None:
    """The author has put it back: that it was taken back is not told any more."""
    session.execute(
        update(Letter)
        .where(
            Letter.contribution_id == contribution.id,
            Letter.kind == Kind.WITHDRAWN,
            Letter.sent_at.is_(None),
            Letter.dropped_at.is_(None),
        )
        .values(dropped_at=now, dropped_why="restored")
    )


def forget_reporters(session: Session, of: ColumnElement[bool]) -> None:
    """Of these reports of erased words no address is kept, but where a letter is still owed to it."""
    owed = select(Letter.report_id).where(
        Letter.report_id.is_not(None), Letter.sent_at.is_(None), Letter.dropped_at.is_(None)
    )
    session.execute(update(Report).where(of, Report.email != "", Report.id.not_in(owed)).values(email=""))


def of_erased() -> ColumnElement[bool]:
    """Reports of words that are erased."""
    return Report.contribution_id.in_(select(Contribution.id).where(Contribution.erased_at.is_not(None)))


def drop_decisions(session: Session, contribution: Contribution, now: datetime) -> None:
    """The author has taken the words back: what was decided on them and is not told yet is told no more."""
    session.execute(
        update(Letter)
        .where(
            Letter.contribution_id == contribution.id,
            Letter.decision_id.is_not(None),
            Letter.report_id.is_(None),
            Letter.sent_at.is_(None),
            Letter.dropped_at.is_(None),
        )
        .values(dropped_at=now, dropped_why="withdrawn")
    )


def drop_decision(session: Session, decision: Decision, now: datetime, *, why: str = "undone") -> None:
    """A decision does not stand any more: what was owed because of it is not sent."""
    session.execute(
        update(Letter)
        .where(Letter.decision_id == decision.id, Letter.sent_at.is_(None), Letter.dropped_at.is_(None))
        .values(dropped_at=now, dropped_why=why)
    )


def outcomes_owed(session: Session, contribution: Contribution) -> list[Letter]:
    """Letters to those who reported it, about what came of that, which have not gone and were not dropped."""
    answers = select(Report.closed_by_id).where(
        Report.contribution_id == contribution.id, Report.email != "", Report.closed_by_id.is_not(None)
    )
    owed = select(Letter).where(
        Letter.decision_id.in_(answers),
        Letter.kind == Kind.REPORT_OUTCOME,
        Letter.sent_at.is_(None),
        Letter.dropped_at.is_(None),
    )
    return list(session.scalars(owed))


def overtaken(session: Session, decision: Decision) -> list[Letter]:
    """Letters to the author about this decision that were not sent since another one came, or its author took it back."""
    about = select(Letter).where(Letter.decision_id == decision.id, Letter.contribution_id.is_not(None))
    return list(session.scalars(about.where(Letter.dropped_why.in_(NOT_SENT))))


def taken_down(session: Session, contribution: Contribution) -> list[Letter]:
    """Letters that words were taken down, which were not sent since others stood on the wall by then; only the newest."""
    about = select(Letter).where(Letter.contribution_id == contribution.id, Letter.kind == Kind.TAKEN_DOWN)
    newest = session.scalars(about.order_by(Letter.id.desc()).limit(1)).first()
    return [newest] if newest is not None and newest.dropped_why == "overtaken" else []
