"""The form for a promise, and what is said when promises are closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from flask import Response, g, render_template, request
from flask.typing import ResponseReturnValue

from pledges.campaigns import finding
from pledges.db import reading, utcnow
from pledges.errors import NotYours
from pledges.figures import counters
from pledges.intake.allowance import code_asked, event_asked, event_says
from pledges.intake.door import Noticed
from pledges.intake.forms.base import consent_words, permitted_levels
from pledges.intake.forms.pledge import OFFERED, PledgeForm
from pledges.intake.forms.written import Written
from pledges.intake.road import Road, as_it_stands, as_new, ask, asked_before_sending, take
from pledges.models import Audience, Campaign, Contribution, EventCode, Prompt, Question, Type
from pledges.updates.actions import Action
from pledges.wall import pieces, shown
from pledges.web.caching import FOR_ONE, kept, shared
from pledges.web.language import page_lang, today
from pledges.web.paging import count_if_deep

from .base import public


def to_come(campaign: Campaign) -> datetime | None:
    """When promises open, where that is still to come."""
    return campaign.opens_at if campaign.opens_at and campaign.opens_at > utcnow() else None


@public.get("/<slug>/promise")
@kept(unless=FOR_ONE)
def new_promise(slug: str) -> ResponseReturnValue:
    count_if_deep("like")
    road = promise_road(g.campaign)
    if not road.taken:
        return closed_page()
    return ask(
        g.campaign, road, PledgeForm.blank(g.campaign, Type.PLEDGE, page_lang(), _words_to_start_from(g.campaign))
    )


@public.post("/<slug>/promise")
def make_promise(slug: str) -> ResponseReturnValue:
    form = PledgeForm.read(request.form, g.campaign, Type.PLEDGE, page_lang=page_lang(), today=today(utcnow()))
    road = promise_road(g.campaign)
    start = _start(g.campaign)
    if start is not None and road.taken:
        form.begin_with(start.words.in_(page_lang()), start.theme)
        return as_it_stands(road, form)
    return take(road, form)


def _start(campaign: Campaign) -> Prompt | None:
    """The starting point whose button was pressed."""
    pressed = request.form.get("step", "")
    if not pressed.startswith("start-"):
        return None
    return next((each for each in _starts(campaign) if pressed == f"start-{each.id}"), None)


def _starts(campaign: Campaign) -> list[Prompt]:
    return [prompt for prompt in campaign.prompts if prompt.use == "promise"]


def promise_road(campaign: Campaign, asked: Question | None = None) -> Road:
    """The road of a promise, or of an answer to the question that was asked."""
    now = utcnow()
    event = event_asked(campaign, now)
    like = _inspiration(campaign)

    return Road(
        purpose=f"answer:{asked.public_id}" if asked else f"promise:{campaign.slug}",
        limit="promises",
        page=lambda **given: pledge_form_page(campaign, asked, event, like, **given),
        store=as_new(campaign, event, question=asked, inspired_by=like),
        taken=finding.is_open(campaign, now),
        event=event,
    )


def _inspiration(campaign: Campaign) -> Contribution | None:
    """Somebody else's promise from which this one starts."""
    try:
        return shown.shown_or_404(reading(), campaign, request.values.get("like", ""), Type.PLEDGE)
    except NotYours:
        return None


def _words_to_start_from(campaign: Campaign) -> str:
    like = _inspiration(campaign)
    return like.published_revision.words if like is not None and like.published_revision else ""


def pledge_form_page(
    campaign: Campaign,
    asked: Question | None,
    event: EventCode | None,
    like: Contribution | None,
    *,
    form: PledgeForm,
    trouble: str = "",
    preview: bool = False,
    sent_before: str = "",
    noticed: Sequence[Noticed] = (),
    **given: Any,
) -> str:
    if trouble == "closed":
        return closed_words(Written.read(request.form))
    return render_template(
        "pledge/form.html",
        form=form,
        question=asked,
        event=event,
        event_says=event_says(event),
        code_asked=code_asked(),
        like=like,
        trouble=trouble,
        preview=_preview(campaign, form) if preview else None,
        loose_dye=pieces.dye(None, form.words),
        sent_before=sent_before,
        noticed=noticed,
        preview_actions=_actions(form) if preview else [],
        preview_audience=_audience(campaign, form) if preview else None,
        levels=permitted_levels(campaign),
        consents=consent_words(campaign, form.type),
        offered=OFFERED,
        starts=_starts(campaign),
        name_it=not noticed and (request.method != "POST" or asked_before_sending()),
        dye=pieces.dye,
        **given,
    )


def _preview(campaign: Campaign, form: PledgeForm) -> pieces.Piece:
    """The piece as it would stand on the wall; nothing is stored."""
    sent = form.sent(None)
    theme = next((theme for theme in campaign.themes if theme.id == sent.theme_id), None)
    return pieces.unsent_piece(sent, theme)


def _actions(form: PledgeForm) -> list[Action]:
    """As they would stand; nothing is told of them yet."""
    sent = form.sent(None)
    return [Action("", words, date.fromisoformat(by) if by else None) for words, by in sent.actions]


def _audience(campaign: Campaign, form: PledgeForm) -> Audience | None:
    chosen = form.sent(None).audience_id
    return next((audience for audience in campaign.audiences if audience.id == chosen), None)


def closed_page() -> Response:
    return shared(g.campaign, lambda: closed_words(None))


def closed_words(written: Written | None) -> str:
    """That promises are closed, with the words that came too late, if any."""
    campaign: Campaign = g.campaign
    return render_template(
        "pledge/closed.html",
        written=written,
        counts=counters.without_examples(counters.read(reading(), campaign.id)),
        cloth=pieces.the_cloth(reading(), campaign, narrow=True),
        to_come=to_come(campaign),
        closed_on=campaign.closes_at if campaign.closes_at and campaign.closes_at <= utcnow() else None,
    )
