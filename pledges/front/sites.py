"""Which sites embed a wall, counted in memory by origin and day: nothing of a visitor, no address and no cookie, is looked at.

It is a number at least: browsers and caches before us answer many without asking, and who looks again at what they have
already is not counted.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from .bounds import Scope

ENDS = ("/embed", "/embed.json")  # what a page of another site asks for
MOST = 500  # of origins, walls and days together that are held between two times of storing
STORE_SECONDS = 60.0
OTHERS = ""  # in place of an origin: of those that are not told apart
ORIGIN_CHARS = 52
ASKED_BY_A_PAGE = (b"iframe", b"frame", b"empty", b"")  # Fetch Metadata, where a browser says it
_LANGUAGES = ("cy", "en")
_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+(?::\d{1,5})?)(?:/.*)?", re.DOTALL)

Seen = tuple[str, str, str]  # slug, origin, day
Store = Callable[[dict[Seen, int]], None]


class Sites:
    """Held for a while; `store` is given what was seen, now and then, in a thread that may wait."""

    def __init__(self, ours: str, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._ours = origin_of(ours.encode())
        self._store = store
        self._clock = clock
        self._seen: Counter[Seen] = Counter()
        self._stored_at = clock()
        self._lock = threading.Lock()

    def note(self, scope: Scope, status: int) -> bool:
        """What a page of another site was given counts; whether it is time to store."""
        if status != 200 or scope["method"] != "GET":
            return False
        origin = _asking(scope)
        if not origin or origin == self._ours:
            return False
        parts = [part for part in str(scope["path"]).split("/") if part]
        slug = parts[1] if parts[0] in _LANGUAGES and len(parts) > 1 else parts[0]
        seen = (slug, origin, datetime.now(UTC).date().isoformat())
        with self._lock:
            if seen not in self._seen and len(self._seen) >= MOST:
                self._make_room()
            self._seen[seen] += 1
            due = self._clock() - self._stored_at >= STORE_SECONDS
            if due:
                self._stored_at = self._clock()
        return due

    def _make_room(self) -> None:
        """One that came once alone is counted among the others: whoever invents sites pushes out none that comes again."""
        single = next((each for each, times in self._seen.items() if times == 1 and each[1] != OTHERS), None)
        slug, origin, day = single or min(self._seen, key=lambda each: (each[1] == OTHERS, self._seen[each]))
        self._seen[slug, OTHERS, day] += self._seen.pop((slug, origin, day))

    def held(self, slug: str) -> dict[str, int]:
        """What was seen of this wall and is not stored yet: origin -> times."""
        found: Counter[str] = Counter()
        with self._lock:
            for (of, origin, _day), times in self._seen.items():
                found[origin] += times if of == slug else 0
        return {origin: times for origin, times in found.items() if times}

    def store(self) -> None:
        """What was seen so far is stored, and forgotten here; where that fails it is held on to."""
        with self._lock:
            seen, self._seen = self._seen, Counter()
        if not seen:
            return
        try:
            self._store(dict(seen))
        except Exception:
            with self._lock:
                self._seen.update(seen)
            raise


def _asking(scope: Scope) -> str:
    """The origin of the page that asks; none where it is no page, or says nothing."""
    origin, kind = b"", b""
    for name, value in scope["headers"]:
        if name == b"origin" or (name == b"referer" and not origin):
            origin = value
        elif name == b"sec-fetch-dest":
            kind = value
    return origin_of(origin) if kind in ASKED_BY_A_PAGE else ""


def origin_of(address: bytes) -> str:
    """The origin of an address, without its usual scheme; none of one that is none, or longer than any."""
    if len(address) > 2000:
        return ""
    found = _ORIGIN.fullmatch(address.decode("latin-1").lower())
    if found is None:
        return ""
    origin = found[2] if found[1] == "https" else f"{found[1]}://{found[2]}"
    return origin if len(origin) <= ORIGIN_CHARS else ""
