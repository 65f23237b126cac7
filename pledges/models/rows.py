"""Rows are written by themselves where a visitor waits: to account for what hangs on what costs the ORM six times as much."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

from sqlalchemy import CursorResult, Executable, Insert, Table, insert
from sqlalchemy.orm import Session

from pledges.db import Base, WallSession


def table_of(kind: type[Base]) -> Table:
    return cast("Table", kind.__table__)


def added(session: Session, kind: type[Base], /, **values: Any) -> int:
    """The row is written, with the defaults of its columns, and this is its number; no object of this session knows of it."""
    result = run(session, _insertion(kind), values)
    return int(result.inserted_primary_key[0])  # type: ignore[index]


def run(session: Session, statement: Executable, values: dict[str, Any]) -> CursorResult[Any]:
    """What the database answers to a statement that writes tables, and knows of no object."""
    cast("WallSession", session).lock()
    return session.connection().execute(statement, values)


@lru_cache
def _insertion(kind: type[Base]) -> Insert:
    return insert(table_of(kind))
