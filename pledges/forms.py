"""What may be sent: each form reads what came, says in words what is wrong, and keeps every word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from . import text
from .intake import Complaint, Sent
from .models import NAME_CHARS, NOTE_CHARS, Campaign, Contribution, Kind, Revision, ShowName, Type

TRAP = "company_url"  # a field that people do not see; scripts fill it in
EMAIL_CHARS = 254
WEBSITE_CHARS = 300
REPORT_NOTE_CHARS = 1_000
A_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
AT_MOST_AHEAD = timedelta(days=3_653)  # ten years
LENGTHS = {Type.PLEDGE: (10, 500), Type.ANSWER: (2, 1_000), Type.COMMENT: (2, 1_000)}  # code points
WORDS_FIELD = {Type.PLEDGE: "promise", Type.ANSWER: "answer", Type.COMMENT: "comment"}
CATEGORIES = {  # of a report, and what each says to who reports and to who reads it
    "hate": lazy_gettext("It is hateful or racist"),
    "personal_data": lazy_gettext("It gives away personal details"),
    "illegal": lazy_gettext("It may be against the law"),
    "child_safety": lazy_gettext("It may put a child at risk"),
    "defamation": lazy_gettext("It says something untrue that harms somebody"),
    "copyright": lazy_gettext("It is copied without leave"),
    "impersonation": lazy_gettext("It pretends to be somebody else"),
    "other": lazy_gettext("Something else"),
}


WISHES = ("follow_up", "invite_again", "quote", "news")
OFFERED = ("quote",)  # nothing sends the letters of the others yet: their boxes are not shown, what was ticked is kept
NAMED = (ShowName.FULL, ShowName.FIRST)  # levels that need a name


@dataclass
class Form:
    """Cleaned values by field, and what is wrong with them, in words, in the order of the page."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def holds(self, names: Iterable[str]) -> bool:
        """Whether one of these fields holds something, or is wrong."""
        return any(self.values.get(name) or name in self.errors for name in names)

    def for_a_look(self) -> dict[str, str]:
        """What is wrong with how it would look: what is only asked of who sends it can wait until then."""
        later = {"consent", *(name for name in ("email", "show_name") if not self[name])}
        return {name: words for name, words in self.errors.items() if name not in later}

    def _take(self, raw: Mapping[str, str], names: Iterable[str], *, lines: str = "") -> None:
        """All that was sent, however long: the request itself is bounded, and nobody's words come back cut."""
        for name in names:
            value = raw.get(name, "")
            if name == "name":  # so that the first name is all that is shown of it where no more is wished
                self.values[name] = text.cleaned_name(value)
            else:
                self.values[name] = text.clean(value, lines=name == lines)

    def _words(self, name: str, least: int, most: int) -> None:
        used = text.length(self[name])
        if not text.says_something(self[name], signs=name != "promise"):
            self.errors[name] = {
                "promise": _("Write what you will do"),
                "answer": _("Write your answer"),
                "comment": _("Write your comment"),
            }.get(name, _("Write something"))
        elif used < least:
            self.errors[name] = ngettext(
                "Write a little more: %(num)d character at least",
                "Write a little more: %(num)d characters at least",
                least,
            )
        elif used > most:
            self.errors[name] = ngettext(
                "This is %(num)d character too long. Shorten it to %(most)s",
                "This is %(num)d characters too long. Shorten it to %(most)s",
                used - most,
                most=most,
            )

    def _seen(self, name: str, message: str) -> None:
        """What is given can be read."""
        if self[name] and not text.says_something(self[name]):
            self.errors[name] = message

    def _at_most(self, name: str, most: int) -> None:
        if len(self[name]) > most:
            self.errors[name] = _("Shorten this to %(most)s characters", most=most)

    def _email(self, *, needed: str = "") -> None:
        value = self["email"]
        if not value:
            if needed:
                self.errors["email"] = needed
            return
        address = one_address(value)
        if address is None and "@" in value and not value.rpartition("@")[0].isascii():
            self.errors["email"] = _("We can only write to addresses with plain letters, a to z, before the @")
        elif address is None:
            self.errors["email"] = _("Write one email address in full, like name@example.org")
        else:
            self.values["email"] = address

    def _order_errors(self, names: list[str]) -> None:
        """As on the page, so that the summary leads through it from top to bottom."""
        self.errors = {name: self.errors[name] for name in names if name in self.errors}

    def _ticked(self, raw: Mapping[str, str], names: Iterable[str]) -> None:
        for name in names:
            self.values[name] = (
                "yes" if raw.get(name, "").strip().lower() not in {"", "no", "off", "false", "0"} else ""
            )


def one_address(value: str) -> str | None:
    """The address as plain SMTP takes it; none for what is no such address, or more than one."""
    if len(value) > EMAIL_CHARS or any(letter in value for letter in ',;<>" \n'):
        return None
    try:
        return validate_email(value, allow_smtputf8=False, check_deliverability=False).ascii_email
    except EmailNotValidError:
        return None


