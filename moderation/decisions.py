"""A move is made, recorded, and shows or hides the words; letters and feedback are owed in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased, joinedload, object_session

from pledges import guarding, publishing
from pledges.db import rows_of
from pledges.models import Contribution, Revision
from pledges.settings import Settings

from . import agreement, claims, clusters, lanes, letters, permissions, record, seeing, standing, truth, workflow
from .claims import Held as Held
from .claims import Overtaken as Overtaken
from .models import Appeal, Decision, Evidence, Moderator, Reason, Report, Review, Role
from .workflow import Move, MoveNotAllowed, State


class ReasonMissing(Exception):
    """A rejection or a request for a change needs a reason: 422."""


class NewerStands(MoveNotAllowed):
    """Words were taken down, and newer ones of the author were approved since: the older do not come back."""


class NobodyElse(MoveNotAllowed):
    """A second opinion on an appeal can be asked for only where somebody could give it."""


FEEDBACK = {Move.MARK_SPAM: "spam", Move.APPROVE: "ham"}
MOVED = "wall.moved"  # reviews whose clusters are to follow, in the session's notes


def decide(
    session: Session,
    review_id: int,
    move: Move,
    *,
    by: Moderator | None,
    version: int,
    now: datetime,
    settings: Settings,
    reason: Reason | None = None,
    note: str = "",
    more: Sequence[Reason] = (),
    tell: bool = True,
    second: bool = False,
    seen: seeing.Seen | None = None,
    by_author: bool = False,
    undo_since: datetime | None = None,
) -> Decision:
    """Make a move; raises MoveNotAllowed, ReasonMissing, Overtaken (the review is no longer at `version`) or Held.

    A person shows only words that they were shown (`seen`): else NotSeen, or Doubted where a check found something.

    Where two must agree (a reason says so, or `second`), the first one's move is kept as a proposal; where nobody else
    is there it counts, and is put to a second person when one comes (`seconding`).
    """
    session.info.pop(MOVED, None)
    review = locked(session, review_id)
    if review.version != version:
        raise Overtaken(last_decision(session, review))
    if move is Move.UNDO:
        return _undo(session, review, by=by, now=now, settings=settings, since=undo_since)
    _require_allowed(session, review, move, by, now)
    if by is not None and move in workflow.NEEDS_REASON and reason is None:
        raise ReasonMissing
    if by is not None and move in workflow.SHOWS:
        seeing.require(review, by, seen or seeing.Seen())
    chosen = [*([reason] if reason else []), *more]
    move, proposes = _or_proposal(session, review, move, chosen, by=by, second=second)
    to_state = workflow.after(review.state, move)
    if move is Move.RESTORE:
        to_state = _stood_as(session, review) or to_state
    decision = _move(session, review, move, to_state, by=by, by_author=by_author, now=now, reason=reason, note=note)
    decision.more_reasons = [each.id for each in more] or None
    decision.proposes = proposes
    if by is not None:
        review.needs_second = move is Move.PROPOSE
    _show_or_hide(session, review, move, now, proposes)
    decision.shown_after_id = review.contribution.published_revision_id
    _mend_letters(session, review, decision, now, settings)
    if to_state is State.WAITING:
        if decision.from_state not in workflow.WAITS:
            review.waiting_since = now
        lanes.put_in(session, review)
    if by is not None:
        _owe(session, review, decision, now, settings, tell=tell)
    _close_complaints(session, review, decision, now, settings)
    _follow(session, now)
    _note(session, review, decision)
    return decision


def _or_proposal(
    session: Session, review: Review, move: Move, reasons: Sequence[Reason], *, by: Moderator | None, second: bool
) -> tuple[Move, Move | None]:
    """The move that is made, and what it proposes where `by` is the first of two who must agree. Raises NobodyElse.

    Where nobody could be the second, the move itself is made, and still says that it wants one.
    """
    if by is None:
        return move, None
    proposes = move if two_must_agree(session, review, move, reasons, by=by, second=second) else None
    if proposes is None and move is not Move.PROPOSE:
        return move, None
    if somebody_else(session, review, by):
        return Move.PROPOSE, proposes
    if proposes is None and lanes.open_appeal(session, review):
        raise NobodyElse("nobody else at this desk may decide this appeal")
    return move, proposes


def _mend_letters(session: Session, review: Review, decision: Decision, now: datetime, settings: Settings) -> None:
    """Others are called to confirm; letters that this decision makes untrue do not go, those it makes true again do."""
    if decision.moderator_id is not None and decision.move is Move.PROPOSE:
        due_at = now + timedelta(seconds=settings.undo_seconds)
        call_others(session, review, f"second:{decision.id}", now, due_at=due_at, decision=decision)
    if decision.moderator_id is not None and decision.move is Move.REOPEN:
        _take_back_letters(session, review, decision, now, settings)
    _drop_untrue(session, review, decision, now, settings)
    if decision.move is Move.RESTORE:
        _tell_after_all(session, review, decision.id, now, settings)


def _require_allowed(session: Session, review: Review, move: Move, by: Moderator | None, now: datetime) -> None:
    """Raises MoveNotAllowed or Held where this move is not open to `by` at this moment."""
    if by is not None and (why := barred(session, review, by)):
        raise MoveNotAllowed(f"somebody else has to decide: {why}")
    claims.require_free(review, by, now)
    workflow.after(review.state, move)
    if why := unwanted(review, move):
        raise MoveNotAllowed(why)


def somebody_else(session: Session, review: Review, by: Moderator) -> bool:
    """Whether anybody at this desk could second what `by` decides; else it would wait for ever."""
    closed_to = {by.id, *barred_people(session, review)}
    return any(person.id not in closed_to for person, _role in permissions.deciding(session, review.campaign_id))


def _stood_as(session: Session, review: Review) -> State | None:
    """What was decided on it before its author took it back; none: nothing, or that it may be shown."""
    last = last_decision(session, review)
    if last is None or last.move is not Move.WITHDRAW or last.from_state not in workflow.STANDS:
        return None
    if last.from_state is State.REVISE and _was_shown(session, review, last):
        return None  # off the wall by its author's own act, it is for a person to read whether it comes back
    return last.from_state


def _was_shown(session: Session, review: Review, withdrawal: Decision) -> bool:
    """Whether these words stood on the wall until their author took them back."""
    before = session.scalars(
        select(Decision.shown_after_id)
        .where(Decision.review_id == review.id, Decision.id < withdrawal.id)
        .order_by(Decision.id.desc())
        .limit(1)
    ).first()
    return before == review.revision_id


def _owe(
    session: Session, review: Review, decision: Decision, now: datetime, settings: Settings, *, tell: bool
) -> None:
    """What a person's decision owes to others: the count of agreement, the spam service's lesson, the author's letter."""
    agreement.count(session, review, decision)
    _owe_feedback(session, review, decision.move, now, settings)
    if tell:
        hidden = was_hidden_by_proposal(session, review)
        letters.owe_decision(session, review, decision, now, settings, hidden=hidden)


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
        letters.owe_call(session, person_id, f"{cause}:{person_id}", now, due_at=due_at, decision=decision)


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


