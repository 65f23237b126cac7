"""Pages of one campaign for those who run it."""

from __future__ import annotations

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from moderation import permissions
from moderation.jobs import queue
from moderation.letters import questions
from moderation.models import Moderator, Role
from moderation.owners import turning
from moderation.permissions import Act
from moderation.record import chain
from pledges.db import reading, transaction, utcnow
from pledges.models import Campaign, CampaignState
from pledges.settings import settings
from pledges.text import number

from .base import campaign_named, campaigns_of, desk, for_staff


def campaign_for(session: Session, me: Moderator, slug: str, act: Act) -> tuple[Campaign, dict[int | None, Role]]:
    """The campaign with this address, and the roles of this person; 404 for somebody who may not look at it, NotAllowed where the role stops short."""
    held = permissions.roles(session, me)
    campaign = campaign_named(session, slug)
    if campaign is None or not permissions.may(held, Act.LOOK, campaign.id):
        abort(404)
    permissions.require(held, act, campaign.id)
    return campaign, held


@desk.get("/campaigns")
@for_staff
def show_campaigns(me: Moderator) -> ResponseReturnValue:
    """The campaigns of this person."""
    session = reading()
    mine = campaigns_of(session, permissions.roles(session, me), Act.LOOK)
    return render_template("moderation/campaigns.html", me=me, campaigns=mine)


@desk.get("/campaigns/<slug>")
@for_staff
def show_campaign(slug: str, me: Moderator) -> ResponseReturnValue:
    """What there is to look after."""
    return _campaign(slug, me)


def _campaign(slug: str, me: Moderator, turn_to: dict[str, str] | None = None, problem: str = "") -> str:
    session = reading()
    campaign, held = campaign_for(session, me, slug, Act.LOOK)
    return render_template(
        "moderation/campaign.html",
        me=me,
        chosen=campaign,
        offered=_pages(held, campaign),
        earlier=_earlier(session, held, campaign),
        invited=number(request.args.get("invited", "")),
        may_edit=permissions.may(held, Act.EDIT_CAMPAIGN, campaign.id),
        turn_to=campaign.words.get(turning.NAME, {}) if turn_to is None else turn_to,
        most=(turning.MOST_LINES, turning.MOST_CHARS),
        problem=problem,
        saved="saved" in request.args,
    )


@desk.post("/campaigns/<slug>/turn-to")
@for_staff
def change_turn_to(slug: str, me: Moderator) -> ResponseReturnValue:
    """The campaign names its own places for whoever is targeted; where it names none the usual ones stand."""
    with transaction() as session:
        campaign, _held = campaign_for(session, me, slug, Act.EDIT_CAMPAIGN)
        written = turning.read({lang: request.form.get(f"turn_to-{lang}", "") for lang in campaign.languages})
        if not turning.is_too_much(written):
            turning.change(session, campaign, written, me, utcnow())
            return redirect(url_for("desk.show_campaign", slug=slug, saved=1, _anchor="turn-to"), code=303)
    lines, letters = turning.MOST_LINES, turning.MOST_CHARS
    problem = gettext("Shorten this to %(lines)s lines and %(most)s characters.", lines=lines, most=letters)
    return _campaign(slug, me, written, problem), 422


@desk.post("/campaigns/<slug>/invite")
@for_staff
def invite_again(slug: str, me: Moderator) -> ResponseReturnValue:
    """Who took part before and agreed to it is owed one letter, however often this is pressed."""
    with transaction() as session:
        campaign, held = campaign_for(session, me, slug, Act.EDIT_CAMPAIGN)
        chosen = next(
            (each for each in _earlier(session, held, campaign) if each.slug == request.form.get("from")), None
        )
        if chosen is None:
            abort(400)
        owed = questions.invite(session, campaign, chosen, utcnow())
        chain.add(
            session, chain.actor(me), "campaign:invite", f"campaign:{campaign.id}",
            after={"from": chosen.slug, "invited": owed}, campaign_id=campaign.id, now=utcnow(),
        )  # fmt: skip
    queue.nudge_letters(settings().undo_seconds)
    return redirect(url_for("desk.show_campaign", slug=slug, invited=owed), code=303)


def _earlier(session: Session, held: dict[int | None, Role], campaign: Campaign) -> list[Campaign]:
    """The campaigns whose authors this person may invite to this one, while it takes promises."""
    if campaign.state is not CampaignState.OPEN or not permissions.may(held, Act.EDIT_CAMPAIGN, campaign.id):
        return []
    return [each for each in campaigns_of(session, held, Act.EDIT_CAMPAIGN) if each.id != campaign.id]


def _pages(held: dict[int | None, Role], campaign: Campaign) -> list[tuple[str, str, str]]:
    """Endpoint, name and use of each page that these roles may open."""
    every = [
        (
            Act.EMBED,
            "desk.show_embedding",
            gettext("Embed the wall, and who does"),
            gettext("What to paste into another page, in your colours; and which sites show the wall."),
        ),
        (
            Act.CONNECT,
            "desk.show_keys",
            gettext("Keys for partners"),
            gettext("Sites that send what their own visitors promise there."),
        ),
        (
            Act.CONNECT,
            "desk.show_webhooks",
            gettext("Webhooks"),
            gettext("Other programs that are told what comes to the wall and leaves it."),
        ),
    ]
    return [(page, name, use) for act, page, name, use in every if permissions.may(held, act, campaign.id)]
