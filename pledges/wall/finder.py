"""What a wall can be narrowed to: everything there is to choose, what is chosen, and how many there are where we keep a number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from pledges.figures import counters
from pledges.models import Campaign, Contribution, Progress
from pledges.web import paging
from pledges.web.helpers import in_words
from pledges.web.language import language_name

from . import listing
from .filters import Filters

ALWAYS = ("under_way", "kept")  # of how a promise stands; others are offered once there is one


def page(
    session: Session, campaign: Campaign, filters: Filters, *, limit: int = listing.PAGE
) -> paging.Page[Contribution]:
    """The page that the address asks for; with a cursor that we did not make, the first. One further down is counted."""
    paging.count_if_deep(strange=filters.is_strange(campaign))
    after, before = request.args.get("after", ""), request.args.get("before", "")
    try:
        return listing.wall_page(session, campaign, filters, after=after, before=before, limit=limit)
    except paging.BadCursor:
        return listing.wall_page(session, campaign, filters, limit=limit)


@dataclass(frozen=True)
class Choice:
    """One thing to narrow the wall to, and the query that does it: of what is chosen already, the one that takes it back."""

    title: Markup
    query: dict[str, str]
    chosen: bool
    number: int | None  # of promises; none: not one that we keep


@dataclass(frozen=True)
class Group:
    """The choices of which one at a time holds."""

    title: str
    choices: list[Choice]

    @property
    def chosen(self) -> list[Choice]:
        return [each for each in self.choices if each.chosen]


def groups(campaign: Campaign, filters: Filters, counts: dict[str, int]) -> list[Group]:
    """All but themes, which stand by themselves; a group that offers nothing is left out."""
    audiences = [each for each in campaign.audiences if not each.archived_at and each.kind is None]
    statuses = [
        (status, words, f"progress:{status}")
        for status, words in status_words().items()
        if status in ALWAYS or filters.status == status or counts.get(f"progress:{status}")
    ]
    languages = campaign.contribution_languages if len(campaign.contribution_languages) > 1 else []
    return [
        each
        for each in (
            _group(_("Who promises"), "kind", filters, counts, [(k, w, f"kind:{k}") for k, w in kind_words().items()]),
            _group(
                _("Speaking as"),
                "audience",
                filters,
                counts,
                [(each.key, in_words(each.title), f"audience:{each.id}") for each in audiences],
            ),
            _group(_("How it stands"), "status", filters, counts, statuses),
            _group(_("Language"), "lang", filters, counts, [(t, language_name(t), f"lang:{t}") for t in languages]),
        )
        if each.choices
    ]


def _group(
    title: str, name: str, filters: Filters, counts: dict[str, int], choices: Iterable[tuple[str, str, str]]
) -> Group:
    now, single = getattr(filters, name), filters.is_single(name)
    return Group(
        title,
        [
            Choice(
                Markup.escape(words),
                filters.having(**{name: "" if key == now else key}),
                key == now,
                max(0, counts.get(counter, 0)) if single else None,
            )
            for key, words, counter in choices
        ],
    )


def asked_for(campaign: Campaign, filters: Filters) -> list[Markup]:
    """What was asked to see, in the words of the page, theme first; only what there is to ask for."""
    found = [in_words(theme.title) for theme in campaign.themes if theme.key == filters.theme]
    found += [in_words(each.title) for each in campaign.audiences if each.key == filters.audience]
    for words, asked in ((kind_words(), filters.kind), (status_words(), filters.status)):
        found += [Markup.escape(words[asked])] if asked in words else []
    if filters.lang in campaign.contribution_languages:
        found.append(Markup.escape(language_name(filters.lang)))
    if filters.q:
        found.append(Markup("“<bdi>{}</bdi>”").format(filters.q))
    return found


def counted(campaign: Campaign, filters: Filters, counts: dict[str, int]) -> int | None:
    """How many promises were asked for, where that is a number that we keep."""
    if len(filters.narrowing) != 1:
        return None
    ((name, value),) = filters.narrowing.items()
    names = {("theme", theme.key): f"theme:{theme.id}" for theme in campaign.themes}
    names |= {("audience", each.key): f"audience:{each.id}" for each in campaign.audiences if each.kind is None}
    names |= {("status", status): f"progress:{status}" for status in status_words()}
    names |= {("kind", kind): f"kind:{kind}" for kind in kind_words()}
    names |= {("lang", tag): f"lang:{tag}" for tag in campaign.contribution_languages}
    return max(0, counts.get(names[name, value], 0)) if (name, value) in names else None


def kind_words() -> dict[str, str]:
    return {"person": _("people"), "organisation": _("organisations")}


def status_words() -> dict[str, str]:
    """How a promise can stand, as something to ask the wall for."""
    return {
        Progress.NOT_STARTED.value: _("not started yet"),
        Progress.UNDER_WAY.value: _("under way"),
        Progress.KEPT.value: _("kept"),
        Progress.CHANGED.value: _("changed since"),
        Progress.NOT_KEPT.value: _("not kept"),
        Progress.PROMISED.value: _("just promised"),
    }


def themes(campaign: Campaign, filters: Filters, counts: dict[str, int]) -> list[tuple[str, int | None]]:
    """(key, number) of the themes that can be chosen, and of all: the key is empty there."""
    single = filters.is_single("theme")
    found = [(each.key, f"theme:{each.id}") for each in campaign.themes if not each.archived_at]
    return [(key, max(0, counts.get(name, 0)) if single else None) for key, name in [("", counters.PLEDGES), *found]]
