"""One address for one page: its spelling, the questions it takes, its languages, and the host it stands on.

Nothing here is made of what a request says about its host: addresses are relative, or begin with `WALL_BASE_URL`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from flask import Response, abort, current_app, g, make_response, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from pledges.settings import Settings, settings

LANGUAGES = {"en": "English", "cy": "Cymraeg"}
FOR_MACHINES = {"/healthz", "/readyz", "/metrics"}  # whoever watches over us asks by number, under any name
CLINGS = " \t\r\n\u00a0\u200b.,;:!)>]}'\"’”»…"  # what programs take for part of an address at the end of a sentence
WRITTEN_EXACTLY = {"token", "filename"}  # names that routes give to a part in which capitals count
FILTERS = ("theme", "audience", "kind", "status", "lang", "q")
LOOKS = (  # of a frame
    "accent", "on-accent", "link", "ground", "paper", "ink", "line", "radius", "joint", "pad", "words",
)  # fmt: skip
PORTS = {"http": 80, "https": 443}

# What each page can be asked. Nothing else is part of a page, of its tag, of what a cache keeps it by, or of a link.
KNOWN: Mapping[str, tuple[str, ...]] = {
    "wall": (*FILTERS, "sort", "after", "before"),
    "promise": ("after",),
    "question": ("after",),
    "report": ("step",),
    "new_promise": ("event", "like"),
    "make_promise": ("event", "like"),
    "new_answer": ("event", "like"),
    "make_answer": ("event", "like"),
    "new_comment": ("event", "reply_to", "start"),
    "make_comment": ("event", "reply_to"),
    "draft": ("do", "made"),
    "receipt": ("do", "sent", "done", "proof", "reply_to"),
    "house_rules": ("campaign",),
    "organisations": ("q", "sector", "after"),
    "organisation": ("after",),
    "feed": ("theme", "after"),
    "organisation_feed": ("after",),
    "promise_feed": ("after",),
    "embed.wall_data": ("lang", "theme", "limit"),
    "embed.promise_data": ("lang",),
    "embed.frame": ("lang", "mode", "theme", "limit", "scheme", "still", *LOOKS),
    "embed.frame_of_one": ("lang", "scheme", "still", *LOOKS),
    "embed.frame_of_question": ("lang", "limit", "scheme", "still", *LOOKS),
    "embed.frame_of_organisation": ("lang", "limit", "scheme", "still", *LOOKS),
    "embed.frame_looks": ("scheme", *LOOKS),
    "embed.fragment": ("lang", "mode", "theme", "limit", "level", "style"),
    "embedding.oembed": ("url", "format", "maxwidth", "maxheight"),
    "api.pledges": (*FILTERS, "sort", "after", "limit"),
    "api.answers": ("question", "after", "limit"),
    "api.comments": ("after", "limit"),
    "api.updates": ("after", "limit"),
    "api.organisations": ("q", "sector", "after", "limit"),
    "api.removed": ("since", "after"),
}


def known_query(endpoint: str, args: Mapping[str, str] | MultiDict[str, str]) -> dict[str, str]:
    """What of these arguments the page can be asked, in its one spelling and order; the first of each, and none empty."""
    meaning = getattr(current_app.view_functions.get(endpoint), "meaning", dict)
    return dict(meaning({each: args[each] for each in known_names(endpoint) if args.get(each)}))


def known_names(endpoint: str) -> tuple[str, ...]:
    """What the page of this endpoint can be asked, in the order in which it stands in an address."""
    room, _, name = endpoint.rpartition(".")
    room = room.partition("_")[0]  # the same page in another language
    return KNOWN.get(name if room == "public" else f"{room}.{name}", ())


# One spelling


def other_spelling() -> Response | None:
    """308 to the one address, where this one is written otherwise: in capitals, or with what clung to its end."""
    path = _one_spelling(request.path)
    if path is None or path == request.path:
        return None
    return make_response(redirect(quote(path) + _known_of(path), code=308))


def _one_spelling(path: str) -> str | None:
    """The address that was meant; none: there is nothing of that kind."""
    if path.startswith("/static/"):
        return None
    parts = [part for part in path.rstrip(CLINGS + "/").split("/") if part]
    if not parts:
        return "/"
    low = "/" + "/".join(parts).lower()
    exact = next((lead.count("/") - 1 for lead in _before_exact_parts() if low.startswith(lead)), len(parts))
    plain = "/" + "/".join([*low[1:].split("/")[:exact], *parts[exact:]])
    if path in (plain, f"{plain}/") and request.routing_exception is None:
        return path
    return _as_routed(plain) or _as_routed(f"{plain}/")


def _before_exact_parts() -> tuple[str, ...]:
    """What stands before each part in which capitals count, by the routes of this application."""
    found: tuple[str, ...] | None = current_app.extensions.get("wall.before_exact_parts")
    if found is None:
        rules = [rule for rule in current_app.url_map.iter_rules() if rule.arguments & WRITTEN_EXACTLY]
        found = current_app.extensions["wall.before_exact_parts"] = tuple({rule.rule.split("<")[0] for rule in rules})
    return found


def _as_routed(path: str) -> str | None:
    """This path, or the one that the routes make of it; none: no page stands there."""
    try:
        _match(path)
    except RequestRedirect as on:
        return urlsplit(on.new_url).path
    except MethodNotAllowed:
        pass
    except NotFound:
        return None
    return path


def _match(path: str) -> str:
    """The endpoint of this path."""
    adapter = current_app.create_url_adapter(request)
    if adapter is None:
        raise NotFound
    return str(adapter.match(path, method=request.method)[0])


def _known_of(path: str) -> str:
    """The query that goes along: at the desk all of it, elsewhere what the page can be asked."""
    try:
        endpoint = _match(path)
    except MethodNotAllowed:
        return ""
    public = endpoint.partition(".")[0].startswith(("public", "api", "embed"))
    query = known_query(endpoint, request.args) if public else [*request.args.items(multi=True)]
    return f"?{urlencode(query)}" if query else ""


# The same page in other languages, and its name for search engines


def offered() -> list[str]:
    """The languages of this page, the one that needs no prefix first."""
    campaign = g.get("campaign")
    found = [lang for lang in (campaign.languages if campaign else LANGUAGES) if lang in LANGUAGES]
    return found or ["en"]


def in_language(lang: str) -> str:
    """The path of this very page in that language, with what it was asked."""
    name = (request.endpoint or "").rpartition(".")[2]
    blueprint = "public" if lang == offered()[0] else f"public_{lang}"
    query: dict[str, Any] = known_query(request.endpoint or "", request.args)
    return url_for(f"{blueprint}.{name}", **{**query, **(request.view_args or {})})


def is_public_page() -> bool:
    """Whether this is one of the pages for everyone that have an address of their own in each language."""
    return (request.endpoint or "").startswith("public") and request.routing_exception is None


def canonical() -> str:
    """The one address of this page, whole."""
    return settings().base_url + in_language(g.get("lang", "en"))


def alternates() -> list[tuple[str, str]]:
    """Language and whole address of this page in each of its languages; the first stands for all others, too."""
    found = [(lang, settings().base_url + in_language(lang)) for lang in offered()]
    return [*found, ("x-default", found[0][1])] if len(found) > 1 else []


# The host


def refuse_other_hosts() -> None:
    """421 for a request that was meant for another host; where we are tried out any name will do."""
    wall = settings()
    if wall.production and request.path not in FOR_MACHINES and not _is_ours(request.environ.get("HTTP_HOST"), wall):
        abort(421)


def _is_ours(host: str | None, wall: Settings) -> bool:
    ours = urlsplit(wall.base_url)
    try:
        asked = urlsplit(f"//{host}")
        port = asked.port
    except ValueError:
        return False
    if host is None or asked.netloc != host or asked.username is not None or not asked.hostname:
        return False
    usual = PORTS.get(ours.scheme)
    return asked.hostname.rstrip(".") == ours.hostname and (port or usual) in {ours.port or usual, usual}
