"""One item: looked at, and decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from moderation import claims, permissions
from moderation.decisions import decide as decisions_decide
from moderation.decisions import move as decisions_move
from moderation.decisions import seeing
from moderation.jobs import queue
from moderation.models import Decision, Moderator, Reason, Review, Role
from moderation.permissions import Act
from moderation.queue import aside, order
from moderation.rules import reasons
from moderation.screens import items, story
from moderation.workflow import Move, MoveNotAllowed
from pledges.db import reading, transaction, until_stored, utcnow
from pledges.settings import settings
from pledges.text import clean, number

from . import filters as views_filters
from .base import counted, desk, for_staff, harsh_opened, problem, review_or_404
from .queue import toast_of

NOTE_CHARS = 1000
AHEAD = 10  # items below that are looked at for one that is free
DO_NOT_TELL = {"no", "0", "false", "off"}
PASS, PARK, TAKE_DOWN, BACK = "pass", "park", "take_down", "back"


class NoSuchColleague(Exception):
    """Whoever was named may not decide this item, so it is not passed on: 422."""


@dataclass(frozen=True)
class Given:
    """What was filled in, so that the page comes back with it."""

    move: str
    reasons: list[str] = field(default_factory=list)
    note: str = ""
    tell: bool = True
    second: bool = False


def filled_in() -> Given:
    form = request.form
    return Given(
        form.get("move", ""),
        form.getlist("reason"),
        clean(form.get("note", ""), lines=True)[:NOTE_CHARS],
        form.get("tell", "").lower() not in DO_NOT_TELL,
        bool(form.get("second")),
    )


@desk.get("/reviews/<int:review_id>")
@for_staff
def show_item(review_id: int, me: Moderator) -> ResponseReturnValue:
    return _item(review_id, me)


@desk.post("/reviews/<int:review_id>")
@for_staff
def show_item_text(review_id: int, me: Moderator) -> ResponseReturnValue:
    """The item with its harsh text: an answer to a press, and to no address."""
    review_or_404(reading(), review_id, me)
    return _item(review_id, me, shown=counted())


def _item(review_id: int, me: Moderator, shown: bool | None = None) -> ResponseReturnValue:
    session, now = reading(), utcnow()
    review, held = review_or_404(session, review_id, me)
    item = items.item_of(session, review, me, held, now, shown=shown is True, opened=harsh_opened(session))
    return render_template(
        "moderation/item.html",
        me=me,
        item=item,
        lane=views_filters.lane(),
        toast=toast_of(session, me, now),
        again=shown is False,
    )


@desk.post("/reviews/<int:review_id>/decide")
@for_staff
def decide(review_id: int, me: Moderator) -> ResponseReturnValue:
    """One decision; made again where PostgreSQL stopped it because two waited for each other."""
    return until_stored(lambda: _decide(review_id, me))


def _decide(review_id: int, me: Moderator) -> ResponseReturnValue:
    now, form = utcnow(), request.form
    version = number(form.get("version", ""))
    move = form.get("move", "")
    if version is None or move not in {*Move, PASS, PARK, TAKE_DOWN, BACK}:
        return problem(gettext("Something was missing from what was sent. Look at the item again."), 400)
    try:
        with transaction() as session:
            review, held = review_or_404(session, review_id, me)
            permissions.require(held, Act.TAKE_DOWN if move == TAKE_DOWN else Act.DECIDE, review.campaign_id)
            move = Move.REJECT.value if move == TAKE_DOWN else move  # of what is shown: off every page at once
            given, lane = filled_in(), views_filters.lane()
            at = _next_after(session, review, lane, held, me, now)
            if move == PASS and given.second:
                asked = _ask_for_second(session, review, version, given.note, me, now)
                done, marked = str(asked.id), ""
            elif move in (PASS, PARK):
                _mark(session, review, move, version, given.note, me, now)
                done, marked = "", move
            elif move == BACK:
                aside.undo_mark(session, review, version=version, by=me, now=now, settings=settings())
                done, marked = "", move
            else:
                chosen = reasons_chosen(session, review, given.reasons, move)
                decision = decisions_decide.decide(
                    session,
                    review_id,
                    _people_move(move),
                    by=me,
                    version=version,
                    now=now,
                    settings=settings(),
                    reason=next(iter(chosen), None),
                    more=chosen[1:],
                    note=given.note,
                    second=given.second,
                    tell=given.tell,
                    seen=what_was_seen(),
                )
                done, marked = str(decision.id), ""
    except claims.Overtaken as error:
        if _is_a_repeat(error.other, me, move, version):  # a button pressed twice
            return _back_to_queue(at, str(error.other.id) if error.other else "")
        return overtaken(review_id, me, error)
    except decisions_move.ReasonMissing:
        return _ask_again(review_id, me, move, gettext("Choose a reason first: the author will read it."))
    except seeing.NotSeen:
        return _not_shown(review_id, me)
    except seeing.Doubted:
        return _in_doubt(review_id, me)
    except NoSuchColleague:
        return _ask_again(review_id, me, move, no_such_colleague())
    queue.nudge_letters(settings().undo_seconds)
    if move in (Move.UNDO, BACK):
        return _back_to_queue(review_id, done, marked)
    if form.get("back") == "mine":
        before = form.get("before") or None
        return redirect(url_for("desk.show_history", who="me", done=done or None, before=before), code=303)
    return _back_to_queue(at, done, marked, review_id if marked else None)


def no_such_colleague() -> str:
    return gettext("It was not passed on: the colleague whom you named cannot decide here. Choose another.")


def _back_to_queue(at: int | None, done: str, marked: str = "", which: int | None = None) -> ResponseReturnValue:
    """The queue with this item open, and what was done told."""
    anchor = "item" if at else None
    there = url_for(
        "desk.show_queue",
        at=at,
        done=done or None,
        marked=marked or None,
        of=which,
        _anchor=anchor,
        **views_filters.carried(),
    )
    return redirect(there, code=303)


def _is_a_repeat(other: Decision | None, me: Moderator, move: str, version: int) -> bool:
    """Whether what stands is this very press, made before by the same person on the same version."""
    return (
        other is not None
        and other.moderator_id == me.id
        and move in (other.move, other.proposes, PASS if other.move is Move.PROPOSE else None)
        and other.version == version + 1
    )


def _next_after(
    session: Session, review: Review, lane: str, held: dict[int | None, Role], me: Moderator, now: datetime
) -> int | None:
    """The next item below this one in the lane that no colleague has open; none below: from the top."""
    where = permissions.campaigns(held, Act.LOOK)
    here = order.position(review, lane)
    among = views_filters.campaigns(session, where)
    filters = views_filters.asked(among)
    following = order.page(
        session, now=now, campaigns=where, lane=lane, by=me, after=here, limit=AHEAD, filters=filters, among=among
    )
    free = [each for each in following if claims.holder(each, now) in (None, me)]
    return next((each.id for each in (*free, *following)), None)


def _people_move(move: str) -> Move:
    chosen = Move(move)
    if chosen not in permissions.FOR_MOVE:
        raise MoveNotAllowed(move)
    return chosen


def reasons_chosen(session: Session, review: Review, chosen: list[str], move: str) -> list[Reason]:
    """The reasons that were chosen, by id or key, among those that this campaign offers for this move."""
    offered = reasons.offered(session, review.campaign_id, move)
    return [reason for reason in offered if reason.key in chosen or str(reason.id) in chosen]


def _ask_for_second(
    session: Session, review: Review, version: int, note: str, me: Moderator, now: datetime
) -> Decision:
    """Somebody else decides: the colleague who was named, or whoever comes next."""
    to = _colleague(session, request.form.get("to", ""), review, me)
    asked = decisions_decide.decide(
        session, review.id, Move.PROPOSE, by=me, version=version, now=now, settings=settings(), note=note
    )
    if to is not None:
        aside.hand_over(session, review, version=asked.version, by=me, to=to, note="", now=now)
    return asked


def _mark(session: Session, review: Review, move: str, version: int, note: str, me: Moderator, now: datetime) -> None:
    if move == PARK:
        aside.park(session, review, version=version, by=me, now=now)
        return
    to = _colleague(session, request.form.get("to", ""), review, me)
    aside.hand_over(session, review, version=version, by=me, to=to, note=note, now=now)


def _colleague(session: Session, chosen: str, review: Review, me: Moderator) -> Moderator | None:
    """The colleague who was named; none named: whoever comes next. Raises NoSuchColleague."""
    if not chosen.strip():
        return None
    for colleague in items.colleagues_for(session, review, me):
        if chosen in (str(colleague.id), colleague.email):
            return colleague
    raise NoSuchColleague


def what_was_seen() -> seeing.Seen:
    """What the form says of the words that it decides on."""
    form = request.form
    return seeing.Seen(form.get("seen", ""), bool(form.get("sure")), form.get("named", ""))


def stays_open(review: Review, me: Moderator) -> bool:
    """Whether the page that was sent had this harsh text open, so that it is not closed and counted again."""
    return review.masked and seeing.proves(what_was_seen().proof, me, review)


def _not_shown(review_id: int, me: Moderator) -> ResponseReturnValue:
    """The item with the words that are to be read first; harsh ones stay hidden until they are asked for."""
    hidden = review_or_404(reading(), review_id, me)[0].masked
    if hidden:
        words = gettext("Nothing was approved: the text is still hidden. Show it first, or decide otherwise.")
    else:
        words = gettext("Nothing was approved: these words had not been shown to you. Read them now.")
    return _in_its_place(review_id, me, problem=words)


def _in_doubt(review_id: int, me: Moderator) -> ResponseReturnValue:
    """The item, and the question whether it is approved in spite of what the checks found."""
    return _in_its_place(review_id, me, sure=True)


def _in_its_place(review_id: int, me: Moderator, **more: Any) -> ResponseReturnValue:
    session, now = reading(), utcnow()
    session.expire_all()
    review, held = review_or_404(session, review_id, me)
    opened = harsh_opened(session)
    item = items.item_of(session, review, me, held, now, shown=stays_open(review, me), opened=opened)
    given = filled_in()
    asked = {
        "lane": views_filters.lane(),
        "toast": None,
        "given": given,
        "opened": "" if given.tell else "approve",
        **more,
    }
    return render_template("moderation/item.html", me=me, item=item, **asked), 409


def overtaken(review_id: int, me: Moderator, error: claims.Overtaken) -> ResponseReturnValue:
    """The item as it stands now, with who was quicker, or who has it open."""
    session, now = reading(), utcnow()
    session.expire_all()
    review, held = review_or_404(session, review_id, me)
    words = story.overtaken_words(error.other)
    if isinstance(error, claims.Held):
        words = claims.held_words(error.holder, review.claimed_until or now)
    item = items.item_of(session, review, me, held, now, shown=False, opened=harsh_opened(session))
    page = render_template(
        "moderation/item.html", me=me, item=item, lane=views_filters.lane(), toast=None, problem=words
    )
    return page, 409


def _ask_again(review_id: int, me: Moderator, move: str, words: str) -> ResponseReturnValue:
    """The item with what was wrong, and all that was filled in."""
    session, now = reading(), utcnow()
    review, held = review_or_404(session, review_id, me)
    item = items.item_of(session, review, me, held, now, shown=False, opened=harsh_opened(session))
    page = render_template(
        "moderation/item.html",
        me=me,
        item=item,
        lane=views_filters.lane(),
        toast=None,
        problem=words,
        opened=move,
        given=filled_in(),
    )
    return page, 422
