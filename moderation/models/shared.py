"""What the processes of one wall remember together."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from pledges.db import Base


class Shared(Base):
    """A small fact that all processes share: Akismet's circuit, today's budget, an operator's alert."""

    __tablename__ = "shared"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(default=dict)
    changed_at: Mapped[datetime]


def held(session: Session, name: str, now: datetime) -> Shared:
    """The row of this name, empty where there was none, and nobody else's until this transaction ends.

    Of two who make it at once one waits, and finds what the other has written.
    """
    row = session.get(Shared, name, with_for_update=True, populate_existing=True)
    if row is None:
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        made = dialect.insert(Shared).values(name=name, value={}, changed_at=now)
        session.execute(made.on_conflict_do_nothing())
        row = session.get_one(Shared, name, with_for_update=True, populate_existing=True)
    return row
