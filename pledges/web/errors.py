"""What went wrong, in words, with a way on: every error is one page."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from flask import Flask, Response, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, Unauthorized

from pledges.db import cause_of, is_busy
from pledges.errors import CampaignClosed, NotNow, NotYours
from pledges.seldom import Seldom

from . import headers

log = logging.getLogger(__name__)
complaints = Seldom(log)


def error_pages(app: Flask) -> None:
    app.register_error_handler(NotYours, lambda _error: error_page(404))
    app.register_error_handler(NotNow, lambda _error: error_page(409))
    app.register_error_handler(CampaignClosed, lambda _error: error_page(409))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _not_stored)
    app.register_error_handler(Exception, _bug)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400 or error.response is not None:
        return error.get_response()
    allowed = getattr(error, "valid_methods", None)
    wait = getattr(error, "retry_after", None)
    detail = getattr(error, "detail", "") or (_wait_words(wait) if wait and error.code == 429 else "")
    answer = error_page(error.code, detail=detail, errors=getattr(error, "errors", None))
    if wait:
        answer.headers["Retry-After"] = str(wait)
    if isinstance(error, Unauthorized):
        answer.headers["WWW-Authenticate"] = "Bearer"
    if allowed:
        answer.headers["Allow"] = ", ".join(sorted(allowed))
    return answer


def _wait_words(seconds: int) -> str:
    """How long to wait, as people say it, on the long side."""
    if seconds <= 90:
        return ngettext(
            "Too many requests came from your connection. Please try again in %(num)d second.",
            "Too many requests came from your connection. Please try again in %(num)d seconds.",
            max(1, seconds),
        )
    return ngettext(
        "Too many requests came from your connection. Please try again in %(num)d minute.",
        "Too many requests came from your connection. Please try again in %(num)d minutes.",
        -(-seconds // 60),
    )


def _not_stored(error: OperationalError) -> Response:
    """The database does not answer, or cannot write; whoever sent something may send it again and it counts once."""
    g.cause = cause_of(error)
    answer = error_page(
        503,
        detail=""
        if is_busy(error)
        else _(
            "We cannot store anything just now. Please keep your words, and try again in some minutes: nothing counts twice."
        ),
    )
    answer.headers["Retry-After"] = "10"
    return answer


def tell_unavailable(response: Response) -> Response:
    """The cause of every 503 stands in the log, once a minute."""
    if response.status_code == 503:
        complaints.warn(f"503 from {request.endpoint}: {g.get('cause', 'see the lines before')}")
    return response


def _bug(error: Exception) -> Response:
    log.exception("a bug on %s", request.endpoint, exc_info=error)
    return error_page(500)


def error_page(status: int, *, detail: str = "", errors: Mapping[str, str] | None = None) -> Response:
    """What went wrong, in words, with a way on; as problem details where JSON was asked for, with `detail` if known.

    `errors`: by field, where fields are to blame; only programs are told.
    """
    title, words = _error_words(status)
    words = detail or words
    if request.path.startswith("/api/"):
        problem = {"type": "about:blank", "title": title, "status": status, "detail": words}
        answer = jsonify(problem | ({"errors": dict(errors)} if errors else {}))
        answer.mimetype = "application/problem+json"
        answer.headers |= headers.OPEN
    else:
        g.setdefault("campaign", None)
        if status == 429 and g.campaign is not None:
            words = f"{words} {_many_in_one_place()}"
        answer = Response(render_template("error/error.html", title=title, words=words))
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _many_in_one_place() -> str:
    """What a class or an event can do that sends from one connection."""
    return str(
        _(
            "Are many of you sending from one place, as in a class or at an event? Ask whoever runs the campaign for an "
            "event code: with it you need not wait."
        )
    )


def _error_words(status: int) -> tuple[str, str]:
    return {
        401: (
            _("This needs a key"),
            _("Send the key that the campaign gave you, as “Authorization: Bearer …”. It may have been ended."),
        ),
        404: (
            _("This page is not here"),
            _("It may have been taken down or withdrawn, or the address may have a slip in it."),
        ),
        405: (_("This cannot be done here"), _("Please go back to the page before and use its buttons.")),
        408: (
            _("Your request did not arrive whole"),
            _(
                "It took too long. Please go back and send it again: your words are still there, and nothing counts twice."
            ),
        ),
        409: (
            _("This cannot be done now"),
            _("The time for it is over, or something has changed. Please look at the page again."),
        ),
        413: (
            _("That was too much at once"),
            _("Please go back: your words are still there. A promise has room for 500 characters."),
        ),
        415: (
            _("This cannot be read here"),
            _("Only what a form of these pages sends is read here. Please go back and use the form."),
        ),
        421: (_("This page is not here"), _("This address is not one of ours. It may have a slip in it.")),
        429: (_("Please wait a little"), _("Too many requests came from your connection. Please try again soon.")),
        500: (
            _("Something went wrong on our side"),
            _("We have been told. Please go back and try again: nothing counts twice."),
        ),
        503: (
            _("We are very busy"),
            _("Please go back, wait a moment and send it again: your words are still there, and nothing counts twice."),
        ),
    }.get(status, (_("This did not work"), _("Please go back and try again.")))
