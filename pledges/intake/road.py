"""Sending: one road for promises, answers, comments and their changes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pledges import tokens
from pledges.db import reading, transaction, utcnow
from pledges.errors import FormUsed, NotYours
from pledges.intake.forms.base import TRAP, Form
from pledges.intake.forms.comment import CommentForm
from pledges.intake.forms.pledge import PledgeForm
from pledges.intake.forms.update import UpdateForm
from pledges.intake.forms.written import Written
from pledges.limits.rules import Kind, Refusal
from pledges.models import Campaign, EventCode
from pledges.settings import settings
from pledges.web.caching import FORM, PRIVATE, with_token
from pledges.web.language import link, private_link

from . import storing
from .allowance import clock, refusal, visitor, why
from .door import Noticed, review_desk
from .sent import Origin, Receipt, Sent

log = logging.getLogger(__name__)


# Sending: one road for promises, answers, comments and their changes


Store = Callable[[Session, Sent, Origin, datetime], Receipt]


@dataclass(frozen=True)
class Road:
    """What differs between the forms: their token, their limit, their page, and how they are stored."""

    purpose: str
    limit: Kind
    page: Callable[..., str]  # form, token, and what happened
    store: Store
    taken: bool = True  # False: closed
    sent_with: tuple[str, ...] = ()  # purposes of forms that came before what was sent last
    repeated: Callable[[Sent], Receipt | None] = lambda sent: None  # the receipt where this was sent last
    event: EventCode | None = None
    items: tuple[int, ...] = ()  # contributions of whose comments the page shows one


def as_new(campaign: Campaign, event: EventCode | None, **where: Any) -> Store:
    """Stores what is sent as new, `where` as `storing.receive` takes it, with the event whose code came with it."""
    campaign_id, code = campaign.id, event.id if event else None

    def store(session: Session, sent: Sent, origin: Origin, now: datetime) -> Receipt:
        return storing.receive(session, campaign_id, sent, origin, review_desk(), now=now, event_code_id=code, **where)

    return store


def ask(campaign: Campaign, road: Road, form: Form, **happened: Any) -> Response:
    """The form, as yet without a word of its visitor's."""
    return with_token(
        campaign, road.purpose, lambda token: form_page(road, form, 200, token=token, **happened), items=road.items
    )


def take(road: Road, form: PledgeForm | CommentForm | UpdateForm) -> ResponseReturnValue:
    """What was sent is stored once, or the form comes back with every word and the reason."""
    now = utcnow()
    ticket = tokens.read_form_token(request.form.get("token", ""), road.purpose, now)
    looking = request.form.get("step") == "preview"
    form.errors = form.for_a_look() if looking else form.errors
    sent = form.sent(ticket.nonce) if ticket is not None and not form.errors and not looking else None
    if sent is not None:
        try:
            again = storing.already(reading(), sent)
        except FormUsed:
            return form_page(road, form, 422, trouble="used")
        if again is not None:
            return to_receipt(again)
    if not road.taken:
        return form_page(road, form, 409, trouble="closed")
    if ticket is None and not form.errors and _is_used(road, now):
        same = road.repeated(form.sent(None))
        return to_receipt(same) if same is not None else form_page(road, form, 422, trouble="used")
    kept = request.form["token"] if ticket is not None and not ticket.aged else ""
    if form.errors:
        return form_page(road, form, 422, token=kept)
    if not kept or ticket is None:
        return form_page(road, form, 422, trouble="aged")
    if looking:
        if (wait := refusal("api")) is not None:
            return _wait_page(road, form, kept, wait, now)
        _ask_first_name(form)
        before = _sent_before(form.sent(ticket.nonce))
        token = "" if before == "others" else kept
        return form_page(road, form, 200, token=token, preview=True, sent_before=before, noticed=_noticed(form, now))
    asked_first = _ask_first_name(form)
    # looking costs more than a form does: who has it done very often sends unlooked at
    looks = asked_before_sending() and refusal("api") is None
    if looks and (noticed := [*_noticed(form, now), *asked_first]):
        return form_page(road, form, 200, token=kept, noticed=noticed)
    if asked_first:
        form.errors["first_name"] = _("Write your first name as it will stand, or choose not to show it")
        return form_page(road, form, 422, token=kept)
    wait = refusal(road.limit, email=form["email"], event=road.event)
    if wait is not None:
        return _wait_page(road, form, kept, wait, now)
    assert sent is not None  # noqa: S101 (nothing is wrong with the form, and this is no preview)
    try:
        receipt = stored(road.store, sent, origin(ticket.made_at, now), now)
    except FormUsed:
        return form_page(road, form, 422, trouble="used")
    return to_receipt(receipt)


def asked_before_sending() -> bool:
    """Whether the form that was sent is one that names what the checks see; it does so once, so the next does not."""
    return request.form.get("name_it") == "first"