def permitted_levels(campaign: Campaign) -> list[ShowName]:
    """How much of a name may be shown here; where an adult sends for a class, no person is named."""
    levels = [level for level in ShowName if level.value in campaign.show_names or level is ShowName.ANONYMOUS]
    return [level for level in levels if level not in NAMED] if campaign.through_teacher else levels


def consent_words(campaign: Campaign, type: Type) -> dict[str, str]:
    """What each box says, by purpose: the text that is kept as agreed to."""
    if type is Type.COMMENT:
        public = _("I know that my comment will be public, and I am 13 or over.")
    elif campaign.through_teacher:
        public = _("I am 18 or over. I know that this will be public, and that it names no child.")
    elif type is Type.ANSWER:
        public = _("I know that my answer will be public, and I am 13 or over.")
    else:
        public = _("I know that my promise will be public, and I am 13 or over.")
    return {
        "public": public,
        "follow_up": _("Ask me in three months how my promise is going"),
        "invite_again": _("Invite me again next year"),
        "quote": _("You may quote my words elsewhere, for example in a report"),
        "news": _("Send me the campaign’s newsletter"),
    }


@dataclass
class PledgeForm(Form):
    """A promise, or an answer to a question, which is asked for in the same way."""

    campaign: Campaign = field(default_factory=Campaign)
    type: Type = Type.PLEDGE
    page_lang: str = "en"
    editing: bool = False  # newer words for what was sent before: address and consents stay as they are

    TEXTS = ("name", "role", "organisation", "website", "email", "how_we_will_know", "by_when")
    CHOICES = ("kind", "show_name", "theme", "audience", "lang")
    ORDER = ("theme", "kind", "organisation", "website", "name", "role", "show_name", "email", "consent", "audience",
             "by_when", "how_we_will_know", "lang")  # fmt: skip
    STRONGER = ("audience", "by_when", "how_we_will_know", *OFFERED)

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
            "show_name": revision.level.value,
            "role": revision.role,
            "organisation": revision.organisation,
            "website": revision.website,
            "how_we_will_know": revision.how_we_will_know,
            "by_when": revision.by_when.isoformat() if revision.by_when else "",
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
        as_before: str = "",
    ) -> PledgeForm:
        """What was sent, with `errors` for all that is wrong; fields that are not ours are not read.

        `as_before` is a date that may stay though it has passed, since it was given when it had not.
        """
        form = cls(campaign=campaign, type=type, page_lang=page_lang, editing=editing)
        form._take(raw, [form.words_field, *cls.TEXTS, *cls.CHOICES], lines=form.words_field)
        form._words(form.words_field, *LENGTHS[type])
        form._chosen()
        form._who()
        if not editing:
            form._ticked(raw, ["consent", *WISHES])
            form._reachable()
        form._rest(today, as_before)
        form._order_errors([form.words_field, *cls.ORDER])
        return form

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
        return self.holds(self.STRONGER) or self["lang"] != self._usual_lang()

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
        offered: dict[str, tuple[Iterable[str], str]] = {
            "kind": ([kind.value for kind in Kind], _("Choose who is promising")),
            "show_name": ([level.value for level in permitted_levels(campaign)], _("Choose what we may show")),
            "theme": ([theme.key for theme in campaign.themes if not theme.archived_at], _("Choose a theme")),
            "audience": ([each.key for each in campaign.audiences if not each.archived_at], _("Choose from the list")),
            "lang": (campaign.contribution_languages, _("Choose the language you wrote in")),
        }
        for name, (values, message) in offered.items():
            if self[name] and self[name] not in values:
                self.errors[name] = message
                self.values[name] = ""

    def _who(self) -> None:
        for name in ("name", "role", "organisation"):
            self._at_most(name, NAME_CHARS)
        self._seen("name", _("Write the name that we may show, or choose not to show one"))
        self._seen("role", _("Write the role or place that we may show"))
        self._seen("organisation", _("Write the name of the organisation or group"))
        if self["show_name"] and ShowName(self["show_name"]) not in self.levels:
            self.values["show_name"] = ""  # it was chosen for a person before an organisation was
        level = self.show_name
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

    def _rest(self, today: date, as_before: str) -> None:
        self._at_most("how_we_will_know", NOTE_CHARS)
        if self["website"] and not _is_https(self["website"]):
            self.errors["website"] = _("Write the whole address, beginning with https://")
        if self["by_when"] and self["by_when"] != as_before:
            try:
                day = date.fromisoformat(self["by_when"]) if A_DAY.fullmatch(self["by_when"]) else None
            except ValueError:
                day = None
            if day is None:
                self.errors["by_when"] = _("Write a real date, like 2027-07-21")
            elif day < today:
                self.errors["by_when"] = _("Choose a day that is still to come")
            elif day > today + AT_MOST_AHEAD:
                self.errors["by_when"] = _("Choose a day within the next ten years")

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
            show_name=self.show_name,
            role=self["role"],
            organisation=self["organisation"],
            website=self["website"],
            kind=self.kind,
            theme_id=themes.get(self["theme"]),
            audience_id=audiences.get(self["audience"]),
            email="" if self.editing else self["email"],
            follow_up=bool(self["follow_up"]),
            consents=agreed | {wish: words[wish] for wish in WISHES if self[wish]},
            form_token=nonce,
        )


