"""What is kept is answered in the thread that read the request; only what has to wait goes on to the event loop.

The web server reads in a thread of its own and hands each request to the loop as a coroutine, through `call_soon_threadsafe`:
the loop is woken, a task is made, and two threads take turns at the interpreter, which is a third of what a reader costs. A
coroutine that never waits needs none of it. So each one is begun where it is handed over; it ends there, or says by `in_the_loop`
that the rest is the loop's. Where a server hands requests over in another way, everything runs in the loop, as it did.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from typing import Any

_WAITS = object()  # what a coroutine that was begun early yields when the rest is the loop's

Handed = Coroutine[Any, Any, Any]


def begin_early(loop: asyncio.AbstractEventLoop) -> None:
    """From now on what is handed to this loop begins in the thread that hands it over."""
    later: Callable[..., asyncio.Handle] = loop.call_soon_threadsafe

    def call_soon_threadsafe(
        callback: Callable[..., object], *given: Any, context: Context | None = None
    ) -> asyncio.Handle | None:
        if given and type(given[0]) is types.CoroutineType:
            try:
                given[0].send(None)
            except StopIteration:
                return None
            given = (_rest_of(given[0]), *given[1:])
        return later(callback, *given, context=context)

    loop.call_soon_threadsafe = call_soon_threadsafe  # type: ignore[assignment, method-assign]


@types.coroutine
def in_the_loop() -> Generator[object, None, None]:
    """What follows runs in the event loop; before this, a coroutine may wait for nothing."""
    if asyncio._get_running_loop() is None:
        yield _WAITS


async def _rest_of(begun: Handed) -> Any:
    return await _going_on(begun)


@types.coroutine
def _going_on(begun: Handed) -> Generator[Any, Any, Any]:
    return (yield from begun)
