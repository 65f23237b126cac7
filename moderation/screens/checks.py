"""What checks found, in words and with the quotes marked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext, lazy_gettext
from markupsafe import Markup, escape

from moderation.akismet import fields
from moderation.checks.base import Verdict
from moderation.decisions import seeing
from moderation.models import Finding, Review
from moderation.screening import run

from .rows import SIGNS, Signal

CHECKS = {check.NAME: check.TITLE for check in (*run.CHECKS, fields)}


@dataclass(frozen=True)
class Caught:
    """The words that one rule caught, under the number that stands beside them in the text."""

    number: int
    rule: str
    words: list[str]


@dataclass(frozen=True)
class Check:
    """What one check said, for a person."""

    name: str
    words: str
    signal: Signal
    clear: bool
    caught: list[Caught] = field(default_factory=list)  # nothing where the text is kept hidden


VERDICTS = {
    Verdict.CLEAR: lazy_gettext("Clear"),
    Verdict.NOTICE: lazy_gettext("Note"),
    Verdict.LOOK: lazy_gettext("Look"),
    Verdict.STOP: lazy_gettext("Stop"),
    Verdict.UNKNOWN: lazy_gettext("Not checked"),
}


def check_of(finding: Finding, texts: dict[str, str], numbers: dict[str, int]) -> Check:
    """What a check said; `texts` (none while they are kept hidden) hold the words that it caught."""
    signal = Signal(SIGNS.get(finding.verdict, ""), str(VERDICTS[finding.verdict]))
    return Check(
        str(CHECKS.get(finding.check, finding.check)),
        _detail_words(finding),
        signal,
        finding.verdict is Verdict.CLEAR,
        _caught(finding, texts, numbers),
    )


def _caught(finding: Finding, texts: dict[str, str], numbers: dict[str, int]) -> list[Caught]:
    found: dict[str, dict[str, None]] = {}
    for name, start, end, rule in finding.quotes:
        if text := texts.get(name, "")[start:end]:
            found.setdefault(rule, {})[text] = None
    return [
        Caught(numbers.get(rule, 0), str(RULES.get(rule, rule.replace("_", " "))), list(words))
        for rule, words in found.items()
    ]


def numbers_of(findings: list[Finding]) -> dict[str, int]:
    """A number for each rule that caught words, the loudest check first."""
    rules = [quote[3] for finding in sorted(findings, key=loudest) for quote in finding.quotes]
    return {rule: number for number, rule in enumerate(dict.fromkeys(rules), start=1)}


def _detail_words(finding: Finding) -> str:
    if finding.verdict is Verdict.CLEAR:
        return gettext("Nothing found")
    if finding.verdict is Verdict.UNKNOWN:
        return _why_unknown(str(finding.detail.get("why", "")))
    if finding.check == "repeats":
        return _repeats_words(finding)
    rules = [str(rule) for rule in finding.detail.get("rules", [])] or sorted({quote[3] for quote in finding.quotes})
    named = ", ".join(str(RULES.get(rule, rule.replace("_", " "))) for rule in rules)
    return named or gettext("See the marked words")


def doubts_of(review: Review) -> list[str]:
    """What the checks found, a sentence each, without quoting it."""
    return [_doubt_words(finding) for finding in seeing.doubts(review)]


def _doubt_words(finding: Finding) -> str:
    what = _detail_words(finding)
    if finding.check == "personal":
        return gettext("Shows %(what)s.", what=what)
    if finding.check in ("words", "links", "signed"):
        return gettext("Has %(what)s.", what=what)
    return f"{CHECKS.get(finding.check, finding.check)}: {what}."


def _repeats_words(finding: Finding) -> str:
    """Which earlier items say the same, by their references."""
    parts = []
    if equal := finding.detail.get("equal"):
        parts.append(gettext("the same words as %(ids)s", ids=", ".join(equal)))
    if similar := finding.detail.get("similar"):
        parts.append(gettext("almost the same words as %(ids)s", ids=", ".join(similar)))
    return "; ".join(parts)


RULES = {
    "discard": lazy_gettext("the spam service is sure that it is spam, and would have thrown it away unread"),
    "spam": lazy_gettext("the spam service calls it spam, and would have kept it for a person to read"),
    "hasty": lazy_gettext("sent within three seconds"),
    "trap_filled": lazy_gettext("the hidden field was filled in"),
    "trap_missing": lazy_gettext("the hidden field was missing"),
    "no_clock": lazy_gettext("nobody knows how long the form was open"),
    "link": lazy_gettext("a link"),
    "many_links": lazy_gettext("many links"),
    "hidden_link": lazy_gettext("a link that hides where it leads"),
    "spelled_link": lazy_gettext("a link spelled out in words"),
    "link_markup": lazy_gettext("the markup of a link"),
    "word_1": lazy_gettext("a word of the list that may hurt"),
    "word_2": lazy_gettext("a strong word of the list"),
    "listed_raise": lazy_gettext("a word of this campaign’s list"),
    "listed_mask": lazy_gettext("a word of this campaign’s list that is hidden until asked for"),
    "listed_hold": lazy_gettext("a word of this campaign’s list that is kept apart"),
    "child_and_class": lazy_gettext("a child’s name with a class"),
    "class_beside_name": lazy_gettext("a class beside a name"),
    "age": lazy_gettext("an age"),
    "phone": lazy_gettext("a telephone number"),
    "email": lazy_gettext("an email address"),
    "postcode": lazy_gettext("a postcode"),
    "address": lazy_gettext("a home address"),
    "handle": lazy_gettext("a name on a social network"),
    "profile": lazy_gettext("a profile on a social network"),
    "national_insurance": lazy_gettext("a National Insurance number"),
    "nhs_number": lazy_gettext("an NHS number"),
    "listed_network": lazy_gettext("a network on the list"),
    "listed_domain": lazy_gettext("a mail domain on the list"),
    "listed_phrase": lazy_gettext("a phrase on the list"),
    "signed_like_author": lazy_gettext("a signature like that of whoever made the promise"),
    "signed_like_organisation": lazy_gettext("a signature like that of an organisation that has proved its name"),
    "car_plate": lazy_gettext("a number plate"),
}


def _why_unknown(why: str) -> str:
    return {
        "no_key": gettext("No key is set for the spam service: not checked"),
        "forgotten": gettext("The sender’s details have been forgotten: not checked again"),
        "provisional": gettext("The spam service is still looking"),
        "circuit_open": gettext("The spam service does not answer at the moment: not checked yet"),
        "budget_spent": gettext("Today’s checks are used up: not checked yet"),
    }.get(why, gettext("The check gave no answer: not checked yet"))


def marked(text: str, name: str, quotes: Iterable[Any], numbers: dict[str, int]) -> Markup:
    """`text` with what the checks caught marked, each with the number of its rule; everything else escaped."""
    spans = sorted((start, end, rule) for field_name, start, end, rule in quotes if field_name == name)
    parts, at = [], 0
    for start, end, rule in spans:
        if start < at or end > len(text):
            continue
        number = Markup("<sup>{}</sup>").format(numbers[rule]) if rule in numbers else ""
        parts += [escape(text[at:start]), Markup("<mark>{}{}</mark>").format(text[start:end], number)]
        at = end
    return Markup("").join([*parts, escape(text[at:])])


def loudest(finding: Finding) -> int:
    return [Verdict.STOP, Verdict.LOOK, Verdict.NOTICE, Verdict.UNKNOWN, Verdict.CLEAR].index(finding.verdict)
