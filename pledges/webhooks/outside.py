"""A request to an address that somebody typed: it reaches the outside alone, in one go, and within its time.

Where a name leads is looked at in the moment of connecting, since whoever owns the name may let it lead anywhere.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Any

import httpcore

from pledges import networks

SECONDS = 10.0  # for all of it: connecting, sending, and the head of the answer


class Inside(httpcore.ConnectError):
    """The name leads to an address of our own network, or of this machine."""


def post(url: str, headers: Mapping[str, str], body: bytes, *, seconds: float = SECONDS) -> int:
    """The status that was answered; redirects are not followed and no body is read. Raises what httpcore raises."""
    until = time.monotonic() + seconds
    limits = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
    with (
        httpcore.ConnectionPool(network_backend=_Outside(until), max_connections=1) as pool,
        pool.stream("POST", url, headers=list(headers.items()), content=body, extensions={"timeout": limits}) as answer,
    ):
        return int(answer.status)


class _Outside(httpcore.NetworkBackend):
    """Connects to what lies outside."""

    def __init__(self, until: float) -> None:
        self._until = until
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = _resolved(host, port)
        if not addresses or not all(map(_lies_outside, addresses)):
            raise Inside(host)
        found = self._plain.connect_tcp(addresses[0], port, _left(self._until), local_address, socket_options)
        return _Hurried(found, self._until)


class _Hurried(httpcore.NetworkStream):
    """A stream that ends when its time is over, however often a byte of it comes."""

    def __init__(self, inside: httpcore.NetworkStream, until: float) -> None:
        self._inside, self._until = inside, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inside.read(max_bytes, _left(self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inside.write(buffer, _left(self._until))

    def close(self) -> None:
        self._inside.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Hurried(self._inside.start_tls(ssl_context, server_hostname, _left(self._until)), self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._inside.get_extra_info(info)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left


def _resolved(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(str(error)) from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _lies_outside(written: str) -> bool:
    address = networks.address_of(written)
    return address is not None and networks.is_outside(address)
