"""oEmbed (oembed.com, version 1.0): the address of a wall, a promise or a question, pasted somewhere, becomes its frame."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Response, abort, current_app, g, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from pledges.campaigns import finding
from pledges.db import reading
from pledges.directory.pages import on_wall_or_404
from pledges.errors import NotYours
from pledges.feeds.atom import readable
from pledges.models import Campaign
from pledges.settings import settings
from pledges.wall import shown as wall_shown
from pledges.web import spelling
from pledges.web.caching import kept, shared, shows
from pledges.web.language import link, page_lang
from pledges.web.paging import count_if_deep
from pledges.web.spelling import LANGUAGES

from . import asking
from .base import embedding, speak

WIDE = 600
TALL = {"wall": 800, "question": 800, "organisation": 800, "promise": 400}
FRAMES = {
    "wall": "frame",
    "promise": "frame_of_one",
    "question": "frame_of_question",
    "organisation": "frame_of_organisation",
}
PICTURE = (1200, 630)
KINDS = {"json": "application/json", "xml": "text/xml"}
ADDRESS_MOST = 500
CACHE_SECONDS = 300
_HTML = Markup(
    '<blockquote><a href="{page}">{title}</a></blockquote>'
    '<iframe src="{frame}" title="{title}" width="{width}" height="{height}" frameborder="0"></iframe>'
)


def _meaning(given: dict[str, str]) -> dict[str, str]:
    """Without what is usual, and what stands in the address behind its path; a room that is large enough says nothing."""
    said = dict(given)
    if "url" in said:
        page, mark, rest = said["url"].partition("#")[0].partition("?")
        said["url"] = page + (f"{mark}after=x" if "after=" in rest else "")
    rooms = {"maxwidth": PICTURE[0], "maxheight": max(TALL.values())}
    for name, usual in rooms.items():
        if name in said and (most := _pixels(said[name], usual)) >= usual:
            del said[name]
        elif name in said:
            said[name] = str(most)
    return {name: value for name, value in said.items() if (name, value) != ("format", "json")}


@embedding.get("/oembed")
@kept(meaning=_meaning)
def oembed() -> ResponseReturnValue:
    """What stands at `url`, as rich content; 404 for what is no page of ours that shows promises to everybody."""
    form = request.args.get("format") or "json"
    if form not in KINDS:
        abort(501)
    count_if_deep("maxwidth", "maxheight")
    endpoint, values = _page_at(request.args.get("url", ""))
    campaign = speak(finding.campaign_or_404(reading(), values.pop("slug")), values.pop("lang"))
    title = _title(campaign, endpoint, values)
    return shared(campaign, lambda: _answer(_described(endpoint, values, title), form))


def _page_at(address: str) -> tuple[str, dict[str, Any]]:
    """Which of our pages stands at this address, and what its route names; raises NotYours."""
    ours = settings().base_url
    try:
        parts = urlsplit(address)
        path = parts.path if f"{parts.scheme}://{parts.netloc}".lower() == ours.lower() else ""
        adapter = current_app.url_map.bind("localhost")
        name, values = adapter.match(path, method="GET") if len(address) < ADDRESS_MOST else ("", {})
    except (ValueError, HTTPException):
        raise NotYours from None
    room, _dot, endpoint = name.rpartition(".")
    prefix = room.rpartition("_")[2]
    if not room.startswith("public") or endpoint not in FRAMES or dict(parse_qsl(parts.query)).get("after"):
        raise NotYours
    return endpoint, {**values, "lang": prefix if prefix in LANGUAGES else ""}


def _title(campaign: Campaign, endpoint: str, values: dict[str, Any]) -> str:
    """What the page is called, without a word or a name of anybody: who asks keeps it for years, whatever is taken back.

    Raises NotYours where the page shows nothing.
    """
    if endpoint == "question":
        asked = wall_shown.question_or_404(reading(), campaign, values["id"])
        return asked.words.in_(page_lang())
    if endpoint == "wall":
        return campaign.title.in_(page_lang())
    if endpoint == "organisation":
        return on_wall_or_404(campaign, values["id"]).organisation.name
    found = asking.one_or_404(values["shelf"], values["id"])
    shows([found.id])
    if values["shelf"] == "answers":
        return _("An answer on “%(campaign)s”", campaign=campaign.title.in_(page_lang()))
    return _("A promise on “%(campaign)s”", campaign=campaign.title.in_(page_lang()))


def _described(endpoint: str, values: dict[str, Any], title: str) -> dict[str, Any]:
    home, named = settings().base_url, {**values, "slug": g.campaign.slug}
    most = _most("maxwidth", PICTURE[0]), _most("maxheight", PICTURE[1])
    width, height = min(WIDE, most[0]), min(TALL[endpoint], _most("maxheight", TALL[endpoint]))
    picture = {
        "thumbnail_url": home + _picture(endpoint, values),
        "thumbnail_width": PICTURE[0],
        "thumbnail_height": PICTURE[1],
    }
    page = home + link(endpoint, **named)
    frame = home + _frame_path(endpoint, named)
    return {
        "version": "1.0",
        "type": "rich",
        "provider_name": g.campaign.title.in_(page_lang()),
        "provider_url": home + link("wall", slug=g.campaign.slug),
        "title": title,
        "html": _HTML.format(page=page, title=title, frame=frame, width=width, height=height),
        "width": width,
        "height": height,
        **(picture if most[0] >= PICTURE[0] and most[1] >= PICTURE[1] else {}),  # which has to fit, too
        "cache_age": CACHE_SECONDS,
    }


def _frame_path(endpoint: str, named: dict[str, Any]) -> str:
    """The frame of a page, in the language of the page."""
    prefix = f"_{g.prefix}" if g.get("prefix") else ""
    adapter = current_app.url_map.bind("localhost")
    return adapter.build(f"embed{prefix}.{FRAMES[endpoint]}", named)


def _picture(endpoint: str, values: dict[str, Any]) -> str:
    """The card of a promise; of anything else that of the wall."""
    if endpoint == "promise":
        return link("promise_card", slug=g.campaign.slug, **values)
    return link("card", slug=g.campaign.slug)


def _most(name: str, usual: int) -> int:
    """As many pixels as the consumer has at most."""
    return _pixels(request.args.get(name, ""), usual)


def _pixels(text: str, usual: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 and int(text) else usual


def _answer(found: dict[str, Any], form: str) -> Response:
    if form == "json":
        return jsonify(found)
    root = Element("oembed")
    for name, value in found.items():
        SubElement(root, name).text = readable(str(value))
    return Response(tostring(root, encoding="utf-8", xml_declaration=True), mimetype=KINDS[form])


def discovery() -> list[tuple[str, str]]:
    """Kind and address of the descriptions of this page, for its head; none where it cannot be embedded."""
    endpoint = (request.endpoint or "").rpartition(".")[2]
    if not spelling.is_public_page() or endpoint not in FRAMES or request.args.get("after"):
        return []
    home, page = settings().base_url, spelling.canonical().partition("?")[0]
    kinds = {"application/json+oembed": "json", "text/xml+oembed": "xml"}
    return [(kind, f"{home}/oembed?{urlencode({'url': page, 'format': form})}") for kind, form in kinds.items()]
