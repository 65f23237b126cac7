"""Rows are written by themselves where a visitor waits: to account for what hangs on what costs the ORM ten times the writing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Column, CursorResult, Dialect, Executable, Table, insert
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from pledges.db import Base, Utc, WallSession


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


def add_all(session: Session, kind: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """All of these rows, which name the same columns with a number each, are written at once."""
    if not rows:
        return
    cast("WallSession", session).lock()
    connection = session.connection()
    writing = _writing(connection.dialect, kind, tuple(rows[0]))
    made = [writing.parameters(row) for row in rows]
    if writing.in_order:
        connection.exec_driver_sql(writing.said, made)
    else:
        copy(session, kind.__tablename__, list(made[0]), [tuple(each.values()) for each in made])


def copy(session: Session, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """PostgreSQL reads the rows as one stream, which takes it a fraction of what as many statements do."""
    driver: Any = session.connection().connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as stream:
        for row in rows:
            stream.write_row(row)


class _Writing:
    """The insertion of some columns as the driver takes it: put into its words once, so that a row costs its values alone."""

    def __init__(self, dialect: Dialect, table: Table, names: tuple[str, ...]) -> None:
        usual = {each.name: _default(each, dialect) for each in table.columns if each.default is not None}
        columns = sorted({*names, *usual})
        statement = insert(table)
        if dialect.name != "sqlite":  # which tells the number of its last row
            statement = statement.returning(*table.primary_key)
        said = statement.compile(dialect=dialect, column_keys=columns)
        self.said = str(said)
        self.in_order = bool(said.positional)
        self._usual = dict.fromkeys(said.positiontup or columns) | usual
        self._makers = {name: make for name in names if (make := _maker(table.c[name].type, dialect)) is not None}

    def parameters(self, values: dict[str, Any]) -> Any:
        made = self._usual | values
        for name, make in self._makers.items():
            made[name] = make(made[name])
        return tuple(made.values()) if self.in_order else made


@lru_cache(maxsize=256)
def _writing(dialect: Dialect, kind: type[Base], names: tuple[str, ...]) -> _Writing:
    return _Writing(dialect, table_of(kind), names)


def _maker(type: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """Makes what the driver takes of a value of ours; none: it takes it as it is."""
    return _moments(dialect) if isinstance(type, Utc) else type.dialect_impl(dialect).bind_processor(dialect)


@lru_cache(maxsize=256)
def _moments(dialect: Dialect) -> Callable[[Any], Any] | None:
    """Rows of several tables say one moment: what is made of it is made once."""
    make: Callable[[Any], Any] | None = Utc().dialect_impl(dialect).bind_processor(dialect)
    return lru_cache(maxsize=16_384)(make) if make is not None else None


def _default(column: Column[Any], dialect: Dialect) -> Any:
    """What stands there where nothing was said."""
    default: Any = column.default
    make = _maker(column.type, dialect) or (lambda value: value)
    return make(default.arg(None) if default.is_callable else default.arg)
