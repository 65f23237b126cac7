"""Care for the person who reads, and one's own settings."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from moderation import claims
from moderation.models import Moderator
from moderation.people import sign_in
from moderation.queue import care
from moderation.record import chain
from moderation.screens import rows
from pledges.db import transaction, utcnow
from pledges.text import clean
from pledges.web.spelling import LANGUAGES

from . import filters
from .base import desk, for_staff

NAME_CHARS = 100
SWITCHES = ("shortcuts", "quiet_text", "alerts", "digest", "on_call")


@desk.post("/care/spare")
@for_staff
def spare_me(me: Moderator) -> ResponseReturnValue:
    """No harsh texts for an hour, or again whatever comes."""
    with transaction():
        me.no_harsh_until = None if request.form.get("again") else utcnow() + care.SPARED_FOR
    return redirect(url_for("desk.show_queue", **filters.carried()), code=303)


@desk.post("/care/break")
@for_staff
def take_break(me: Moderator) -> ResponseReturnValue:
    """What I have open is free for others, and the page is calm."""
    now = utcnow()
    with transaction() as session:
        claims.let_go(session, me, now)
        care.rest(session, sign_in.this_session(), now)
    return redirect(url_for("desk.show_break", **filters.carried()), code=303)


@desk.get("/break")
@for_staff
def show_break(me: Moderator) -> ResponseReturnValue:
    return render_template("moderation/break.html", me=me)


@desk.get("/me")
@for_staff
def show_me(me: Moderator) -> ResponseReturnValue:
    return _settings(me)


@desk.post("/me")
@for_staff
def keep_me(me: Moderator) -> ResponseReturnValue:
    """Name, language, and what I want to read and be told."""
    name = clean(request.form.get("name", ""))[:NAME_CHARS]
    if not name:
        return _settings(me, problem=gettext("Colleagues need a name for you.")), 422
    with transaction() as session:
        if name != me.name:
            chain.add(session, chain.actor(me), "moderator:name", f"moderator:{me.id}", now=utcnow())
        me.name = name
        lang = request.form.get("lang", "")
        me.lang = lang if lang in LANGUAGES else me.lang
        me.skips = [lane.value for lane in care.MAY_SKIP if lane.value in request.form.getlist("skip")]
        for switch in SWITCHES:
            setattr(me, switch, switch in request.form)
    return redirect(url_for("desk.show_me", kept=1), code=303)


def _settings(me: Moderator, problem: str = "") -> str:
    return render_template(
        "moderation/me.html",
        me=me,
        langs=LANGUAGES,
        skips=[(lane, rows.LANES[lane]) for lane in care.MAY_SKIP],
        problem=problem,
        kept=request.args.get("kept") == "1",
    )
