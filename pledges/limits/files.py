"""Counts in a small SQLite file that all processes share."""

from __future__ import annotations

import hashlib
import logging
import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import floor
from pathlib import Path
from typing import Any

from limits.storage import SlidingWindowCounterSupport, Storage
from limits.storage.base import TimestampedSlidingWindow

log = logging.getLogger(__name__)

BUSY_SECONDS = 2.0
SWEEP_ONE_IN = 64  # hits; each sweep takes more rows than come in between, so the file does not grow for ever
SWEEP_ROWS = 256

_parents: list[sqlite3.Connection | None] = []  # made before a fork: neither used nor closed by the child

_SCHEMA = """
CREATE TABLE IF NOT EXISTS counts (key BLOB PRIMARY KEY, count INTEGER NOT NULL, expires_at REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS counts_by_expiry ON counts (expires_at);
"""
_ADD = """
INSERT INTO counts (key, count, expires_at) VALUES (?1, ?2, ?3)
ON CONFLICT (key) DO UPDATE SET count = CASE WHEN expires_at > ?4 THEN count ELSE 0 END + ?2,
                                expires_at = CASE WHEN expires_at > ?4 THEN expires_at ELSE ?3 END
RETURNING count
"""
_GIVE_BACK = "UPDATE counts SET count = count - 1 WHERE key = ? AND expires_at > ? AND count > 0"
_SWEEP = "DELETE FROM counts WHERE key IN (SELECT key FROM counts WHERE expires_at <= ? LIMIT ?)"


class _Full(Exception):
    """No more fit there."""


class FileStorage(Storage, SlidingWindowCounterSupport, TimestampedSlidingWindow):
    """Counts in one SQLite file (`wallsqlite:///path`), the same for all threads and processes, kept over restarts.

    Addresses are stored as digests. A lost last moment after a power cut would do no harm, hence synchronous NORMAL.
    """

    STORAGE_SCHEME = ["wallsqlite"]  # noqa: RUF012 - a field of each storage, says the library

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self.path = Path((uri or "").removeprefix("wallsqlite://"))
        self._mine = threading.local()

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return (sqlite3.Error, OSError)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        with self._writing() as connection:
            return self._add(connection, key, amount, now + expiry, now)

    def get(self, key: str) -> int:
        return self._count(self._connection(), key, time.time())

    def get_expiry(self, key: str) -> float:
        row = self._connection().execute("SELECT expires_at FROM counts WHERE key = ?", (_digest(key),)).fetchone()
        return row[0] if row else time.time()

    def check(self) -> bool:
        """Whether the file can be written now."""
        try:
            with self._writing():
                return True
        except (sqlite3.Error, OSError):
            return False

    def reset(self) -> int | None:
        with self._writing() as connection:
            return connection.execute("DELETE FROM counts").rowcount

    def clear(self, key: str) -> None:
        with self._writing() as connection:
            connection.execute("DELETE FROM counts WHERE key = ?", (_digest(key),))

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Whether `amount` more fit; read and counted in one transaction, so racing processes cannot both be the last."""
        return self.count_all([(key, limit, expiry)], amount)

    def count_all(self, places: Iterable[tuple[str, int, int]], amount: int = 1) -> bool:
        """Whether `amount` more fit in each place (key, limit, expiry): counted in all of them, or in none."""
        now = time.time()
        try:
            with self._writing() as connection:
                for place in places:
                    self._fit_in(connection, *place, amount, now)
                if random.randrange(SWEEP_ONE_IN) == 0:
                    connection.execute(_SWEEP, (now, SWEEP_ROWS))
        except _Full:
            return False
        return True

    def _fit_in(
        self, connection: sqlite3.Connection, key: str, limit: int, expiry: int, amount: int, now: float
    ) -> None:
        """Counted in this place; raises `_Full`."""
        before, current = self.sliding_window_keys(key, expiry, now)
        earlier = self._count(connection, before, now) * (1 - (now / expiry) % 1)
        if floor(earlier + self._count(connection, current, now)) + amount > limit:
            raise _Full
        self._add(connection, current, amount, now + 2 * expiry, now)

    def give_back(self, key: str, expiry: int) -> None:
        """One that was counted just now is not; never less than none."""
        now = time.time()
        _before, current = self.sliding_window_keys(key, expiry, now)
        with self._writing() as connection:
            connection.execute(_GIVE_BACK, (_digest(current), now))

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        now = time.time()
        before, current = self.sliding_window_keys(key, expiry, now)
        connection = self._connection()
        left = (1 - (now / expiry) % 1) * expiry
        earlier = self._count(connection, before, now)
        return earlier, left if earlier else 0.0, self._count(connection, current, now), left + expiry

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        for window in self.sliding_window_keys(key, expiry, time.time()):
            self.clear(window)

    @staticmethod
    def _add(connection: sqlite3.Connection, key: str, amount: int, expires_at: float, now: float) -> int:
        return int(connection.execute(_ADD, (_digest(key), amount, expires_at, now)).fetchone()[0])

    @staticmethod
    def _count(connection: sqlite3.Connection, key: str, now: float) -> int:
        row = connection.execute(
            "SELECT count FROM counts WHERE key = ? AND expires_at > ?", (_digest(key), now)
        ).fetchone()
        return int(row[0]) if row else 0

    def forget(self) -> None:
        """This thread's connection is given up, so that the next use opens the file that is there then."""
        connection = getattr(self._mine, "connection", None)
        if connection is None or self._mine.process != os.getpid():
            return
        self._mine.connection = self._mine.process = None
        try:
            connection.close()
        except sqlite3.Error:
            log.warning("limits: the connection to the file of counts could not be closed")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.rollback()
            raise
        connection.commit()

    def _connection(self) -> sqlite3.Connection:
        """This thread's connection; after a fork a new one, since SQLite forbids sharing it."""
        if getattr(self._mine, "process", None) != os.getpid():
            _parents.append(getattr(self._mine, "connection", None))
            self._mine.connection = self._connect()
            self._mine.process = os.getpid()
        connection: sqlite3.Connection = self._mine.connection
        return connection

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        _to_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(_SCHEMA)
        return connection


def _to_wal(connection: sqlite3.Connection) -> None:
    """The file is in WAL mode; of several processes that start at once, SQLite makes no one wait for the change."""
    for pause in (0.01, 0.05, 0.2, 0.5, None):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if pause is None:
                raise
            time.sleep(pause)


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
