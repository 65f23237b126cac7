"""Which pages are the same for everybody, what they show, and how long anybody may keep them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import Flask, Response, g, make_response, request
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from pledges.campaigns import versions
from pledges.db import Database, reading, utcnow
from pledges.figures import sites
from pledges.front import ALL, SAID, Asked, Bounds, Front, Pages, Shows, Sites, Versions, Watcher
from pledges.front.serving import Serving
from pledges.models import Campaign
from pledges.settings import Settings
from pledges.tokens import FormTokens, new_form_token

from . import spelling, static

SHARED = "public, max-age=5, stale-while-revalidate=25, stale-if-error=30"  # a minute together, as the receipt says
LOOKED_AT = "public, max-age=5, stale-if-error=30"  # what an open page asks for again each 50 seconds
FORM = "private, no-cache"  # not no-store: Back after a lost network must keep what was typed
PRIVATE = "private, no-store"
SITES = "wall.sites"  # the extension: what the front has seen
FOR_ONE = ("event", "try")  # a form that is asked with one of these is its visitor's alone
HOLE = f"form-token-{secrets.token_hex(16)}"  # in a form that is kept, until it is filled in; nobody can guess it

View = TypeVar("View", bound=Callable[..., Any])


# Which


def kept(
    *, unless: Iterable[str] = (), slow: bool = False, meaning: Callable[[dict[str, str]], dict[str, str]] = dict
) -> Callable[[View], View]:
    """Marks a view whose page is the same for everybody, unless it is asked with one of these.

    What is `slow` to make waits for its like, and no other page waits for it. `meaning` gives what the page is asked its
    one spelling, without what means nothing; whatever can still be asked in more ways than we offer costs its visitor a
    token, `paging.count_if_deep`.
    """

    def mark(view: View) -> View:
        view.kept = frozenset(unless)  # type: ignore[attr-defined]
        view.slow = slow  # type: ignore[attr-defined]
        view.meaning = meaning  # type: ignore[attr-defined]
        return view

    return mark


def never_kept(why: str) -> Callable[[View], View]:
    """Marks a view whose answer is made for each visitor, and says why."""

    def mark(view: View) -> View:
        view.never_kept = why  # type: ignore[attr-defined]
        return view

    return mark


def joined(app: Flask) -> Callable[[str], Asked | None]:
    """By path: what the page there can be asked; none where it is not the same for everybody."""
    adapter = app.url_map.bind("localhost")

    def asked(path: str) -> Asked | None:
        try:
            endpoint, _ = adapter.match(path, method="GET")
        except HTTPException:  # a redirect to another spelling is one, too
            return None
        view: Any = app.view_functions[endpoint]
        unless = getattr(view, "kept", None)
        if unless is None:
            return None
        return Asked(spelling.known_names(endpoint), unless, view.slow, view.meaning)

    return asked


# What they show


def shared(campaign: Campaign, page: Callable[[], Any], *, keeping: str = SHARED) -> Response:
    """A page of a campaign for everybody, which says by `shows` under what it hangs besides.

    The campaign has to be read before anything that the page shows. `keeping`: what browsers and proxies may do with it.
    """
    wall, talk, until = campaign.wall_version, campaign.talk_version, _ends([campaign], utcnow()).timestamp()
    response = make_response(page())
    return _for_all(response, Shows(campaign.id, wall, talk, frozenset(g.get("items", ())), until), keeping)


def shows(contributions: Iterable[int]) -> None:
    """The page of this request shows or counts the comments of these contributions (ids; ANY for all of a campaign)."""
    g.items = {*g.get("items", ()), *contributions}


def with_token(
    campaign: Campaign, purpose: str, page: Callable[[str], Response], *, items: Iterable[int] = ()
) -> Response:
    """A form that differs between visitors by its token alone: `page` is given the token, or what stands for it."""
    if SAID not in request.environ:
        return page(new_form_token(purpose))
    wall, talk, until = campaign.wall_version, campaign.talk_version, _ends([campaign], utcnow()).timestamp()
    response = page(HOLE)
    holes = response.get_data().count(HOLE.encode())
    hole = (purpose, HOLE.encode()) if holes == 1 else ()
    if holes < 2:  # none: there is nothing to send, as where comments are closed
        request.environ[SAID].shows = Shows(campaign.id, wall, talk, frozenset(items), until, *hole)
    return response


def shared_by_all(page: Callable[[], Any]) -> Response:
    """A page that hangs on every campaign there is, as the list of them does."""
    every = list(reading().scalars(select(Campaign)))
    shows = Shows(ALL, sum(each.wall_version for each in every), until=_ends(every, utcnow()).timestamp())
    return _for_all(make_response(page()), shows if every else None)


def _for_all(response: Response, shows: Shows | None, keeping: str = SHARED) -> Response:
    response.headers.setdefault("Cache-Control", keeping)
    if response.status_code == 200:
        response.add_etag()
    if shows is not None and SAID in request.environ:
        request.environ[SAID].shows = shows
    if response.status_code == 200:
        response.make_conditional(request)
    return response


def _ends(campaigns: Iterable[Campaign], now: datetime) -> datetime:
    """When the clock alone may make another page of it: at opening or closing, with a surge, and with each day."""
    found = [_midnight(now, "UTC")]
    for each in campaigns:
        found.append(_midnight(now, each.time_zone))
        found += [end for end in (each.opens_at, each.closes_at, each.guard_until) if end is not None and end > now]
    return min(found)


def _midnight(now: datetime, zone: str) -> datetime:
    here = ZoneInfo(zone)
    tomorrow = now.astimezone(here).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), here).astimezone(UTC)


# The front


def front(app: Flask, database: Database, settings: Settings) -> Front:
    """The application behind its async front, with what it keeps."""
    pages = Pages(settings.pages_mib * 1024 * 1024)
    static.keep(app, pages, settings.base_url)

    def read(heard: Mapping[int, int]) -> Versions:
        with database.new_session() as session:
            return versions.read(session, heard)

    watcher = Watcher(database.engine, read, pages)
    database.when_moved.append(watcher.look_now)
    bounds = Bounds(settings.body_idle_seconds, settings.body_seconds, settings.body_bytes)

    def keep(render: Any, at_once: int) -> Serving:
        return Serving(pages, watcher, joined(app), FormTokens(settings).new, render, at_once=at_once)

    def store(seen: Mapping[tuple[str, str, str], int]) -> None:
        with database.writing() as session:
            sites.store(session, seen)

    app.extensions[SITES] = Sites(settings.base_url, store)
    return Front(app, bounds=bounds, threads=settings.threads, keep=keep, sites=app.extensions[SITES])
