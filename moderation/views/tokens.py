"""A form of the desk that cannot be trusted is refused, with what was missing and what to do about it."""

from __future__ import annotations

from flask import current_app, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError

from moderation.people import sign_in
from pledges.settings import settings

from .base import problem


def csrf_failed(error: CSRFError) -> ResponseReturnValue:
    g.turned_away = sign_in.signed_in() is None
    return problem(_why(str(error.description)), 400, **_way_on())


def _why(reason: str) -> str:
    """The library's reason, as what a person can do something about."""
    if reason == "The CSRF session token is missing.":
        return _no_cookie() if not _cookie_came() else _signed_out()
    if reason == "The CSRF token is missing.":
        return gettext(
            "The form did not reach us whole: its hidden mark is missing. Load the page again and send it once more."
            " If that happens again, an extension of your browser may remove it: switch it off for this site."
        )
    if reason == "The CSRF tokens do not match.":
        return gettext(
            "You have signed in anew since this page was loaded, perhaps in another window."
            " Go back, load it again and repeat what you did."
        )
    if reason.startswith("The referrer"):
        return gettext(
            "Your browser did not say from which page the form was sent, or named another site."
            " Open the page at %(address)s, and let your browser tell this site where a form comes from.",
            address=settings().base_url + url_for("security.login"),
        )
    return gettext(
        "The hidden mark of this form does not count any more: the wall has got a new key since, or something changed it."
        " Go back, load the page again and repeat what you did."
    )


def _cookie_came() -> bool:
    return current_app.config["SESSION_COOKIE_NAME"] in request.cookies


def _no_cookie() -> str:
    return gettext(
        "Your browser sent no cookie along. The desk needs one, from sign-in to sign-out, and loading the page again does"
        " not help: allow cookies for this site in the settings of your browser, then open %(address)s.",
        address=settings().base_url + url_for("security.login"),
    )


def _signed_out() -> str:
    return gettext("You have been signed out meanwhile, here or in another window. Sign in again.")


def _way_on() -> dict[str, object]:
    """Whoever is not signed in has no queue to go back to."""
    return {} if sign_in.signed_in() else {"to_sign_in": True}
