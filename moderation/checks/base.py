"""What a check is given, and what it may answer.

A check is a file of this package with a `NAME` and a function `check(subject: Subject) -> Outcome`. It sees plain
values only, touches no database, and decides nothing: an outcome raises doubt, a person settles it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

SPAM = "spam"
ABUSE = "abuse"
PERSONAL_DATA = "personal_data"

AkismetMode = Literal["ask", "ask_without_email", "off"]


class Verdict(StrEnum):
    """How loudly a check speaks, quietest first; `unknown` means that it could not tell."""

    CLEAR = "clear"
    NOTICE = "notice"
    LOOK = "look"
    STOP = "stop"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Quote:
    """The code points `start` to `end` (exclusive) of one field's text, and the rule they met."""

    field: str
    start: int
    end: int
    rule: str


@dataclass(frozen=True)
class Earlier:
    """Something that was sent before and that new words are compared with."""

    public_id: str
    words: str


@dataclass(frozen=True)
class Listing:
    """An entry of a campaign's lists: `kind` network, domain or phrase; `effect` hold or mask."""

    kind: str
    value: str
    effect: str


@dataclass(frozen=True)
class Subject:
    """One revision as it was sent, with what the visitor's request told at that moment."""

    kind: str  # pledge, answer, comment, update
    reply: bool
    words: str
    more: str  # how we will know; an update's note
    name: str
    role: str
    organisation: str
    website: str
    email: str
    lang: str
    campaign_langs: list[str]
    title: str
    context: list[str]
    edited: bool
    recheck: bool
    submitted_at: datetime
    ip: str  # empty once forgotten
    user_agent: str
    referrer: str
    permalink: str
    accept_language: str
    seconds_on_form: float | None
    trap_name: str
    trap_value: str | None  # none = the field was missing from what was sent
    akismet_mode: AkismetMode
    from_child: bool
    earlier: list[Earlier] = field(default_factory=list)
    lists: tuple[Listing, ...] = ()
    from_organisation: bool = False  # sent for an organisation, so that `website` is its own
    link: str = ""  # of an update
    actions: str = ""  # of an organisation, a line each
    first_name: str = ""  # as its bearer wrote it
    by_author: bool = False  # a comment from the private page of the promise
    signers: list[tuple[str, str]] = field(
        default_factory=list
    )  # whose a comment is not: author | organisation, a name
    listed: list[tuple[str, str]] = field(default_factory=list)  # the campaign's own words: (word or phrase, effect)

    def texts(self) -> dict[str, str]:
        """Every field that a stranger may come to read, by the name that a `Quote` uses, empty ones left out."""
        return {name: text for name in PUBLIC_FIELDS if (text := getattr(self, name))}


PUBLIC_FIELDS = ("words", "more", "actions", "name", "first_name", "role", "organisation", "link")


@dataclass(frozen=True)
class Outcome:
    """One check's word on one subject; `detail` is small, JSON-able, and names the rules that spoke."""

    check: str
    verdict: Verdict
    lane: str | None = None
    quotes: tuple[Quote, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)
    mask: bool = False
    blatant: bool = False
