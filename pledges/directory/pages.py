"""The list of a wall's organisations, and the page of one."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, g, render_template, request
from flask.typing import ResponseReturnValue

from pledges.campaigns import finding
from pledges.db import reading, utcnow
from pledges.errors import NotYours
from pledges.figures import counters
from pledges.models import Campaign, OrganisationOnWall
from pledges.organisations import badges, facts, logos, places
from pledges.views.base import public
from pledges.wall import listing, pieces
from pledges.wall.filters import QUESTION_CHARS
from pledges.web.caching import kept, shared, shows
from pledges.web.headers import OPEN
from pledges.web.paging import count_if_deep, cursor

PAGE = 60
SAFE = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
EMBEDDED = SAFE | OPEN | {"Cross-Origin-Resource-Policy": "cross-origin"}  # walls in other sites' pages show it, too


@public.get("/<slug>/organisations")
@kept(meaning=facts.meaning)
def organisations(slug: str) -> ResponseReturnValue:
    return shared(g.campaign, lambda: _list(g.campaign))


def _list(campaign: Campaign) -> str:
    count_if_deep()
    session = reading()
    asked = " ".join(request.args.get("q", "")[: 4 * QUESTION_CHARS].split())[:QUESTION_CHARS]
    given = request.args.get("after", "")
    sector = facts.sector_asked()
    found, rest = places.page(
        session, campaign.id, asked, places.Place.read(given) if given else None, PAGE, sector=sector
    )
    counts = counters.read(session, campaign.id)
    return render_template(
        "campaign/organisations.html",
        asked=asked,
        found=found,
        verified=[row.organisation_id for row in found if badges.is_verified(row.organisation, utcnow())],
        next=str(rest) if rest else None,
        further=bool(given),
        number=counts.get(counters.ORGANISATIONS, 0),
        sectors=places.by_sector(counts),
        sector=sector,
        sector_words=facts.SECTORS,
        size_words=facts.SIZES,
        open=finding.is_open(campaign, utcnow()),
    )


@public.get("/<slug>/organisations/<id>")
@kept()
def organisation(slug: str, id: str) -> ResponseReturnValue:
    row = on_wall_or_404(g.campaign, id)
    return shared(g.campaign, lambda: _organisation(g.campaign, row))


@public.get("/<slug>/organisations/<id>/logo-<hash>.png")
@kept()
def logo(slug: str, id: str, hash: str) -> ResponseReturnValue:
    """The logo of an organisation, while that is the one that is shown, and its badge holds."""
    row = on_wall_or_404(g.campaign, id)
    png = logos.png(reading(), row.organisation, hash) if badges.is_verified(row.organisation, utcnow()) else None
    if png is None:
        raise NotYours
    return shared(g.campaign, lambda: Response(png, mimetype="image/png", headers=EMBEDDED))


def on_wall_or_404(campaign: Campaign, id: str) -> OrganisationOnWall:
    row = places.on_wall(reading(), campaign.id, id)
    if row is None:
        raise NotYours
    return row


def _organisation(campaign: Campaign, row: OrganisationOnWall) -> str:
    page = listing.of_organisation_page(reading(), campaign, row.organisation_id, cursor())
    shows(each.id for each in page.items)
    website = badges.website_of(reading(), row.organisation, utcnow())
    return render_template(
        "campaign/organisation.html",
        row=row,
        proof=badges.told(row.organisation, utcnow()),
        logo=logos.of(row.organisation) if badges.is_verified(row.organisation, utcnow()) else None,
        facts=facts.told(row.organisation),
        website=website,
        website_name=urlsplit(website).hostname or "",
        pieces=[pieces.piece(each) for each in page.items],
        next=page.next,
        further=bool(request.args.get("after")),
        open=finding.is_open(campaign, utcnow()),
    )
