"""A request to an address that somebody typed: it reaches the outside alone, in one go, and within its time.

Where a name leads is looked at in the moment of connecting, since whoever owns the name may let it lead anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import httpcore

from pledges import networks

from . import hurry

SECONDS = 10.0  # for all of it: looking the name up, connecting, sending, and the head of the answer


class Inside(httpcore.ConnectError):
    """The name leads to an address of our own network, or of this machine."""


def post(url: str, headers: Mapping[str, str], body: bytes, *, seconds: float = SECONDS) -> int:
    """The status that was answered; redirects are not followed and no body is read. Raises what httpcore raises."""
    limits = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
    with (
        httpcore.ConnectionPool(network_backend=_Outside(hurry.Until(seconds)), max_connections=1) as pool,
        pool.stream("POST", url, headers=list(headers.items()), content=body, extensions={"timeout": limits}) as answer,
    ):
        return int(answer.status)


class _Outside(httpcore.NetworkBackend):
    """Connects to what lies outside."""

    def __init__(self, clock: hurry.Clock) -> None:
        self._clock = clock
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        found = hurry.addresses(host, port, self._clock)
        if not found or not all(map(_lies_outside, found)):
            raise Inside(host)
        return hurry.connected(self._plain, found, port, self._clock, socket_options)


def _lies_outside(written: str) -> bool:
    address = networks.address_of(written)
    return address is not None and networks.is_outside(address)
