"""Pages of one campaign for those who run it."""

from __future__ import annotations

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from moderation import permissions
from moderation.models import Moderator, Role
from moderation.permissions import Act
from pledges.db import reading
from pledges.models import Campaign

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
    session = reading()
    campaign, held = campaign_for(session, me, slug, Act.LOOK)
    return render_template("moderation/campaign.html", me=me, chosen=campaign, offered=_pages(held, campaign))


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
