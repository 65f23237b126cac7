"""What every template may call."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any

import markupsafe
from flask import g, request
from flask_babel import format_date, format_datetime, format_decimal, get_locale
from flask_babel import gettext as _
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup

from pledges import ends, markup
from pledges.figures import motifs
from pledges.models import AkismetUse, Campaign
from pledges.settings import settings

from .language import language_links, language_name, link, names_of_page, page_lang, time_zone

WRITTEN = "written"


class Output(CodeGenerator):
    """Templates write what is escaped already as it is: the library makes another of each first, and most of a page is."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write(f"environment.globals['{WRITTEN}']({finalize.src or ''}")


def written(value: object) -> str:
    """The value as it stands in a page."""
    return value if type(value) is Markup else markupsafe.escape(value)


def surroundings() -> dict[str, Any]:
    """What every template knows about the page it is on."""
    return {"campaign": g.get("campaign"), "page_lang": page_lang()}


def helpers() -> dict[str, Any]:
    """What every template may call."""
    return {
        WRITTEN: written,
        "language_links": language_links,
        "names_of_page": names_of_page,
        "link": link,
        "whole_link": lambda endpoint, **values: settings().base_url + link(endpoint, **values),
        "send_to": send_to,
        "say": say,
        "say_prose": say_prose,
        "in_words": in_words,
        "language_name": language_name,
        "motif_of": motifs.path,
        "asks_akismet": asks_akismet,
        "day": lambda value: _day(str(get_locale()), time_zone(), value),
        "last_day": lambda end: format_date(ends.last_day(end, time_zone()), "d MMMM y"),
        "moment": lambda value: _moment(str(get_locale()), time_zone(), value),
        "wait_in_words": wait_in_words,
    }


@lru_cache(maxsize=10_000)
def _day(_lang: str, _zone: str, value: date) -> str:
    return format_date(value, "d MMMM y")


@lru_cache(maxsize=10_000)
def _moment(_lang: str, _zone: str, value: datetime) -> str:
    return format_datetime(value, "d MMMM y, HH:mm")


def send_to() -> str:
    """Where the form of this page is sent: never the very address it stands at.

    A browser that cannot reach that same address puts its error page in the form's place, so that Back would lead
    past the form and lose the words.
    """
    tries = request.args.get("try", "")
    return f"{request.path}?try={int(tries) + 1 if tries.isascii() and tries.isdigit() and len(tries) < 4 else 1}"


def asks_akismet(campaign: Campaign) -> bool:
    """Whether words sent here may go to Akismet: where the campaign has not switched it off, and there is a key."""
    return campaign.akismet is not AkismetUse.DO_NOT_ASK and bool(settings().akismet_api_key.get_secret_value())


def number(value: int) -> str:
    return _number(str(get_locale()), value)


@lru_cache(maxsize=10_000)
def _number(_lang: str, value: int) -> str:
    return format_decimal(value)


def say(name: str) -> Markup:
    """The campaign's own words called `name`, else ours."""
    campaign: Campaign = g.campaign
    own = campaign.text(name, page_lang())
    if own:
        return markup.tagged(own, campaign.text_lang(name, page_lang()), page_lang())
    return Markup.escape(_usual_words(name))


def say_prose(name: str) -> Markup:
    """The campaign's own words, as paragraphs."""
    campaign: Campaign = g.campaign
    lang = campaign.text_lang(name, page_lang())
    return Markup('<div lang="{}">{}</div>').format(lang, markup.prose(campaign.text(name, page_lang())))


def in_words(translated: Any) -> Markup:
    """Words that a campaign keeps in several languages, in that of the page where there is one."""
    return markup.tagged(translated.in_(page_lang()), translated.lang_of(page_lang()), page_lang())


def _usual_words(name: str) -> str:
    said = {
        "hero": lambda: _("When we all play a part"),
        "lead": lambda: _("Say in public what you will do. Then do it, where everyone can see."),
        "ask": lambda: _("What will you do?"),
        "ask_hint": lambda: _("One thing you can keep. Say when, if you can. Please leave out other people’s names."),
        "how_1": lambda: _("One thing you will do, in your own words. As yourself or for your organisation."),
        "how_2": lambda: _("A moderator reads every promise and every comment before it appears."),
        "how_3": lambda: _("Your promise joins the wall, with a page of its own to share."),
        "closed": lambda: _("Promises are closed"),
        "thanks": lambda: _("We have your promise. A person will read it soon."),
    }.get(name)
    return said() if said is not None else ""


def wait_in_words(minutes: int) -> str:
    """A wait as people say it, on the long side."""
    if minutes < 90:
        return _("within %(n)s minutes", n=max(10, -(-minutes // 10) * 10))
    if minutes < 36 * 60:
        return _("within %(n)s hours", n=-(-minutes // 60))
    return _("within %(n)s days", n=-(-minutes // (24 * 60)))
