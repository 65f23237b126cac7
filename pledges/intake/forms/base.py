"""What all forms share: they read what came, say in words what is wrong, and keep every word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from flask_babel import ngettext

from pledges import text
from pledges.models import Campaign, ShowName, Type

TRAP = "company_url"  # a field that people do not see; scripts fill it in
EMAIL_CHARS = 254
LENGTHS = {Type.PLEDGE: (10, 500), Type.ANSWER: (2, 1_000), Type.COMMENT: (2, 1_000)}  # code points
WORDS_FIELD = {Type.PLEDGE: "promise", Type.ANSWER: "answer", Type.COMMENT: "comment"}
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
            if not value:  # as most fields are
                self.values[name] = ""
            elif name == "name":  # so that the first name is all that is shown of it where no more is wished
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

    def _seen(self, name: str, message: Callable[[], str]) -> None:
        """What is given can be read."""
        if self[name] and not text.says_something(self[name]):
            self.errors[name] = message()

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
        "follow_up": _(
            "Ask me by email how my promise is going: after 4 weeks, on the day that I set, after 3 and after 12 months"
        ),
        "invite_again": _("Invite me again next year"),
        "quote": _("You may quote my words elsewhere, for example in a report"),
        "findable": _("Search engines may list the page of my promise"),
        "news": _("Send me the campaign’s newsletter"),
    }


@dataclass
class AddressForm(Form):
    """An email address, for 'send me my link again'."""

    @classmethod
    def read(cls, raw: Mapping[str, str]) -> AddressForm:
        form = cls()
        form._take(raw, ["email"])
        form._email(needed=_("Write your email address"))
        return form
