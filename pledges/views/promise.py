"""One promise or answer, with its comments."""

from __future__ import annotations

import segno
from flask import g, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import joinedload

from pledges.campaigns import finding
from pledges.db import reading, utcnow
from pledges.intake.forms.update import STATUSES
from pledges.models import Campaign, Contribution, Type
from pledges.organisations import badges, places
from pledges.updates import actions, timeline
from pledges.wall import copying, listing, pieces, shown
from pledges.wall import thread as wall_thread
from pledges.web.caching import kept, shared, shows
from pledges.web.language import address_of
from pledges.web.paging import cursor

from .base import public
from .comment import STARTS

WITH_IT = (*listing.ON_ITS_PAGE, joinedload(Contribution.audience))


@public.get("/<slug>/<any(promises, answers):shelf>/<id>")
@kept()
def promise(slug: str, shelf: str, id: str) -> ResponseReturnValue:
    pledge = shown.shown_or_404(reading(), g.campaign, id, shown.SHELVES[shelf], with_it=WITH_IT)
    return shared(g.campaign, lambda: _promise(g.campaign, pledge))


def _promise(campaign: Campaign, pledge: Contribution) -> str:
    session = reading()
    shows([pledge.id])
    assert pledge.published_at is not None and pledge.published_revision is not None  # noqa: S101 (it is shown)
    theme = next((each for each in campaign.themes if each.id == pledge.theme_id), None)
    dye = pieces.dye(theme, pledge.public_id)
    cloth = pieces.the_cloth(session, campaign, mark=pledge.published_at.date(), own=dye, narrow=True)
    thread = wall_thread.thread(session, pledge, cursor())
    piece = pieces.piece(pledge)
    return render_template(
        "pledge/show.html",
        p=piece,
        copy=copying.copy_of(piece, pledge, campaign),
        words=pledge.published_revision.words,
        thread=thread,
        question=pledge.question,
        findable=pledge.findable,
        organisation=pledge.organisation if places.is_listed(pledge) else None,
        proof=badges.told(pledge.organisation, utcnow()) if piece.verified else None,
        website=badges.website(pledge, utcnow()),
        audience=pledge.audience,
        comments_open=finding.takes_comments(campaign, pledge),
        cloth=cloth,
        open=finding.is_open(campaign, utcnow()),
        told=timeline.entries(session, pledge).items if pledge.type is Type.PLEDGE else [],
        actions=actions.of(session, pledge),
        statuses=STATUSES,
        starts=STARTS,
        inspired=pledge.inspired_shown,
        address=address_of(pledge, campaign, absolute=True),
        linked=copying.linked_data(pledge, piece, campaign),
    )


@public.get("/<slug>/promises/<id>/poster")
@kept()
def poster(slug: str, id: str) -> ResponseReturnValue:
    """A promise as a certificate that one would hang up, with its address as a square to photograph."""
    pledge = shown.shown_or_404(reading(), g.campaign, id, Type.PLEDGE, with_it=listing.ON_ITS_PAGE)
    return shared(g.campaign, lambda: _poster(g.campaign, pledge))


def _poster(campaign: Campaign, pledge: Contribution) -> str:
    assert pledge.published_revision is not None  # noqa: S101 (it is shown)
    address = address_of(pledge, campaign, absolute=True)
    square = segno.make(address, error="m").svg_inline(scale=4, svgclass="qr", omitsize=True)
    return render_template(
        "pledge/poster.html",
        p=pieces.piece(pledge),
        words=pledge.published_revision.words,
        actions=actions.of(reading(), pledge),
        statuses=STATUSES,
        address=address,
        qr=Markup(square),  # noqa: S704 (segno draws it)
    )
