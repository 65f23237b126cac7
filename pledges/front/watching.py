"""Hears of what has changed without a question per request: from this process at once, from others within a second.

SQLite tells by `PRAGMA data_version` (pragma.html#pragma_data_version) on a connection that never writes, PostgreSQL by
LISTEN, and each second it is asked all the same.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

from sqlalchemy import Engine

from ..db import IN_TIME
from ..seldom import Seldom
from .pages import Pages, Versions

log = logging.getLogger(__name__)
complaints = Seldom(log)

LOOK_SECONDS = 0.05  # SQLite: five microseconds each
ASK_SECONDS = 1.0  # PostgreSQL, where nobody has called
TRUSTED_SECONDS = 30.0  # that long kept pages are answered while nobody can be asked
CHANNEL = "wall_moved"

Read = Callable[[Mapping[int, int]], Versions]


class Watcher:
    """One thread a process; `look` may be called from any other."""

    def __init__(self, engine: Engine, read: Read, pages: Pages) -> None:
        self._engine = engine
        self._read = read
        self._pages = pages
        self._asking = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._asked_at = float("-inf")

    @property
    def is_trusted(self) -> bool:
        """Whether the database was asked lately, so that what is kept is what is shown."""
        return time.monotonic() - self._asked_at < TRUSTED_SECONDS

    def start(self) -> None:
        """Begins to watch; again is nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="wall-watcher", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def look(self) -> None:
        """Reads what has changed, and drops what shows it, before this returns."""
        with self._asking:
            begun = time.monotonic()
            self._pages.heard(self._read(self._pages.talks))
            self._asked_at = begun

    def look_now(self) -> None:
        """As `look`; where nobody can be asked, nothing is kept any longer."""
        try:
            self.look()
        except Exception as error:  # the change is committed, and whoever made it is not to hear of this
            complaints.warn(f"what has changed could not be read ({type(error).__name__})")
            self._pages.empty()

    def _watch(self) -> None:
        watch = self._calls_of_sqlite if self._engine.dialect.name == "sqlite" else self._calls_of_postgresql
        while not self._stop.is_set():
            try:
                for moved in watch():
                    if moved:
                        self.look()
                    else:
                        self._asked_at = time.monotonic()
                    if self._stop.is_set():
                        return
            except Exception as error:  # whatever it is: what is kept is trusted for a while, and then nothing is
                complaints.warn(f"the database cannot be asked what has changed ({type(error).__name__})")
                self._stop.wait(ASK_SECONDS)

    def _calls_of_sqlite(self) -> Iterator[bool]:
        path = self._engine.url.database or ""
        with closing(sqlite3.connect(path, check_same_thread=False, isolation_level=None)) as connection:
            seen = None
            while True:
                found = connection.execute("PRAGMA data_version").fetchone()
                yield found != seen
                seen = found
                self._stop.wait(LOOK_SECONDS)

    def _calls_of_postgresql(self) -> Iterator[bool]:
        url = self._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        import psycopg  # only here: where the wall stands on SQLite, nobody needs its nine megabytes

        with psycopg.connect(url, autocommit=True, **IN_TIME) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            yield True
            while True:
                for _call in connection.notifies(timeout=ASK_SECONDS, stop_after=1):
                    pass
                yield True
