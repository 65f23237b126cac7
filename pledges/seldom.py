"""Complaints that would fill a log are written once a minute each, with how often they were left out."""

from __future__ import annotations

import logging
import threading
import time

PAUSE_SECONDS = 60.0
CAUSES = 200  # remembered; beyond that the oldest is forgotten, so that made-up causes fill no memory


class Seldom:
    """Writes the same complaint once a minute at most."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._said: dict[str, tuple[float, int]] = {}  # cause -> when it was written, and how often it was not since
        self._lock = threading.Lock()

    def warn(self, cause: str) -> None:
        """`cause` is in the log, now or within the last minute; it holds nothing personal."""
        now = time.monotonic()
        with self._lock:
            at, unsaid = self._said.pop(cause, (-PAUSE_SECONDS, 0))
            quiet = now - at < PAUSE_SECONDS
            self._said[cause] = (at, unsaid + 1) if quiet else (now, 0)
            if len(self._said) > CAUSES:
                del self._said[next(iter(self._said))]
        if not quiet:
            self._log.warning("%s%s", cause, f" ({unsaid} times more since it was last told)" if unsaid else "")
