"""A campaign's questions, and the form for an answer."""

from __future__ import annotations

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from pledges.campaigns import finding
from pledges.db import reading, utcnow
from pledges.errors import NotYours
from pledges.intake.forms.pledge import PledgeForm
from pledges.intake.road import ask, gone, take
from pledges.models import Campaign, Contribution, Question, Type
from pledges.wall import listing, pieces, shown
from pledges.web import paging
from pledges.web.caching import FOR_ONE, kept, shared, shows
from pledges.web.language import page_lang, today
from pledges.web.paging import count_if_deep, cursor

from .base import public
from .making import closed_page, promise_road


@public.get("/<slug>/questions/<id>")
@kept()
def question(slug: str, id: str) -> ResponseReturnValue:
    asked = shown.question_or_404(reading(), g.campaign, id)
    return shared(g.campaign, lambda: _question(g.campaign, asked))


def _question(campaign: Campaign, asked: Question) -> str:
    page: paging.Page[Contribution] = paging.Page([], None)
    after = cursor()
    if asked.answers_public:
        page = listing.answers_page(reading(), campaign, asked, after)
        shows(each.id for each in page.items)
    return render_template(
        "campaign/question.html",
        question=asked,
        pieces=[pieces.piece(each) for each in page.items],
        next=page.next,
        open=finding.is_open(campaign, utcnow()),
    )


@public.get("/<slug>/questions/<id>/answer")
@kept(unless=FOR_ONE)
def new_answer(slug: str, id: str) -> ResponseReturnValue:
    count_if_deep("like")
    road = promise_road(g.campaign, shown.question_or_404(reading(), g.campaign, id))
    if not road.taken:
        return closed_page()
    return ask(g.campaign, road, PledgeForm.blank(g.campaign, Type.ANSWER, page_lang()))


@public.post("/<slug>/questions/<id>/answer")
def make_answer(slug: str, id: str) -> ResponseReturnValue:
    form = PledgeForm.read(request.form, g.campaign, Type.ANSWER, page_lang=page_lang(), today=today(utcnow()))
    try:
        asked = shown.question_or_404(reading(), g.campaign, id)
    except NotYours:
        return gone("question", form, f"answer:{id}")
    return take(promise_road(g.campaign, asked), form)
