"""The form for how a promise is going."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from pledges import text
from pledges.intake.sent import Sent
from pledges.models import NOTE_CHARS, Campaign, Contribution, Progress, Revision, Type

from .base import LENGTHS, Form

LINK_CHARS = 300
STATUSES = {  # what an author may choose, in the order of the page
    Progress.NOT_STARTED: lazy_gettext("Not started yet"),
    Progress.UNDER_WAY: lazy_gettext("Under way"),
    Progress.KEPT: lazy_gettext("Kept"),
    Progress.NOT_KEPT: lazy_gettext("Not kept"),
    Progress.CHANGED: lazy_gettext("It has changed"),
}


@dataclass
class UpdateForm(Form):
    """A status alone, or with a note, a link, or the new words of a promise that has changed."""

    campaign: Campaign = field(default_factory=Campaign)
    page_lang: str = "en"
    editing: bool = False

    FIELDS = ("status", "promise", "note", "link")
    words_field = "note"
    type = Type.UPDATE

    @classmethod
    def of(cls, contribution: Contribution, revision: Revision, page_lang: str) -> UpdateForm:
        """The form with what was sent."""
        form = cls(campaign=contribution.campaign, page_lang=page_lang, editing=True)
        changed = revision.status is Progress.CHANGED
        alone = revision.words == revision.link  # a link that came without a note
        form.values = {
            "status": revision.status.value if revision.status else "",
            "promise": revision.words if changed else "",
            "note": revision.how_we_will_know if changed else "" if alone else revision.words,
            "link": revision.link,
        }
        return form

    @classmethod
    def read(
        cls, raw: Mapping[str, str], campaign: Campaign, *, page_lang: str, status: Progress | None = None
    ) -> UpdateForm:
        """What was sent, with `errors`; `status` is that of an update whose words are edited, and stays."""
        form = cls(campaign=campaign, page_lang=page_lang, editing=status is not None)
        form._take(raw, ["promise"], lines="promise")
        form._take(raw, ["note"], lines="note")
        form._take(raw, ["status", "link"])
        form.values["status"] = status.value if status is not None else form["status"]
        form._check()
        form._order_errors([*cls.FIELDS])
        return form

    def _check(self) -> None:
        if self["status"] not in {each.value for each in STATUSES}:
            self.values["status"] = ""
            self.errors["status"] = _("Choose how it is going")
        elif self["status"] == Progress.CHANGED.value:
            self._words("promise", *LENGTHS[Type.PLEDGE])
        elif self["promise"]:
            self.errors["status"] = _("You wrote new words: choose “It has changed”, or empty them")
        self._at_most("note", NOTE_CHARS)
        self._seen("note", lambda: _("Write in words what has happened"))
        if self["link"] and not _is_link(self["link"]):
            self.errors["link"] = _("Write the whole address, beginning with https://")
        if self.editing and not self.has_words and "promise" not in self.errors:
            self.errors["note"] = _("Write in words what has happened")

    @property
    def status(self) -> Progress:
        return Progress(self["status"])

    @property
    def has_words(self) -> bool:
        """Whether a person has to read it before it is shown."""
        return bool(self["note"] or self["link"] or self["promise"])

    @property
    def words(self) -> str:
        return self["promise"] or self["note"] or self["link"]

    def sent(self, nonce: str | None) -> Sent:
        """What goes on to the intake; only asked of a form without errors that has words."""
        known = self.campaign.contribution_languages or [self.page_lang]
        changed = self.status is Progress.CHANGED
        return Sent(
            type=Type.UPDATE,
            words=self.words,
            how_we_will_know=self["note"] if changed else "",
            status=self.status,
            link=self["link"],
            lang=self.page_lang if self.page_lang in known else known[0],
            page_lang=self.page_lang,
            consents={} if self.editing else {"public": public_words()},
            form_token=nonce,
        )


def public_words() -> str:
    """What stands beside the button, and is kept as agreed to."""
    return _("What you write here will be public once a person has read it.")


def _is_link(address: str) -> bool:
    if len(address) > LINK_CHARS or any(letter.isspace() for letter in address) or not text.says_something(address):
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme in ("https", "http") and "." in (parts.hostname or "") and not parts.username
    except ValueError:
        return False
