"""The letter of a decision, before the decision is made."""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from moderation import permissions
from moderation.decisions import second
from moderation.letters import outbox
from moderation.models import Moderator
from moderation.permissions import Act
from moderation.post import writing
from moderation.screens import items
from moderation.workflow import NEEDS_REASON, Move
from pledges.db import reading, utcnow
from pledges.settings import settings

from . import filters
from .base import desk, for_staff, harsh_opened, problem, review_or_404
from .items import TAKE_DOWN, filled_in, reasons_chosen, stays_open

PREVIEWED = {Move.APPROVE, Move.REJECT, Move.REVISE}


@dataclass(frozen=True)
class Shown:
    """The letter as the page shows it, or why there is none."""

    problem: str = ""
    why_not: str = ""
    waits: bool = False  # a second moderator has to agree first
    lang: str = ""
    subject: str = ""
    text: str = ""


@desk.post("/reviews/<int:review_id>/letter")
@for_staff
def preview_letter(review_id: int, me: Moderator) -> ResponseReturnValue:
    """What this author would read if this were decided; nothing is decided and nothing is kept."""
    session, now, form = reading(), utcnow(), request.form
    review, held = review_or_404(session, review_id, me)
    permissions.require(held, Act.DECIDE, review.campaign_id)
    move = Move.REJECT.value if form.get("move") == TAKE_DOWN else form.get("move", "")
    if move not in PREVIEWED:
        return problem(gettext("Something was missing from what was sent. Look at the item again."), 400)
    given = filled_in()
    chosen = reasons_chosen(session, review, given.reasons, move)
    missing = move in NEEDS_REASON and not chosen
    if missing:
        shown = Shown(problem=gettext("Choose a reason first: the author will read it."))
    elif not given.tell:
        shown = Shown(why_not=gettext("No letter: you chose to send no message."))
    else:
        on_wall = review.contribution.published_revision_id == review.revision_id
        hidden = second.was_hidden_by_proposal(session, review)
        kind = outbox.kind_for(session, review, Move(move), on_wall=on_wall, hidden=hidden)
        written = writing.preview(session, review, kind, chosen, settings())
        two = second.two_must_agree(session, review, Move(move), chosen, by=me, second=given.second)
        two = two and second.somebody_else(session, review, me)
        shown = Shown("", _why(written.why_not), two, written.lang, written.subject, written.text)
    status = 422 if missing else 200
    if request.headers.get("X-Part"):
        return render_template("moderation/letter_part.html", shown=shown), status
    item = items.item_of(session, review, me, held, now, shown=stays_open(review, me), opened=harsh_opened(session))
    page = render_template(
        "moderation/item.html",
        me=me,
        item=item,
        lane=filters.lane(),
        toast=None,
        opened=move,
        given=given,
        letter=shown,
    )
    return page, status


@desk.get("/reviews/<int:review_id>/letter")
@desk.get("/reviews/<int:review_id>/decide")
@for_staff
def back_to_item(review_id: int, me: Moderator) -> ResponseReturnValue:
    """A link of a page that a post answered, or its address opened again, leads to the item."""
    return redirect(url_for("desk.show_item", review_id=review_id, **filters.carried(), show=request.args.get("show")))


def _why(why_not: str) -> str:
    return {
        "": "",
        "no address": gettext("No letter: the author left no address."),
        "unproved": gettext("No letter: nobody has confirmed the address, so it may not be the author’s."),
        "undeliverable": gettext("No letter: a mail server said that nothing arrives at the author’s address."),
        "not wanted": gettext("No letter: the author wants none."),
        "nothing new": gettext("No letter: the author knows how these words stand, and nothing changes for them."),
    }.get(why_not, gettext("No letter is sent of this."))
