"""The campaigns, and the wall of one."""

from __future__ import annotations

from flask import Response, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from pledges.campaigns import colours as campaigns_colours
from pledges.campaigns import finding
from pledges.db import Translated, reading, utcnow
from pledges.figures import counters
from pledges.models import Campaign
from pledges.wall import filters as wall_filters
from pledges.wall import listing, pieces
from pledges.web.caching import kept, shared, shared_by_all, shows
from pledges.web.helpers import in_words
from pledges.web.language import language_name, link
from pledges.web.paging import cursor

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
@kept()
def show_wall(slug: str) -> ResponseReturnValue:
    return shared(g.campaign, lambda: _wall(g.campaign))


def _wall(campaign: Campaign) -> str:
    session = reading()
    counts = counters.read(session, campaign.id)
    filters = wall_filters.Filters.read(request.args.to_dict())
    page = listing.wall_page(session, campaign, filters, cursor())
    shows(each.id for each in page.items)
    return render_template(
        "campaign/wall.html",
        filters=filters,
        pieces=[pieces.piece(each) for each in page.items],
        next=page.next,
        further=bool(request.args.get("after")),
        counts=counters.without_examples(counts),
        cloth=pieces.the_cloth(session, campaign),
        asked_for=Markup(", ").join(_asked_for(campaign, filters)),
        found=_counted(campaign, filters, counts),
        open=finding.is_open(campaign, utcnow()),
        to_come=to_come(campaign),
        dye=pieces.dye,
        statuses=status_words(),
        wall_page=True,
    )


def _asked_for(campaign: Campaign, filters: wall_filters.Filters) -> list[Markup]:
    """What was asked to see, in the words of the page, theme first; only what there is to ask for."""
    if not filters.asked:
        return []
    statuses = status_words()
    kinds = {"organisation": _("organisations only"), "person": _("people only")}
    found = [in_words(theme.title) for theme in campaign.themes if theme.key == filters.theme]
    found += [in_words(each.title) for each in campaign.audiences if each.key == filters.audience]
    found += [Markup.escape(kinds[filters.kind])] if filters.kind in kinds else []
    found += [Markup.escape(statuses[filters.status])] if filters.status in statuses else []
    known = filters.lang in campaign.contribution_languages
    return [*found, *([Markup.escape(language_name(filters.lang))] if known else [])]


def status_words() -> dict[str, str]:
    """How a promise can stand, as something to ask the wall for."""
    return {
        "under_way": _("under way"),
        "kept": _("kept promises"),
        "changed": _("changed since"),
        "not_kept": _("not kept"),
        "promised": _("just promised"),
    }


def _counted(campaign: Campaign, filters: wall_filters.Filters, counts: dict[str, int]) -> int | None:
    """How many promises were asked for, where that is a number that we keep."""
    asked = [f"{name}={value}" for name, value in filters.asked.items()]
    if len(asked) != 1:
        return None
    names = {f"theme={theme.key}": f"theme:{theme.id}" for theme in campaign.themes}
    names |= {f"status={status}": f"progress:{status}" for status in status_words()}
    names |= {f"kind={kind}": f"kind:{kind}" for kind in ("person", "organisation")}
    return counts.get(names[asked[0]], 0) if asked[0] in names else None


@public.get("/<slug>/colours.css")
@kept()
def colours(slug: str) -> ResponseReturnValue:
    """The campaign's own five colours, as a style sheet, so that no page needs an inline style."""
    return shared(g.campaign, lambda: Response(campaigns_colours.colours_css(g.campaign), mimetype="text/css"))
