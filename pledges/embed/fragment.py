"""The wall as a piece of HTML that another server puts into its own page."""

from __future__ import annotations

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from pledges.settings import settings
from pledges.web.caching import kept, shared
from pledges.web.language import page_lang

from . import asking
from .asked import Asked, meaning
from .base import embed
from .parts import Drawing
from .showing import entire


@embed.get("/<slug>/fragment")
@kept(meaning=meaning)
def fragment(slug: str) -> ResponseReturnValue:
    """Headings are of the level that was asked for; `style=none` leaves out the link to our style sheet."""
    asked = Asked.read(request.args)
    return shared(g.campaign, lambda: _fragment(asked))


def _fragment(asked: Asked) -> str:
    home = settings().base_url
    drawing = Drawing(home, level=asked.level)
    return render_template(
        "embed/fragment.html",
        parts=[drawing.html(each) for each in entire(asked.mode, asking.newest(asked))],
        lang=page_lang(),
        styled=request.args.get("style") != "none",
        home=home,
    )
