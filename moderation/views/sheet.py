"""The reading sheet: ten clear items in full, approved together by one press."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from moderation import permissions
from moderation.bulk import batches as bulk_batches
from moderation.bulk import picks as bulk_picks
from moderation.bulk import sheet as bulk_sheet
from moderation.jobs import queue
from moderation.models import Batch, Moderator, Review
from moderation.permissions import Act
from moderation.screens import batches, sheet
from pledges.db import reading, transaction, utcnow
from pledges.settings import settings
from pledges.text import number

from . import filters
from .base import desk, for_staff, problem


@desk.get("/sheet")
@for_staff
def show_sheet(me: Moderator) -> ResponseReturnValue:
    """The next ten, as they stand; what the last sheet did, and its undo."""
    return _sheet(me)


def _sheet(me: Moderator, wrong: str = "") -> ResponseReturnValue:
    session, now = reading(), utcnow()
    where = permissions.campaigns(permissions.roles(session, me), Act.DECIDE)
    if where == []:
        return problem(gettext("Your role does not allow this."), 403)
    done = number(request.args.get("done", ""))
    batch = session.get(Batch, done) if done is not None else None
    last = batches.progress(session, batch, me, now) if batch is not None and batch.moderator_id == me.id else None
    leaves = sheet.leaves(session, bulk_sheet.ten(session, me, where, now), me, now)
    unchecked = not settings().akismet_api_key.get_secret_value() and bulk_sheet.wants_spam_check(session, where)
    page = render_template(
        "moderation/sheet.html", me=me, leaves=leaves, last=last, no_spam_check=unchecked, problem=wrong
    )
    return page, 409 if wrong else 200


@desk.post("/sheet")
@for_staff
def take_sheet(me: Moderator) -> ResponseReturnValue:
    """The next ten are this person's for a few minutes."""
    _claim_next(me)
    return redirect(url_for("desk.show_sheet", **filters.carried()), code=303)


@desk.post("/sheet/approve")
@for_staff
def approve_sheet(me: Moderator) -> ResponseReturnValue:
    """Exactly the revisions that were shown are approved, those taken out excepted; then the next ten come."""
    now = utcnow()
    shown = bulk_sheet.read_shown(request.form.getlist("item"))
    out = set(request.form.getlist("out"))
    with transaction() as session:
        held = permissions.roles(session, me)
        if permissions.campaigns(held, Act.DECIDE) == []:
            raise permissions.NotAllowed(Act.DECIDE)
        seen = set(bulk_picks.visible(session, [item.pick for item in shown], held))  # others do not exist
        shown = [item for item in shown if item.pick in seen]
        picks, strange = bulk_sheet.proved(session, [item for item in shown if str(item.pick.review_id) not in out], me)
        if strange:
            return _sheet(me, _not_shown())
        if not shown:
            return problem(gettext("Something was missing from what was sent. Look at the item again."), 400)
        aside = [
            review
            for item in shown
            if str(item.pick.review_id) in out and (review := session.get(Review, item.pick.review_id))
        ]
        bulk_sheet.set_aside(session, aside, me, now)
        proofs = {item.pick.review_id: item.proof for item in shown}
        begun = bulk_batches.begin(session, picks, bulk_picks.APPROVE, by=me, now=now, proofs=proofs) if picks else None
        batch_id = begun.id if begun else None
    if batch_id is not None and bulk_batches.go_on(batch_id, settings(), now):
        queue.nudge_letters(settings().undo_seconds)
    _claim_next(me)
    return redirect(url_for("desk.show_sheet", done=batch_id, **filters.carried()), code=303)


def _not_shown() -> str:
    return gettext("Nothing was approved: not all of it had been shown to you as it stands. Read what stands here now.")


def _claim_next(me: Moderator) -> None:
    now = utcnow()
    with transaction() as session:
        where = permissions.campaigns(permissions.roles(session, me), Act.DECIDE)
        if where == []:
            raise permissions.NotAllowed(Act.DECIDE)
        bulk_sheet.claim(session, bulk_sheet.ten(session, me, where, now), me, now)
