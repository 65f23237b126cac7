"""Counts in Redis, with a file of this host behind it."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

from limits.storage import RedisStorage, SlidingWindowCounterSupport, Storage, StorageTypes
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from werkzeug.exceptions import ServiceUnavailable

from .files import FileStorage

log = logging.getLogger(__name__)
REDIS_SECONDS = 0.5
PROBE_SECONDS = 30.0
RETRY_AFTER_SECONDS = 30

Answer = TypeVar("Answer")
Health = Literal["ok", "degraded", "down"]


class NobodyCounts(ServiceUnavailable):
    """No store of counts can be used, so the request is refused: 503, never unlimited."""

    def __init__(self) -> None:
        super().__init__(retry_after=RETRY_AFTER_SECONDS)


class WallStorage(Storage, SlidingWindowCounterSupport):
    """Redis where there is one, else the file; while Redis is away the file counts, and the log says so once.

    Redis is tried again every half minute at most. Where the file is asked and cannot be used, `NobodyCounts`.
    """

    STORAGE_SCHEME = ["wall"]  # noqa: RUF012 - a field of each storage, says the library

    def __init__(
        self,
        uri: str | None = None,
        wrap_exceptions: bool = False,
        *,
        redis_url: str | None = None,
        probe_seconds: float = PROBE_SECONDS,
        **_options: Any,
    ) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self.file = FileStorage((uri or "").replace("wall://", "wallsqlite://", 1))
        self.redis = _redis(redis_url) if redis_url else None
        self._probe_seconds = probe_seconds
        self._away_until: float | None = None
        self._lock = threading.Lock()

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return NobodyCounts

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self._ask(lambda storage: storage.incr(key, expiry, amount))

    def get(self, key: str) -> int:
        return self._ask(lambda storage: storage.get(key))

    def get_expiry(self, key: str) -> float:
        return self._ask(lambda storage: storage.get_expiry(key))

    def check(self) -> bool:
        """Whether one of the stores can be used."""
        return bool(self.redis and self.redis.check()) or self.file.check()

    def health(self) -> Health:
        """`ok`: the store that was chosen counts; `degraded`: the file in its place; `down`: nobody can count."""
        if (self.redis or self.file).check():
            return "ok"
        return "degraded" if self.redis and self.file.check() else "down"

    def reset(self) -> int | None:
        return self._ask(lambda storage: storage.reset())

    def clear(self, key: str) -> None:
        self._ask(lambda storage: storage.clear(key))

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        return self._ask(lambda storage: storage.acquire_sliding_window_entry(key, limit, expiry, amount))

    def count_all(self, places: Sequence[tuple[str, int, int]]) -> bool:
        """Whether one more fits in each place (key, limit, expiry): counted in all of them, or in none."""
        return self._ask(lambda storage: _count_all(storage, places))

    def give_back(self, key: str, expiry: int) -> None:
        """One that was counted just now is not, with whoever counts."""
        self._ask(lambda storage: _give_back(storage, key, expiry))

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        return self._ask(lambda storage: storage.get_sliding_window(key, expiry))

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        self._ask(lambda storage: storage.clear_sliding_window(key, expiry))

    def _ask(self, question: Callable[[Any], Answer]) -> Answer:
        if self.redis and self._redis_may_be_asked():
            try:
                answer = question(self.redis)
            except (RedisError, OSError) as error:
                self._redis_failed(error)
            else:
                self._redis_answered()
                return answer
        try:
            return question(self.file)
        except (sqlite3.Error, OSError) as error:
            self.file.forget()
            log.exception("limits: nobody counts")
            raise NobodyCounts from error

    def _redis_may_be_asked(self) -> bool:
        """Yes while Redis is well; while it is away, to one caller each half minute."""
        with self._lock:
            if self._away_until is None:
                return True
            if time.monotonic() < self._away_until:
                return False
            self._away_until = time.monotonic() + self._probe_seconds
            return True

    def _redis_failed(self, error: Exception) -> None:
        with self._lock:
            first = self._away_until is None
            self._away_until = time.monotonic() + self._probe_seconds
        if first:
            log.error("limits: Redis is away (%s), the file of counts takes over", type(error).__name__)

    def _redis_answered(self) -> None:
        if self._away_until is None:
            return
        with self._lock:
            self._away_until = None
        log.warning("limits: Redis is back and counts again")


class _Handed(Storage):
    """Lets Flask-Limiter, which makes storages from addresses only, use one that is already there."""

    STORAGE_SCHEME = ["wallhanded"]  # noqa: RUF012 - a field of each storage, says the library

    def __new__(cls, _uri: str | None = None, *, storage: Storage) -> StorageTypes:  # type: ignore[misc]
        return storage


def _count_all(storage: FileStorage | RedisStorage, places: Sequence[tuple[str, int, int]]) -> bool:
    if isinstance(storage, FileStorage):
        return storage.count_all(places)
    for number, (key, limit, expiry) in enumerate(places):
        if not storage.acquire_sliding_window_entry(key, limit, expiry):
            for taken, _, span in places[:number]:
                _give_back(storage, taken, span)
            return False
    return True


def _give_back(storage: FileStorage | RedisStorage, key: str, expiry: int) -> None:
    if isinstance(storage, FileStorage):
        storage.give_back(key, expiry)
    else:
        storage.incr(storage._current_window_key(key), 2 * expiry, -1)


def _redis(url: str) -> RedisStorage:
    patience: dict[str, Any] = {
        "socket_timeout": REDIS_SECONDS,
        "socket_connect_timeout": REDIS_SECONDS,
        "retry": Retry(NoBackoff(), 0),  # the file is the second try
    }
    return RedisStorage(url, key_prefix="wall", **patience)
