"""The pages of a list: one kind of cursor for all of them."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from flask import abort, current_app, request

from pledges.limits.counting import is_deep, limits_of
from pledges.models import Contribution


def cursor() -> Cursor | None:
    """The `after=` of the address; one that we did not make begins at the start. A page further down is counted."""
    if is_deep():
        limits = limits_of(current_app)
        wait = limits.check("api", address=limits.visitor())
        if wait is not None:
            abort(wait.status, retry_after=wait.retry_after_seconds)
    try:
        return Cursor.read(request.args["after"]) if request.args.get("after") else None
    except BadCursor:
        return None


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
class Page(Generic[T]):
    """Some of a longer list, and where the rest begins."""

    items: list[T]
    next: str | None
