"""Webhooks at the desk: added, their secrets changed, ended; and what was sent, with "send again"."""

from __future__ import annotations

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from moderation.models import Moderator
from moderation.permissions import Act
from moderation.record import chain
from pledges.db import reading, transaction, utcnow
from pledges.models import Campaign, Webhook
from pledges.settings import settings
from pledges.text import number
from pledges.webhooks import keeping

from .base import desk, for_staff
from .owners import campaign_for


@desk.get("/campaigns/<slug>/webhooks")
@for_staff
def show_webhooks(slug: str, me: Moderator) -> ResponseReturnValue:
    session = reading()
    return _page(session, me, campaign_for(session, me, slug, Act.CONNECT)[0])


@desk.post("/campaigns/<slug>/webhooks")
@for_staff
def change_webhooks(slug: str, me: Moderator) -> ResponseReturnValue:
    """A secret stands on this answer alone; what is ended or sent again is so from this moment."""
    act, asked, now = request.form.get("act", ""), number(request.form.get("which", "")), utcnow()
    with transaction() as session:
        campaign, _held = campaign_for(session, me, slug, Act.CONNECT)
        if act == "add":
            try:
                url = request.form.get("url", "").strip()
                webhook, secret = keeping.add(session, campaign, url, now, plain=not settings().production)
            except keeping.BadAddress as error:
                return _page(session, me, campaign, problem=_problem(error.why)), 422
            _note(session, me, "webhook:add", webhook)
            return _page(session, me, campaign, secret=secret)
        if act == "again":
            if asked is None or not keeping.send_again(session, campaign, asked, now):
                abort(409)
        elif act in ("end", "secret"):
            found = keeping.in_use(session, campaign, asked) if asked is not None else None
            if found is None:
                abort(409)
            _note(session, me, f"webhook:{act}", found)
            if act == "secret":
                return _page(session, me, campaign, secret=keeping.change_secret(session, found, now))
            keeping.end(session, found, "desk", now)
        else:
            abort(400)
    return redirect(url_for("desk.show_webhooks", slug=slug), code=303)


def _note(session: Session, me: Moderator, act: str, webhook: Webhook) -> None:
    chain.add(
        session,
        chain.actor(me),
        act,
        f"campaign:{webhook.campaign_id}",
        after={"webhook": webhook.id},
        campaign_id=webhook.campaign_id,
        now=utcnow(),
    )


def _problem(why: str) -> str:
    return {
        "address": gettext("Write a whole address that begins with https://, without a name or password in it."),
        "inside": gettext("This address lies inside our own network. Nothing is sent there."),
        "full": gettext("There are %(most)s webhooks in use. End those that nobody needs.", most=keeping.MOST),
    }[why]


def _said() -> dict[str, str]:
    """What came of a try, where nothing was answered."""
    return {
        "inside": gettext("its name leads into our own network"),
        "too slow": gettext("no answer in time"),
        "unreachable": gettext("nobody is there"),
        "no answer": gettext("no answer that can be read"),
        "no secret": gettext("its secret cannot be read any more: change it"),
    }


def _page(session: Session, me: Moderator, campaign: Campaign, *, problem: str = "", secret: str = "") -> str:
    return render_template(
        "moderation/webhooks.html",
        me=me,
        chosen=campaign,
        webhooks=keeping.of(session, campaign),
        log=keeping.log(session, campaign),
        said=_said(),
        problem=problem,
        secret=secret,
    )
