"""No page reads a whole table: what each asks is answered by an index, whatever stands on the wall and waits at its desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.filled import Filled
from tests.test_queries import EVERY

GROWS = {  # tables with a row or more for each thing that somebody sends, or that happens to it
    "acts", "consents", "contacts", "contributions", "decisions", "evidence", "findings", "letters", "organisations",
    "organisations_on_walls", "reports", "review_clusters", "review_lanes", "reviews", "revisions", "steps",
}  # fmt: skip
SCAN = re.compile(r"^SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?")
ALIAS = re.compile(r"\b(?:FROM|JOIN) (\w+) AS (\w+)")
COUNTED = re.compile(r"\bcount\(", re.IGNORECASE)


@contextmanager
def told(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that reads, with what was bound to it."""
    heard: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, bound: Any, _context: Any, many: bool) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")) and not many:
            heard.append((statement, bound))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", [path for _, path in EVERY])
def test_no_page_reads_a_table_from_end_to_end(filled_walls: tuple[Filled, Filled], path: str) -> None:
    """Nobody has analysed them: the database chooses as where it knows of no table that it is small."""
    wall = filled_walls[1]
    engine = wall.wall.database.engine
    with told(engine) as heard:
        wall.desk.client.get(wall.path(path))
    scans = []
    with engine.connect() as connection:
        for statement, bound in heard:
            names = dict((alias, table) for table, alias in ALIAS.findall(statement))
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", bound):
                found = SCAN.match(row[3])
                if found and names.get(found[1], found[1]) in GROWS and not _stops_early(statement):
                    scans.append((row[3], statement))
    assert scans == []


def _stops_early(statement: str) -> bool:
    """Whether it asks for the newest of a table by its key, or for nothing at all."""
    return "WHERE 0 = 1" in statement or re.search(r"ORDER BY \w+\.id DESC\s+LIMIT", statement) is not None