def _noticed(form: PledgeForm | CommentForm | UpdateForm, now: datetime) -> list[Noticed]:
    """What the quick checks see in a promise before it is sent; nothing where they cannot tell, since it is a courtesy."""
    if not isinstance(form, PledgeForm) or form.editing:
        return []
    try:
        return review_desk().noticed(reading(), g.campaign, form.sent(None), now)
    except Exception:  # a person reads it whatever a check says
        log.exception("the quick checks could not be asked before sending")
        return []


def _ask_first_name(form: PledgeForm | CommentForm | UpdateForm) -> list[Noticed]:
    """What can be told of a first name stands in its field, where its bearer left that empty; they are asked once."""
    if not isinstance(form, PledgeForm) or not form.first_name_is_guessed:
        return []
    form.guess_first_name()
    return [Noticed("first_name", form["first_name"])]


def as_it_stands(road: Road, form: PledgeForm) -> Response:
    """The form with all that was written; nothing was sent."""
    ticket = tokens.read_form_token(request.form.get("token", ""), road.purpose, utcnow())
    return form_page(road, form, 200, token=request.form["token"] if ticket is not None and not ticket.aged else "")


def _sent_before(sent: Sent) -> str:
    """Whether this form was sent before: `same` words, `others`, or not at all."""
    try:
        return "same" if storing.already(reading(), sent) is not None else ""
    except FormUsed:
        return "others"


def _is_used(road: Road, now: datetime) -> bool:
    token = request.form.get("token", "")
    return any(tokens.read_form_token(token, purpose, now) for purpose in road.sent_with)


def stored(store: Store, sent: Sent, origin: Origin, now: datetime) -> Receipt:
    """Committed and handed over; of two at once with one form, both get the same receipt."""
    try:
        with transaction() as session:
            receipt = store(session, sent, origin, now)
    except IntegrityError:  # the other one was first: now it is found
        with transaction() as session:
            receipt = storing.already(session, sent) or store(session, sent, origin, now)
    hand_over(receipt)
    return receipt


def hand_over(receipt: Receipt) -> None:
    """The desk may begin with what is committed."""
    try:
        review_desk().stored(receipt)
    except Exception:  # whatever it was: the promise is committed, and a 500 would deny that to its author
        log.exception("the checks were not started; the sweep will find it")


def to_receipt(receipt: Receipt) -> Response:
    response = redirect(private_link("receipt", receipt.token, sent=1), code=303)
    response.headers["Cache-Control"] = PRIVATE
    return make_response(response)


def form_page(road: Road, form: Form, status: int, *, token: str = "", **happened: Any) -> Response:
    body = road.page(form=form, token=token or tokens.new_form_token(road.purpose), trap=TRAP, **happened)
    response = make_response(body, status)
    response.headers["Cache-Control"] = FORM
    return response


def _wait_page(road: Road, form: Form, token: str, wait: Refusal, now: datetime) -> Response:
    page = form_page(road, form, wait.status, token=token, trouble=why(wait), wait_until=clock(wait, now))
    return with_retry_after(page, wait)


def with_retry_after(response: Response, wait: Refusal) -> Response:
    response.headers["Retry-After"] = str(max(1, wait.retry_after_seconds))
    return response


def origin(made_at: datetime, now: datetime) -> Origin:
    campaign: Campaign = g.campaign
    return Origin(
        ip=visitor(),
        user_agent=request.headers.get("User-Agent", "")[:400],
        referrer=request.headers.get("Referer", "")[:400],
        accept_language=request.headers.get("Accept-Language", "")[:100],
        permalink=settings().base_url + link("wall", slug=campaign.slug),
        through_teacher=campaign.through_teacher,
        seconds_on_form=max(0.0, (now - made_at).total_seconds()),
        trap_name=TRAP,
        trap_value=request.form.get(TRAP, "")[:400] if TRAP in request.form else None,
    )


def gone(what: str, form: PledgeForm | CommentForm | UpdateForm, purpose: str) -> Response:
    """The receipt of what had been taken already; else the words, with why they cannot stand."""
    ticket = tokens.read_form_token(request.form.get("token", ""), purpose, utcnow())
    if ticket is not None and not form.errors:
        with suppress(FormUsed):  # it sent other words before: these are given back, like words of a fresh form
            again = storing.already(reading(), form.sent(ticket.nonce))
            if again is not None:
                return to_receipt(again)
    return gone_page(what, 404)


def gone_page(why: str, status: int, **given: Any) -> Response:
    """What was written, to be copied; raises NotYours where there is nothing of it and nothing to tell."""
    written = Written.read(request.form)
    if status == 404 and not written.words:
        raise NotYours
    response = make_response(render_template("pledge/gone.html", why=why, written=written, **given), status)
    response.headers["Cache-Control"] = FORM
    return response
