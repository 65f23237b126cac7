"""What a page of the queue is narrowed to: read from the address or a form, and offered as choices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import request
from flask_babel import gettext, lazy_gettext, ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session, load_only
from werkzeug.exceptions import RequestEntityTooLarge

from moderation.queue import counts, filters
from moderation.queue.filters import Filters
from moderation.screens import rows
from pledges.db import Values
from pledges.models import Campaign, Kind, Theme

from .base import desk

READ = (
    Campaign.slug,
    Campaign.title,
    Campaign.contribution_languages,
    Campaign.wait_target_minutes,
)  # of each campaign
NAMES = ("campaign", "lang", "kind", "theme", "age")
LONG = 60
KINDS: dict[str, Any] = {
    **{str(kind): words for kind, words in rows.KINDS.items()},
    filters.CHANGE: lazy_gettext("Change"),
    Kind.PERSON: lazy_gettext("From a person"),
    Kind.ORGANISATION: lazy_gettext("From an organisation"),
}


def kept() -> dict[str, Any]:
    """The filters that this request carries: in the field `kept` of a form, else in its address."""
    given: Any = request.args
    if "kept" in _form():
        given = dict(parse_qsl(_form()["kept"][:1000]))
    return {name: given[name][:LONG] for name in NAMES if given.get(name)}


def _form() -> Mapping[str, str]:
    """What was sent; nothing, where it was more than is read: the page that says so asks as well."""
    try:
        return request.form
    except RequestEntityTooLarge:
        return {}


def lane() -> str:
    """The lane that this request carries in a form or its address; none, or no lane of ours: all."""
    given = _form().get("lane", request.args.get("lane", "all"))
    return given if given in rows.LANES else "all"


def carried() -> dict[str, Any]:
    """Lane and filters as arguments of an address, so that whoever goes there finds the way back to the same list."""
    return {"lane": lane(), **kept()}


def asked(campaigns: Iterable[Campaign]) -> Filters:
    """The filters of this request; what nothing here is called is no filter."""
    given = kept()
    if given.get("age") not in filters.AGES:
        given.pop("age", None)
    if given.get("kind") not in KINDS:
        given.pop("kind", None)
    if given.get("campaign") not in {campaign.slug for campaign in campaigns}:
        given.pop("campaign", None)
    return Filters(**given)


@desk.context_processor
def _on_every_page() -> dict[str, Any]:
    """Links and forms of every page carry lane and filters on."""
    given = kept()
    return {
        "kept": given,
        "kept_query": urlencode(given),
        "kept_lane": lane(),
        "carried": carried(),
        "came_with_lane": "lane" in _form(),
    }


def offered(
    session: Session, values: Values, *, filters: Filters, among: Sequence[Campaign], **asked: Any
) -> Callable[[], dict[str, Any]]:
    """The choices of the form and the buckets of age, each with how many it holds; the rest as for `counts.how_many`."""
    chosen = [campaign for campaign in among if filters.campaign in ("", campaign.slug)]
    themes = session.execute(
        select(Theme.key, Theme.title)
        .where(Theme.campaign_id.in_([campaign.id for campaign in chosen]))
        .order_by(Theme.campaign_id, Theme.place)
    )
    ages = [
        (age, name, counts.how_many(session, values, **asked, among=among, filters=replace(filters, age=age)))
        for age, name in _age_names(chosen).items()
    ]
    lang = rows.lang()
    langs = sorted({lang for campaign in chosen for lang in campaign.contribution_languages})
    return lambda: {
        "filters": filters,
        "on": any((filters.campaign, filters.more())),
        "campaigns": [(campaign.slug, campaign.title.in_(lang)) for campaign in among],
        "langs": [(each, each) for each in langs],
        "kinds": list(KINDS.items()),
        "themes": list({key: title.in_(lang) for key, title in themes}.items()),
        "ages": [
            {
                "age": age,
                "name": name,
                "current": filters.age == age,
                "count": count(),
                "bounded": counts.COUNTED,
            }
            for age, name, count in ages
        ],
    }


def _age_names(campaigns: list[Campaign]) -> dict[str, str]:
    """The buckets in hours and minutes, where all campaigns have one target; else in words of the target."""
    targets = {campaign.wait_target_minutes for campaign in campaigns}
    if len(targets) != 1:
        return {
            "over": gettext("Over target"),
            "half": gettext("Half of target or more"),
            "under": gettext("Under half of target"),
        }
    target = targets.pop()
    half = target // 2
    return {"over": _said(OVER, target), "half": _said(BETWEEN, target, half), "under": _said(UNDER, half)}


MINUTE, HOUR, DAY = 1, 60, 24 * 60  # in minutes
OVER: dict[int, Callable[..., str]] = {
    DAY: lambda count: ngettext("Over %(num)s day", "Over %(num)s days", count),
    HOUR: lambda count: ngettext("Over %(num)s hour", "Over %(num)s hours", count),
    MINUTE: lambda count: ngettext("Over %(num)s minute", "Over %(num)s minutes", count),
}
UNDER: dict[int, Callable[..., str]] = {
    DAY: lambda count: ngettext("Under %(num)s day", "Under %(num)s days", count),
    HOUR: lambda count: ngettext("Under %(num)s hour", "Under %(num)s hours", count),
    MINUTE: lambda count: ngettext("Under %(num)s minute", "Under %(num)s minutes", count),
}
BETWEEN: dict[int, Callable[..., str]] = {
    DAY: lambda count, start: ngettext("%(start)s to %(num)s day", "%(start)s to %(num)s days", count, start=start),
    HOUR: lambda count, start: ngettext("%(start)s to %(num)s hour", "%(start)s to %(num)s hours", count, start=start),
    MINUTE: lambda count, start: ngettext(
        "%(start)s to %(num)s minute", "%(start)s to %(num)s minutes", count, start=start
    ),
}


def _said(words: dict[int, Callable[..., str]], *minutes: int) -> str:
    """These minutes in the longest unit in which all of them are whole; hours are said up to two days."""
    unit = MINUTE
    if all(each % HOUR == 0 and each >= HOUR for each in minutes):
        unit = HOUR
    if all(each % DAY == 0 and each >= 2 * DAY for each in minutes):
        unit = DAY
    return words[unit](*(each // unit for each in minutes))


def campaigns(session: Session, ids: list[int] | None) -> list[Campaign]:
    """The campaigns of these ids (none: all), by address."""
    query = select(Campaign).order_by(Campaign.slug).options(load_only(*READ))
    return list(session.scalars(query if ids is None else query.where(Campaign.id.in_(ids))))
