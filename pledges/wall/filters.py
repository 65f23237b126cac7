"""What a wall is narrowed to."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Filters:
    """What a reader asked to see, as written in the address; empty: everything."""

    theme: str = ""
    audience: str = ""
    kind: str = ""
    status: str = ""
    lang: str = ""

    @classmethod
    def read(cls, args: dict[str, str]) -> Filters:
        return cls(**{each.name: args.get(each.name, "")[:40] for each in fields(cls)})

    @property
    def asked(self) -> dict[str, str]:
        """Only what is set: the query of a link."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name))}

    def having(self, **changed: str) -> dict[str, str]:
        """The query that says the same, but for what is changed."""
        return {name: value for name, value in {**self.asked, **changed}.items() if value}
