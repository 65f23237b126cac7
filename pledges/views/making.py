"""The form for a promise, and what is said when promises are closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from pledges.campaigns import finding
from pledges.db import reading, transaction, utcnow
from pledges.errors import NotYours
from pledges.figures import counters
from pledges.intake import drafts
from pledges.intake.allowance import clock, code_asked, event_asked, event_says, refusal, why
from pledges.intake.door import Noticed
from pledges.intake.forms.base import consent_words, permitted_levels
from pledges.intake.forms.pledge import OFFERED, PledgeForm
from pledges.intake.forms.written import Written
from pledges.intake.road import (
    Road,
    Store,
    as_it_stands,
    as_new,
    ask,
    asked_before_sending,
    form_page,
    take,
    with_retry_after,
)
from pledges.intake.sent import Origin, Receipt, Sent
from pledges.models import Audience, Campaign, Contribution, EventCode, Prompt, Question, Type
from pledges.organisations import facts
from pledges.updates.actions import Action
from pledges.wall import pieces, shown
from pledges.web.caching import FOR_ONE, PRIVATE, kept, shared
from pledges.web.helpers import send_to
from pledges.web.language import link, page_lang, today
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
    form = PledgeForm.blank(g.campaign, Type.PLEDGE, page_lang(), _words_to_start_from(g.campaign))
    if road.event is not None:
        form.values["organisation"] = road.event.organisation
    return ask(g.campaign, road, form)


@public.post("/<slug>/promise")
def make_promise(slug: str) -> ResponseReturnValue:
    form = PledgeForm.read(request.form, g.campaign, Type.PLEDGE, page_lang=page_lang(), today=today(utcnow()))
    road = promise_road(g.campaign)
    start = _start(g.campaign)
    if start is not None and road.taken:
        form.begin_with(start.words.in_(page_lang()), start.theme)
        return as_it_stands(road, form)
    if request.form.get("step") == "draft" and road.taken and form.takes_actions:
        return _draft(road, form)
    return take(road, form)


def _draft(road: Road, form: PledgeForm) -> Response:
    """The form is kept for whoever must sign it off, where it reads as it would stand."""
    form.errors = form.for_a_look()
    if form.errors:
        return form_page(road, form, 422)
    wait, now = refusal(road.limit, event=road.event), utcnow()
    if wait is not None:
        page = form_page(road, form, wait.status, trouble=why(wait), wait_until=clock(wait, now))
        return with_retry_after(page, wait)
    filled = {name: value for name, value in form.values.items() if name != "consent"}
    with transaction() as session:
        token = drafts.keep(session, form.campaign, filled, now)
    response = redirect(link("draft", token=token, made=1), code=303)
    response.headers["Cache-Control"] = PRIVATE
    return make_response(response)


def _ending_its_draft(store: Store) -> Store:
    """What is sent from a draft leaves none behind."""
    token = request.form.get("draft", "")
    if not token:
        return store

    def stored(session: Session, sent: Sent, origin: Origin, now: datetime) -> Receipt:
        receipt = store(session, sent, origin, now)
        drafts.end(session, token)
        return receipt

    return stored


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
        store=_ending_its_draft(as_new(campaign, event, question=asked, inspired_by=like)),
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
    draft: str = "",
    sent_to: str = "",
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
        **(as_it_would_stand(campaign, form) if preview else {"preview": None}),
        draft=draft or request.form.get("draft", ""),
        sent_to=sent_to or send_to(),
        loose_dye=pieces.dye(None, form.words),
        sent_before=sent_before,
        noticed=noticed,
        levels=permitted_levels(campaign),
        consents=consent_words(campaign, form.type),
        offered=OFFERED,
        sector_words=facts.SECTORS,
        size_words=facts.SIZES,
        starts=_starts(campaign),
        name_it=not noticed and (request.method != "POST" or asked_before_sending()),
        dye=pieces.dye,
        **given,
    )


def as_it_would_stand(campaign: Campaign, form: PledgeForm) -> dict[str, Any]:
    """What is shown of words that were not sent."""
    return {
        "preview": _preview(campaign, form),
        "preview_actions": _actions(form),
        "preview_audience": _audience(campaign, form),
    }


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
