"""What an author told by one press is taken off the page of the promise."""

from __future__ import annotations

from flask import abort, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from moderation import permissions
from moderation.models import Moderator
from moderation.record import chain
from pledges.db import transaction, utcnow
from pledges.models import Step
from pledges.models.turns import hold
from pledges.wall import publishing, steps

from . import filters
from .base import desk, for_staff, review_or_404


@desk.post("/reviews/<int:review_id>/steps/<public_id>")
@for_staff
def take_off_step(review_id: int, public_id: str, me: Moderator) -> ResponseReturnValue:
    """It is shown no more, at once, and neither is what was written with it; the promise goes as the answer before it said."""
    now = utcnow()
    with transaction() as session:
        review, held = review_or_404(session, review_id, me)
        permissions.require(held, permissions.Act.TAKE_DOWN, review.campaign_id)
        hold(session, review.contribution)
        wanted = select(Step).where(Step.public_id == public_id, Step.pledge_id == review.contribution_id)
        step = session.scalars(wanted).first()
        if step is None:
            abort(404)
        if step.hidden_at is None:
            if step.update is not None:
                hold(session, step.update)
                publishing.hide(session, step.update, now)
            steps.hide(session, step, now)
            chain.add(
                session, chain.actor(me), "step:hide", f"review:{review.id}", before={"progress": step.status.value},
                campaign_id=review.campaign_id, now=now,
            )  # fmt: skip
    return redirect(url_for("desk.show_item", review_id=review_id, **filters.carried()), code=303)
