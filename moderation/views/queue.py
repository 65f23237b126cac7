"""The queue: what waits, lane by lane, with one item open beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import abort, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy import BigInteger, func, literal, select
from sqlalchemy.orm import Session, aliased, joinedload

from moderation import claims, permissions
from moderation.bulk import picks as bulk_picks
from moderation.decisions import undo
from moderation.jobs import tasks
from moderation.models import Decision, Lane, Moderator, Review, Role
from moderation.organisations import matters
from moderation.people import sign_in
from moderation.permissions import Act
from moderation.post import sending
from moderation.queue import aside, care, counts, order
from moderation.queue import filters as queue_filters
from moderation.screens import beside, items, news, story
from moderation.screens import rows as screens_rows
from moderation.surge import state
from moderation.workflow import WAITS
from pledges.db import Values, reading, utcnow
from pledges.settings import settings
from pledges.text import number

from . import filters as views_filters
from .base import counted, desk, for_staff, harsh_opened

WITH_ITS_ITEM = (
    joinedload(Decision.review).joinedload(Review.revision),
    joinedload(Decision.review).joinedload(Review.contribution),
)
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
    if lane not in screens_rows.LANES:
        abort(404)
    among = views_filters.campaigns(session, where)
    filters = views_filters.asked(among)
    asked: dict[str, Any] = {"now": now, "campaigns": where, "lane": lane, "by": me, "among": among}
    reviews, more = _page(session, {**asked, "filters": filters})
    values = Values(session)  # all that is a single number, or the like, comes by one statement
    seen = queue_filters.campaign_ids(session, where, filters, among)
    lanes = counts.in_lanes(session, values, now=now, campaigns=seen, by=me)
    left_out = counts.left_out(values, now=now, campaigns=where, lane=lane, by=me)
    narrowed = counts.how_many(session, values, **asked, filters=filters) if filters.more() else None
    offered = views_filters.offered(session, values, filters=filters, **asked)
    handed, since = claims.handed(values, me, now), news.since(values, now)
    pace = care.pace(session, values, me, sign_in.this_session(), now)
    alert, refused = tasks.spam_service().alert(values), sending.refused(values)
    if left_out() and narrowed is None:
        narrowed = counts.how_many(session, values, **asked, filters=filters)
    in_lanes = lanes()
    rows = [screens_rows.row_of(review, now, me) for review in reviews]
    current = _current(session, reviews, held, me, now)
    item = (
        items.item_of(session, current, me, held, now, shown=shown is True, opened=harsh_opened(session), in_queue=True)
        if current
        else None
    )
    organisations, rest = _organisations(session, where, lane, now)
    if more:
        rest = order.position(reviews[-1], lane)
    return render_template(
        "moderation/queue.html",
        me=me,
        lane=lane,
        lanes=screens_rows.lane_links(in_lanes.counts, lane, in_lanes.oldest, now),
        waiting=narrowed() if narrowed is not None else in_lanes.counts[lane],
        bounded=counts.COUNTED if narrowed is not None else None,
        narrow=offered(),
        lane_name=screens_rows.LANES[lane],
        rows=rows,
        together=beside.beside(session, reviews, me),
        may_choose=permissions.campaigns(held, Act.DECIDE) != [],
        hand={"left": handed(), "offered": bool(rows) and lane not in claims.NOT_HANDED},
        item=item,
        organisations=organisations,
        again=shown is False,
        since=since(),
        pace=pace(),
        left_out=left_out(),
        next_after=screens_rows.write_position(rest) if rest is not None else "",
        toast=toast_of(session, me, now) or _not_here(current),
        alert=alert(),
        mail_refused=refused(),
        surges=state.everywhere(session, where, now),
    )


def _organisations(
    session: Session, where: list[int] | None, lane: str, now: datetime
) -> tuple[list[matters.Waiting], order.Position | None]:
    """What waits about organisations, in its own lane alone: no item of words stands there."""
    if lane != Lane.ORGANISATIONS:
        return [], None
    return matters.waiting(session, where, screens_rows.read_position(request.args.get("after", "")), now)


@desk.get("/queue.json")
@for_staff
def tell_news(me: Moderator) -> ResponseReturnValue:
    """What is new in the lane since the page was made, and what became of the items that it shows."""
    session, now = reading(), utcnow()
    lane, since = request.args.get("lane", "all"), news.read_since(request.args.get("since", ""), now)
    if lane not in screens_rows.LANES or since is None:
        abort(400)
    picks = bulk_picks.read_picks([request.args.get("ids", "")])[:SHOWN]
    etag = news.validator(session, me, request.full_path, picks, now)
    if request.if_none_match.contains(etag):
        answer = make_response("", 304)
    else:
        where = permissions.campaigns(permissions.roles(session, me), Act.LOOK)
        among = views_filters.campaigns(session, where)
        filters = views_filters.asked(among)
        seen = queue_filters.campaign_ids(session, where, filters, among)
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
    after = screens_rows.read_position(request.args.get("after", ""))
    limit = order.PAGE + 1
    reviews = order.page(session, **asked, after=after, limit=limit)
    at = number(request.args.get("at", ""))
    if at is not None and at not in {review.id for review in reviews[: order.PAGE]}:
        reviews = order.page_from(session, at, **asked, limit=limit) or reviews
    return reviews[: order.PAGE], len(reviews) > order.PAGE


def _current(
    session: Session, reviews: list[Review], held: dict[int | None, Role], me: Moderator, now: datetime
) -> Review | None:
    """The item that the address names, or none; where it names none, the first that no colleague has open.

    What is named is shown also where a row stands for it or another page lists it; never another in its place.
    """
    if at := request.args.get("at", ""):
        named = number(at)
        review = next((each for each in reviews if each.id == named), None)
        if review is None:
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
    if request.args.get("marked", "") in story.MARKED:
        return _marked(session, me, now)
    done = number(request.args.get("done", ""))
    if done is None:
        return None
    later = aliased(Decision)
    newest = select(func.max(later.id)).where(later.review_id == Decision.review_id).scalar_subquery()
    made = select(Decision, newest).where(Decision.id == literal(done, BigInteger), Decision.moderator_id == me.id)
    found = session.execute(made.options(*WITH_ITS_ITEM)).first()
    if found is None:
        return None
    decision, last = found
    undoable = last == decision.id and undo.undoable(decision, me, now, settings())
    return story.toast_of(decision, undoable=undoable)


def _marked(session: Session, me: Moderator, now: datetime) -> dict[str, Any]:
    """What was laid aside, passed on or put back; undone like a decision."""
    of = number(request.args.get("of", ""))
    review = session.get(Review, of) if of is not None else None
    mine = review is not None and aside.undoable_mark(session, review, me, now, settings()) is not None
    return story.toast_of_mark(request.args["marked"], review if mine else None)
