"""The moderators' pages. Every act is a POST with a CSRF token and the version of the review that was looked at."""

from __future__ import annotations

from datetime import date, datetime

import segno
from flask import Flask
from flask_babel import format_date, format_datetime, format_time
from flask_wtf.csrf import CSRFError
from markupsafe import Markup

from moderation import permissions
from moderation.queue.care import MANY_HARSH
from moderation.screens.items import ROLE_WORDS
from pledges import ends
from pledges.intake.forms.report import CATEGORIES
from pledges.intake.forms.update import STATUSES
from pledges.models import Campaign

from . import (  # noqa: F401 (their addresses join the blueprint)
    bulk,
    care,
    claims,
    embedding,
    history,
    house_rules,
    items,
    keys,
    letters,
    matters,
    names,
    notes,
    organisations,
    owners,
    people,
    queue,
    reasons,
    record,
    search,
    sheet,
    steps,
    surge,
    webhooks,
    word_lists,
)
from .base import desk, private
from .tokens import csrf_failed


def init_app(app: Flask) -> None:
    app.register_blueprint(desk)
    app.add_template_filter(_qr_svg, "qr_svg")
    app.add_template_filter(_date, "dateformat")
    app.add_template_filter(lambda written: _date(date.fromisoformat(written)), "isodate")
    app.add_template_filter(_moment, "datetimeformat")
    app.add_template_filter(_time, "timeformat")
    app.add_template_filter(_end, "endformat")
    app.jinja_env.globals["report_categories"] = CATEGORIES
    app.jinja_env.globals["statuses"] = STATUSES
    app.jinja_env.globals["many_harsh"] = MANY_HARSH
    app.jinja_env.globals["role_names"] = permissions.ROLE_NAMES
    app.jinja_env.globals["role_words"] = ROLE_WORDS
    app.jinja_env.globals["undo_seconds"] = app.extensions["wall.settings"].undo_seconds
    app.register_error_handler(CSRFError, csrf_failed)
    app.after_request(private)


def _date(value: date | datetime, pattern: str = "d MMMM y") -> str:
    """Day, month and year: a locale's own way would put the month first for half of those who read English."""
    return format_date(value, pattern)


def _moment(value: datetime, pattern: str = "d MMM y, HH:mm") -> str:
    return format_datetime(value, pattern)


def _time(value: datetime, pattern: str = "HH:mm") -> str:
    return format_time(value, pattern)


def _end(value: datetime, campaign: Campaign, pattern: str = "d MMM, HH:mm") -> str:
    """Until when something holds, where the campaign is; what ends at midnight is said with the day that it ends."""
    return format_datetime(ends.last_moment(value, campaign.time_zone), pattern, rebase=False)


def _qr_svg(text: str) -> Markup:
    """A QR code as SVG of our own drawing."""
    return Markup(  # noqa: S704 (segno escapes, and the text is drawn, not written)
        segno.make(text, error="m").svg_inline(scale=4, border=2, svgclass=None, lineclass=None, omitsize=True)
    )
