"""The campaigns, and the wall of one."""

from __future__ import annotations

from flask import Response, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from pledges.campaigns import colours as campaigns_colours
from pledges.campaigns import finding
from pledges.db import Translated, reading, utcnow
from pledges.figures import counters, keeping
from pledges.models import Campaign
from pledges.wall import filters as wall_filters
from pledges.wall import finder, pieces
from pledges.web.caching import kept, shared, shared_by_all, shows
from pledges.web.language import link

from .base import public
from .making import to_come


@public.get("/")
@kept()
def campaigns() -> ResponseReturnValue:
    """The campaigns; with one alone, its wall."""
    return shared_by_all(_campaigns)


def _campaigns() -> ResponseReturnValue:
    found = finding.shown_campaigns(reading())
    if len(found) == 1:
        return redirect(link("wall", slug=found[0].slug))
    every = counters.read_each(reading(), [each.id for each in found])
    counts = {campaign_id: counters.without_examples(each) for campaign_id, each in every.items()}
    leads = {each.id: Translated(each.words.get("lead", {})) for each in found}
    return render_template(
        "campaign/list.html", campaigns=found, counts=counts, leads=leads, now_open=_open_ones(found)
    )


def _open_ones(found: list[Campaign]) -> set[int]:
    now = utcnow()
    return {each.id for each in found if finding.is_open(each, now)}


@public.get("/<slug>", endpoint="wall")
@kept(meaning=wall_filters.meaning)
def show_wall(slug: str) -> ResponseReturnValue:
    return shared(g.campaign, lambda: _wall(g.campaign))


def _wall(campaign: Campaign) -> str:
    session = reading()
    every = counters.read(session, campaign.id)
    counts = counters.without_examples(every)
    filters = wall_filters.Filters.read(request.args.to_dict())
    page = finder.page(session, campaign, filters)
    shows(each.id for each in page.items)
    return render_template(
        "campaign/wall.html",
        filters=filters,
        pieces=[pieces.piece(each) for each in page.items],
        next=page.next,
        before=page.before,
        further=bool(request.args.get("after") or page.before),
        counts=counts,
        keeping=keeping.of(every, campaign.target),
        cloth=pieces.the_cloth(session, campaign),
        asked_for=Markup(", ").join(finder.asked_for(campaign, filters)),
        found=finder.counted(campaign, filters, counts),
        themes=finder.themes(campaign, filters, counts),
        groups=finder.groups(campaign, filters, counts),
        by_key={theme.key: theme for theme in campaign.themes},
        open=finding.is_open(campaign, utcnow()),
        to_come=to_come(campaign),
        dye=pieces.dye,
        wall_page=True,
    )


@public.get("/<slug>/colours.css")
@kept()
def colours(slug: str) -> ResponseReturnValue:
    """The campaign's own five colours, as a style sheet, so that no page needs an inline style."""
    return shared(g.campaign, lambda: Response(campaigns_colours.colours_css(g.campaign), mimetype="text/css"))
