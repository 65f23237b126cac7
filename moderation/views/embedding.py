"""The builder of an embedded wall, and which sites embed it: for leads and owners."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from flask import abort, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from moderation import permissions
from moderation.models import Moderator, Role
from moderation.owners import embedding, framing
from moderation.permissions import Act
from pledges.db import reading, transaction, utcnow
from pledges.embed import asked
from pledges.figures import sites
from pledges.models import Campaign
from pledges.settings import settings
from pledges.web.caching import SITES

from .base import campaign_named, campaigns_of, desk, for_staff

DAYS = 30


@desk.get("/campaigns/<slug>/embed")
@for_staff
def show_embedding(slug: str, me: Moderator) -> ResponseReturnValue:
    session = reading()
    held = permissions.roles(session, me)
    return _page(session, me, held, _campaign(session, held, slug, Act.EMBED))


@desk.post("/campaigns/<slug>/embed")
@for_staff
def change_framing(slug: str, me: Moderator) -> ResponseReturnValue:
    """Which sites may frame the wall; the page comes back filled where a line is no site."""
    text = request.form.get("sites", "")
    good, bad = framing.read(text)
    with transaction() as session:
        held = permissions.roles(session, me)
        campaign = _campaign(session, held, slug, Act.EDIT_CAMPAIGN)
        problem = ""
        if len(text) > framing.TEXT_CHARS:
            problem = gettext("Shorten this to %(most)s characters.", most=framing.TEXT_CHARS)
        elif bad:
            problem = gettext("This is no site: %(line)s. Write each like https://www.example.org.", line=bad[0][:100])
        elif len(good) > framing.MOST:
            problem = gettext("These are more sites than %(most)s.", most=framing.MOST)
        if problem:
            return _page(session, me, held, campaign, text=text, problem=problem), 422
        framing.change(session, campaign, good, me, utcnow())
    return redirect(url_for("desk.show_embedding", slug=slug), code=303)


def _campaign(session: Session, held: dict[int | None, Role], slug: str, act: Act) -> Campaign:
    """The campaign, for whoever may do this there; one that they may not even look at is not there."""
    campaign = campaign_named(session, slug)
    if campaign is None or not permissions.may(held, Act.LOOK, campaign.id):
        abort(404)
    permissions.require(held, act, campaign.id)
    return campaign


def _page(
    session: Session,
    me: Moderator,
    held: dict[int | None, Role],
    campaign: Campaign,
    *,
    text: str | None = None,
    problem: str = "",
) -> str:
    g.frames = True
    return render_template(
        "moderation/embedding.html",
        me=me,
        chosen=campaign,
        campaigns=campaigns_of(session, held, Act.EMBED),
        built=embedding.built(campaign, request.args, settings().base_url),
        modes=_modes(),
        schemes=_schemes(),
        colours=_colours(),
        titles=[(each.key, each.title.in_(me.lang)) for each in campaign.themes if not each.archived_at],
        sites=_sites(session, campaign),
        days=DAYS,
        most=asked.MOST,
        readable=asked.READABLE,
        may_edit=permissions.may(held, Act.EDIT_CAMPAIGN, campaign.id),
        framed_by="\n".join(campaign.embed_origins) if text is None else text,
        wrong_site=problem,
    )


def _modes() -> dict[str, str]:
    return {
        "wall": gettext("The wall: pieces"),
        "compact": gettext("A short list"),
        "count": gettext("How many there are"),
        "single": gettext("One promise"),
    }


def _schemes() -> dict[str, str]:
    return {
        "": gettext("As the page around it"),
        "light": gettext("Light"),
        "dark": gettext("Dark"),
        "auto": gettext("As the reader’s device prefers"),
    }


def _colours() -> dict[str, str]:
    return {
        "accent": gettext("Buttons"),
        "on-accent": gettext("Words on buttons"),
        "link": gettext("Links"),
        "paper": gettext("Paper"),
        "ink": gettext("Words on paper"),
    }


def _sites(session: Session, campaign: Campaign) -> list[sites.Site]:
    """What is stored, and what this process has seen since; others may have seen more."""
    today = utcnow().date()
    found = {each.origin: each for each in sites.seen(session, campaign.id, today - timedelta(days=DAYS))}
    front = current_app.extensions.get(SITES)
    for origin, times in Counter(front.held(campaign.slug) if front is not None else {}).items():
        known = found[origin].times if origin in found else 0
        found[origin] = sites.Site(origin, known + times, today)
    return sorted(found.values(), key=lambda each: (-each.times, each.origin))
