"""What a decision shows or hides, and which words give way to newer ones."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation import workflow
from moderation.models import Review
from moderation.record import chain
from moderation.workflow import Move, State
from pledges.campaigns import guarding
from pledges.models import Revision
from pledges.settings import Settings
from pledges.wall import publishing

from .complaints import close_appeals, close_complaints
from .move import MOVED, follow, last_decision, locked, make_move
from .open import newer_shown


def show_or_hide(session: Session, review: Review, move: Move, now: datetime, proposes: Move | None) -> None:
    contribution = review.contribution
    move = proposes or move  # what somebody wants taken down does not stand while it waits for a second person
    if move in workflow.SHOWS:
        _supersede_older(session, review, now)
        if not guarding.stands_still(review.campaign, now):
            show(session, review, now)
    elif move in workflow.HIDES and contribution.published_revision_id == review.revision_id:
        publishing.hide(session, contribution, now)


def show(session: Session, review: Review, now: datetime) -> None:
    """The approved words stand on the wall, in the place of older ones."""
    _supersede_shown(session, review, now)
    publishing.publish(session, review.revision, now)


def show_held_back(session: Session, review_id: int, now: datetime, settings: Settings) -> bool:
    """Whether what was approved while the wall stood still is shown now: only if that decision still stands."""
    session.info.pop(MOVED, None)
    review = locked(session, review_id)
    contribution, campaign = review.contribution, review.campaign
    session.refresh(campaign)
    gone = contribution.withdrawn_at is not None or contribution.erased_at is not None
    if review.state is not State.APPROVED or gone or campaign.frozen_at is not None:
        return False
    if contribution.published_revision_id == review.revision_id or newer_shown(review):
        return False
    before = contribution.published_revision_id
    show(session, review, now)
    approved = last_decision(session, review)
    if approved is not None:  # what was reported of the older words is gone only now
        close_complaints(session, review, approved, now, settings)
    follow(session, now)
    chain.add(
        session,
        chain.PROGRAM,
        "review:thaw",
        f"review:{review.id}",
        before={"shown": before},
        after={"shown": contribution.published_revision_id, "revision": review.revision.digest},
        campaign_id=review.campaign_id,
        now=now,
    )
    return True


def _supersede_older(session: Session, review: Review, now: datetime) -> None:
    """Older words that are not shown are not to be any more, since newer ones were approved."""
    shown = review.contribution.published_revision_id
    older = (
        select(Review)
        .join(Revision, Revision.id == Review.revision_id)
        .where(Review.contribution_id == review.contribution_id, Revision.number < review.revision.number)
        .order_by(Review.id)
    )
    for each in session.scalars(older).all():
        if each.revision_id != shown and Move.SUPERSEDE in workflow.MOVES[each.state]:
            close_appeals(session, each, make_move(session, each, Move.SUPERSEDE, State.SUPERSEDED, by=None, now=now))


def _supersede_shown(session: Session, review: Review, now: datetime) -> None:
    """The review of the words that were shown until now ends, since newer ones were approved."""
    shown = review.contribution.published_revision_id
    if shown is None or shown == review.revision_id:
        return
    older = session.scalars(select(Review).where(Review.revision_id == shown)).one()
    if Move.SUPERSEDE in workflow.MOVES[older.state]:
        close_appeals(session, older, make_move(session, older, Move.SUPERSEDE, State.SUPERSEDED, by=None, now=now))
