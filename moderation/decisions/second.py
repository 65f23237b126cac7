"""What needs two: proposals, and who must not be the second."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from moderation import permissions, standing, workflow
from moderation.claims import Overtaken
from moderation.letters import outbox
from moderation.models import Appeal, Decision, Moderator, Reason, Review, Role
from moderation.workflow import Move, MoveNotAllowed

from .move import last_decision


def somebody_else(session: Session, review: Review, by: Moderator) -> bool:
    """Whether anybody at this desk could second what `by` decides; else it would wait for ever."""
    closed_to = {by.id, *barred_people(session, review)}
    return any(person.id not in closed_to for person, _role in permissions.deciding(session, review.campaign_id))


APPEAL, SECOND = "appeal", "second"


def barred(session: Session, review: Review, by: Moderator, against: set[int | None] | None = None) -> str:
    """Why somebody else has to decide this than `by`; empty where `by` may. `against`: `appealed_against`, where it is known."""
    if by.id in (appealed_against(session, review) if against is None else against):
        return APPEAL
    asked = proposal(session, review)
    mine = asked is not None and asked.moderator_id == by.id
    return SECOND if mine and somebody_else(session, review, by) else ""  # else whoever was to confirm it has left


def require_theirs(session: Session, review: Review, by: Moderator) -> None:
    """It waits, and `by` may decide it: else Overtaken or MoveNotAllowed, for `by` would only keep others from it."""
    if review.state not in workflow.WAITS:
        raise Overtaken(last_decision(session, review))
    if why := barred(session, review, by):
        raise MoveNotAllowed(f"somebody else has to decide: {why}")


def barred_people(session: Session, review: Review, against: set[int | None] | None = None) -> set[int | None]:
    """Whoever may not decide this item, for whichever reason; `against` as for `barred`."""
    declined = appealed_against(session, review) if against is None else against
    asked = proposal(session, review)
    if asked is None:
        return declined
    declined = appealed_against(session, review, ever=True) if asked.alone else declined
    return {*declined, asked.moderator_id}


def appealed_against(session: Session, review: Review, *, ever: bool = False) -> set[int | None]:
    """Whose decision the author asks others to look at: who declined, and who proposed it; `ever`: or asked once.

    It is empty where no appeal is open.
    """
    asked = select(Decision).join(Appeal, Appeal.against_id == Decision.id).where(Appeal.review_id == review.id)
    against = session.scalars(asked if ever else asked.where(Appeal.closed_by_id.is_(None))).all()
    proposed = [
        each.moderator_id for decision in against for each in proposals(session, review) if each.id < decision.id
    ]
    return {*(decision.moderator_id for decision in against), *proposed}


def proposal(session: Session, review: Review) -> Decision | None:
    """What waits for a second person's word on this item."""
    return next(iter(proposals(session, review)), None) if review.needs_second else None


def proposals(session: Session, review: Review) -> list[Decision]:
    """Everything that was ever put to a second person here and not taken back, newest first.

    Also what one person decided alone where two should have: that waits for whoever comes.
    """
    proposed = or_(Decision.move == Move.PROPOSE, Decision.proposes.is_not(None))
    made = select(Decision).where(Decision.review_id == review.id, proposed, standing.stands())
    return list(session.scalars(made.order_by(Decision.id.desc())))


def call_others(
    session: Session,
    review: Review,
    cause: str,
    now: datetime,
    *,
    due_at: datetime | None = None,
    decision: Decision | None = None,
) -> None:
    """Where no other moderator is at this desk, leads and owners are told that something waits for them."""
    session.flush()
    who = permissions.deciding(session, review.campaign_id)
    others = {person.id: role for person, role in who if not barred(session, review, person)}
    if Role.MODERATOR in others.values():
        return
    for person_id in others:
        outbox.owe_call(session, person_id, f"{cause}:{person_id}", now, due_at=due_at, decision=decision)


def two_must_agree(
    session: Session, review: Review, move: Move, reasons: Sequence[Reason], *, by: Moderator, second: bool
) -> bool:
    """Whether this is only the first of two who have to say so: nobody else has proposed this very move yet."""
    if move not in workflow.NEEDS_REASON:
        return False
    asked = proposal(session, review)
    if asked is not None and asked.proposes is move and asked.moderator_id != by.id:
        return False
    return second or any(reason.needs_second for reason in reasons)


def was_hidden_by_proposal(session: Session, review: Review) -> bool:
    """Whether it stood on the wall until somebody proposed to decline it."""
    return any(
        made.shown_before_id == review.revision_id and made.shown_after_id is None
        for made in proposals(session, review)
    )
