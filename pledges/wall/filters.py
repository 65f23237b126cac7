"""What a wall is narrowed to, and in which order it is read."""

from __future__ import annotations

from dataclasses import dataclass, fields

from pledges.models import Campaign, Kind, Progress

QUESTION_CHARS = 100  # of words that are searched for
KEY_CHARS = 40
NEW, KEPT_FIRST = "", "kept"  # the usual order is said by nothing


@dataclass(frozen=True)
class Filters:
    """What a reader asked to see, as written in the address; empty: everything, newest first."""

    theme: str = ""
    audience: str = ""
    kind: str = ""
    status: str = ""
    lang: str = ""
    q: str = ""
    sort: str = NEW

    @classmethod
    def read(cls, args: dict[str, str]) -> Filters:
        found = {each.name: args.get(each.name, "")[:KEY_CHARS] for each in fields(cls)}
        found["q"] = " ".join(args.get("q", "")[: 4 * QUESTION_CHARS].split())[:QUESTION_CHARS]
        found["sort"] = KEPT_FIRST if found["sort"] == KEPT_FIRST else NEW
        return cls(**found)

    def is_strange(self, campaign: Campaign) -> bool:
        """Whether one of them is nothing that this wall can be narrowed to, so that nothing is found."""
        return (
            (bool(self.kind) and self.kind not in list(Kind))
            or (bool(self.status) and self.status not in list(Progress))
            or (bool(self.lang) and self.lang not in campaign.contribution_languages)
            or (bool(self.theme) and all(each.key != self.theme for each in campaign.themes))
            or (bool(self.audience) and all(each.key != self.audience for each in campaign.audiences))
        )  # fmt: skip

    @property
    def asked(self) -> dict[str, str]:
        """Only what is set: the query of a link."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name))}

    @property
    def narrowing(self) -> dict[str, str]:
        """What is set and leaves something out."""
        return {name: value for name, value in self.asked.items() if name != "sort"}

    def having(self, **changed: str) -> dict[str, str]:
        """The query that says the same, but for what is changed."""
        return {name: value for name, value in {**self.asked, **changed}.items() if value}

    def is_single(self, name: str) -> bool:
        """Whether nothing else narrows the wall than what `name` may: how many there are is a number that we keep."""
        return not self.narrowing.keys() - {name}


def meaning(given: dict[str, str]) -> dict[str, str]:
    """The same filters in their one spelling; what else was asked stays as it is."""
    asked, names = Filters.read(given).asked, {each.name for each in fields(Filters)}
    return {
        name: asked[name] if name in names else value
        for name, value in given.items()
        if name in {*asked} or name not in names
    }
