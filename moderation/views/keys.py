"""Keys of partners: given, shown once, and ended."""

from __future__ import annotations

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from moderation.models import Moderator
from moderation.permissions import Act
from moderation.record import chain
from pledges.api import keys
from pledges.db import reading, transaction, utcnow
from pledges.models import NAME_CHARS, Campaign, PartnerKey
from pledges.text import clean, number, says_something

from .base import desk, for_staff
from .owners import campaign_for


@desk.get("/campaigns/<slug>/keys")
@for_staff
def show_keys(slug: str, me: Moderator) -> ResponseReturnValue:
    session = reading()
    return _page(session, me, campaign_for(session, me, slug, Act.CONNECT)[0])


@desk.post("/campaigns/<slug>/keys")
@for_staff
def change_keys(slug: str, me: Moderator) -> ResponseReturnValue:
    """A key is given, and stands on this answer alone; or one is ended, from this moment."""
    act, now = request.form.get("act", ""), utcnow()
    with transaction() as session:
        campaign, _held = campaign_for(session, me, slug, Act.CONNECT)
        if act == "give":
            name = clean(request.form.get("name", ""))
            if not says_something(name) or len(name) > NAME_CHARS:
                words = gettext("Write whose key it is, in %(most)s characters at most.", most=NAME_CHARS)
                return _page(session, me, campaign, problem=words), 422
            try:
                row, key = keys.give(session, campaign, name, now)
            except keys.TooMany:
                words = gettext("There are %(most)s keys in use. End those that nobody needs.", most=keys.MOST)
                return _page(session, me, campaign, problem=words), 422
            _note(session, me, "key:give", row)
            return _page(session, me, campaign, given=key)
        if act != "end":
            abort(400)
        asked = number(request.form.get("key", ""))
        ended = keys.end(session, campaign, asked, now) if asked is not None else None
        if ended is None:
            abort(409)
        _note(session, me, "key:end", ended)
    return redirect(url_for("desk.show_keys", slug=slug), code=303)


def _note(session: Session, me: Moderator, act: str, key: PartnerKey) -> None:
    subject = f"campaign:{key.campaign_id}"
    chain.add(session, chain.actor(me), act, subject, after={"key": key.id}, campaign_id=key.campaign_id, now=utcnow())


def _page(session: Session, me: Moderator, campaign: Campaign, *, problem: str = "", given: str = "") -> str:
    return render_template(
        "moderation/keys.html",
        me=me,
        chosen=campaign,
        keys=keys.of(session, campaign),
        problem=problem,
        given=given,
        address=url_for("api.send_pledge", slug=campaign.slug),
        description=url_for("api.openapi"),
    )
