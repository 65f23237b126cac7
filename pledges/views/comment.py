"""The form for a comment."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from pledges.campaigns import finding
from pledges.db import reading, utcnow
from pledges.errors import NotYours
from pledges.intake.allowance import code_asked, event_asked, event_says
from pledges.intake.forms.base import consent_words
from pledges.intake.forms.comment import CommentForm
from pledges.intake.road import Road, as_new, ask, gone, take
from pledges.models import Campaign, Contribution, Type
from pledges.wall import pieces, shown
from pledges.web.caching import FOR_ONE, kept
from pledges.web.language import page_lang

from .base import public


@public.get("/<slug>/<any(promises, answers):shelf>/<id>/comment")
@kept(unless=FOR_ONE)
def new_comment(slug: str, shelf: str, id: str) -> ResponseReturnValue:
    parent = shown.shown_or_404(reading(), g.campaign, id, shown.SHELVES[shelf])
    road = comment_road(g.campaign, parent)
    if not road.taken:
        return ask(g.campaign, road, CommentForm.blank(g.campaign, page_lang()), trouble="closed")
    return ask(g.campaign, road, CommentForm.blank(g.campaign, page_lang(), request.args.get("reply_to", "")[:16]))


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


def comment_form_page(*, form: CommentForm, preview: bool = False, **given: Any) -> str:
    """The form, with the words signed as they would stand where they were asked for as a preview."""
    by = pieces.signature(form.sent(None), form.show_name) if preview else None
    return render_template("comment/form.html", form=form, preview=by, **{"trouble": "", "sent_before": "", **given})