def _take_back_letters(session: Session, review: Review, decision: Decision, now: datetime, settings: Settings) -> None:
    """What was decided is open again: letters about it that have not gone are not sent, nor are reports closed.

    An appeal that it answered is open again too, however old: whoever is appealed against still does not decide it.
    """
    before = standing.last(session, review, decision.id)
    if before is not None:
        letters.drop_decision(session, before, now, why="reopened")
        session.execute(update(Appeal).where(Appeal.closed_by_id == before.id).values(closed_by_id=None))
        if now - before.decided_at <= timedelta(seconds=settings.undo_seconds):  # nobody has read of an outcome yet
            session.execute(update(Report).where(Report.closed_by_id == before.id).values(closed_by_id=None))


def _drop_untrue(session: Session, review: Review, decision: Decision, now: datetime, settings: Settings) -> None:
    """What was owed of earlier decisions and does not stand any more is not sent; a report that it answered is open.

    So it is answered anew: at once, where this decision answers it, else by the next one.
    """
    session.flush()
    why = "withdrawn" if decision.move is Move.WITHDRAW else "overtaken"
    for letter in truth.of_author(session, review):
        if not truth.holds(session, letter.kind, session.get_one(Decision, letter.decision_id)):
            letter.dropped_at, letter.dropped_why = now, why
    for answered in letters.outcomes_owed(session, review.contribution):
        before = session.get_one(Decision, answered.decision_id)
        report = session.get_one(Report, answered.report_id)
        if before.id == decision.id or not truth.contradicted(session, report, before):
            continue
        answered.dropped_at, answered.dropped_why = now, why
        theirs = Report.closed_by_id == before.id
        if now - before.decided_at > timedelta(seconds=settings.undo_seconds):  # others have read of that outcome
            theirs = and_(theirs, Report.email == report.email)
        session.execute(update(Report).where(theirs).values(closed_by_id=None))


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


