"""What the public sends and sees."""

from __future__ import annotations

from flask import Flask, abort, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel

from pledges.api import base as api
from pledges.api import going, openapi, organisations, reads, writes  # noqa: F401 (their addresses join `api`)
from pledges.directory import pages as _directory  # noqa: F401 (its pages join `public`)
from pledges.embed import pages as embedded
from pledges.feeds import pages as _feeds  # noqa: F401 (its pages join `public`)
from pledges.images import pages as _images  # noqa: F401 (likewise)
from pledges.intake import door
from pledges.limits import counting
from pledges.views import base, upkeep
from pledges.wall import drawn
from pledges.web import border, headers, helpers, language, logs, messages, spelling, static

from . import markup, text
from .db import EXTENSION as DATABASE
from .front.refusals import REFUSED
from .settings import EXTENSION, HERE, Settings
from .web.border import BoundedRequest
from .web.errors import error_pages, tell_unavailable
from .web.health import Writable

LARGEST_REQUEST = 64 * 1024  # bytes; the longest form needs about 12,000
MOST_FIELDS = 100


def init_app(app: Flask, settings: Settings, *, desk: door.ReviewDesk) -> None:
    """The public pages are served, and every answer of the application carries the safe headers."""
    app.request_class = BoundedRequest
    app.extensions[EXTENSION] = settings
    app.extensions[door.DOOR] = desk
    app.config.setdefault("MAX_CONTENT_LENGTH", LARGEST_REQUEST)
    if app.config["MAX_CONTENT_LENGTH"] is None:  # Flask sets the name and leaves it without a limit
        app.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    app.config["MAX_FORM_PARTS"] = MOST_FIELDS
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", str(HERE / "translations"))
    app.jinja_env.code_generator_class = helpers.Output
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= {
        "prose": markup.prose,
        "number": helpers.number,
        "characters": text.length,
        "opening": text.opening,
    }
    app.jinja_env.globals |= {**helpers.helpers(), "static_url": static.static_url}
    if "babel" not in app.extensions:
        Babel(app, locale_selector=language.page_lang, timezone_selector=language.time_zone)
        messages.init_app(app)
    drawn.init_app(app)
    static.init_app(app)
    counting.init_app(app, settings)
    logs.keep_tokens_out()
    app.before_request(language.read_language)
    app.before_request(_refuse)
    app.before_request(spelling.refuse_other_hosts)
    app.before_request(_one_spelling)
    app.before_request(border.refuse_what_no_form_sends)
    app.context_processor(helpers.surroundings)
    for name, prefix in (("public", None), ("public_cy", "/cy"), ("public_en", "/en")):
        app.register_blueprint(base.public, name=name, url_prefix=prefix)
    embedded.init_app(app)
    app.extensions[upkeep.WRITABLE] = Writable(app.extensions[DATABASE].engine)
    app.register_blueprint(upkeep.upkeep)
    app.register_blueprint(api.api)
    counting.limits_of(app).route("api")(api.api)
    app.after_request(tell_unavailable)
    error_pages(app)
    app.wsgi_app = headers.Shield(app.wsgi_app, settings.base_url)  # type: ignore[method-assign]


def _refuse() -> None:
    """What the front did not take is answered with the page for it."""
    if REFUSED in request.environ:
        abort(request.environ[REFUSED])


def _one_spelling() -> ResponseReturnValue | None:
    """To the one address; a browser that asks for a page of another site if it may cannot be sent on."""
    answer = spelling.other_spelling()
    if answer is not None and request.path.lower().startswith("/api/"):
        if request.method == "OPTIONS":
            return api.may_ask()
        answer.headers |= headers.OPEN
    return answer
