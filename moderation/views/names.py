"""Less of an author's name is shown, by whoever sees that they need it."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from moderation import permissions
from moderation.models import Moderator
from moderation.record import chain
from moderation.screens.items import less_of
from pledges.db import transaction, utcnow
from pledges.models.turns import hold
from pledges.wall import publishing

from . import filters
from .base import desk, for_staff, review_or_404


@desk.post("/reviews/<int:review_id>/name")
@for_staff
def lessen_name(review_id: int, me: Moderator) -> ResponseReturnValue:
    """At once and everywhere; its author alone can have more of it shown, by words that somebody reads."""
    now = utcnow()
    with transaction() as session:
        review, held = review_or_404(session, review_id, me)
        permissions.require(held, permissions.Act.TAKE_DOWN, review.campaign_id)
        contribution = review.contribution
        hold(session, contribution)
        level = next((each for each in less_of(session, review, held) if each == request.form.get("level")), None)
        if level is not None:  # none: it was taken back meanwhile, or is no such level
            before = contribution.show_name
            publishing.show_less(session, contribution, level, now, by_author=False)
            chain.add(
                session, chain.actor(me), "name:lessen", f"review:{review.id}", before={"level": before.value},
                after={"level": level.value}, campaign_id=review.campaign_id, now=now,
            )  # fmt: skip
    return redirect(url_for("desk.show_item", review_id=review_id, **filters.carried()), code=303)
