"""What a visitor sends, where it came from, and what they hold afterwards."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from pledges.models import Kind, Progress, Sector, ShowName, Size, Type


@dataclass(frozen=True)
class Sent:
    """What a form said, checked and in normal form: lengths in code points, times in UTC."""

    type: Type
    words: str
    lang: str
    page_lang: str
    by_when: date | None = None
    how_we_will_know: str = ""
    name: str = ""
    first_name: str = ""  # as it is to stand; none: told from the name
    show_name: ShowName = ShowName.ANONYMOUS
    role: str = ""
    organisation: str = ""
    website: str = ""
    kind: Kind = Kind.PERSON
    theme_id: int | None = None
    audience_id: int | None = None
    actions: tuple[tuple[str, str], ...] = ()  # words, and by when (a day, or nothing)
    status: Progress | None = None
    link: str = ""
    email: str = ""
    authoriser: str = ""
    sector: Sector | None = None  # what the organisation is, and how many people it has
    size: Size | None = None
    follow_up: bool = False
    consents: dict[str, str] = field(default_factory=dict)  # purpose -> the words that were agreed to
    form_token: str | None = None  # the one-use number of the form
    wording: tuple[str, ...] = ()  # of what was agreed to, where it is not ours: other wording is something else

    @cached_property
    def digest(self) -> str:
        """Tells the same words from other words sent with the same form."""
        said = [
            str(self.type), self.words, self.lang, str(self.by_when), self.how_we_will_know, self.name,
            str(self.show_name), self.role, self.organisation, self.website, str(self.kind), str(self.theme_id),
            str(self.audience_id), str(self.status), self.link, self.email, str(self.follow_up), sorted(self.consents),
            *([self.first_name] if self.first_name else []), *self.actions, *([self.authoriser] if self.authoriser else []),
            *self.wording, *([f"sector:{self.sector}"] if self.sector else []), *([f"size:{self.size}"] if self.size else []),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def kept_actions(sent: Sent) -> list[dict[str, str]]:
    """As a revision holds them."""
    return [{"words": words, "by": by} for words, by in sent.actions]


@dataclass(frozen=True)
class Origin:
    """Where a submission came from; kept apart from the words and forgotten early."""

    ip: str
    user_agent: str = ""
    referrer: str = ""
    accept_language: str = ""
    permalink: str = ""
    through_teacher: bool = False  # of children, so it is forgotten earlier still
    seconds_on_form: float | None = None
    trap_name: str = ""
    trap_value: str | None = None  # none: the field was missing altogether


@dataclass(frozen=True)
class Stored:
    """Words that are stored, and what whoever reads them has to know of whose they are."""

    contribution_id: int
    public_id: str
    campaign_id: int
    type: Type
    page_lang: str
    email_hash: str | None  # where a letter can be written to, of what is new
    revision_id: int
    number: int  # of the revision: 1 is new, the others are changes


@dataclass(frozen=True)
class Receipt:
    """What the sender is given: which contribution it is, and the token of its private page."""

    contribution_id: int
    public_id: str
    token: str
    fresh: bool  # False: this very form had already been taken
