"""What one person had to decide alone, since nobody else was there, is put to a second person when one comes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from moderation import permissions
from moderation.models import Decision, Review
from moderation.record import chain
from moderation.workflow import Move, State
from pledges.models import Contribution
from pledges.settings import Settings

from . import decide, move, open

AT_ONCE = 50  # looked at in one transaction


def ask(session: Session, now: datetime, settings: Settings) -> int:
    """Declines that wait for a second person wait in the queue again where there is one now; answers how many."""
    reviews = [move.locked(session, review_id) for review_id in sorted(_due(session))]
    return sum(_ask(session, review, now, settings) for review in reviews)


def _due(session: Session) -> list[int]:
    """Items that stand declined by one alone, in campaigns where somebody is who has not decided on them yet."""
    query = (
        select(Review)
        .join(Decision, and_(Decision.review_id == Review.id, Decision.version == Review.version))
        .join(Contribution, Contribution.id == Review.contribution_id)
        .where(
            Decision.proposes.is_not(None),
            Decision.move == Move.REJECT,
            Review.state == State.REJECTED,
            Contribution.erased_at.is_(None),
            Contribution.withdrawn_at.is_(None),
        )
        .order_by(Review.id)
    )
    people: dict[int, set[int]] = {}
    due = []
    for review in session.scalars(query):
        if review.campaign_id not in people:
            people[review.campaign_id] = {who.id for who, _ in permissions.deciding(session, review.campaign_id)}
        if people[review.campaign_id] - _decided(session, review) and not open.unwanted(review, Move.REOPEN):
            due.append(review.id)
        if len(due) == AT_ONCE:
            break
    return due


def _decided(session: Session, review: Review) -> set[int]:
    """Whoever has decided on it already: they are not asked for a second opinion on it."""
    made = select(Decision.moderator_id).where(Decision.review_id == review.id, Decision.moderator_id.is_not(None))
    return {person for person in session.scalars(made.distinct()) if person is not None}


def _ask(session: Session, review: Review, now: datetime, settings: Settings) -> bool:
    """The item waits, hidden as it is, and nobody but a second person decides it."""
    last = move.last_decision(session, review)
    if review.state is not State.REJECTED or last is None or not last.alone:
        return False  # decided otherwise since
    made = decide.decide(session, review.id, Move.REOPEN, by=None, version=review.version, now=now, settings=settings)
    review.needs_second = True
    chain.add(
        session,
        chain.PROGRAM,
        "review:second",
        f"review:{review.id}",
        before={"state": made.from_state},
        after={"state": made.to_state, "decision": last.id},
        campaign_id=review.campaign_id,
        now=now,
    )
    return True
