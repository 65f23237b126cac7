"""Whether the organisation of an item is the same as another: asked of a person, said by a lead, and taken back by one."""

from __future__ import annotations

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from moderation import permissions
from moderation.models import Moderator
from moderation.record import chain
from moderation.screens import likenesses
from pledges.db import transaction, until_stored, utcnow
from pledges.models import Kind, Organisation
from pledges.organisations import merging, naming, places

from . import filters
from .base import desk, for_staff, review_or_404


@desk.post("/reviews/<int:review_id>/organisation")
@for_staff
def say_same(review_id: int, me: Moderator) -> ResponseReturnValue:
    """The name in these words counts for the organisation that was chosen, or for itself again."""
    return until_stored(lambda: _say_same(review_id, me))


def _say_same(review_id: int, me: Moderator) -> ResponseReturnValue:
    now, form = utcnow(), request.form
    with transaction() as session:
        review, held = review_or_404(session, review_id, me)
        name = review.revision.organisation
        if review.revision.kind is not Kind.ORGANISATION or not name:
            abort(404)
        permissions.require(held, permissions.Act.EDIT_RULES, review.campaign_id)
        mine = naming.known(session, name, now)
        other = naming.counted_as(session, mine)
        if form.get("act") == "same":
            public_id = form.get("organisation", "")
            chosen = session.scalars(select(Organisation).where(Organisation.public_id == public_id)).first()
            if chosen is None or chosen not in naming.alike(session, name):
                abort(409)
            other = chosen
        elif form.get("act") != "part" or other.id == mine.id:
            abort(409)
        for campaign_id in places.campaigns_of(session, mine, other):  # what changes there is theirs to say as well
            permissions.require(held, permissions.Act.EDIT_RULES, campaign_id)
        try:
            act = likenesses.say(session, mine, other, same=form["act"] == "same", now=now)
        except merging.NotTheSame:
            abort(409)
        chain.add(
            session, chain.actor(me), act, f"organisation:{mine.id}", after={"organisation": other.id},
            campaign_id=review.campaign_id, now=now,
        )  # fmt: skip
    return redirect(url_for("desk.show_item", review_id=review_id, **filters.carried()), code=303)
