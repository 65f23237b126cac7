"""The addresses of the pictures, and of QR codes."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import segno
from flask import Response, abort, current_app, g
from flask.typing import ResponseReturnValue

from pledges.db import reading
from pledges.limits.counting import limits_of
from pledges.models import Kind
from pledges.settings import settings
from pledges.views.base import public
from pledges.wall import listing, shown
from pledges.web.caching import kept, shared
from pledges.web.language import address_of, link

from . import cards
from .painting import CannotDraw, painter

SAFE = {"Content-Security-Policy": "default-src 'none'; sandbox"}
QR_OF = {"svg": ("image/svg+xml", 8), "png": ("image/png", 16)}  # type, and pixels of a module


@public.get("/<slug>/card.png")
@kept(slow=True)
def card(slug: str) -> ResponseReturnValue:
    """The wall, to be shared."""
    return shared(g.campaign, lambda: _drawn(lambda: cards.of_wall(g.campaign)))


@public.get("/<slug>/count.png")
@kept(slow=True)
def count_card(slug: str) -> ResponseReturnValue:
    """How many promises there are, to be shown elsewhere."""
    return shared(g.campaign, lambda: _drawn(lambda: cards.of_count(g.campaign)))


@public.get("/<slug>/<any(promises, answers):shelf>/<id>/card.png")
@kept(slow=True)
def promise_card(slug: str, shelf: str, id: str) -> ResponseReturnValue:
    """One promise or answer, to be shared."""
    pledge = shown.shown_or_404(reading(), g.campaign, id, shown.SHELVES[shelf], with_it=listing.ON_ITS_PAGE)
    alone = pledge.kind is Kind.PERSON and not pledge.findable  # as its page says to search engines
    headers = {"X-Robots-Tag": "noindex"} if alone else {}
    return shared(g.campaign, lambda: _drawn(lambda: cards.of_promise(pledge, g.campaign), **headers))


def _drawn(card: Callable[[], cards.Card], **headers: str) -> Response:
    """The picture; one that has to be drawn is counted, as all that costs work."""
    wanted = card()
    found = painter.kept(wanted)
    if found is None:
        limits = limits_of(current_app)
        wait = limits.check("api", address=limits.visitor())
        if wait is not None:
            abort(wait.status, retry_after=wait.retry_after_seconds)
        try:
            found = painter.picture(wanted)
        except CannotDraw:
            abort(503, retry_after=10)
    return Response(found, mimetype="image/png", headers=SAFE | headers)


@public.get("/<slug>/qr.svg", defaults={"form": "svg"}, endpoint="wall_qr")
@public.get("/<slug>/qr.png", defaults={"form": "png"}, endpoint="wall_qr_png")
@kept()
def wall_qr(slug: str, form: str) -> ResponseReturnValue:
    """The address of the wall as a square to photograph."""
    return _qr(settings().base_url + link("wall", slug=slug), form)


@public.get("/<slug>/<any(promises, answers):shelf>/<id>/qr.svg", defaults={"form": "svg"}, endpoint="qr")
@public.get("/<slug>/<any(promises, answers):shelf>/<id>/qr.png", defaults={"form": "png"}, endpoint="qr_png")
@kept()
def qr(slug: str, shelf: str, id: str, form: str) -> ResponseReturnValue:
    """The address of a promise as a square to photograph."""
    pledge = shown.shown_or_404(reading(), g.campaign, id, shown.SHELVES[shelf])
    return _qr(address_of(pledge, g.campaign, absolute=True), form)


def _qr(address: str, form: str) -> Response:
    drawn = BytesIO()
    mimetype, scale = QR_OF[form]
    segno.make(address, error="m").save(drawn, kind=form, scale=scale)
    return shared(g.campaign, lambda: Response(drawn.getvalue(), mimetype=mimetype, headers=SAFE))
