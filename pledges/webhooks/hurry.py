"""A connection that ends when its time is over: a name that is looked up, an address that is silent, a byte now and then."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import httpcore


class TooSlow(httpcore.ReadTimeout):
    """The whole exchange took longer than it may."""


class Clock(Protocol):
    """Says how much is left."""

    def left(self, timeout: float | None = None, /) -> float:
        """Seconds until the end, or `timeout` where that is sooner; raises TooSlow."""


class Until:
    """The time for one exchange."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def left(self, timeout: float | None = None) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TooSlow
        return left if timeout is None else min(left, timeout)


class Stream(httpcore.NetworkStream):
    """Each step of it has only what is left of the time for the whole."""

    def __init__(self, inside: httpcore.NetworkStream, clock: Clock) -> None:
        self._inside, self._clock = inside, clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inside.read(max_bytes, self._clock.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inside.write(buffer, self._clock.left(timeout))

    def close(self) -> None:
        self._inside.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return Stream(self._inside.start_tls(ssl_context, server_hostname, self._clock.left(timeout)), self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._inside.get_extra_info(info)


def addresses(host: str, port: int, clock: Clock) -> list[str]:
    """Where the name leads. The system gives no time within which it answers: a thread is left behind that still waits."""
    found: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

    def look() -> None:
        try:
            found.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.put(error)

    threading.Thread(target=look, daemon=True, name="look-up").start()
    try:
        said = found.get(timeout=clock.left())
    except queue.Empty:
        raise TooSlow from None
    if isinstance(said, Exception):
        raise httpcore.ConnectError(str(said)) from said
    return list(dict.fromkeys(str(each[4][0]) for each in said))


def connected(
    backend: httpcore.NetworkBackend, found: Sequence[str], port: int, clock: Clock, options: Iterable[Any] | None
) -> httpcore.NetworkStream:
    """The first of these that takes a connection, each within its share of what is left; raises what the last one did."""
    for place, address in enumerate(found):
        try:
            share = clock.left() / (len(found) - place)
            return Stream(backend.connect_tcp(address, port, share, None, options), clock)
        except (httpcore.ConnectError, httpcore.ConnectTimeout):
            if place == len(found) - 1:
                raise
    raise httpcore.ConnectError("it leads nowhere")
