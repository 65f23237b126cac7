"""The form for a report, and the kinds of harm it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from pledges.intake.door import Complaint

from .base import TRAP, Form

REPORT_NOTE_CHARS = 1_000
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


@dataclass
class ReportForm(Form):
    """A visitor's complaint about what is shown."""

    trap_filled: bool = False

    @classmethod
    def read(cls, raw: Mapping[str, str]) -> ReportForm:
        form = cls(trap_filled=bool(raw.get(TRAP, "")))
        form._take(raw, ["category", "note", "email", "step"], lines="note")
        if form["category"] not in CATEGORIES:
            form.values["category"] = ""
            form.errors["category"] = _("Choose what is wrong with it")
        form._at_most("note", REPORT_NOTE_CHARS)
        form._email()
        return form

    def complaint(self, lang: str, nonce: str | None, network: str, about: str = "") -> Complaint:
        """What goes to the desk; `about` is our own line, where it is about one answer of how a promise goes."""
        return Complaint(
            category=self["category"],
            note="\n\n".join(part for part in (about, self["note"]) if part),
            email=self["email"],
            lang=lang,
            form_token=nonce,
            network=network,
            trap_filled=self.trap_filled,
        )
