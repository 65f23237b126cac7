"""The form for a promise or an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlsplit

from flask_babel import gettext as _

from pledges import text
from pledges.intake.sent import Sent
from pledges.models import (
    FINDABLE,
    NAME_CHARS,
    NOTE_CHARS,
    Campaign,
    Contribution,
    Kind,
    Revision,
    Sector,
    ShowName,
    Size,
    Theme,
    Type,
)
from pledges.revisions import action_key

from .base import LENGTHS, NAMED, WORDS_FIELD, Form, consent_words, permitted_levels

WEBSITE_CHARS = 300
A_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
MOST_ACTIONS = 9  # that an organisation may put into one promise
AT_MOST_AHEAD = timedelta(days=3_653)  # ten years


WISHES = ("follow_up", "invite_again", "quote", FINDABLE, "news")
OFFERED = (
    "follow_up",
    "invite_again",
    "quote",
    FINDABLE,
)  # nothing sends a newsletter yet: its box is not shown, what was ticked is kept


@dataclass
class PledgeForm(Form):
    """A promise, or an answer to a question, which is asked for in the same way."""

    campaign: Campaign = field(default_factory=Campaign)
    type: Type = Type.PLEDGE
    page_lang: str = "en"
    editing: bool = False  # newer words for what was sent before: address and consents stay as they are

    asks_first: bool = False  # the field for the first name was on the page, so it is not guessed

    TEXTS = (
        "name",
        "first_name",
        "role",
        "organisation",
        "website",
        "authoriser",
        "email",
        "how_we_will_know",
        "by_when",
    )
    CHOICES = ("kind", "show_name", "theme", "audience", "lang", "sector", "size")
    ORDER = ("theme", "kind", "organisation", "website", "sector", "size", "authoriser", "name", "role", "show_name", "first_name", "email", "consent", "audience",
             "by_when", "how_we_will_know", "lang")  # fmt: skip
    ACTIONS = tuple(f"action-{n}" for n in range(1, MOST_ACTIONS + 1))
    STRONGER = ("audience", "invite_again", "quote")

    @classmethod
    def blank(cls, campaign: Campaign, type: Type, page_lang: str, words: str = "") -> PledgeForm:
        """A form to be filled in; nothing about the person is chosen beforehand."""
        form = cls(campaign=campaign, type=type, page_lang=page_lang)
        form.values = {form.words_field: words, "kind": Kind.PERSON.value, "lang": form._usual_lang()}
        return form

    @classmethod
    def of(cls, contribution: Contribution, revision: Revision, page_lang: str) -> PledgeForm:
        """The form as it would look with the words that were sent; a name hidden since stays so until it is chosen anew."""
        form = cls(campaign=contribution.campaign, type=contribution.type, page_lang=page_lang, editing=True)
        form.values = {
            form.words_field: revision.words,
            "name": revision.name,
            "first_name": revision.first_name or _told_of(revision),
            "show_name": revision.level.value,
            "role": revision.role,
            "organisation": revision.organisation,
            "website": revision.website,
            "how_we_will_know": revision.how_we_will_know,
            "by_when": revision.by_when.isoformat() if revision.by_when else "",
            **_actions_of(revision),
            "kind": revision.kind.value,
            "theme": revision.theme.key if revision.theme else "",
            "audience": revision.audience.key if revision.audience else "",
            "lang": revision.lang,
        }
        return form

    @classmethod
    def read(
        cls,
        raw: Mapping[str, str],
        campaign: Campaign,
        type: Type,
        *,
        page_lang: str,
        today: date,
        editing: bool = False,
        as_before: Collection[str] = (),
    ) -> PledgeForm:
        """What was sent, with `errors` for all that is wrong; fields that are not ours are not read.

        `as_before` are dates that may stay though they have passed, since they were given when they had not.
        """
        raw = dict(raw.items())  # the first of each; a field that is not there costs nothing
        asked = "first_name" in raw
        form = cls(campaign=campaign, type=type, page_lang=page_lang, editing=editing, asks_first=asked)
        form._take(raw, [form.words_field, *cls.TEXTS, *cls.CHOICES], lines=form.words_field)
        form._take(raw, form.action_fields)
        form._words(form.words_field, *LENGTHS[type])
        form._chosen()
        form._who()
        if not editing:
            form._ticked(raw, ["consent", *WISHES])
            form._reachable()
        form._rest(today, as_before)
        form._order_errors([form.words_field, *cls.ORDER[:7], *form.action_fields, *cls.ORDER[7:]])
        return form

    def begin_with(self, words: str, theme: Theme | None) -> None:
        """A starting point stands in the form, below what was written there; nothing is wrong with it yet."""
        self.errors = {}
        self.values[self.words_field] = "\n".join(part for part in (self.words, words) if part)
        if theme is not None and not self["theme"]:
            self.values["theme"] = theme.key

    @property
    def words_field(self) -> str:
        return WORDS_FIELD[self.type]

    @property
    def words(self) -> str:
        return self[self.words_field]

    @property
    def most(self) -> int:
        return LENGTHS[self.type][1]

    @property
    def stronger_open(self) -> bool:
        """Whether the folded part holds something, so that nothing is hidden from the one who wrote it."""
        of_answers = ("by_when", "how_we_will_know") if self.type is Type.ANSWER else ()
        return self.holds((*self.STRONGER, *of_answers)) or self["lang"] != self._usual_lang()

    @property
    def takes_actions(self) -> bool:
        return self.type is Type.PLEDGE and self.kind is Kind.ORGANISATION

    @property
    def describes(self) -> bool:
        """Whether it says what its organisation is; whoever changes their words says that on their page."""
        return self.takes_actions and not self.editing

    @property
    def action_fields(self) -> list[str]:
        return [name for each in self.ACTIONS for name in (each, f"{each}-by")] if self.type is Type.PLEDGE else []

    @property
    def kind(self) -> Kind:
        return Kind.ORGANISATION if self["kind"] == Kind.ORGANISATION.value else Kind.PERSON

    @property
    def show_name(self) -> ShowName:
        """The level that was chosen; none: the most private that makes sense."""
        if self["show_name"]:
            return ShowName(self["show_name"])
        named = self.kind is Kind.ORGANISATION and ShowName.ORGANISATION in self.levels
        return ShowName.ORGANISATION if named else ShowName.ANONYMOUS

    @property
    def first_name_is_guessed(self) -> bool:
        """Whether the first name is to be shown, and whoever has it was not yet asked how it will stand."""
        return self.asks_first and self.show_name is ShowName.FIRST and bool(self["name"]) and not self["first_name"]

    def guess_first_name(self) -> None:
        """What can be told from the name stands in the field, to be changed or sent."""
        self.values["first_name"] = text.first_name(self["name"])

    @property
    def levels(self) -> list[ShowName]:
        """What may be chosen to be shown; of who speaks for an organisation not the first name alone."""
        permitted = permitted_levels(self.campaign)
        return [each for each in permitted if self.kind is Kind.PERSON or each is not ShowName.FIRST]

    def _usual_lang(self) -> str:
        known = self.campaign.contribution_languages or [self.page_lang]
        return self.page_lang if self.page_lang in known else known[0]

    def _chosen(self) -> None:
        """Every choice is one that was offered."""
        campaign = self.campaign
        self.values["kind"] = self["kind"] or Kind.PERSON.value
        self.values["lang"] = self["lang"] or self._usual_lang()
        offered: dict[str, tuple[Iterable[str], Callable[[], str]]] = {
            "kind": (list(Kind), lambda: _("Choose who is promising")),
            "show_name": (permitted_levels(campaign), lambda: _("Choose what we may show")),
            "theme": ((each.key for each in campaign.themes if not each.archived_at), lambda: _("Choose a theme")),
            "audience": (
                (each.key for each in campaign.audiences if not each.archived_at),
                lambda: _("Choose from the list"),
            ),
            "lang": (campaign.contribution_languages, lambda: _("Choose the language you wrote in")),
            "sector": (list(Sector), lambda: _("Choose from the list")),
            "size": (list(Size), lambda: _("Choose from the list")),
        }
        for name, (values, message) in offered.items():
            if self[name] and self[name] not in values:
                self.errors[name] = message()
                self.values[name] = ""

    def _who(self) -> None:
        for name in ("name", "first_name", "role", "organisation", "authoriser"):
            self._at_most(name, NAME_CHARS)
        self._seen("name", lambda: _("Write the name that we may show, or choose not to show one"))
        self._seen("first_name", lambda: _("Write your first name as it will stand, or choose not to show it"))
        self._seen("role", lambda: _("Write the role or place that we may show"))
        self._seen("organisation", lambda: _("Write the name of the organisation or group"))
        if self["show_name"] and ShowName(self["show_name"]) not in self.levels:
            self.values["show_name"] = ""  # it was chosen for a person before an organisation was
        level = self.show_name
        if level is ShowName.FIRST and not self["name"]:
            self.values["name"] = self["first_name"]  # nobody has to give more of it
        if self["name"] and not self["show_name"] and any(each in NAMED for each in self.levels):
            self.errors.setdefault("show_name", _("Choose how your name is shown, or that it is not"))
        if level in NAMED and not self["name"]:
            self.errors["name"] = _("Write the name that we may show, or choose not to show one")
        if level is ShowName.ROLE and not self["role"]:
            self.errors["role"] = _("Write the role or place that we may show")
        if (self.kind is Kind.ORGANISATION or level is ShowName.ORGANISATION) and not self["organisation"]:
            self.errors["organisation"] = _("Write the name of the organisation or group")

    def _reachable(self) -> None:
        needed = ""
        if self.kind is Kind.ORGANISATION:
            needed = _("Write an email address: we need one for an organisation")
        elif self["follow_up"] or self["invite_again"] or self["news"]:
            needed = _("Write an email address: what was asked for with it needs one")
        self._email(needed=needed)
        if not self["consent"]:
            self.errors["consent"] = _("Tick this to go on: we cannot show your words without it")

    def _rest(self, today: date, as_before: Collection[str]) -> None:
        self._at_most("how_we_will_know", NOTE_CHARS)
        if self["website"] and not _is_https(self["website"]):
            self.errors["website"] = _("Write the whole address, beginning with https://")
        self._dated("by_when", today, as_before)
        if self.takes_actions:
            self._actions(today, as_before)

    def _actions(self, today: date, as_before: Collection[str]) -> None:
        """Each has words of its own, and a day if they like."""
        met: set[str] = set()
        for name in self.ACTIONS:
            self._at_most(name, NOTE_CHARS)
            self._seen(name, lambda: _("Write in words what you will do"))
            if self[f"{name}-by"] and not self[name]:
                self.errors[name] = _("Write what you will do by then")
            if self[name] and action_key(self[name]) in met:
                self.errors[name] = _("You wrote this one above already")
            met.add(action_key(self[name]))
            self._dated(f"{name}-by", today, as_before)

    def _dated(self, name: str, today: date, as_before: Collection[str]) -> None:
        """A day to come within ten years, if one is given."""
        said = self[name]
        if not said or said in as_before:
            return
        try:
            day = date.fromisoformat(said) if A_DAY.fullmatch(said) else None
        except ValueError:
            day = None
        if day is None:
            self.errors[name] = _("Write a real date, like 2027-07-21")
        elif day < today:
            self.errors[name] = _("Choose a day that is still to come")
        elif day > today + AT_MOST_AHEAD:
            self.errors[name] = _("Choose a day within the next ten years")

    def sent(self, nonce: str | None) -> Sent:
        """What goes on to the intake; only asked of a form without errors."""
        themes = {theme.key: theme.id for theme in self.campaign.themes}
        audiences = {audience.key: audience.id for audience in self.campaign.audiences}
        words = consent_words(self.campaign, self.type)
        agreed = {} if self.editing else {"public": words["public"]}
        return Sent(
            type=self.type,
            words=self.words,
            lang=self["lang"],
            page_lang=self.page_lang,
            by_when=date.fromisoformat(self["by_when"]) if self["by_when"] else None,
            how_we_will_know=self["how_we_will_know"],
            name=self["name"],
            first_name=self["first_name"] if self.show_name is ShowName.FIRST else "",
            show_name=self.show_name,
            role=self["role"],
            organisation=self["organisation"],
            website=self["website"],
            actions=tuple((self[each], self[f"{each}-by"]) for each in self.ACTIONS if self[each])
            if self.takes_actions
            else (),
            kind=self.kind,
            theme_id=themes.get(self["theme"]),
            audience_id=audiences.get(self["audience"]),
            email="" if self.editing else self["email"],
            authoriser=self["authoriser"] if self.describes else "",
            sector=Sector(self["sector"]) if self.describes and self["sector"] else None,
            size=Size(self["size"]) if self.describes and self["size"] else None,
            follow_up=bool(self["follow_up"]),
            consents=agreed | {wish: words[wish] for wish in WISHES if self[wish]},
            form_token=nonce,
        )


def _actions_of(revision: Revision) -> dict[str, str]:
    """The fields of its actions."""
    named = [(f"action-{n}", each) for n, each in enumerate(revision.actions, start=1)]
    words = {name: each["words"] for name, each in named}
    return words | {f"{name}-by": each["by"] for name, each in named}


def _told_of(revision: Revision) -> str:
    """The first name of words that came before it was asked for."""
    return text.first_name(revision.name) if revision.show_name is ShowName.FIRST else ""


def _is_https(address: str) -> bool:
    if len(address) > WEBSITE_CHARS or any(letter.isspace() for letter in address):
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" and "." in (parts.hostname or "") and not parts.username
    except ValueError:
        return False
