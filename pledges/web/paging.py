"""The pages of a list: one kind of cursor for all of them."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from flask import abort, current_app, request

from pledges.limits.counting import is_deep, limits_of
from pledges.models import Contribution
from pledges.search.wall import LAST, moment_of, place_of


def cursor() -> Cursor | None:
    """The `after=` of the address; one that we did not make begins at the start. A page further down is counted."""
    count_if_deep()
    try:
        return Cursor.read(request.args["after"]) if request.args.get("after") else None
    except BadCursor:
        return None


def count_if_deep(*free: str, strange: bool = False) -> None:
    """A page that is one of very many costs its visitor a token; where none is left, this is the end of it.

    `free`: what else this one can be asked in as many ways; `strange`: it was asked for what we do not offer.
    """
    if strange or is_deep() or any(request.args.get(name) for name in free):
        limits = limits_of(current_app)
        wait = limits.check("api", address=limits.visitor())
        if wait is not None:
            abort(wait.status, retry_after=wait.retry_after_seconds)


T = TypeVar("T")


class BadCursor(ValueError):
    """Not a cursor that we made."""


@dataclass(frozen=True)
class Cursor:
    """The last one seen; what comes after it is the next page, also when new ones have arrived since."""

    at: datetime
    id: int

    def __str__(self) -> str:
        said = f"{int(self.at.timestamp() * 1_000_000):x}.{self.id:x}"
        return urlsafe_b64encode(said.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Cursor:
        """The cursor that this text stands for; raises BadCursor."""
        try:
            moment, number = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").split(".")
            micros, own = int(moment, 16), int(number, 16)
            if not (0 <= micros < 2**53 and 0 <= own < 2**63):
                raise BadCursor(text)
            return cls(datetime.fromtimestamp(micros / 1_000_000, UTC), own)
        except (ValueError, OverflowError, OSError) as error:
            raise BadCursor("not a cursor") from error

    @classmethod
    def of(cls, contribution: Contribution) -> Cursor:
        assert contribution.shown_at is not None  # noqa: S101 (only what is shown is listed)
        return cls(contribution.shown_at, contribution.id)


@dataclass(frozen=True)
class Place:
    """The same on the wall, where promises are found by what they are: the part of the list, and the place in it."""

    part: int
    place: int

    def __str__(self) -> str:
        return f"p{self.part}.{self.place:x}"

    @classmethod
    def read(cls, text: str, campaign_id: int) -> Place:
        """The place that this text stands for, which may be a cursor of the whole wall; raises BadCursor."""
        part, dot, place = text.removeprefix("p").partition(".")
        if not (text.startswith("p") and dot):
            return cls(0, place_of(Cursor.read(text).at, campaign_id))
        try:
            found = cls(int(part), int(place, 16))
        except ValueError as error:
            raise BadCursor("not a place") from error
        if not (0 <= found.part <= 1 and 0 <= found.place <= LAST):
            raise BadCursor(text)
        return found

    def as_cursor(self) -> Cursor:
        """The same of the whole wall."""
        return Cursor(moment_of(self.place), LAST)


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some of a longer list, and where the rest begins; on the wall also where what comes before it ends."""

    items: list[T]
    next: str | None
    before: str | None = None