def undoable(
    decision: Decision | None, by: Moderator | None, now: datetime, settings: Settings, since: datetime | None = None
) -> bool:
    """Whether this decision can still be taken back by whoever made it, before anybody was told.

    Of a decision made with many others the window begins at `since`, when the last of them was made.
    """
    return (
        decision is not None
        and by is not None
        and decision.moderator_id == by.id
        and decision.move in workflow.BY_PEOPLE
        and not _stands_otherwise(decision)
        and claims.is_free_for(decision.review, by, now)
        and now - (since or decision.decided_at) <= timedelta(seconds=settings.undo_seconds)
    )


def _stands_otherwise(decision: Decision) -> bool:
    """Whether it took words down in whose place others of the author were approved since."""
    shown = decision.review.contribution.published_revision_id
    return decision.shown_before_id == decision.review.revision_id and shown not in (None, decision.shown_before_id)


def locked(session: Session, review_id: int) -> Review:
    """The review, its contribution locked first: author and moderators move one after the other.

    Keys are not locked: a cluster may name an item as its example while somebody decides that item.
    """
    contribution_id = session.scalar(select(Review.contribution_id).where(Review.id == review_id))
    session.scalars(
        select(Contribution)
        .where(Contribution.id == contribution_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    return session.scalars(
        select(Review)
        .where(Review.id == review_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def open_moves(review: Review, old: set[int] | None = None, appealed: bool | None = None) -> list[Move]:
    """The moves that these words allow now to whoever may decide, in the order of the buttons; the rest as `unwanted`."""
    return [move for move in workflow.open_moves(review.state) if not unwanted(review, move, old, appealed)]


def unwanted(review: Review, move: Move, old: set[int] | None = None, appealed: bool | None = None) -> str:
    """Why these words do not allow a move of the table; empty where they do.

    `old` (see `outdated`) and whether an appeal is open are looked up where they are not given.

    None brings back words that the author does not stand by any more: what was withdrawn, and what is older than words
    sent since, unless it is shown, or nothing is and the author asks that it be read again. What its author is asked to
    change is not declined as well, but taken down where it is shown.
    """
    if review.state is State.REVISE and move in workflow.TAKES_DOWN and not truth.is_shown(review):
        return "the author has been asked for a change, and nothing of it is shown"
    if move not in workflow.BRINGS_BACK:
        return ""
    contribution = review.contribution
    if contribution.withdrawn_at is not None or contribution.erased_at is not None:
        return "the author has taken it back"
    if contribution.published_revision_id == review.revision_id:
        return ""
    session = object_session(review)
    if appealed is None and session is not None and contribution.published_revision_id is None:
        appealed = lanes.open_appeal(session, review)
    if appealed and contribution.published_revision_id is None:
        return ""
    if old is None and session is not None:
        old = outdated(session, [review.id])
    return "the author has sent newer words" if old and review.id in old else ""


def outdated(session: Session, review_ids: Sequence[int]) -> set[int]:
    """Those of which newer words of the author could be shown; where they were declined, these are the newest that can."""
    own, own_words, newer = aliased(Review), aliased(Revision), aliased(Review)
    found = session.scalars(
        select(own.id)
        .join(own_words, own_words.id == own.revision_id)
        .join(newer, newer.contribution_id == own.contribution_id)
        .join(Revision, Revision.id == newer.revision_id)
        .where(
            own.id.in_(review_ids),
            Revision.number > own_words.number,
            newer.state.not_in((State.REJECTED, State.SPAM)),
        )
    )
    return set(found)


def newer_shown(review: Review) -> bool:
    """Whether newer words of the author stand on the wall."""
    shown = review.contribution.published_revision
    return shown is not None and shown.number > review.revision.number


def _replaced(review: Review) -> bool:
    return any(other.number > review.revision.number for other in review.contribution.revisions)


def _move(
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


def _follow(session: Session, now: datetime) -> None:
    """The clusters of all that was moved are brought up to date: last, since their lock must not wait for others."""
    for review in session.info.pop(MOVED, []):
        clusters.follow(session, review, now)


def _show_or_hide(session: Session, review: Review, move: Move, now: datetime, proposes: Move | None) -> None:
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
        _close_complaints(session, review, approved, now, settings)
    _follow(session, now)
    record.add(
        session,
        record.PROGRAM,
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
            _close_appeals(session, each, _move(session, each, Move.SUPERSEDE, State.SUPERSEDED, by=None, now=now))


def _supersede_shown(session: Session, review: Review, now: datetime) -> None:
    """The review of the words that were shown until now ends, since newer ones were approved."""
    shown = review.contribution.published_revision_id
    if shown is None or shown == review.revision_id:
        return
    older = session.scalars(select(Review).where(Review.revision_id == shown)).one()
    if Move.SUPERSEDE in workflow.MOVES[older.state]:
        _close_appeals(session, older, _move(session, older, Move.SUPERSEDE, State.SUPERSEDED, by=None, now=now))


def _undo(
    session: Session,
    review: Review,
    *,
    by: Moderator | None,
    now: datetime,
    settings: Settings,
    since: datetime | None = None,
) -> Decision:
    """State and shown words stand as before the last decision; its letter and feedback are not sent."""
    claims.require_free(review, by, now)
    last = last_decision(session, review)
    if last is not None and last.moderator_id == (by.id if by else None) and _stands_otherwise(last):
        raise NewerStands("newer words of the author stand in their place")
    if last is None or not undoable(last, by, now, settings, since):
        raise MoveNotAllowed("too late to undo: reopen the item instead")
    contribution = review.contribution
    session.execute(update(Report).where(Report.closed_by_id == last.id).values(closed_by_id=None))
    session.execute(update(Appeal).where(Appeal.closed_by_id == last.id).values(closed_by_id=None))
    answer = standing.last(session, review, last.id) if last.move is Move.REOPEN else None
    if answer is not None and last.from_state not in workflow.WAITS:  # what it answered is answered again
        _close_appeals(session, review, answer)
    to_state = last.from_state
    if _replaced(review) and to_state in workflow.MENDABLE and last.shown_before_id != review.revision_id:
        to_state = State.SUPERSEDED  # newer words came since, so these need no decision
    elif to_state is State.APPROVED and lanes.reported(session, review):
        to_state = State.WAITING  # somebody complained meanwhile, and a person has to read that
    decision = _move(session, review, Move.UNDO, to_state, by=by, now=now, undoes=last)
    # what another decision has shown or hidden since is not ours to change back
    thawed = last.move in workflow.SHOWS and contribution.published_revision_id == review.revision_id
    if last.shown_before_id != contribution.published_revision_id and (
        thawed or last.shown_after_id == contribution.published_revision_id
    ):
        _show_again(session, review, last.shown_before_id, now)
    if last.move in workflow.SHOWS:
        _stand_again(session, review, last, now)
    decision.shown_after_id = contribution.published_revision_id
    review.needs_second = _stands_proposed(session, review)
    if to_state in workflow.WAITS:
        lanes.put_in(session, review)
    _check_again(review, now)
    letters.drop_decision(session, last, now)
    _tell_after_all(session, review, decision.id + 1, now, settings)
    agreement.count(session, review, decision)
    session.execute(
        update(Evidence).where(Evidence.review_id == review.id).values(feedback_owed=None, feedback_due_at=None)
    )
    _follow(session, now)
    _note(session, review, decision)
    return decision


def _stands_proposed(session: Session, review: Review) -> bool:
    """Whether, of what people did here and did not take back, a proposal was the last."""
    newest = standing.last(session, review)
    if newest is None:
        return False
    return newest.move is Move.PROPOSE or (newest.alone and review.state in workflow.WAITS)


def _show_again(session: Session, review: Review, revision_id: int | None, now: datetime) -> None:
    """These words are shown as before; where newer ones had taken their place, their review stands as it stood."""
    if revision_id is None:
        publishing.hide(session, review.contribution, now)
        return
    older = session.scalars(select(Review).where(Review.revision_id == revision_id)).one()
    publishing.publish(session, older.revision, now)
    ended = last_decision(session, older)
    if older.id != review.id and ended is not None and ended.move is Move.SUPERSEDE:
        _unsupersede(session, older, ended, now)


def _unsupersede(session: Session, older: Review, ended: Decision, now: datetime) -> None:
    session.execute(update(Appeal).where(Appeal.closed_by_id == ended.id).values(closed_by_id=None))
    _move(session, older, Move.UNDO, ended.from_state, by=None, now=now)
    if ended.from_state in workflow.WAITS:
        lanes.put_in(session, older)
    _check_again(older, now)


def _check_again(review: Review, now: datetime) -> None:
    """What waits for its checks once more has them; the job that was owed found it decided and went away."""
    if review.state is State.RECEIVED:
        review.check_after = now


def _stand_again(session: Session, review: Review, approved: Decision, now: datetime) -> None:
    """Older words that were not shown and ended with this approval stand as they stood."""
    for older in session.scalars(select(Review).where(Review.contribution_id == review.contribution_id)).all():
        ended = last_decision(session, older)
        by_program = ended is not None and ended.moderator_id is None and not ended.by_author
        if ended is not None and by_program and ended.move is Move.SUPERSEDE and ended.id > approved.id:
            _unsupersede(session, older, ended, now)


def _tell_after_all(session: Session, review: Review, before_id: int, now: datetime, settings: Settings) -> None:
    """What an undone decision overtook, or its author took back, and nobody was told stands again, and is told after all.

    Where newer words have left the wall by that, so is what took down the older ones.
    """
    before = standing.last(session, review, before_id)
    session.flush()
    again = letters.overtaken(session, before) if before is not None else []
    if review.contribution.published_revision_id is None:
        again += letters.taken_down(session, review.contribution)
    for letter in again:
        if truth.holds(session, letter.kind, session.get_one(Decision, letter.decision_id)):
            letter.dropped_at, letter.dropped_why = None, ""
            letter.due_at = now + timedelta(seconds=settings.undo_seconds)


def _owe_feedback(session: Session, review: Review, move: Move, now: datetime, settings: Settings) -> None:
    """Akismet learns from a spam decision, and from an approval of what it called spam; from nothing else.

    A rejection is about our rules, not about spam: telling would poison the training and give words away.
    Each decision takes the place of the one before, so what that one owed and has not told is not told.
    """
    evidence = session.get(Evidence, review.id)
    if evidence is None or evidence.akismet_said is None:
        return
    evidence.feedback_owed, evidence.feedback_due_at = None, None
    verdict = FEEDBACK.get(move)
    if move is Move.REOPEN and _came_from_spam(session, review):
        verdict = "ham"
    believed = evidence.feedback_sent or ("spam" if evidence.akismet_said == "true" else "ham")
    if verdict is None or verdict == believed:
        return
    evidence.feedback_owed = verdict
    evidence.feedback_due_at = now + timedelta(seconds=settings.undo_seconds)


def _came_from_spam(session: Session, review: Review) -> bool:
    """Whether the move just made took the item out of spam."""
    last = last_decision(session, review)
    return last is not None and last.from_state is State.SPAM


def _close_complaints(session: Session, review: Review, decision: Decision, now: datetime, settings: Settings) -> None:
    """An appeal, and what visitors reported of these words, have their outcome; who left an address is told it."""
    if decision.move is Move.WITHDRAW:  # an appeal stays open, for whoever reads the words when they are put back
        _answer_reports(session, review, decision, now, settings)
        return
    if decision.move is Move.SUPERSEDE:  # what the author asked to be read again is not to be shown any more
        _close_appeals(session, review, decision)
        return
    if decision.moderator_id is None or decision.to_state in workflow.WAITS:
        return
    _close_appeals(session, review, decision)
    if decision.to_state is State.REVISE and review.contribution.published_revision_id is not None:
        return  # what was reported still stands there: it is answered when the words have changed or gone
    _answer_reports(session, review, decision, now, settings)


def _answer_reports(session: Session, review: Review, decision: Decision, now: datetime, settings: Settings) -> None:
    """What was reported and this answers is closed, and who left an address is owed a letter."""
    still_open = (_answered(review), Report.closed_by_id.is_(None))
    for report in session.scalars(select(Report).where(*still_open, Report.email != "")).all():
        letters.owe_outcome(session, report, decision, now, settings)
    session.execute(update(Report).where(*still_open).values(closed_by_id=decision.id))


def _close_appeals(session: Session, review: Review, decision: Decision) -> None:
    session.execute(
        update(Appeal)
        .where(Appeal.review_id == review.id, Appeal.closed_by_id.is_(None))
        .values(closed_by_id=decision.id)
    )


def _answered(review: Review) -> ColumnElement[bool]:
    """Reports that a decision on this item answers: those of its words, and of words whose place newer ones took."""
    replaced = select(Review.revision_id).where(
        Review.contribution_id == review.contribution_id, Review.state == State.SUPERSEDED
    )
    of_these = or_(
        Report.revision_id.is_(None), Report.revision_id == review.revision_id, Report.revision_id.in_(replaced)
    )
    return and_(Report.contribution_id == review.contribution_id, of_these)


def _note(session: Session, review: Review, decision: Decision) -> None:
    """A person's decision, and the program's to call something spam, stand in the record."""
    if decision.moderator_id is None and decision.move is not Move.MARK_SPAM:
        return
    record.add(
        session,
        record.actor(decision.moderator),
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
