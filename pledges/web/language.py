"""The language of a page and the addresses of others: decided by the address alone."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from flask import g, has_request_context, request, url_for
from flask_babel import refresh

from pledges.models import Campaign, Contribution, Type
from pledges.settings import settings

from . import spelling
from .headers import is_private
from .spelling import LANGUAGES

ANY_TOKEN = "any-token"  # noqa: S105 (stands for one: letters, digits, - and _ alone)
PLACES = {Type.COMMENT: "c", Type.UPDATE: "u"}  # what stands on the page of another, and how its place is called there


def read_language() -> None:
    """The first segment of the address decides the language; nothing else does."""
    first = request.path.split("/", 2)[1]
    g.prefix = first if first in LANGUAGES else ""
    g.lang = g.prefix or "en"
    g.campaign = None


def speak_for(campaign: Campaign) -> Campaign:
    g.campaign = campaign
    first = campaign.languages[0] if campaign.languages else "en"
    g.lang = g.prefix or (first if first in LANGUAGES else "en")
    refresh()
    return campaign


def page_lang() -> str:
    return g.get("lang", "en")


def time_zone() -> str:
    campaign = g.get("campaign")
    return campaign.time_zone if campaign else "Europe/London"


def link(endpoint: str, **values: Any) -> str:
    """The address of one of our pages, in the language of this one.

    Pages of no campaign are in English where nothing else is said, so a campaign that speaks Welsh first says so.
    """
    prefix = g.get("prefix", "")
    if not prefix and "slug" not in values and page_lang() != "en":
        prefix = page_lang()
    name = f"public_{prefix}.{endpoint}" if prefix else f"public.{endpoint}"
    if not has_request_context():
        return url_for(name, **values)
    return _path(request.script_root, name, tuple(values.items()))


def private_link(endpoint: str, token: str, **values: Any) -> str:
    """The address of a page that one person has: asked for once, so it is made from that of its like."""
    return link(endpoint, token=ANY_TOKEN, **values).replace(ANY_TOKEN, token)


@lru_cache(maxsize=10_000)
def _path(_root: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
    """Built once: a page names the same addresses again and again, and so do all pages of a wall."""
    return url_for(endpoint, **dict(values))


def address_of(contribution: Contribution, campaign: Campaign, *, absolute: bool = False) -> str:
    """The page on which a promise, an answer, or what belongs to one stands."""
    target = contribution.parent if contribution.type in PLACES and contribution.parent else contribution
    shelf = "answers" if target.type is Type.ANSWER else "promises"
    anchor = f"{PLACES[contribution.type]}-{contribution.public_id}" if target is not contribution else None
    path = link("promise", slug=campaign.slug, shelf=shelf, id=target.public_id, _anchor=anchor)
    return settings().base_url + path if absolute else path


def language_links() -> list[dict[str, str]]:
    """This very page in the campaign's other languages."""
    if not spelling.is_public_page():
        return []
    others = [lang for lang in spelling.offered() if lang != page_lang()]
    return [{"lang": lang, "name": LANGUAGES[lang], "url": spelling.in_language(lang)} for lang in others]


def names_of_page() -> dict[str, Any]:
    """What search engines are told of the addresses of a page; nothing of one that holds a private link, or is none."""
    if request.method not in ("GET", "HEAD") or not spelling.is_public_page() or is_private(request.path):
        return {}
    return {"canonical": spelling.canonical(), "alternates": spelling.alternates()}


def language_name(tag: str) -> str:
    """A language as people of this page call it."""
    try:
        return Locale.parse(tag, sep="-").get_language_name(page_lang()) or tag
    except (ValueError, UnknownLocaleError):
        return tag


def today(now: datetime) -> date:
    return now.astimezone(ZoneInfo(time_zone())).date()
