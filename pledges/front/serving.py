"""Requests that are answered from what is kept; what is not kept yet is made once, however many ask for it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

from .bounds import Scope
from .handing import Answer
from .pages import SAID, Page, Pages, Said
from .watching import Watcher

TRIES = 3  # of a page that changes while it is made
RENDERINGS_WAITING = 256  # that wait for their turn; whoever comes then is told that we are busy
PATHS_MOST = 8192
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
SHARED = (404, 410)  # answers that are the same for everybody, besides the pages


@dataclass(frozen=True)
class Asked:
    """What the page at a path can be asked."""

    known: tuple[str, ...] = ()  # in this order; all else is no part of it
    unless: frozenset[str] = frozenset()  # with one of these the page is for one visitor


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
        self._waiting = 0
        self._making: dict[str, asyncio.Task[Page | Answer | None]] = {}
        self._paths: OrderedDict[str, Asked | None] = OrderedDict()

    def hit(self, scope: Scope) -> Answer | None:
        """The kept answer, without waiting for anything."""
        key = self._key(scope) if scope["query_string"] else scope["path"]
        page = self.pages.get(key) if key is not None else None
        if page is None:
            return None
        if page.shows is not None and not (self.watcher.is_trusted and self._is_ours(scope)):
            return None
        return page.answer(scope, self._fill)

    async def made(self, scope: Scope) -> Answer | None:
        """The answer, made now and kept; None: this one is for its visitor alone. Raises Busy."""
        key = self._key(scope)
        if key is None or self._asked(scope["path"]) is None:
            return None
        gone = self.pages.gone(key) if self._is_ours(scope) else None
        if gone is not None:
            return gone if scope["method"] == "GET" else (gone[0], gone[1], b"")
        mine = key not in self._making
        task = self._making.get(key) or self._begin(key, scope)
        found = await asyncio.shield(task)
        if isinstance(found, Page):
            return found.answer(scope, self._fill)
        if found is not None and (mine or found[0] in SHARED):
            return found if scope["method"] == "GET" else (found[0], found[1], b"")
        return None

    def _begin(self, key: str, scope: Scope) -> asyncio.Task[Page | Answer | None]:
        if self._waiting >= RENDERINGS_WAITING:
            raise Busy
        task = asyncio.get_running_loop().create_task(self._make(key, scope))
        self._making[key] = task
        task.add_done_callback(lambda done: self._ended(key, done))
        return task

    def _ended(self, key: str, task: asyncio.Task[Page | Answer | None]) -> None:
        if self._making.get(key) is task:
            del self._making[key]

    async def _make(self, key: str, scope: Scope) -> Page | Answer | None:
        query = key.partition("?")[2]
        asked = {
            **scope,
            "method": "GET",
            "query_string": query.encode("latin-1"),
            "headers": [pair for pair in scope["headers"] if pair[0] not in NOT_FOR_ALL],
        }
        self._waiting += 1
        try:
            async with self._turns:
                for _ in range(TRIES):
                    said = Said()
                    found = await self._render(asked, {SAID: said})
                    if found[0] != 200 or said.shows is None or _is_personal(found):
                        return self._not_kept(key, found)
                    page = Page(found, said.shows)
                    self._note_host(scope)
                    if self.pages.put(key, page):
                        return page
                return None  # it changes faster than it can be made: each has their own
        finally:
            self._waiting -= 1

    def _not_kept(self, key: str, found: Answer) -> Answer:
        if found[0] in SHARED and not _is_personal(found):
            self.pages.put_gone(key, found)
        return found

    def _key(self, scope: Scope) -> str | None:
        """The path, and of the query what the page can be asked, always in the same order."""
        path, query = scope["path"], scope["query_string"]
        if not query:
            return str(path)
        asked = self._asked(path)
        if asked is None:
            return None
        try:
            fields = parse_qsl(query.decode("utf-8"), max_num_fields=FIELDS_MOST)
        except ValueError:
            return None
        first: dict[str, str] = {}
        for name, value in fields:
            if name in asked.unless:
                return None
            first.setdefault(name, value)
        known = {name: first[name] for name in asked.known if first.get(name)}
        return f"{path}?{urlencode(known)}" if known else str(path)

    def _asked(self, path: str) -> Asked | None:
        if path in self._paths:
            return self._paths[path]
        found = self._paths[path] = self._joined(path)
        while len(self._paths) > PATHS_MOST:
            self._paths.popitem(last=False)
        return found

    def _is_ours(self, scope: Scope) -> bool:
        return self.pages.knows_host(_host(scope))

    def _note_host(self, scope: Scope) -> None:
        self.pages.note_host(_host(scope))


def _host(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"host":
            return bytes(value)
    return b""


def _is_personal(found: Answer) -> bool:
    return any(name == b"set-cookie" for name, _ in found[1])
