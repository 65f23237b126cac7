"""How long and how large the body of a request may be, and reading it so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


@dataclass(frozen=True)
class Bounds:
    """What one request, and all that are being read together, may take."""

    idle_seconds: float = 5.0  # without a byte
    whole_seconds: float = 20.0  # from the first byte of the head to the last of the body
    bytes: int = 256 * 1024  # of one body
    held_bytes: int = 64 * 1024 * 1024  # of all bodies that are being read
    readings: int = 1024  # bodies that are being read


class Refused(Exception):
    """The body was not taken; `status` says why: 408 too slow, 413 too large, 503 too many at once."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Gone(Exception):
    """Whoever was sending has hung up; nobody is there to be answered."""


@dataclass
class Reader:
    """Reads bodies, many at once; where they become too many, those that have taken longest make room."""

    bounds: Bounds
    _held: int = 0
    _slowest_first: dict[asyncio.Task[Any], None] = field(default_factory=dict)

    async def whole(self, receive: Receive, announced: int | None) -> bytes:
        """The whole body; raises Refused or Gone.

        `announced` is the Content-Length, or None for a body in chunks.
        """
        if announced == 0:
            return b""
        if announced is not None and announced > self.bounds.bytes:
            raise Refused(413)
        with self._among_others() as task:
            try:
                async with asyncio.timeout(self.bounds.whole_seconds):
                    return await self._collect(receive)
            except TimeoutError:
                raise Refused(408) from None
            except asyncio.CancelledError:
                if task in self._slowest_first:  # the server stops, and not we
                    raise
                task.uncancel()
                raise Refused(408) from None

    async def _collect(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        length = 0
        try:
            while True:
                async with asyncio.timeout(self.bounds.idle_seconds):
                    message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                part = message.get("body", b"")
                parts.append(part)
                length += len(part)
                self._held += len(part)
                if length > self.bounds.bytes:
                    raise Refused(413)
                if not message.get("more_body", False):
                    return b"".join(parts)
                self._make_room()
        finally:
            self._held -= length

    @contextmanager
    def _among_others(self) -> Iterator[asyncio.Task[Any]]:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (a coroutine that runs has a task)
        self._slowest_first[task] = None
        self._make_room()
        try:
            yield task
        finally:
            self._slowest_first.pop(task, None)

    def _make_room(self) -> None:
        while len(self._slowest_first) > 1 and (
            self._held > self.bounds.held_bytes or len(self._slowest_first) > self.bounds.readings
        ):
            slowest = next(iter(self._slowest_first))
            del self._slowest_first[slowest]
            slowest.cancel()
            if self._held > self.bounds.held_bytes:
                return  # what it held is given back when it runs next; the next part makes more room if it must
