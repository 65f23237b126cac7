"""The ASGI application that the web server runs: reads, bounds, and hands whole requests to Flask in a few threads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from wsgiref.types import WSGIApplication

from pledges.seldom import Seldom

from . import handing
from .bounds import Bounds, Gone, Message, Reader, Receive, Refused, Scope
from .early import begin_early, in_the_loop
from .handing import Answer
from .refusals import LAST_RESORT, Refusals
from .serving import Busy, Serving
from .sites import ENDS, Sites

log = logging.getLogger(__name__)
complaints = Seldom(log)
WHY = {408: "a body came too slowly", 413: "a body was too large", 503: "too many requests wait"}

Send = Callable[[Message], Awaitable[None]]
Render = Callable[[Scope, Mapping[str, Any]], Awaitable[Answer]]
Keep = Callable[[Render, int], Serving]  # given what makes a page, and how many may be made at once

READS = ("GET", "HEAD")
ALIVE = b"/healthz"
ALIVE_ANSWER: Answer = (
    200,
    [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ],
    b"ok\n",
)


class Front:
    """Whole requests alone reach the application; whoever sends slowly, reads slowly or sends too much holds nobody up."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        bounds: Bounds | None = None,
        threads: int = 8,
        waiting: int = 512,
        keep: Keep | None = None,
        sites: Sites | None = None,
    ) -> None:
        self._app = app
        self._reader = Reader(bounds or Bounds())
        self._refusals = Refusals(app)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="wall")
        self._most_inside = threads + waiting
        self._inside = 0
        self._sites = sites
        self._serving = keep(self._rendered, max(1, threads // 2)) if keep is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What is kept is sent from here: each further call of a coroutine would show in what a reader costs."""
        if scope["type"] == "http":
            found = self._serving.hit(scope) if self._serving is not None and scope["method"] in READS else None
            if found is None:
                await in_the_loop()
                found = await self._made(scope, receive)
            if found is not None:
                if self._sites is not None and scope["path"].endswith(ENDS) and self._sites.note(scope, found[0]):
                    self._threads.submit(self._store_sites)
                await send({"type": "http.response.start", "status": found[0], "headers": found[1]})
                await send({"type": "http.response.body", "body": found[2]})
        elif scope["type"] == "lifespan":
            begin_early(asyncio.get_running_loop())
            if self._serving is not None:
                self._serving.watcher.start()
            await _live(receive, send)

    async def _made(self, scope: Scope, receive: Receive) -> Answer | None:
        """The answer to a request that has been read whole; none where nobody is there to be answered."""
        try:
            body = await self._reader.whole(receive, announced_bytes(scope.get("headers", ())))
        except Gone:
            return None
        except Refused as refused:
            return self._refused(scope, refused.status, closing=True)
        return await self._found(scope, body)

    async def _found(self, scope: Scope, body: bytes) -> Answer:
        """The application's answer, or that it has too much to do. That we are alive needs no thread to be said."""
        if scope["method"] in READS and handing.path(scope) == ALIVE:
            return ALIVE_ANSWER if scope["method"] == "GET" else (*ALIVE_ANSWER[:2], b"")
        if self._serving is not None and scope["method"] in READS:
            try:
                made = await self._serving.made(scope)
            except Busy:
                return self._refused(scope, 503)
            except Exception:  # whatever could not be kept can be answered all the same
                log.exception("a page was not kept")
                made = None
            if made is not None:
                return made
        if self._inside >= self._most_inside:
            return self._refused(scope, 503)
        self._inside += 1
        try:
            return await self._in_a_thread(handing.answer, self._app, scope, body)
        except Exception:  # Flask answers for its own bugs; this one is beneath it
            log.exception("a request was not answered")
            return LAST_RESORT
        finally:
            self._inside -= 1

    async def _rendered(self, scope: Scope, more: Mapping[str, Any]) -> Answer:
        """A page for everybody, made by the application."""
        try:
            return await self._in_a_thread(handing.answer, self._app, scope, b"", more)
        except Exception:  # as in `_found`
            log.exception("a page was not made")
            return LAST_RESORT

    def _store_sites(self) -> None:
        assert self._sites is not None  # noqa: S101
        try:
            self._sites.store()
        except Exception as error:  # it is held on to, and stored the next time
            complaints.warn(f"which sites embed the wall was not stored ({type(error).__name__})")

    def _refused(self, scope: Scope, status: int, *, closing: bool = False) -> Answer:
        complaints.warn(f"front: refused with {status} ({WHY.get(status, '')})")
        return self._refusals.answer(scope, status, closing=closing)

    async def _in_a_thread(self, work: Callable[..., Answer], *given: Any) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)


def announced_bytes(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """How long the body says it is: 0 where there is none, None where it comes in chunks."""
    found = {name.lower(): value for name, value in headers if len(name) in (14, 17)}
    if b"transfer-encoding" in found:
        return None
    length = found.get(b"content-length", b"0")
    return int(length) if length.isdigit() else None


async def _live(receive: Receive, send: Send) -> None:
    """Start and end are nothing to us: what was begun lies in the database."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
