"""The builder of an embedded wall: from what was chosen to the code for each way, with the contrast of the colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask_babel import gettext as _
from markupsafe import Markup, escape

from pledges.embed import asked, script
from pledges.models import Campaign
from pledges.text import number
from pledges.web.spelling import LANGUAGES

MODES = (*asked.MODES, "single")
COLOURS = ("accent", "on-accent", "link", "paper", "ink")
RESERVED = {"wall": "100vh", "compact": "100vh", "count": "11rem", "single": "33rem"}
TALL = {"wall": 800, "compact": 600, "count": 200, "single": 400}
RADIUS_MOST = 40


@dataclass(frozen=True)
class Pair:
    """Two colours, one on the other: how they stand out, at least, in the schemes in which they are shown."""

    front: str
    back: str
    ratio: float
    good: bool


@dataclass(frozen=True)
class Built:
    """What was chosen, and what follows from it."""

    chosen: dict[str, str]
    wrong: dict[str, str]  # field -> what is wrong with it
    pairs: list[Pair]
    frame: str
    qr: str  # without its ending
    codes: list[tuple[str, str, str]]  # key, what it is for, the code


def built(campaign: Campaign, given: Mapping[str, str], home: str) -> Built:
    """The code for each way of embedding this campaign, with what was chosen as far as it can be used."""
    chosen, wrong = _read(campaign, given)
    looks = {name: chosen[name] for name in (*COLOURS, "radius") if chosen.get(name)}
    scheme = chosen.get("scheme", "")
    pairs = _pairs(looks, scheme)
    usable = asked.looks({**looks, "scheme": scheme})
    made = _Code(campaign, {**chosen, **({"limit": ""} if "limit" in wrong else {})}, usable, home)
    return Built(chosen, wrong, pairs, made.frame_path, made.qr_path, [] if "promise" in wrong else made.every())


def _read(campaign: Campaign, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    chosen = {"mode": given.get("mode", "") if given.get("mode") in MODES else MODES[0]}
    chosen["scheme"] = given.get("scheme", "") if given.get("scheme") in asked.SCHEMES else ""
    chosen["lang"] = given.get("lang", "") if given.get("lang") in LANGUAGES else ""
    chosen["theme"] = given.get("theme", "") if given.get("theme") in {each.key for each in campaign.themes} else ""
    chosen["promise"] = given.get("promise", "").strip().rpartition("/")[2][:16]
    wrong: dict[str, str] = {}
    limit = given.get("limit", "").strip() or str(asked.USUAL)
    chosen["limit"] = limit
    if not 1 <= (number(limit) or 0) <= asked.MOST:
        wrong["limit"] = _("A whole number from 1 to %(most)s.", most=asked.MOST)
    radius = given.get("radius", "").strip()
    chosen["radius"] = radius
    if radius and not 0 <= (-1 if number(radius) is None else number(radius) or 0) <= RADIUS_MOST:
        wrong["radius"] = _("A whole number from 0 to %(most)s.", most=RADIUS_MOST)
    for name in COLOURS:
        value = given.get(name, "").strip()
        chosen[name] = asked.colour(value) or value[:20]
        if value and not asked.colour(value):
            wrong[name] = _("A colour like #1f5b3f.")
    if chosen["mode"] == "single" and not (chosen["promise"].isascii() and chosen["promise"].isalnum()):
        wrong["promise"] = _("Paste the address of the promise, or its reference.")
    return chosen, wrong


def _pairs(looks: Mapping[str, str], scheme: str) -> list[Pair]:
    """Every pair in which one of these colours stands."""
    given = {name: value for name, value in looks.items() if name in COLOURS and asked.colour(value)}
    schemes = [scheme] if scheme in asked.OURS else [*asked.OURS]
    found = []
    for front, back in asked.PAIRS:
        if back == "ground" or not {front, back} & given.keys():
            continue
        worn = [{**asked.OURS[each], **given} for each in schemes]
        ratio = min(asked.contrast(each[front], each[back]) for each in worn)
        found.append(Pair(front, back, ratio, ratio >= asked.READABLE))
    return found


class _Code:
    """The code for each way."""

    def __init__(self, campaign: Campaign, chosen: Mapping[str, str], looks: Mapping[str, str], home: str) -> None:
        self._campaign, self._chosen, self._looks, self._home = campaign, chosen, looks, home
        lang, first = chosen["lang"], campaign.languages[0] if campaign.languages else "en"
        self._root = f"{home}/{lang}/{campaign.slug}" if lang and lang != first else f"{home}/{campaign.slug}"
        self._title = campaign.title.in_(lang or first)
        self._welsh = (lang or first) == "cy"
        self._single = chosen["mode"] == "single"
        self._page = f"{self._root}/promises/{chosen['promise']}" if self._single else self._root

    def every(self) -> list[tuple[str, str, str]]:
        found = [
            ("element", _("Where your page takes scripts"), self._element()),
            ("frame", _("Where it takes frames"), self._frame()),
            ("address", _("To be pasted: WordPress, and all that speak oEmbed"), self._page),
        ]
        if not self._single:
            found.append(("fragment", _("For your own server to fetch and put into its page"), self._fragment()))
        found.append(("picture", _("Where only pictures and links are let through, and in e-mails"), self._picture()))
        if not self._single:
            found.append(("feed", _("For a block that reads feeds"), self._feed()))
        return found

    def _said(self, *names: str) -> dict[str, str]:
        """What was chosen and is not the usual."""
        usual = {"limit": str(asked.USUAL), "mode": "wall"}
        wanted = [name for name in names if self._chosen.get(name, "") not in ("", usual.get(name))]
        of_lists = {"limit", "theme"} if self._single else {"promise"}
        return {name: self._chosen[name] for name in wanted if name not in of_lists}

    def _element(self) -> str:
        newest = script.newest()
        reserved = RESERVED[self._chosen["mode"]]
        worn = "".join(f"; --pw-{name}: {value}" for name, value in self._looks.items())
        said = {"campaign": self._campaign.slug, **self._said("mode", "promise", "limit", "theme", "scheme", "lang")}
        read = "Darllenwch yr addewidion" if self._welsh else "Read the promises"
        return (
            f"<style>promise-wall {{ display: block; min-height: {reserved}{worn} }}</style>\n"
            f'<script src="{self._home}{newest.address}" integrity="{newest.integrity}" crossorigin="anonymous" async></script>\n'
            f"<promise-wall{_attributes(said)}>{_link(self._page, escape(read))}</promise-wall>"
        )

    @property
    def frame_path(self) -> str:
        """The address of the frame, from its slash on."""
        asked_for = self._said("mode", "limit", "theme", "scheme")
        if self._single:
            asked_for.pop("mode", None)
        query = {**asked_for, **{name: value.removeprefix("#") for name, value in self._looks.items()}}
        return self._page.removeprefix(self._home) + "/embed" + (f"?{urlencode(query)}" if query else "")

    @property
    def qr_path(self) -> str:
        """The address of the QR code of the page, from its slash on, without its ending."""
        return self._page.removeprefix(self._home) + "/qr"

    def _frame(self) -> str:
        said = {
            "src": self._home + self.frame_path,
            "title": self._title,
            "width": "100%",
            "height": str(TALL[self._chosen["mode"]]),
            "loading": "lazy",
            "style": f"border: 0; color-scheme: {asked.SCHEMES.get(self._chosen['scheme'], 'light dark')}",
        }
        return f"<iframe{_attributes(said)}></iframe>"

    def _fragment(self) -> str:
        query = urlencode(self._said("mode", "limit", "theme"))
        return f"{self._root}/fragment" + (f"?{query}" if query else "")

    def _feed(self) -> str:
        query = urlencode(self._said("theme"))
        return f"{self._root}/feed.atom" + (f"?{query}" if query else "")

    def _picture(self) -> str:
        drawn = "count" if self._chosen["mode"] == "count" else "card"
        said = {"src": f"{self._page}/{drawn}.png", "alt": self._title, "width": "600", "height": "315"}
        return str(_link(self._page, Markup("<img{}>").format(_attributes(said))))


def _attributes(said: Mapping[str, Any]) -> Markup:
    return Markup("").join(Markup(' {}="{}"').format(name, value) for name, value in said.items())


def _link(to: str, inside: Markup) -> Markup:
    return Markup('<a href="{}">{}</a>').format(to, inside)
