"""Opening, leaving and taking over an item; twenty at once for a busy evening."""

from __future__ import annotations

from flask import jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from moderation import claims, permissions
from moderation.decisions import move, second
from moderation.models import Moderator, Review
from moderation.permissions import Act
from moderation.queue import order
from moderation.screens import story
from pledges.db import transaction, utcnow
from pledges.text import moment

from . import filters
from .base import desk, for_staff, review_or_404
from .items import overtaken


def _theirs(session: Session, review_id: int, me: Moderator) -> Review:
    """The item, for somebody who may decide on it."""
    review, held = review_or_404(session, review_id, me)
    permissions.require(held, Act.DECIDE, review.campaign_id)
    return review


def _back(review_id: int) -> ResponseReturnValue:
    if request.form.get("back") == "queue":
        return redirect(url_for("desk.show_queue", at=review_id, **filters.carried()), code=303)
    return redirect(url_for("desk.show_item", review_id=review_id, **filters.carried()), code=303)


@desk.post("/reviews/<int:review_id>/claim")
@for_staff
def claim_item(review_id: int, me: Moderator) -> ResponseReturnValue:
    """It is open at me for some minutes; a script is told how long, or who has it."""
    now = utcnow()
    try:
        with transaction() as session:
            review = _theirs(session, review_id, me)
            second.require_theirs(session, review, me)
            taken = claims.take(session, review, me, now)
            claim = claims.claim_of(review, me, now)
            holder = claims.holder(review, now)
        if not taken and holder is not None:
            raise claims.Held(holder)
    except claims.Held as error:
        if not request.headers.get("X-Part"):
            return overtaken(review_id, me, error)
        return jsonify(state=claim.state, words=claim.words), 409
    except claims.Overtaken as error:
        if not request.headers.get("X-Part"):
            return overtaken(review_id, me, error)
        return jsonify(state="gone", words=story.overtaken_words(error.other)), 409
    if request.headers.get("X-Part"):
        return jsonify(state=claim.state, words=claim.words, until=claim.until)
    return _back(review_id)


@desk.post("/reviews/<int:review_id>/release")
@for_staff
def release_item(review_id: int, me: Moderator) -> ResponseReturnValue:
    """It is free again: by the button altogether, by a page that is left only as far as that page knew."""
    with transaction() as session:
        review = _theirs(session, review_id, me)
        if "left" in request.form:
            claims.leave(session, review, me, moment(request.form["left"]), utcnow())
            return "", 204
        claims.release(session, review, me)
    return redirect(url_for("desk.show_queue", **filters.carried()), code=303)


@desk.post("/reviews/<int:review_id>/take-over")
@for_staff
def take_over_item(review_id: int, me: Moderator) -> ResponseReturnValue:
    """It is open at me, whoever had it; the record and the item's story tell so."""
    try:
        with transaction() as session:
            review = move.locked(session, _theirs(session, review_id, me).id)
            second.require_theirs(session, review, me)
            claims.take_over(session, review, me, utcnow())
    except claims.Overtaken as error:
        return overtaken(review_id, me, error)
    return _back(review_id)


@desk.post("/hand")
@for_staff
def hand_me(me: Moderator) -> ResponseReturnValue:
    """Twenty of what this lane shows, narrowed as it is, are mine for half an hour."""
    lane = filters.lane()
    with transaction() as session:
        where = permissions.campaigns(permissions.roles(session, me), Act.DECIDE)
        if where == []:
            raise permissions.NotAllowed(Act.DECIDE)
        if lane not in claims.NOT_HANDED:
            now, asked = utcnow(), filters.asked(filters.campaigns(session, where))
            ids = order.next_free(session, now=now, campaigns=where, lane=lane, by=me, limit=claims.HAND, filters=asked)
            claims.hand_out(session, ids, me, lane, now)
    # what was handed grows older in one's hands, and is no less one's own
    return redirect(url_for("desk.show_queue", **{**filters.kept(), "lane": "hand", "age": None}), code=303)


@desk.post("/hand/back")
@for_staff
def hand_back(me: Moderator) -> ResponseReturnValue:
    """What I have not decided is free for others."""
    with transaction() as session:
        claims.let_go(session, me, utcnow())
    return redirect(url_for("desk.show_queue", **filters.kept()), code=303)
