"""FTS5 marks the words of a removed row as gone and keeps them until it merges its parts.

So whatever was removed is followed by a merge of all parts, some pages at a time, since others wait for the lock meanwhile: a
small wall is merged at once, of a large one the worker does the rest. PostgreSQL clears its rows away by itself.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

PAGES = 250  # of FTS5, about 4 KB each, that are written in one transaction
TABLES = ("revision_words", "wall_words")


def begin(session: Session, table: str) -> None:
    """All parts of this index are to become one, and the first pages are."""
    if session.get_bind().dialect.name == "sqlite":
        for step in (
            "SAVEPOINT words",
            "RELEASE words",
        ):  # has FTS5 write down what was removed, so that it is merged, too
            session.execute(text(step))
        _merge(session, table, -PAGES)  # below zero: of all parts, as "optimize" does


def go_on(session: Session) -> int:
    """Some more pages of what was begun are merged; answers of how many indexes, 0 when all is done."""
    if session.get_bind().dialect.name != "sqlite":
        return 0
    return sum(_merge(session, table, PAGES) for table in TABLES)


def _merge(session: Session, table: str, pages: int) -> bool:
    """Whether there was something to do: FTS5 tells it by having changed more than one row (its documentation, "merge")."""
    changes = text("SELECT total_changes()")
    before = session.scalars(changes).one()
    session.execute(
        text(f"INSERT INTO {table} ({table}, rank) VALUES ('merge', :pages)"),  # noqa: S608 (a name of ours)
        {"pages": pages},
    )
    return session.scalars(changes).one() - before > 1
