"""The form for a comment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask_babel import gettext as _

from pledges import text
from pledges.intake.sent import Sent
from pledges.models import NAME_CHARS, Campaign, Contribution, Revision, ShowName, Type

from .base import LENGTHS, NAMED, Form, consent_words, permitted_levels


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
        form.values["first_name"] = name and (revision.first_name or text.first_name(name))
        return form

    @classmethod
    def read(cls, raw: Mapping[str, str], campaign: Campaign, *, page_lang: str, editing: bool = False) -> CommentForm:
        raw = dict(raw.items())  # the first of each
        form = cls(campaign=campaign, page_lang=page_lang, editing=editing)
        form._take(raw, ["comment", "name", "first_name", "email", "reply_to"], lines="comment")
        form._words("comment", *LENGTHS[Type.COMMENT])
        if form.takes_name:
            form._at_most("name", NAME_CHARS)
            form._seen("name", lambda: _("Write the name that we may show, or choose not to show one"))
        else:
            form.values["name"] = form.values["first_name"] = ""
        form._first_alone()
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
    def first_alone(self) -> bool:
        """Whether no more than a first name is ever shown: then nothing else is asked for."""
        return self.takes_name and ShowName.FULL not in permitted_levels(self.campaign)

    def _first_alone(self) -> None:
        """Where a whole name came all the same, as much of it as can be told to be the first."""
        first = self["first_name"] if self.first_alone else ""
        self.values["name"] = self["name"] or first
        self.values["first_name"] = first or (text.first_name(self["name"]) if self.first_alone else "")
        self._at_most("first_name", NAME_CHARS)
        self._seen("first_name", lambda: _("Write the name that we may show, or choose not to show one"))

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
            first_name=self["first_name"],
            show_name=self.show_name,
            email="" if self.editing else self["email"],
            consents=agreed,
            form_token=nonce,
        )
