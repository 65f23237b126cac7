"""Telling a moderator that something should not stand on the wall."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from flask import Response, current_app, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from pledges import tokens
from pledges.db import reading, transaction, until_stored, utcnow
from pledges.errors import FormUsed, NotYours
from pledges.intake.allowance import clock, refusal, why
from pledges.intake.door import Complaint, review_desk
from pledges.intake.forms.base import TRAP
from pledges.intake.forms.report import CATEGORIES, ReportForm
from pledges.intake.forms.update import STATUSES
from pledges.intake.forms.written import Written
from pledges.intake.road import with_retry_after
from pledges.limits.counting import limits_of
from pledges.models import Contribution, Organisation, Step, Type
from pledges.organisations import places
from pledges.wall import pieces, shown
from pledges.web.caching import FOR_ONE, FORM, PRIVATE, kept, with_token
from pledges.web.language import address_of, link, page_lang
from pledges.web.paging import count_if_deep

from .base import public


@public.route("/<slug>/<any(promises, answers):shelf>/<id>/report", methods=["GET", "POST"])
@kept(unless=FOR_ONE)
def report(slug: str, shelf: str, id: str) -> ResponseReturnValue:
    return _report_of(id, shown.SHELVES[shelf])


@public.route("/<slug>/comments/<id>/report", methods=["GET", "POST"])
@kept(unless=FOR_ONE)
def report_comment(slug: str, id: str) -> ResponseReturnValue:
    return _report_of(id, Type.COMMENT)


@public.route("/<slug>/updates/<id>/report", methods=["GET", "POST"])
@kept(unless=FOR_ONE)
def report_update(slug: str, id: str) -> ResponseReturnValue:
    return _report_of(id, Type.UPDATE)


@public.route("/<slug>/organisations/<id>/report", methods=["GET", "POST"])
@kept(unless=FOR_ONE)
def report_organisation(slug: str, id: str) -> ResponseReturnValue:
    """Whoever finds that somebody pretends to be this organisation: read with the newest that was promised in its name."""
    row = places.on_wall(reading(), g.campaign.id, id)
    newest = places.newest(reading(), row) if row is not None else None
    if row is None or newest is None:
        return _lost_report(ReportForm.read(request.form))
    return _report(shown.shown_or_404(reading(), g.campaign, newest, Type.PLEDGE), of=row.organisation)


def _report_of(id: str, type: Type) -> ResponseReturnValue:
    """The report of what stands there, or stood there when its form was handed out."""
    try:
        return _report(shown.shown_or_404(reading(), g.campaign, id, type))
    except NotYours:
        return _report_of_gone(id, type)


def _report_of_gone(id: str, type: Type) -> Response:
    """What was shown a moment ago can be reported though it has gone meanwhile: a person should hear of it all the same.

    Once it is erased there is nothing left to report, and the words of the report are given back.
    """
    form = ReportForm.read(request.form)
    ticket = tokens.read_form_token(request.form.get("token", ""), f"report:{id}", utcnow())
    if ticket is None:
        return _lost_report(form)
    known = _already_reported(form, ticket.nonce)
    if known is not None:
        return _reported_page(form, known)
    hidden = shown.hidden_since_shown(reading(), g.campaign, id, type)
    return _report(hidden, shown=False) if hidden is not None else _lost_report(form)


def _lost_report(form: ReportForm) -> Response:
    """What was written, to be copied; raises NotYours where there is nothing of it."""
    if not any(form.values.values()):
        raise NotYours
    response = make_response(render_template("pledge/gone.html", why="report", written=Written.of_report(form)), 404)
    response.headers["Cache-Control"] = FORM
    return response


def _already_reported(form: ReportForm, nonce: str) -> str | None:
    with suppress(FormUsed):  # it filed another report before, and of this one there is no reference
        return review_desk().already_reported(reading(), _complaint(form, nonce))
    return None


def _complaint(form: ReportForm, nonce: str, of: Organisation | None = None) -> Complaint:
    return form.complaint(page_lang(), nonce, tokens.hash_network(limits_of(current_app).key()), _about(form, of))


def _about(form: ReportForm, of: Organisation | None) -> str:
    """Our own line before the words, where it is about an organisation or about one answer alone."""
    if of is not None:
        return _("(About the organisation “%(name)s” as a whole, from its page)", name=of.name)
    step = _step(form)
    return _("(About what was told on %(day)s: %(status)s)", **_told(step)) if step is not None else ""


def _step(form: ReportForm) -> Step | None:
    """The answer that the report is about, where it is about one alone."""
    if not form["step"]:
        return None
    return reading().scalars(select(Step).where(Step.public_id == form["step"][:16])).first()


def _told(step: Step) -> dict[str, str]:
    return {"day": format_date(step.said_at, "d MMMM y"), "status": str(STATUSES[step.status])}


def _report(reported: Contribution, *, shown: bool = True, of: Organisation | None = None) -> Response:
    """A complaint is filed under a reference, and nothing is taken off by it alone; `of`: it is about all in that name."""
    now = utcnow()
    _report_page = partial(_report_form_page, shown=shown, of=of)
    purpose = f"report:{reported.public_id if of is None else of.public_id}"
    first = {"step": request.args.get("step", "")} if of is None else {"category": "impersonation"}
    if request.method == "GET":
        count_if_deep("step")
        return with_token(
            g.campaign,
            purpose,
            lambda token: _report_page(reported, ReportForm(values=first), 200, token),
            items=[reported.parent_id or reported.id],  # a comment comes and goes with what it stands under
        )
    form = ReportForm.read(request.form)
    ticket = tokens.read_form_token(request.form.get("token", ""), purpose, now)
    if form.errors:
        return _report_page(reported, form, 422, tokens.new_form_token(purpose))
    if ticket is None:
        return _report_page(reported, form, 422, tokens.new_form_token(purpose), trouble="aged")
    complaint = _complaint(form, ticket.nonce, of)
    try:
        known = review_desk().already_reported(reading(), complaint)
        if known is not None:
            return _reported_page(form, known)
        if ticket.aged:
            return _report_page(reported, form, 422, tokens.new_form_token(purpose), trouble="aged")
        return _file(reported, form, complaint, now, shown=shown, of=of)
    except FormUsed:
        return _report_page(reported, form, 422, tokens.new_form_token(purpose), trouble="used")


def _file(
    reported: Contribution,
    form: ReportForm,
    complaint: Complaint,
    now: datetime,
    *,
    shown: bool,
    of: Organisation | None,
) -> Response:
    """The complaint is committed, or the form comes back with how long to wait."""
    wait = refusal("reports")
    if wait is not None:
        until = clock(wait, now)
        told = {"trouble": why(wait), "wait_until": until}
        page = _report_form_page(reported, form, wait.status, request.form["token"], shown=shown, of=of, **told)
        return with_retry_after(page, wait)
    return _reported_page(form, _filed(reported, complaint, now))


def _filed(reported: Contribution, complaint: Complaint, now: datetime) -> str:
    """The reference; of two at once with one form, both get the same."""

    def filed() -> str:
        with transaction() as session:
            return review_desk().file_report(session, reported, complaint, now)

    try:
        return until_stored(filed)
    except IntegrityError:  # the other one was first: now it is found
        return until_stored(filed)


def _reported_page(form: ReportForm, reference: str) -> Response:
    response = make_response(render_template("comment/reported.html", reference=reference, form=form))
    response.headers["Cache-Control"] = PRIVATE
    return response


def _report_form_page(
    reported: Contribution,
    form: ReportForm,
    status: int,
    token: str,
    *,
    shown: bool,
    of: Organisation | None = None,
    **happened: Any,
) -> Response:
    """The form beside what it is about, whose words stand here only while they are `shown`."""
    step = _step(form)
    page = render_template(
        "comment/report.html",
        form=form,
        token=token,
        trap=TRAP,
        reported=pieces.piece(reported) if shown else None,
        is_comment=reported.type is Type.COMMENT,
        is_answer=reported.type is Type.ANSWER,
        is_update=reported.type is Type.UPDATE,
        told=_told(step) if step is not None and step.pledge_id == reported.id else None,
        organisation=of,
        back=link("organisation", slug=g.campaign.slug, id=of.public_id)
        if of is not None
        else address_of(reported, g.campaign)
        if shown
        else link("wall", slug=g.campaign.slug),
        categories=CATEGORIES,
        **{"trouble": "", **happened},
    )
    response = make_response(page, status)
    response.headers["Cache-Control"] = FORM
    return response
