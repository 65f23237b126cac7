"""What somebody wrote, given back when it cannot be taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .base import WORDS_FIELD, Form
from .report import CATEGORIES, ReportForm


@dataclass
class Written(Form):
    """What stands in a form that is taken no more, whichever it was, to be copied by who wrote it."""

    ANSWERS = ("how_we_will_know", "by_when", "name", "role", "organisation", "website")
    ACTIONS = tuple(f"action-{n}" for n in range(1, 10))
    OF_REPORT = ("category", "email")

    @classmethod
    def read(cls, raw: Mapping[str, str]) -> Written:
        form = cls()
        for name in WORDS_FIELD.values():
            form._take(raw, [name], lines=name)
        form._take(raw, [*cls.ANSWERS, *cls.ACTIONS])
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
        return {name: self[name] for name in (*self.ANSWERS, *self.ACTIONS, *self.OF_REPORT) if self[name]}
