"""What an author may know of their words: where they stand, why, and what has happened."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation import lanes, standing
from moderation.checks import links, personal, repeats
from moderation.checks.base import Verdict
from moderation.decisions import appeals
from moderation.models import Appeal, Decision, Review
from moderation.queue import counts
from moderation.rules import reasons
from moderation.screening.run import subject_of
from moderation.workflow import WAITS, Move, State
from pledges.intake.door import Standing, TakenDown
from pledges.models import Contribution
from pledges.settings import Settings

from . import reviews
from .noticing import kind_of

HAPPENED = {  # as the author reads it
    Move.REJECT: "declined",
    Move.REVISE: "asked",
    Move.WITHDRAW: "withdrawn",
    Move.RESTORE: "restored",
}


def of(session: Session, contribution: Contribution, lang: str, now: datetime, settings: Settings) -> Standing:
    """What the author may know of the newest words: where they stand, why, and how long it usually takes."""
    review = reviews.latest(session, contribution)
    last = reviews.told(session, review)
    told: tuple[str, ...] = ()
    note = ""
    if last is not None and last.to_state == review.state and review.state in (State.REJECTED, State.REVISE):
        told = tuple(reasons.told(session, last, lang))
        note = last.note if review.state is State.REVISE else ""
    asked_about, against = reviews.appealable(session, contribution, now, settings)
    down = reviews.taken_down(session, contribution)
    # of spam nothing is told, since that would teach whoever sent it: it looks like waiting
    state = State.WAITING if review.state in (State.SPAM, State.RECEIVED) else review.state
    return Standing(
        state=state,
        reasons=told,
        note=note,
        decided_at=last.decided_at if last and state not in WAITS else None,
        place=counts.place_of(session, review) if state is State.WAITING else None,
        usual_wait_minutes=counts.usual_wait_minutes(session, contribution.campaign_id),
        appeal_until=appeals.until(session, asked_about, against, now, settings),
        saw=_saw(session, review),
        taken_down=_told_down(session, down, lang, appeals_now=asked_about is down) if down else None,
        stood=appeals.taken_down_by(session, review) is not None,
        appealed=any(lanes.open_appeal(session, each) for each in reviews.of(session, contribution)),
        restored=_was_restored(session, contribution),
        happened=_happened(session, contribution),
    )


def _told_down(session: Session, down: Review, lang: str, *, appeals_now: bool) -> TakenDown:
    last = reviews.told(session, down)
    told = reasons.told(session, last, lang) if last is not None and last.move is Move.REJECT else []
    return TakenDown(tuple(told), appeals_now, lanes.open_appeal(session, down))


def _was_restored(session: Session, contribution: Contribution) -> bool:
    """Whether the last that happened to it was that its author put it back."""
    of_all = select(Decision).join(Review, Review.id == Decision.review_id)
    of_all = of_all.where(Review.contribution_id == contribution.id).order_by(Decision.id.desc())
    last = session.scalars(of_all.limit(1)).first()
    return last is not None and last.move is Move.RESTORE


def _happened(session: Session, contribution: Contribution) -> tuple[tuple[datetime, str], ...]:
    """What people and the author did to these words, oldest first; of spam nothing is told, nor what was undone."""
    made = (
        select(Decision)
        .join(Review, Review.id == Decision.review_id)
        .where(Review.contribution_id == contribution.id, Decision.move.in_(HAPPENED), standing.stands())
        .order_by(Decision.id)
    )
    lines = []
    for each in session.scalars(made):
        what = HAPPENED[each.move]
        if each.move is Move.REJECT and appeals.left_the_wall(session, each):
            what = "taken_down"
        lines.append((each.decided_at, what))
    appealed = select(Appeal.made_at).join(Review, Review.id == Appeal.review_id)
    lines += [(at, "appealed") for at in session.scalars(appealed.where(Review.contribution_id == contribution.id))]
    return tuple(lines)


def _saw(session: Session, review: Review) -> tuple[str, ...]:
    """What the quick checks noticed, so that the author can mend it before a person reads."""
    if review.state not in WAITS:
        return ()
    subject = subject_of(session, review)
    seen = []
    kinds = {kind_of(quote.rule, from_child=subject.from_child) for quote in personal.check(subject).quotes}
    if kinds - {"child", "class"}:
        seen.append("personal_data")
    if kinds & {"child", "class"}:
        seen.append("child" if "child" in kinds else "class")
    if links.check(subject).quotes:
        seen.append("links")
    if repeats.check(subject).verdict is not Verdict.CLEAR:
        seen.append("repeat")
    return tuple(seen)
