"""The form for a comment."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from pledges.campaigns import finding
from pledges.db import reading, utcnow
from pledges.errors import NotNow, NotYours
from pledges.intake.allowance import code_asked, event_asked, event_says
from pledges.intake.forms.base import consent_words
from pledges.intake.forms.comment import CommentForm
from pledges.intake.road import Road, as_new, ask, gone, take
from pledges.models import Campaign, Contribution, Type
from pledges.wall import pieces, shown
from pledges.web.caching import FOR_ONE, kept
from pledges.web.language import page_lang
from pledges.web.paging import count_if_deep

from .base import public

STARTS = {  # ways to begin a comment: what the link says, and the words that it begins with
    "encourage": (lazy_gettext("Encourage"), lazy_gettext("I like this, because ")),
    "help": (lazy_gettext("Offer help"), lazy_gettext("I can help with this: ")),
    "ask": (lazy_gettext("Ask"), lazy_gettext("I would like to know: ")),
}


def _meaning(given: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if name != "start" or value in STARTS}


@public.get("/<slug>/<any(promises, answers):shelf>/<id>/comment")
@kept(unless=FOR_ONE, meaning=_meaning)
def new_comment(slug: str, shelf: str, id: str) -> ResponseReturnValue:
    count_if_deep("reply_to")
    parent = shown.shown_or_404(reading(), g.campaign, id, shown.SHELVES[shelf])
    road = comment_road(g.campaign, parent)
    if not road.taken:
        return ask(g.campaign, road, CommentForm.blank(g.campaign, page_lang()), trouble="closed")
    form = CommentForm.blank(g.campaign, page_lang(), request.args.get("reply_to", "")[:16])
    form.values["comment"] = str(STARTS.get(request.args.get("start", ""), ("", ""))[1])
    return ask(g.campaign, road, form)


@public.post("/<slug>/<any(promises, answers):shelf>/<id>/comment")
def make_comment(slug: str, shelf: str, id: str) -> ResponseReturnValue:
    form = CommentForm.read(request.form, g.campaign, page_lang=page_lang())
    try:
        parent = shown.shown_or_404(reading(), g.campaign, id, shown.SHELVES[shelf])
    except NotYours:
        return gone("answer" if shelf == "answers" else "promise", form, f"comment:{id}")
    return take(comment_road(g.campaign, parent), form)


def comment_road(campaign: Campaign, parent: Contribution) -> Road:
    answered = shown.answered(reading(), campaign, parent, request.values.get("reply_to", ""))
    event = event_asked(campaign, utcnow())

    def page(**given: Any) -> str:
        return comment_form_page(
            parent=pieces.piece(parent),
            answered=pieces.piece(answered) if answered else None,
            event=event,
            event_says=event_says(event),
            code_asked=code_asked(),
            consents=consent_words(campaign, Type.COMMENT),
            **given,
        )

    return Road(
        purpose=f"comment:{parent.public_id}",
        limit="comments",
        page=page,
        store=as_new(campaign, event, parent=parent, reply_to=answered),
        taken=finding.takes_comments(campaign, parent),
        event=event,
        items=(parent.id,) if request.values.get("reply_to") else (),
    )


def own_comment_road(own: Contribution, token: str) -> Road:
    """The road of a comment that whoever made the promise writes from the private page; it is marked as theirs."""
    answered = shown.answered(reading(), own.campaign, own, request.values.get("reply_to", ""))

    def page(**given: Any) -> str:
        return comment_form_page(
            parent=pieces.piece(own),
            answered=pieces.piece(answered) if answered else None,
            consents=consent_words(own.campaign, Type.COMMENT),
            receipt_token=token,
            as_author=True,
            **given,
        )

    return Road(
        purpose=f"own-comment:{own.public_id}",
        limit="comments",
        page=page,
        store=as_new(own.campaign, None, parent=own, reply_to=answered, by_author=True),
        taken=own.shown_at is not None and finding.takes_comments(own.campaign),
    )


def take_own_comment(own: Contribution, token: str) -> ResponseReturnValue:
    """The name is that of the promise, so none is read, and no address beside the one that was given with it."""
    if own.shown_at is None or own.type not in shown.SHELVES.values():
        raise NotNow
    raw = {name: value for name, value in request.form.items() if name not in ("name", "email")}
    return take(own_comment_road(own, token), CommentForm.read(raw, own.campaign, page_lang=page_lang()))


def comment_form_page(*, form: CommentForm, preview: bool = False, **given: Any) -> str:
    """The form, with the words signed as they would stand where they were asked for as a preview."""
    by = pieces.signature(form.sent(None), form.show_name) if preview else None
    return render_template("comment/form.html", form=form, preview=by, **{"trouble": "", "sent_before": "", **given})
