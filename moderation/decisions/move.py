"""A review moves from one state to the next, under a lock, and the move is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from moderation import claims, lanes, workflow
from moderation.claims import Overtaken
from moderation.clusters import members
from moderation.models import Decision, Moderator, Reason, Review
from moderation.record import chain
from moderation.workflow import Move, MoveNotAllowed, State
from pledges.db import rows_of
from pledges.models import Contribution
from pledges.models.turns import hold_by_ids


class ReasonMissing(Exception):
    """A rejection or a request for a change needs a reason: 422."""


class NewerStands(MoveNotAllowed):
    """Words were taken down, and newer ones of the author were approved since: the older do not come back."""


class NobodyElse(MoveNotAllowed):
    """A second opinion on an appeal can be asked for only where somebody could give it."""


MOVED = "wall.moved"  # reviews whose clusters are to follow, in the session's notes


def last_decision(session: Session, review: Review) -> Decision | None:
    return session.scalars(
        select(Decision).where(Decision.review_id == review.id).order_by(Decision.id.desc()).limit(1)
    ).first()


def last_decisions(session: Session, review_ids: Iterable[int]) -> dict[int, Decision]:
    """The newest decision on each of these, with who made it and why."""
    newest = select(func.max(Decision.id)).where(Decision.review_id.in_(review_ids)).group_by(Decision.review_id)
    made = select(Decision).where(Decision.id.in_(newest))
    found = session.scalars(made.options(joinedload(Decision.moderator), joinedload(Decision.reason)))
    return {each.review_id: each for each in found}


def locked(session: Session, review_id: int) -> Review:
    """The review, its contribution locked first: author and moderators move one after the other.

    Keys are not locked: a cluster may name an item as its example while somebody decides that item.
    """
    known = select(Contribution.id, Contribution.parent_id, Contribution.inspired_by_id)
    known = known.join(Review, Review.contribution_id == Contribution.id).where(Review.id == review_id)
    hold_by_ids(session, *session.execute(known).one())
    return session.scalars(
        select(Review)
        .where(Review.id == review_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def make_move(
    session: Session,
    review: Review,
    move: Move,
    to_state: State,
    *,
    by: Moderator | None,
    now: datetime,
    by_author: bool = False,
    reason: Reason | None = None,
    note: str = "",
    undoes: Decision | None = None,
) -> Decision:
    """State and version change, and the decision stands beside them; raises Overtaken."""
    from_state, version = review.state, review.version
    waited = int((now - review.waiting_since).total_seconds()) if by and from_state in workflow.WAITS else None
    changed = session.execute(
        update(Review)
        .where(Review.id == review.id, Review.version == version, Review.state == from_state)
        .values(state=to_state, version=version + 1, **claims.NOBODY)
        .execution_options(synchronize_session=False)
    )
    if rows_of(changed) != 1:
        session.refresh(review)
        raise Overtaken(last_decision(session, review))
    session.refresh(review)
    if to_state not in workflow.WAITS:
        lanes.take_out(session, review)
    if move is not Move.HOLD:  # laid aside, it would not be seen when it waits again
        review.parked_until, review.passed_to_id = None, None
    shown = review.contribution.published_revision_id
    decision = Decision(
        review_id=review.id,
        move=move,
        from_state=from_state,
        to_state=to_state,
        version=review.version,
        shown_before_id=shown,
        shown_after_id=shown,
        moderator=by,
        by_author=by_author,
        reason=reason,
        note=note,
        undoes_id=undoes.id if undoes else None,
        waited_seconds=waited,
        decided_at=now,
    )
    session.add(decision)
    session.flush()
    session.info.setdefault(MOVED, []).append(review)
    return decision


def follow(session: Session, now: datetime) -> None:
    """The clusters of all that was moved are brought up to date: last, since their lock must not wait for others."""
    for review in session.info.pop(MOVED, []):
        members.follow(session, review, now)


def note_down(session: Session, review: Review, decision: Decision) -> None:
    """A person's decision, and the program's to call something spam, stand in the record."""
    if decision.moderator_id is None and decision.move is not Move.MARK_SPAM:
        return
    chain.add(
        session,
        chain.actor(decision.moderator),
        f"review:{decision.move}",
        f"review:{review.id}",
        before={"state": decision.from_state, "shown": decision.shown_before_id},
        after={
            "state": decision.to_state,
            "shown": decision.shown_after_id,
            "revision": review.revision.digest,
            "reason": decision.reason_id,
            **({"more_reasons": decision.more_reasons} if decision.more_reasons else {}),
            **({"proposes": decision.proposes} if decision.proposes and not decision.alone else {}),
            **({"second": "nobody"} if decision.alone else {}),
            "decision": decision.id,
        },
        campaign_id=review.campaign_id,
        now=decision.decided_at,
    )
