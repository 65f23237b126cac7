"""How many statements a piece of work takes, and which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

OF_TRANSACTIONS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@dataclass
class Queries:
    """The statements that were sent, in their order, without those that begin and end transactions."""

    statements: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.statements)

    def heard(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(OF_TRANSACTIONS):
            self.statements.append(" ".join(statement.split()))

    def grouped(self) -> str:
        """Every statement once, with how often it was sent, the most frequent first."""
        most = Counter(self.statements).most_common()
        return "\n".join([f"{len(self)} queries", *(f"{times:4} × {statement}" for statement, times in most)])

    def beside(self, other: Queries) -> str:
        """What was sent more often here than there."""
        return Queries(list((Counter(self.statements) - Counter(other.statements)).elements())).grouped()


@contextmanager
def counted(engine: Engine) -> Iterator[Queries]:
    """`with counted(engine) as queries:` holds what is sent within the block."""
    queries = Queries()
    event.listen(engine, "before_cursor_execute", queries.heard)
    try:
        yield queries
    finally:
        event.remove(engine, "before_cursor_execute", queries.heard)