def _is_https(address: str) -> bool:
    if len(address) > WEBSITE_CHARS or any(letter.isspace() for letter in address):
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" and "." in (parts.hostname or "") and not parts.username
    except ValueError:
        return False


@dataclass
class CommentForm(Form):
    """Words under a promise or an answer."""

    campaign: Campaign = field(default_factory=Campaign)
    page_lang: str = "en"
    editing: bool = False

    words_field = "comment"
    type = Type.COMMENT
    most = LENGTHS[Type.COMMENT][1]

    @classmethod
    def blank(cls, campaign: Campaign, page_lang: str, reply_to: str = "") -> CommentForm:
        return cls(campaign=campaign, page_lang=page_lang, values={"reply_to": reply_to})

    @classmethod
    def of(cls, contribution: Contribution, revision: Revision, page_lang: str) -> CommentForm:
        """The form with the words that were sent; a name hidden since is left out, and stands again if it is written."""
        form = cls(campaign=contribution.campaign, page_lang=page_lang, editing=True)
        name = revision.name if revision.level is not ShowName.ANONYMOUS else ""
        form.values = {"comment": revision.words, "name": name, "lang": revision.lang}
        return form

    @classmethod
    def read(cls, raw: Mapping[str, str], campaign: Campaign, *, page_lang: str, editing: bool = False) -> CommentForm:
        form = cls(campaign=campaign, page_lang=page_lang, editing=editing)
        form._take(raw, ["comment", "name", "email", "reply_to"], lines="comment")
        form._words("comment", *LENGTHS[Type.COMMENT])
        if form.takes_name:
            form._at_most("name", NAME_CHARS)
            form._seen("name", _("Write the name that we may show, or choose not to show one"))
        else:
            form.values["name"] = ""
        if not editing:
            form._email()
            form._ticked(raw, ["consent"])
            if not form["consent"]:
                form.errors["consent"] = _("Tick this to go on: we cannot show your words without it")
        return form

    @property
    def words(self) -> str:
        return self["comment"]

    @property
    def takes_name(self) -> bool:
        return any(level in NAMED for level in permitted_levels(self.campaign))

    @property
    def show_name(self) -> ShowName:
        """A comment is signed as fully as the campaign permits, or not at all."""
        level = next((level for level in permitted_levels(self.campaign) if level in NAMED), ShowName.ANONYMOUS)
        return level if self["name"] else ShowName.ANONYMOUS

    def sent(self, nonce: str | None) -> Sent:
        agreed = {} if self.editing else {"public": consent_words(self.campaign, Type.COMMENT)["public"]}
        known = self.campaign.contribution_languages or [self.page_lang]
        return Sent(
            type=Type.COMMENT,
            words=self.words,
            lang=self.page_lang if self.page_lang in known else known[0],
            page_lang=self.page_lang,
            name=self["name"],
            show_name=self.show_name,
            email="" if self.editing else self["email"],
            consents=agreed,
            form_token=nonce,
        )


@dataclass
class Written(Form):
    """What stands in a form that is taken no more, whichever it was, to be copied by who wrote it."""

    ANSWERS = ("how_we_will_know", "by_when", "name", "role", "organisation", "website")
    OF_REPORT = ("category", "email")

    @classmethod
    def read(cls, raw: Mapping[str, str]) -> Written:
        form = cls()
        for name in WORDS_FIELD.values():
            form._take(raw, [name], lines=name)
        form._take(raw, cls.ANSWERS)
        return form

    @classmethod
    def of_report(cls, report: ReportForm) -> Written:
        category = str(CATEGORIES.get(report["category"], ""))
        return cls(values={"comment": report["note"], "category": category, "email": report["email"]})

    @property
    def words(self) -> str:
        return next((self[name] for name in WORDS_FIELD.values() if self[name]), "")

    @property
    def answers(self) -> dict[str, str]:
        return {name: self[name] for name in (*self.ANSWERS, *self.OF_REPORT) if self[name]}


@dataclass
class ReportForm(Form):
    """A visitor's complaint about what is shown."""

    trap_filled: bool = False

    @classmethod
    def read(cls, raw: Mapping[str, str]) -> ReportForm:
        form = cls(trap_filled=bool(raw.get(TRAP, "")))
        form._take(raw, ["category", "note", "email"], lines="note")
        if form["category"] not in CATEGORIES:
            form.values["category"] = ""
            form.errors["category"] = _("Choose what is wrong with it")
        form._at_most("note", REPORT_NOTE_CHARS)
        form._email()
        return form

    def complaint(self, lang: str, nonce: str | None, network: str) -> Complaint:
        return Complaint(
            category=self["category"],
            note=self["note"],
            email=self["email"],
            lang=lang,
            form_token=nonce,
            network=network,
            trap_filled=self.trap_filled,
        )


@dataclass
class AddressForm(Form):
    """An email address, for 'send me my link again'."""

    @classmethod
    def read(cls, raw: Mapping[str, str]) -> AddressForm:
        form = cls()
        form._take(raw, ["email"])
        form._email(needed=_("Write your email address"))
        return form
