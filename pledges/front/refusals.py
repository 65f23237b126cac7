"""What is said to a request that was not taken: the application's own page for it, made once and kept."""

from __future__ import annotations

import logging
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from . import handing
from .bounds import Scope
from .handing import Answer

log = logging.getLogger(__name__)

REFUSED = "wall.refused"  # in the environ: the status that the application is to answer with, whatever was asked
PLACES = {b"cy": "/cy/refused", b"en": "/en/refused", b"api": "/api/refused"}  # by first segment: language or form

LAST_RESORT: Answer = (
    500,
    [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ],
    b"Something went wrong on our side. Please try again in a minute: nothing counts twice.\n",
)


class Refusals:
    """One kept answer for each status, language and form."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._kept: dict[tuple[int, str], Answer] = {}

    def answer(self, scope: Scope, status: int, *, closing: bool) -> Answer:
        """The answer to whoever asked for `scope`; with `closing`, no more is read from them."""
        place = PLACES.get(handing.path(scope)[1:].split(b"/", 1)[0], "/refused")
        if (status, place) not in self._kept:
            self._kept[status, place] = self._made(status, place)
        code, headers, body = self._kept[status, place]
        return (
            code,
            [*headers, (b"connection", b"close")] if closing else headers,
            body if scope["method"] != "HEAD" else b"",
        )

    def _made(self, status: int, place: str) -> Answer:
        def refused(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            return self._app({**environ, REFUSED: status}, start_response)

        scope: Scope = {"method": "GET", "path": place, "headers": [(b"host", b"localhost")]}
        try:
            return handing.answer(refused, scope, b"")
        except Exception:  # whoever is refused is told so all the same
            log.exception("the page of a refusal could not be made")
            return status, *LAST_RESORT[1:]
