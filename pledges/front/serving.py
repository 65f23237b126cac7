"""Requests that are answered from what is kept; what is not kept yet is made once, however many ask for it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from . import handing
from .bounds import Scope
from .handing import Answer, asking
from .pages import SAID, Page, Pages, Said
from .watching import Watcher

TRIES = 3  # of a page that changes while it is made
RENDERINGS_WAITING = 256  # that wait for their turn; whoever comes then is told that we are busy
SLOW_WAITING = 32  # likewise, of those that are slow to make
PATHS_MOST = 8192
PATH_MOST = 256  # characters; ours are far shorter
FIELDS_MOST = 40
NOT_FOR_ALL = {
    b"if-none-match",
    b"if-modified-since",
    b"if-match",
    b"if-range",
    b"range",
    b"accept-encoding",
    b"cookie",
}
KEPT = (200, 302)  # of the answers whose page says what it shows: the second leads on from the first address of a site
SHARED = (404, 410)  # answers that are the same for everybody, besides the pages

Place = tuple[bytes, str]  # host and key


Question = dict[str, str]  # what a page is asked: names and values


@dataclass(frozen=True)
class Asked:
    """What the page at a path can be asked."""

    known: tuple[str, ...] = ()  # in this order; all else is no part of it
    unless: frozenset[str] = frozenset()  # with one of these the page is for one visitor
    slow: bool = False  # it takes so long to make that others should not wait for it
    meaning: Callable[[Question], Question] = dict  # the same question in its one spelling, without what means nothing


class Joined(Protocol):
    """Which paths are pages that are the same for everybody."""

    def __call__(self, path: str, /) -> Asked | None: ...


class Busy(Exception):
    """More pages are being made than may wait."""


class Serving:
    """Answers from the pages that are kept, and sees that a page is made once."""

    def __init__(
        self,
        pages: Pages,
        watcher: Watcher,
        joined: Joined,
        fill: Callable[[str], bytes],
        render: Callable[[Scope, Mapping[str, Any]], Awaitable[Answer]],
        *,
        at_once: int = 4,
    ) -> None:
        self.pages = pages
        self.watcher = watcher
        self._joined = joined
        self._fill = fill
        self._render = render
        self._turns = asyncio.Semaphore(at_once)
        self._slow_turns = asyncio.Semaphore(1)
        self._slow = 0  # that wait for it
        self._making: dict[Place, asyncio.Task[Page | Answer | None]] = {}
        self._paths: OrderedDict[str, Asked | None] = OrderedDict()

    def hit(self, scope: Scope) -> Answer | None:
        """The kept answer, without waiting for anything."""
        key = self._key(scope)
        page = self.pages.get(key) if key is not None else None
        if page is None or (page.shows is not None and not self.watcher.is_trusted):
            return None
        said = asking(scope["headers"])
        if not self.pages.knows_host(said[0]):
            return None
        return page.answer(said, self._fill, head=scope["method"] == "HEAD")

    async def made(self, scope: Scope) -> Answer | None:
        """The answer, made now and kept; None: this one is for its visitor alone. Raises Busy."""
        key = self._key(scope)
        if key is None or self._asked(scope["path"]) is None:
            return None
        said = asking(scope["headers"])
        gone = self.pages.gone(key) if self.pages.knows_host(said[0]) else None
        if gone is not None:
            return gone if scope["method"] == "GET" else (gone[0], gone[1], b"")
        place = (said[0], key)
        mine = place not in self._making
        task = self._making.get(place) or self._begin(place, scope)
        found = await asyncio.shield(task)
        if isinstance(found, Page):
            return found.answer(said, self._fill, head=scope["method"] == "HEAD")
        if found is not None and (mine or found[0] in SHARED):
            return found if scope["method"] == "GET" else (found[0], found[1], b"")
        return None

    def _begin(self, place: Place, scope: Scope) -> asyncio.Task[Page | Answer | None]:
        asked = self._asked(scope["path"])
        slow = asked is not None and asked.slow
        if len(self._making) >= RENDERINGS_WAITING or (slow and self._slow >= SLOW_WAITING):
            raise Busy
        making = self._make_slowly(place[1], scope) if slow else self._make(place[1], scope, self._turns)
        task = asyncio.get_running_loop().create_task(making)
        self._making[place] = task
        task.add_done_callback(lambda done: self._ended(place, done))
        return task

    def _ended(self, place: Place, task: asyncio.Task[Page | Answer | None]) -> None:
        if self._making.get(place) is task:
            del self._making[place]

    async def _make_slowly(self, key: str, scope: Scope) -> Page | Answer | None:
        self._slow += 1
        try:
            return await self._make(key, scope, self._slow_turns)
        finally:
            self._slow -= 1

    async def _make(self, key: str, scope: Scope, turns: asyncio.Semaphore) -> Page | Answer | None:
        query = key.partition("?")[2]
        asked = {
            **scope,
            "method": "GET",
            "query_string": query.encode("latin-1"),
            "headers": [pair for pair in scope["headers"] if pair[0] not in NOT_FOR_ALL],
        }
        async with turns:
            for _ in range(TRIES):
                said, since = Said(), self.pages.changes
                found = await self._render(asked, {SAID: said})
                if found[0] not in KEPT or said.shows is None or _is_personal(found):
                    return self._not_kept(key, found, since)
                page = Page(found, said.shows)
                self.pages.note_host(asking(scope["headers"])[0])
                if self.pages.put(key, page, since=since):
                    return page
            return None  # it changes faster than it can be made: each has their own

    def _not_kept(self, key: str, found: Answer, since: int) -> Answer:
        if found[0] in SHARED and not _is_personal(found):
            self.pages.put_gone(key, found, since=since)
        return found

    def _key(self, scope: Scope) -> str | None:
        """The path, and of the query what the page can be asked, always in the same order."""
        path = scope["path"]
        if "?" in path:  # it was written %3F: part of the path, and no query
            return None
        if not scope["query_string"]:
            return str(path)
        asked = self._asked(path)
        if asked is None:
            return None
        try:
            fields = handing.fields(scope, FIELDS_MOST)
        except ValueError:
            return None
        first: dict[str, str] = {}
        for name, value in fields:
            first.setdefault(name, value)
        if any(first.get(name) for name in asked.unless):
            return None
        known = asked.meaning({name: first[name] for name in asked.known if first.get(name)})
        return f"{path}?{urlencode(known)}" if known else str(path)

    def _asked(self, path: str) -> Asked | None:
        if len(path) > PATH_MOST:
            return None
        if path in self._paths:
            return self._paths[path]
        found = self._paths[path] = self._joined(path)
        while len(self._paths) > PATHS_MOST:
            self._paths.popitem(last=False)
        return found


def _is_personal(found: Answer) -> bool:
    return any(
        name == b"set-cookie" or (name == b"vary" and (b"cookie" in value.lower() or b"*" in value))
        for name, value in found[1]
    )
