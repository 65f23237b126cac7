"""What an embedded wall shows, in the language of the request: its parts and its items, each as a tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from pledges.campaigns import colours, finding
from pledges.db import Translated, reading, utcnow
from pledges.figures import counters, motifs
from pledges.models import Campaign, Contribution, Progress, Question
from pledges.text import opening
from pledges.updates.actions import Action
from pledges.wall import pieces
from pledges.wall.pieces import Piece
from pledges.web.helpers import number
from pledges.web.language import link, page_lang

from .parts import Node, logo, node

ENTIRE = {"wall": ("head", "list", "foot"), "compact": ("newest", "list", "ways"), "count": ("tally",)}
ENTIRE |= {
    "single": ("list", "ways"),
    "named": ("named", "list", "foot"),
}  # the last: of a question, of an organisation


def shown(
    campaign: Campaign,
    items: list[Contribution],
    question: Question | None = None,
    name: str = "",
    acts: Sequence[Action] = (),
) -> dict[str, Any]:
    """All parts that some mode shows, and the items; in JSON that is what the script is given.

    Items that are a question's, or an organisation's of this name, stand under a heading that says so.
    """
    counts = counters.without_examples(counters.read(reading(), campaign.id))
    count = counts.get(counters.PLEDGES, 0)
    ways = _Ways(campaign, question)
    title = _translated(campaign.title)
    said = ngettext("%(number)s promise so far", "%(number)s promises so far", count, number=number(count))
    label = node("p", node("strong.number", number(count)), f"{ngettext('promise', 'promises', count)}: ", _span(title))
    found: dict[str, Any] = {
        "lang": page_lang(),
        "colours": own_colours(campaign),
        "head": node("div", ["div.strip"], node("div.head", node("div", _as("h2.title", title), node("p.line", said)), ways.make(True))),
        "tally": node("div", ["div.strip"], node("div.tally", label, ways.make(True))),
        "newest": node("div.head", node("h2.title", _("Newest promises"))),
        "foot": node("p.foot", ways.all(), ways.checked()),
        "ways": node("p.foot", ways.all(), ways.make(False)),
        "items": [_item(pieces.piece(each), campaign, acts) for each in items],
    }  # fmt: skip
    if question is not None or name:
        words = _as("span", _translated(question.words)) if question is not None else node("bdi", name)
        found["named"] = node("div", ["div.strip"], node("div.head", node("h2.title", words), ways.make(True)))
    if ways.open:
        found["yours"] = [node("li.yours", node("p", _("This space is yours.")), ways.make(True, "yours"))]
    return found


def entire(mode: str, found: dict[str, Any]) -> list[Node]:
    """What a mode shows, in its order; the script puts it together in the same way."""
    yours = found.get("yours", []) if mode in ("wall", "named") else []
    kind = "compact" if mode == "compact" else "wall"
    listed = node(f"ol.{kind}", *found["items"], *yours)
    return [listed if name == "list" else found[name] for name in ENTIRE[mode]]


def not_here(campaign: Campaign) -> Node:
    """What stands in the place of something that is shown no longer."""
    words = (
        _("This page is not here"),
        _("It may have been taken down or withdrawn, or the address may have a slip in it."),
    )
    return node("div", node("p", node("strong", words[0]), ". ", words[1]), node("p.foot", _Ways(campaign, None).all()))


class _Ways:
    """Links from an embedded wall to our own pages."""

    def __init__(self, campaign: Campaign, question: Question | None) -> None:
        self.open = finding.is_open(campaign, utcnow())
        self._slug, self._question = campaign.slug, question

    def make(self, button: bool, key: str = "make") -> Node:
        if not self.open:
            return None
        if self._question is None:
            to, words = link("new_promise", slug=self._slug), _("Make your promise")
        else:
            to, words = link("new_answer", slug=self._slug, id=self._question.public_id), _("Give your answer")
        return node("a.button" if button else "a", _to(to, key), words)

    def all(self) -> Node:
        return node("a", _to(link("wall", slug=self._slug), "all"), _("Read the whole wall"))

    def checked(self) -> Node:
        return node("a", _to(link("house_rules", campaign=self._slug), "checked"), _("How promises are checked"))


def _item(p: Piece, campaign: Campaign, acts: Sequence[Action] = ()) -> Node:
    """As it stands on the wall, `templates/component/piece.html`."""
    promise = p.shelf == "promises"
    said = {"lang": p.lang, "dir": 1}
    kind = _("A promise") if promise else _("An answer")
    theme = _translated(p.theme.title) if p.theme else (kind, "")
    by = p.by.name or _("Name not shown")
    status = in_a_word(p.status)
    kept = " kept" if p.status is Progress.KEPT else ""
    about = _("on the promise by") if promise else _("on the answer by")
    more = _("Read the whole promise") if promise else _("Read the whole answer")
    to = _to(link("promise", slug=campaign.slug, shelf=p.shelf, id=p.id), p.id)
    return node(
        f"li.piece {p.size} {p.dye}" if p.size != "m" else f"li.piece {p.dye}",
        node(
            "article",
            node("p.theme", _span(theme), node(f"span.state{kept}", status) if status else None),
            node("p.tag", _("Example")) if p.example else None,
            node("blockquote.words", said, p.words if p.whole else f"{p.words} …"),
            None if p.whole else node("p.more", more),
            *(_action(each, said) for each in acts),
            node("footer.by", _mark(p, campaign), node("div", _named("p.name", by), node("p.meta", _("Verified")) if p.verified else None, _named("p.meta", p.by.meta))),
            node("a.link", to, _talk(p, campaign), node("span.vh", f" {about} {by}: ", node("span", said, opening(p.words)))),
        ),
    )  # fmt: skip


def _mark(p: Piece, campaign: Campaign) -> Node:
    """The logo of an organisation that is verified, or the motif that every promise has."""
    if p.logo is None:
        return ["motif", motifs.form(p.id)]
    path = link("logo", slug=campaign.slug, id=p.logo.organisation, hash=p.logo.hash)
    return logo(path, p.logo.alt, p.logo.width, p.logo.height)


def _action(each: Action, said: dict[str, Any]) -> Node:
    """What an organisation put into its promise: its words, and how it goes where that was told."""
    return node("p.line", node("span", said, each.words), f" · {how}" if (how := in_a_word(each.status)) else None)


def in_a_word(status: Progress) -> str:
    """How a promise stands, where there is something to say."""
    words = {
        "not_started": _("Not started yet"),
        "under_way": _("Under way"),
        "kept": _("Kept"),
        "changed": _("It has changed"),
        "not_kept": _("Not kept"),
    }
    return words.get(status.value, "")


def _talk(p: Piece, campaign: Campaign) -> str:
    if p.comments:
        return ngettext("%(num)d comment", "%(num)d comments", p.comments)
    return _("No comments yet") if campaign.comments_open and p.comments_open else _("Read on")


def _to(path: str, key: str) -> Node:
    return {"to": path.removeprefix("/"), "k": key}


def _translated(words: Translated) -> tuple[str, str]:
    """The words, and their language where it is not that of the page."""
    lang = words.lang_of(page_lang())
    return words.in_(page_lang()), lang if lang != page_lang() else ""


def _as(name: str, words: tuple[str, str]) -> Node:
    return node(name, {"lang": words[1]} if words[1] else None, words[0])


def _span(words: tuple[str, str]) -> Node:
    return _as("span", words)


def _named(name: str, words: str) -> Node:
    return node(name, node("bdi", words)) if words else None


def own_colours(campaign: Campaign) -> dict[str, str]:
    """The campaign's colours by the names of the style sheet, for light pages and for dark ones."""
    light, dark = colours.in_light_and_dark(campaign)
    names = {"own": ("button", "campaign"), "on-own": ("on-button", "on-campaign"), "own-link": ("campaign-ink", "")}
    found = {}
    for name, (first, second) in names.items():
        pair = [each.get(first) or each.get(second, "") for each in (light, dark)]
        if all(pair):
            found[name] = f"light-dark({pair[0]}, {pair[1]})"
    return found
