"""The wall, or one promise, as a page that other pages frame; it needs no script, and no cookie is ever set."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue

from pledges.db import reading
from pledges.directory.pages import on_wall_or_404
from pledges.errors import NotYours
from pledges.models import Campaign
from pledges.settings import settings
from pledges.wall import shown as wall_shown
from pledges.web.caching import LOOKED_AT, kept, shared
from pledges.web.errors import error_page
from pledges.web.language import link
from pledges.web.spelling import known_query

from . import asking
from .asked import SCHEMES, Asked, meaning
from .base import embed
from .parts import Drawing, Node
from .showing import entire, not_here, own_colours

_SITE = re.compile(r"https?://(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?")
SITE_CHARS = 200
SCRIPT = "frame.js"


@embed.get("/<slug>/embed")
@kept(meaning=meaning)
def frame(slug: str) -> ResponseReturnValue:
    asked = Asked.read(request.args)
    return shared(g.campaign, lambda: _page(asked.mode, asking.newest(asked), "wall"), keeping=LOOKED_AT)


@embed.get("/<slug>/<any(promises, answers):shelf>/<id>/embed")
@kept(meaning=meaning)
def frame_of_one(slug: str, shelf: str, id: str) -> ResponseReturnValue:
    found = asking.one_or_404(shelf, id)
    return shared(
        g.campaign, lambda: _page("single", asking.one(found), "promise", shelf=shelf, id=id), keeping=LOOKED_AT
    )


@embed.get("/<slug>/questions/<id>/embed")
@kept(meaning=meaning)
def frame_of_question(slug: str, id: str) -> ResponseReturnValue:
    question = wall_shown.question_or_404(reading(), g.campaign, id)
    asked = Asked.read(request.args)
    return shared(
        g.campaign, lambda: _page("named", asking.newest(asked, question), "question", id=id), keeping=LOOKED_AT
    )


@embed.get("/<slug>/organisations/<id>/embed")
@kept(meaning=meaning)
def frame_of_organisation(slug: str, id: str) -> ResponseReturnValue:
    row = on_wall_or_404(g.campaign, id)
    asked = Asked.read(request.args)
    return shared(
        g.campaign, lambda: _page("named", asking.of_organisation(asked, row), "organisation", id=id), keeping=LOOKED_AT
    )


@embed.get("/<slug>/embed.css")
@kept(meaning=meaning)
def frame_looks(slug: str) -> ResponseReturnValue:
    """What the frame's address says of its looks, as a style sheet, so that nothing stands in the page itself."""
    return shared(g.campaign, lambda: Response(_looks(), mimetype="text/css"))


def _looks() -> str:
    own = " ".join(f"--pw-{name}: {value};" for name, value in own_colours(g.campaign).items())
    return (f":root {{ {own} }}\n" if own else "") + Asked.read(request.args).css


@embed.errorhandler(NotYours)
def gone(_error: NotYours) -> Response:
    """In a frame of a campaign: that it is gone, and the way to the wall, which stay in an open page of somebody else."""
    if g.get("campaign") is None or not (request.endpoint or "").rpartition(".")[2].startswith("frame_of"):
        return error_page(404)
    response = _framed([not_here(g.campaign)], "wall", bool(own_colours(g.campaign)))
    response.status_code = 404
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(mode: str, found: dict[str, Any], endpoint: str, **names: str) -> Response:
    return _framed(entire(mode, found), endpoint, bool(found["colours"]), **names)


def _framed(parts: list[Node], endpoint: str, coloured: bool, **names: str) -> Response:
    home = settings().base_url
    drawing = Drawing(home, target="_blank")
    looks = known_query("embed.frame_looks", request.args)
    asked = Asked.read(request.args)
    response = make_response(
        render_template(
            "embed/frame.html",
            parts=[drawing.html(each) for each in parts],
            scheme=SCHEMES[asked.scheme],
            looks=f"/{g.campaign.slug}/embed.css?{urlencode(looks)}" if asked.looks or coloured else "",
            canonical=home + link(endpoint, slug=g.campaign.slug, **names),
            script=SCRIPT,
            still=_stopped(),
        )
    )
    response.headers["Content-Security-Policy"] = policy(g.campaign)
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return response


def _stopped() -> str:
    """The address of this frame without the clock that a reader without scripts may want to stop (WCAG 2.2, 2.2.1).

    Empty where it is stopped.
    """
    asked = known_query(request.endpoint or "", request.args)
    return "" if "still" in asked else f"{request.path}?{urlencode({**asked, 'still': '1'})}"


def policy(campaign: Campaign) -> str:
    """What the frame may load, and who may frame it: the campaign's sites, and our desk; any where it names none."""
    ours = settings().base_url
    return (
        f"default-src 'none'; style-src 'self' {ours}; script-src 'self' {ours}; connect-src 'self' {ours}; img-src 'self' {ours}; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {' '.join(sites(campaign)) or '*'}"
    )


def sites(campaign: Campaign) -> list[str]:
    """The campaign's sites that can stand in such a list; one that cannot keeps out rather than lets in."""
    good = [found for each in campaign.embed_origins if (found := site(str(each)))]
    return ["'self'", *good] if campaign.embed_origins else []


def site(text: str) -> str:
    """The site that is written here, as it stands in a policy; none: an empty string."""
    found = text.strip().rstrip("/").lower()
    return found if len(found) <= SITE_CHARS and _SITE.fullmatch(found) else ""
