"""Whether something could be stored now: tried in a transaction that is rolled back, so that trying leaves nothing behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from pledges.db import cause_of

PAUSE_SECONDS = 5.0  # between two tries: whoever asks in between hears what the last one said
PROBE_BYTES = 64 * 1024


def try_to_write(engine: Engine) -> None:
    """Raises where nothing can be written: no lock, no room, no right, no database."""
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection:
        if sqlite:
            # Pages that do not fit the cache go to the disk at once, and not at a commit that never comes.
            connection.detach()  # so that the small cache ends with this connection
            connection.exec_driver_sql("PRAGMA cache_size = 1")
        kind, value = (
            ("", f"zeroblob({PROBE_BYTES})")
            if sqlite
            else ("TEMPORARY", f"repeat(md5(random()::text), {PROBE_BYTES // 32})")
        )
        connection.exec_driver_sql(f"CREATE {kind} TABLE write_probe (bytes {'BLOB' if sqlite else 'TEXT'})")
        connection.exec_driver_sql(f"INSERT INTO write_probe VALUES ({value})")  # noqa: S608 (our own words)
        connection.rollback()


class Writable:
    """Remembers the last try for some seconds."""

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._clock = engine, clock
        self._tried_at: float | None = None
        self._cause = ""
        self._lock = threading.Lock()

    def cause(self) -> str:
        """Why nothing can be written, by the database's own name for it; empty where something can."""
        with self._lock:
            if self._tried_at is None or self._clock() - self._tried_at >= PAUSE_SECONDS:
                self._cause = self._try()
                self._tried_at = self._clock()
            return self._cause

    def _try(self) -> str:
        try:
            try_to_write(self._engine)
        except SQLAlchemyError as error:
            return cause_of(error)
        return ""
