"""The queue: what waits, lane by lane, with one item open beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import abort, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy import BigInteger, literal, select
from sqlalchemy.orm import Session

from pledges.db import reading, utcnow
from pledges.settings import settings
from pledges.text import number

from .. import (
    accounts,
    bulk,
    care,
    claims,
    decisions,
    jobs,
    news,
    notices,
    permissions,
    queue,
    screens,
    surge,
    together,
)
from ..models import Decision, Moderator, Review, Role
from ..permissions import Act
from ..workflow import WAITS
from . import narrow
from .base import counted, desk, for_staff, harsh_opened

SHOWN = 50  # items of one page, at most


@desk.get("/")
@for_staff
def show_queue(me: Moderator) -> ResponseReturnValue:
    return _queue(me)


@desk.post("/")
@for_staff
def show_queue_text(me: Moderator) -> ResponseReturnValue:
    """The queue with the harsh text of the item beside it: an answer to a press, and to no address."""
    return _queue(me, shown=counted())


def _queue(me: Moderator, shown: bool | None = None) -> ResponseReturnValue:
    session, now = reading(), utcnow()
    held = permissions.roles(session, me)
    where = permissions.campaigns(held, Act.LOOK)
    lane = request.args.get("lane", "all")
    if lane not in screens.LANES:
        abort(404)
    filters = narrow.asked(session, where)
    asked: dict[str, Any] = {"now": now, "campaigns": where, "lane": lane, "by": me, "filters": filters}
    reviews, more = _page(session, asked)
    seen = queue.campaign_ids(session, where, filters)
    counts = queue.counts(session, now=now, campaigns=seen, by=me)
    left_out = queue.left_out(session, now=now, campaigns=where, lane=lane, by=me)
    partly = filters.more() or left_out > 0
    rows = [screens.row_of(review, now, me) for review in reviews]
    current = _current(session, reviews, held, me, now)
    item = (
        screens.item_of(session, current, me, held, now, shown=shown is True, opened=harsh_opened(session))
        if current
        else None
    )
    return render_template(
        "moderation/queue.html",
        me=me,
        lane=lane,
        lanes=screens.lane_links(counts, lane, queue.oldest(session, now=now, campaigns=seen, by=me), now),
        waiting=counts[lane] if not partly else queue.how_many(session, **asked),
        bounded=queue.COUNTED if partly else None,
        narrow=narrow.offered(session, filters=filters, campaigns=where, lane=lane, by=me, now=now),
        lane_name=screens.LANES[lane],
        rows=rows,
        together=together.beside(session, reviews, me),
        may_choose=permissions.campaigns(held, Act.DECIDE) != [],
        hand={"left": claims.handed(session, me, now), "offered": bool(rows) and lane not in claims.NOT_HANDED},
        item=item,
        again=shown is False,
        since=news.since(session, now),
        pace=care.pace(session, me, accounts.this_session(), now),
        left_out=left_out,
        next_after=screens.write_position(queue.position(reviews[-1], lane)) if more else "",
        toast=toast_of(session, me, now) or _not_here(current),
        alert=jobs.spam_service().alert(session),
        mail_refused=notices.refused(session),
        surges=surge.everywhere(session, where, now),
    )


@desk.get("/queue.json")
@for_staff
def tell_news(me: Moderator) -> ResponseReturnValue:
    """What is new in the lane since the page was made, and what became of the items that it shows."""
    session, now = reading(), utcnow()
    lane, since = request.args.get("lane", "all"), news.read_since(request.args.get("since", ""), now)
    if lane not in screens.LANES or since is None:
        abort(400)
    picks = bulk.read_picks([request.args.get("ids", "")])[:SHOWN]
    etag = news.validator(session, me, request.full_path, picks, now)
    if request.if_none_match.contains(etag):
        answer = make_response("", 304)
    else:
        where = permissions.campaigns(permissions.roles(session, me), Act.LOOK)
        filters = narrow.asked(session, where)
        seen = queue.campaign_ids(session, where, filters)
        told = news.of(session, me, campaigns=seen, lane=lane, since=since, picks=picks, now=now, filters=filters)
        words = ngettext("%(num)s new", "%(num)s new", told.new) if told.new else ""
        answer = make_response(jsonify(new=told.new, words=words, after=told.after, rows=told.rows))
    answer.set_etag(etag)
    return answer


def _page(session: Session, asked: dict[str, Any]) -> tuple[list[Review], bool]:
    """The page that the address names, and whether more follows.

    An item that the address names and that stands further on begins the page: a decision made on a later page goes on
    from there, not from the top.
    """
    after = screens.read_position(request.args.get("after", ""))
    limit = queue.PAGE + 1
    reviews = queue.page(session, **asked, after=after, limit=limit)
    at = number(request.args.get("at", ""))
    if at is not None and at not in {review.id for review in reviews[: queue.PAGE]}:
        reviews = queue.page_from(session, at, **asked, limit=limit) or reviews
    return reviews[: queue.PAGE], len(reviews) > queue.PAGE


def _current(
    session: Session, reviews: list[Review], held: dict[int | None, Role], me: Moderator, now: datetime
) -> Review | None:
    """The item that the address names, or none; where it names none, the first that no colleague has open.

    What is named is shown also where a row stands for it or another page lists it; never another in its place.
    """
    if at := request.args.get("at", ""):
        named = number(at)
        review = session.scalars(select(Review).where(Review.id == literal(named, BigInteger))).first()
        if review is None or review.state not in WAITS or not permissions.may(held, Act.LOOK, review.campaign_id):
            return None
        return review
    free = [review for review in reviews if claims.holder(review, now) in (None, me)]
    return next(iter(free or reviews), None)


def _not_here(current: Review | None) -> dict[str, Any] | None:
    """That the item which the address names waits no more, so that none is open; none: it does."""
    if not request.args.get("at", "") or current is not None:
        return None
    words = gettext("What you asked for stands here no more, so nothing is open")
    return {"what": words, "words": "", "undoable": False}


def toast_of(session: Session, me: Moderator, now: datetime) -> dict[str, Any] | None:
    """What was done last, while it can be undone."""
    if request.args.get("marked", "") in screens.MARKED:
        return _marked(session, me, now)
    done = number(request.args.get("done", ""))
    decision = session.get(Decision, done) if done is not None else None
    if decision is None or decision.moderator_id != me.id:
        return None
    return screens.toast_of(decision, undoable=_undoable(session, decision, me, now))


def _marked(session: Session, me: Moderator, now: datetime) -> dict[str, Any]:
    """What was laid aside, passed on or put back; undone like a decision."""
    of = number(request.args.get("of", ""))
    review = session.get(Review, of) if of is not None else None
    mine = review is not None and queue.undoable_mark(session, review, me, now, settings()) is not None
    return screens.toast_of_mark(request.args["marked"], review if mine else None)


def _undoable(session: Session, decision: Decision, me: Moderator, now: datetime) -> bool:
    last = decisions.last_decision(session, decision.review)
    return last is not None and last.id == decision.id and decisions.undoable(last, me, now, settings())
