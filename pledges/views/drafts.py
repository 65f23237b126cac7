"""A draft, for whoever must sign it off before it is sent: read by its link, and sent by nobody until somebody sends it."""

from __future__ import annotations

from flask import make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from pledges.db import reading, transaction, utcnow
from pledges.errors import NotYours
from pledges.intake import drafts
from pledges.intake.forms.pledge import PledgeForm
from pledges.intake.road import form_page
from pledges.models import Draft, Type
from pledges.organisations import facts
from pledges.settings import settings
from pledges.web.caching import never_kept
from pledges.web.language import link, page_lang, speak_for, today

from .base import public
from .making import as_it_would_stand, promise_road
from .receipt import privately


@public.get("/drafts/<token>")
@never_kept("it holds a private link")
def draft(token: str) -> ResponseReturnValue:
    """The words as they would stand; or the form with them, to be changed and sent."""
    found = _draft_or_404(token)
    form = _form_of(found)
    if request.args.get("do") == "form":
        form.errors = {}
        send_to = f"{link('new_promise', slug=found.campaign.slug)}?try=1"
        return privately(form_page(promise_road(found.campaign), form, 200, draft=token, sent_to=send_to))
    page = render_template(
        "pledge/draft.html",
        form=form,
        token=token,
        address=settings().base_url + link("draft", token=token),
        made="made" in request.args,
        ends_at=found.ends_at,
        said=facts.told(form.sent(None)),
        **as_it_would_stand(found.campaign, form),
    )
    return privately(make_response(page))


@public.post("/drafts/<token>")
def end_draft(token: str) -> ResponseReturnValue:
    """It is deleted."""
    campaign = _draft_or_404(token).campaign
    with transaction() as session:
        drafts.end(session, token)
    return privately(make_response(redirect(link("wall", slug=campaign.slug), code=303)))


def _draft_or_404(token: str) -> Draft:
    found = drafts.of_token(reading(), token, utcnow())
    if found is None:
        raise NotYours
    speak_for(found.campaign)
    return found


def _form_of(found: Draft) -> PledgeForm:
    raw = drafts.fields_of(found)
    return PledgeForm.read(raw, found.campaign, Type.PLEDGE, page_lang=page_lang(), today=today(utcnow()))
