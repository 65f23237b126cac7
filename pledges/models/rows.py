"""Rows are written by themselves where a visitor waits: to account for what hangs on what costs the ORM ten times the writing."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Column, CursorResult, Dialect, Executable, Table, insert
from sqlalchemy.orm import Session

from pledges.db import Base, WallSession


def table_of(kind: type[Base]) -> Table:
    return cast("Table", kind.__table__)


def run(session: Session, statement: Executable, values: dict[str, Any]) -> CursorResult[Any]:
    """What the database answers to a statement that writes tables, and knows of no object."""
    cast("WallSession", session).lock()
    return session.connection().execute(statement, values)


def added(session: Session, kind: type[Base], /, **values: Any) -> int:
    """The row is written, with the defaults of its columns, and this is its number; no object of this session knows of it."""
    cast("WallSession", session).lock()
    connection = session.connection()
    writing = _writing(connection.dialect, kind, tuple(values))
    result = connection.exec_driver_sql(writing.said, writing.parameters(values))
    return int(result.lastrowid if writing.in_order else result.scalar_one())


class _Writing:
    """The insertion of some columns as the driver takes it: put into its words once, so that a row costs its values alone."""

    def __init__(self, dialect: Dialect, table: Table, names: tuple[str, ...]) -> None:
        defaults = {each.name: _default(each) for each in table.columns if each.default is not None}
        statement = insert(table)
        if dialect.name != "sqlite":  # which tells the number of its last row
            statement = statement.returning(*table.primary_key)
        said = statement.compile(dialect=dialect, column_keys=sorted({*names, *defaults}))
        self.said = str(said)
        self.in_order = bool(said.positional)
        self._makers = [
            (name, _maker(table.c[name], dialect), None if name in names else defaults[name])
            for name in (said.positiontup or sorted({*names, *defaults}))
        ]

    def parameters(self, values: dict[str, Any]) -> Any:
        made = {name: make(default() if default is not None else values[name]) for name, make, default in self._makers}
        return tuple(made.values()) if self.in_order else made


@lru_cache(maxsize=256)
def _writing(dialect: Dialect, kind: type[Base], names: tuple[str, ...]) -> _Writing:
    return _Writing(dialect, table_of(kind), names)


def _maker(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any]:
    """Makes what the driver takes of a value of ours."""
    return column.type.dialect_impl(dialect).bind_processor(dialect) or (lambda value: value)


def _default(column: Column[Any]) -> Callable[[], Any]:
    default: Any = column.default
    return (lambda: default.arg(None)) if default.is_callable else (lambda: default.arg)
