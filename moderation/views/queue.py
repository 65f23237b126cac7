"""The queue: what waits, lane by lane, with one item open beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from pledges.db import reading, utcnow
from pledges.settings import settings

from .. import decisions, jobs, permissions, queue, screens, together
from ..models import Decision, Moderator, Review
from ..permissions import Act
from . import narrow
from .base import desk, for_staff


@desk.get("/")
@for_staff
def show_queue(me: Moderator) -> ResponseReturnValue:
    session, now = reading(), utcnow()
    held = permissions.roles(session, me)
    where = permissions.campaigns(held, Act.LOOK)
    lane = request.args.get("lane", "all")
    if lane not in screens.LANES:
        abort(404)
    after = screens.read_position(request.args.get("after", ""))
    filters = narrow.asked(session, where)
    asked: dict[str, Any] = {"now": now, "campaigns": where, "lane": lane, "by": me, "filters": filters}
    reviews = queue.page(session, **asked, after=after, limit=queue.PAGE + 1)
    more, reviews = len(reviews) > queue.PAGE, reviews[: queue.PAGE]
    seen = queue.campaign_ids(session, where, filters)
    counts = queue.counts(session, now=now, campaigns=seen, by=me)
    rows = [screens.row_of(review, now) for review in reviews]
    current = _current(reviews, request.args.get("at", ""))
    item = screens.item_of(session, current, me, held, now, shown=request.args.get("show") == "1") if current else None
    return render_template(
        "moderation/queue.html",
        me=me,
        lane=lane,
        lanes=screens.lane_links(counts, lane, queue.oldest(session, now=now, campaigns=seen, by=me), now),
        waiting=counts[lane] if not filters.more() else queue.how_many(session, **asked),
        bounded=queue.COUNTED if filters.more() else None,
        narrow=narrow.offered(session, filters=filters, campaigns=where, lane=lane, by=me, now=now),
        lane_name=screens.LANES[lane],
        rows=rows,
        together=together.beside(session, reviews, me),
        may_choose=permissions.campaigns(held, Act.DECIDE) != [],
        item=item,
        next_after=screens.write_position(queue.position(reviews[-1], lane)) if more else "",
        toast=toast_of(session, me, now),
        alert=jobs.spam_service().alert(session),
    )


def _current(reviews: list[Review], at: str) -> Review | None:
    chosen = [review for review in reviews if str(review.id) == at]
    return next(iter(chosen or reviews), None)


def toast_of(session: Session, me: Moderator, now: datetime) -> dict[str, Any] | None:
    """What was decided last, while it can be undone."""
    marked = screens.MARKED.get(request.args.get("marked", ""))
    if marked is not None:
        return {"what": str(marked), "words": "", "undoable": False}
    done = request.args.get("done", "")
    decision = session.get(Decision, int(done)) if done.isascii() and done.isdigit() else None
    if decision is None or decision.moderator_id != me.id:
        return None
    return screens.toast_of(decision, undoable=_undoable(session, decision, me, now))


def _undoable(session: Session, decision: Decision, me: Moderator, now: datetime) -> bool:
    last = decisions.last_decision(session, decision.review)
    return last is not None and last.id == decision.id and decisions.undoable(last, me, now, settings())
