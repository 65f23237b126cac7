"""What was approved while a wall stood still, and who waits for an answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from moderation.letters import outbox
from moderation.letters.outbox import Kind
from moderation.models import Decision, Letter, Review, Surge
from moderation.workflow import WAITS, Move, State
from pledges.models import Campaign, Contact, Contribution, Step
from pledges.models.turns import hold
from pledges.wall import steps

AT_ONCE = 200


def held_back(session: Session) -> list[int]:
    """Reviews that were approved while a wall stood still that moves again now, oldest first, a few at a time.

    Each minute asks, so only what was decided during a surge is looked at.
    """
    # by the moment alone first, which is an index: a join of all would begin with everything that was ever approved
    during = and_(
        Decision.decided_at >= Surge.started_at, Decision.decided_at <= func.coalesce(Surge.ended_at, Surge.ends_at)
    )
    query = (
        select(Review.id)
        .join(Decision, Decision.review_id == Review.id)
        .join(Surge, and_(Surge.campaign_id == Review.campaign_id, during))
        .join(Contribution, Contribution.id == Review.contribution_id)
        .join(Campaign, Campaign.id == Review.campaign_id)
        .where(
            Review.id.in_(select(Decision.review_id).join(Surge, during).correlate(None)),
            Decision.move == Move.APPROVE,
            Decision.shown_after_id.is_distinct_from(Review.revision_id),  # the wall stood still then
            Review.state == State.APPROVED,
            Campaign.frozen_at.is_(None),
            Contribution.withdrawn_at.is_(None),
            Contribution.erased_at.is_(None),
            Contribution.published_revision_id.is_(None) | (Contribution.published_revision_id != Review.revision_id),
        )
    )
    return list(session.scalars(query.distinct().order_by(Review.id).limit(AT_ONCE)))


def show_step(session: Session, now: datetime) -> int:
    """One of the answers that authors told in a surge that is over is shown; 0 when all are."""
    over = (
        select(Step)
        .join(Contribution, Contribution.id == Step.pledge_id)
        .join(Campaign, Campaign.id == Contribution.campaign_id)
        .where(Step.held.is_(True), Campaign.guard_until.is_(None) | (Campaign.guard_until <= now))
        .order_by(Step.id)
        .limit(1)
    )
    step = session.scalars(over).first()
    if step is None:
        return 0
    hold(session, step.pledge)
    session.refresh(step)  # its author may have taken it back meanwhile
    steps.release(session, step, now)
    return 1


def tell_waiting(session: Session, now: datetime) -> int:
    """Some of those who wait in a campaign with "slower than usual" are owed that letter; 0 when all have it."""
    owed = 0
    surges = select(Surge).where(Surge.slower.is_(True), Surge.ended_at.is_(None), Surge.ends_at > now)
    for surge in session.scalars(surges):
        for contribution in session.scalars(_to_tell(surge).limit(AT_ONCE)):
            outbox.owe(session, Kind.SLOWER, _cause(surge, contribution.id), contribution=contribution, now=now)
            owed += 1
    return owed


def to_tell(session: Session, campaign_id: int) -> int:
    """How many would get the letter "slower than usual" now."""
    return session.scalar(select(func.count()).select_from(_waiting_authors(campaign_id).subquery())) or 0


def _waiting_authors(campaign_id: int) -> Any:
    return (
        select(Contribution.id)
        .join(Contact, Contact.contribution_id == Contribution.id)
        .where(
            Contribution.campaign_id == campaign_id,
            Contact.email_hash.in_(outbox.proved_addresses()),
            Contact.letters_wanted.is_(True),
            select(Review.id)
            .where(Review.contribution_id == Contribution.id, Review.state.in_(WAITS))
            .correlate(Contribution)
            .exists(),
        )
    )


def _to_tell(surge: Surge) -> Any:
    told = select(Letter.id).where(
        Letter.kind == Kind.SLOWER, Letter.contribution_id == Contribution.id, Letter.queued_at >= surge.started_at
    )
    return select(Contribution).where(
        Contribution.id.in_(_waiting_authors(surge.campaign_id)), ~told.correlate(Contribution).exists()
    )


def _cause(surge: Surge, contribution_id: int) -> str:
    return f"slower:{surge.id}:{contribution_id}"
