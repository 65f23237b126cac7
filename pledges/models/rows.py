"""Rows are written by themselves where a visitor waits: to account for what hangs on what costs the ORM six times as much."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import CursorResult, Insert, Table, insert
from sqlalchemy.orm import Session

from pledges.db import Base


def table_of(kind: type[Base]) -> Table:
    return cast("Table", kind.__table__)


def added(session: Session, kind: type[Base], /, **values: Any) -> int:
    """The row is written, with the defaults of its columns, and this is its number; no object of this session knows of it."""
    result = cast("CursorResult[Any]", session.execute(_insertion(kind), values))
    return int(result.inserted_primary_key[0])  # type: ignore[index]


def add_all(session: Session, kind: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """All are written in one statement; each names the same columns."""
    if rows:
        session.execute(_insertion(kind), rows)


@lru_cache
def _insertion(kind: type[Base]) -> Insert:
    return insert(table_of(kind))
