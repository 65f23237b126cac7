"""An author says on the private page how the promise is going."""

from __future__ import annotations

from datetime import datetime

from flask import Response, abort, make_response, redirect, request
from flask.typing import ResponseReturnValue

from pledges import tokens
from pledges.db import transaction, until_stored, utcnow
from pledges.errors import FormUsed, NotNow
from pledges.intake.door import review_desk
from pledges.intake.forms.base import TRAP
from pledges.intake.forms.update import STATUSES, UpdateForm
from pledges.intake.road import hand_over, origin
from pledges.intake.sent import Origin
from pledges.models import Contribution, Progress
from pledges.models.turns import hold
from pledges.receipt import acts, answering
from pledges.wall import steps
from pledges.web.language import link, page_lang

from .receipt import privately, receipt_page, update_purpose


def tell(own: Contribution, token: str) -> ResponseReturnValue:
    """A status is kept and shown, or the page comes back with every word; what was written with it goes to the desk."""
    now = utcnow()
    if not answering.can_tell(own):
        raise NotNow
    if request.form.get("back"):
        return _take_back(own, token, request.form["back"], now)
    if request.form.get("action"):
        return _tell_action(own, token, request.form["action"][:16], now)
    form = UpdateForm.read(request.form, own.campaign, page_lang=page_lang())
    if form.errors:
        return _again(own, token, form, 422)
    ticket = tokens.read_form_token(request.form.get("token", ""), update_purpose(own), now)
    nonce = ticket.nonce if ticket is not None and not ticket.aged else None
    try:
        from_here = _origin(ticket.made_at if ticket is not None else None, now)
        told = until_stored(lambda: _told(own, form, nonce, from_here, now))
    except FormUsed:
        return _again(own, token, form, 422, "used")
    except answering.TooOften:
        return _again(own, token, form, 429, "often")
    if told.receipt is not None:
        hand_over(told.receipt)
    return _to_done(token, "update")


def _told(own: Contribution, form: UpdateForm, nonce: str | None, from_here: Origin, now: datetime) -> answering.Answer:
    with transaction() as session:
        return answering.answer(session, own, form, nonce, from_here, review_desk(), now)


def _tell_action(own: Contribution, token: str, key: str, now: datetime) -> Response:
    """How one of its actions goes, chosen from the list: shown at once."""
    chosen = next((each for each in STATUSES if each == request.form.get("status")), Progress.CHANGED)
    if chosen is Progress.CHANGED:
        abort(400)
    try:
        with transaction() as session:
            answering.answer_action(session, own, key, chosen, now)
    except answering.TooOften:
        return _again(own, token, UpdateForm(), 429, "often")
    return _to_done(token, "update")


def _origin(made_at: datetime | None, now: datetime) -> Origin:
    """Where it came from; whoever holds the private link is no stranger, so a trap that was not sent means nothing."""
    whole = origin(made_at or now, now)
    seconds = whole.seconds_on_form if made_at is not None else None
    return Origin(
        ip=whole.ip,
        user_agent=whole.user_agent,
        accept_language=whole.accept_language,
        permalink=whole.permalink,
        through_teacher=whole.through_teacher,
        seconds_on_form=seconds,
        trap_value=request.form.get(TRAP, "")[:400],
    )


def _take_back(own: Contribution, token: str, public_id: str, now: datetime) -> Response:
    """One answer is shown no more, and neither is what was written with it."""
    until_stored(lambda: _taken_back(own, public_id, now))
    return _to_done(token, "taken_back")


def _taken_back(own: Contribution, public_id: str, now: datetime) -> None:
    with transaction() as session:
        hold(session, own)
        step = answering.step_of(session, own, public_id[:16])
        steps.hide(session, step, now)
        if step.update is not None and step.update.erased_at is None:
            acts.withdraw(session, step.update, review_desk(), now)


def _again(own: Contribution, token: str, form: UpdateForm, status: int, trouble: str = "") -> Response:
    return privately(make_response(receipt_page(own, token, form=form, trouble=trouble), status))


def _to_done(token: str, done: str) -> Response:
    return privately(make_response(redirect(link("receipt", token=token, done=done, _anchor="going"), code=303)))
