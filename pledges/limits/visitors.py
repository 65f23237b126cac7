"""Who counts as one visitor: the address that our own proxies vouch for."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address

from pledges.networks import Address, Network, address_of, lies_in

HOPS_AT_MOST = 32
NOBODY = IPv6Address("::")  # a peer without an address, such as a Unix socket: all such count as one


def visitor_of(peer: str | None, forwarded_for: str | None, proxies: Iterable[Network]) -> Address:
    """The address that a request is counted under; only what our own proxies wrote is believed."""
    believed = address_of(peer or "") or NOBODY
    trusted = tuple(proxies)
    entries = (forwarded_for or "").rsplit(",", HOPS_AT_MOST)[-HOPS_AT_MOST:]
    for entry in reversed(entries):
        if not any(lies_in(believed, network) for network in trusted):
            break
        following = address_of(_without_port(entry))
        if following is None:
            break
        believed = following
    return believed


def _without_port(entry: str) -> str:
    entry = entry.strip()[:64]
    if entry.startswith("["):
        return entry[1:].split("]")[0]
    return entry.split(":")[0] if entry.count(":") == 1 and "." in entry else entry
