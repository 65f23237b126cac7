"""The reviews of one contribution: found, locked, and moved for its author or by the program."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation import lanes
from moderation.decisions import appeals, decide
from moderation.decisions import move as decisions_move
from moderation.models import Decision, Review
from moderation.workflow import STANDS, WAITS, Move, State
from pledges.models import Contribution
from pledges.settings import Settings


def lock(session: Session, contribution: Contribution) -> None:
    session.flush()
    session.execute(select(Contribution.id).where(Contribution.id == contribution.id).with_for_update())


def of(session: Session, contribution: Contribution) -> list[Review]:
    return list(session.scalars(select(Review).where(Review.contribution_id == contribution.id).order_by(Review.id)))


def latest(session: Session, contribution: Contribution) -> Review:
    return session.scalars(
        select(Review).where(Review.contribution_id == contribution.id).order_by(Review.id.desc()).limit(1)
    ).one()


def was_superseded(session: Session, review: Review) -> bool:
    """Whether these words had given way to newer ones before all were taken back."""
    last = decisions_move.last_decision(session, review)
    return last is not None and last.from_state is State.SUPERSEDED


def told(session: Session, review: Review) -> Decision | None:
    """The newest decision of a person on this review that still holds, also where its author took it back since."""
    made = select(Decision).where(Decision.review_id == review.id).order_by(Decision.id.desc())
    if review.state in STANDS:
        made = made.where(Decision.move.not_in((Move.WITHDRAW, Move.RESTORE)))
    last = session.scalars(made.limit(1)).first()
    return last if last is not None and last.moderator_id is not None and last.move is not Move.UNDO else None


def taken_down(session: Session, contribution: Contribution) -> Review | None:
    """Words beside the newest that stood on the wall until they were taken down, with nothing in their place."""
    if contribution.published_revision_id is not None:
        return None
    for number, review in enumerate(reversed(of(session, contribution))):
        appealed = review.state in WAITS and lanes.open_appeal(session, review)
        if appealed or appeals.taken_down_by(session, review) is not None:
            return review if number else None
    return None


def appealable(
    session: Session, contribution: Contribution, now: datetime, settings: Settings
) -> tuple[Review, Decision | None]:
    """What an appeal would be about, and against which decision: first what stood on the wall, then the newest."""
    newest, down = latest(session, contribution), taken_down(session, contribution)
    if down is not None:
        against = told(session, down)
        if appeals.until(session, down, against, now, settings) is not None:
            return down, against
    return newest, told(session, newest)


def author_moves(session: Session, review: Review, move: Move, now: datetime, settings: Settings) -> None:
    decide.decide(
        session,
        review.id,
        move,
        by=None,
        by_author=True,
        version=review.version,
        now=now,
        settings=settings,
    )


def program_moves(session: Session, review: Review, move: Move, now: datetime, settings: Settings) -> None:
    decide.decide(session, review.id, move, by=None, version=review.version, now=now, settings=settings)
