"""The addresses of the lists. One more is one more view here, and its line in `KNOWN` of pledges/web/spelling.py."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.db import reading
from pledges.directory.pages import on_wall_or_404
from pledges.models import Campaign, Contribution, OrganisationOnWall
from pledges.settings import settings
from pledges.text import opening
from pledges.views.base import public
from pledges.wall import filters, finder, listing, shown
from pledges.web.caching import kept, shared, shows
from pledges.web.language import link, page_lang
from pledges.web.paging import Page, cursor

from . import atom, beneath
from .entries import entries

NEWEST = 50


@public.get("/<slug>/feed.atom")
@kept(meaning=filters.meaning)
def feed(slug: str) -> ResponseReturnValue:
    """The newest promises of a campaign, of one theme where that is asked for."""
    return shared(g.campaign, lambda: _promises(g.campaign))


def _promises(campaign: Campaign) -> Response:
    asked = filters.Filters(theme=request.args.get("theme", "")[:40])
    page = _as_entries(campaign, finder.page(reading(), campaign, asked, limit=NEWEST))
    title = campaign.title.in_(page_lang())
    named = [theme.title.in_(page_lang()) for theme in campaign.themes if theme.key == asked.theme]
    return _answer(
        campaign,
        page,
        "feed",
        asked.asked,
        title=" · ".join([title, *named]),
        subtitle=campaign.text("lead", page_lang()),
        page_url=_whole("wall", **asked.asked),
    )


@public.get("/<slug>/organisations/<id>/feed.atom")
@kept()
def organisation_feed(slug: str, id: str) -> ResponseReturnValue:
    """The newest promises of an organisation."""
    row = on_wall_or_404(g.campaign, id)
    return shared(g.campaign, lambda: _of_organisation(g.campaign, row))


def _of_organisation(campaign: Campaign, row: OrganisationOnWall) -> Response:
    asked = {"id": row.organisation.public_id}
    return _answer(
        campaign,
        _as_entries(
            campaign, listing.of_organisation_page(reading(), campaign, row.organisation_id, cursor(), limit=NEWEST)
        ),
        "organisation_feed",
        asked,
        title=_("Promises by %(name)s", name=row.organisation.name),
        subtitle=campaign.title.in_(page_lang()),
        page_url=_whole("organisation", **asked),
    )


@public.get("/<slug>/<any(promises, answers):shelf>/<id>/feed.atom")
@kept()
def promise_feed(slug: str, shelf: str, id: str) -> ResponseReturnValue:
    """The newest comments under one promise or answer, and what its author told of how it goes."""
    pledge = shown.shown_or_404(reading(), g.campaign, id, shown.SHELVES[shelf], with_it=listing.ON_ITS_PAGE)
    return shared(g.campaign, lambda: _beneath(g.campaign, pledge, shelf))


def _beneath(campaign: Campaign, pledge: Contribution, shelf: str) -> Response:
    shows([pledge.id])
    assert pledge.published_revision is not None  # noqa: S101 (it is shown)
    words = opening(pledge.published_revision.words)
    return _answer(
        campaign,
        beneath.newest(pledge, campaign, cursor(), NEWEST),
        "promise_feed",
        {"shelf": shelf, "id": pledge.public_id},
        title=_("Comments on “%(words)s”", words=words),
        subtitle=campaign.title.in_(page_lang()),
        page_url=_whole("promise", shelf=shelf, id=pledge.public_id),
    )


def _as_entries(campaign: Campaign, page: Page[Contribution]) -> Page[atom.Entry]:
    return Page(entries(page.items, campaign), page.next)


def _answer(campaign: Campaign, page: Page[atom.Entry], endpoint: str, asked: dict[str, str], **said: Any) -> Response:
    """This page of the list at `endpoint`, which is asked with `asked`."""
    first = _whole(endpoint, **asked)
    here = request.args.get("after", "")
    return atom.answer(
        atom.Feed(
            lang=page_lang(),
            first_url=first,
            self_url=_whole(endpoint, **asked, after=here) if here else first,
            since=campaign.created_at,
            entries=page.items,
            next_url=_whole(endpoint, **asked, after=page.next) if page.next else None,
            author=campaign.owner,
            **said,
        )
    )


def _whole(endpoint: str, **values: str) -> str:
    campaign: Campaign = g.campaign
    return settings().base_url + link(endpoint, slug=campaign.slug, **values)
