"""What stands beside an item: one's own note about it, and the way to it from its reference."""

from __future__ import annotations

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation import permissions
from moderation.models import Moderator, Review
from moderation.permissions import Act
from moderation.queue import finding
from moderation.record import notes
from pledges.db import reading, transaction, utcnow
from pledges.models import Contribution
from pledges.text import clean

from . import filters
from .base import desk, for_staff, review_or_404


@desk.post("/reviews/<int:review_id>/note")
@for_staff
def save_note(review_id: int, me: Moderator) -> ResponseReturnValue:
    """This is what I note about the item now; a script is answered with nothing."""
    with transaction() as session:
        review, held = review_or_404(session, review_id, me)
        permissions.require(held, Act.DECIDE, review.campaign_id)
        words = clean(request.form.get("note", ""), lines=True)
        notes.save(session, review, me, words, utcnow())
    if request.headers.get("X-Part"):
        return "", 204
    return redirect(url_for("desk.show_item", review_id=review_id, **filters.carried()), code=303)


@desk.get("/items")
@for_staff
def find_item(me: Moderator) -> ResponseReturnValue:
    """From a reference, or an address that holds one, to the item."""
    session = reading()
    where = permissions.campaigns(permissions.roles(session, me), Act.LOOK)
    public_id = finding.by_reference(session, request.args.get("id", "").strip(), where)
    if public_id is None:
        abort(404)
    return redirect(url_for("desk.show_by_reference", public_id=public_id))


@desk.get("/items/<public_id>")
@for_staff
def show_by_reference(public_id: str, me: Moderator) -> ResponseReturnValue:
    """What stands on the wall under this reference; where nothing does, its newest words."""
    review = _review_of(reading(), public_id)
    if review is None:
        abort(404)
    review_or_404(reading(), review.id, me)
    return redirect(url_for("desk.show_item", review_id=review.id))


def _review_of(session: Session, public_id: str) -> Review | None:
    contribution = session.scalars(select(Contribution).where(Contribution.public_id == public_id)).first()
    if contribution is None:
        return None
    reviews = select(Review).where(Review.contribution_id == contribution.id).order_by(Review.id.desc())
    shown = reviews.where(Review.revision_id == contribution.published_revision_id)
    return session.scalars(shown).first() or session.scalars(reviews).first()
