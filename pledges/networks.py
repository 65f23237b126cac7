"""Where somebody writes from: addresses, and the networks within which one sender may take any.

An address of IPv4 that is written as one of IPv6 is the IPv4 one, everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_interface, ip_network
from itertools import takewhile

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAPPED = 96  # bits before the IPv4 address in one of IPv6


def address_of(text: str) -> Address | None:
    """The address that is meant; none where it is none."""
    try:
        return _plain(ip_address(text.strip()))
    except ValueError:
        return None


def network_of(text: str) -> Network:
    """The network that is meant, of which any address may be named; raises ValueError where it is none."""
    written = ip_interface(text.strip())
    plain = _plain(written.ip)
    if plain.version == written.version:
        return written.network
    return ip_network((plain, written.network.prefixlen - MAPPED), strict=False)


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks as written in settings; raises ValueError for any that is neither."""
    return tuple(network_of(text) for text in texts if text.strip())


def lies_in(address: Address, network: Network) -> bool:
    """Whether the address lies in the network."""
    return address.version == network.version and address in network


def key_of(address: Address) -> str:
    """One key for one visitor: an IPv4 address, or an IPv6 /64, within which a sender may take any address."""
    return str(address) if address.version == 4 else str(_around(address, 64))


def wide_key_of(address: Address) -> str | None:
    """The /48 around an IPv6 address; IPv4 has no such key."""
    return None if address.version == 4 else str(_around(address, 48))


def neighbours_of(address: Address) -> Network:
    """Who may sit together: the /24 of IPv4, the /64 of IPv6."""
    return _around(address, 24 if address.version == 4 else 64)


def begins_of(address: Address) -> str:
    """What every text of an address with the same `key_of` begins with; others may begin so, too.

    Zeros are left out of a text in more than one way, so only the parts before the first zero are sure.
    """
    if address.version == 4:
        return str(address)
    parts = address.exploded.split(":")[:4]
    return "".join(f"{int(part, 16):x}:" for part in takewhile(lambda part: int(part, 16), parts))


def is_this_machine(host: str) -> bool:
    """Whether a host, as it stands in an address of a page, is this very machine."""
    address = address_of(host)
    return address.is_loopback if address is not None else host == "localhost"


def is_outside(address: Address) -> bool:
    """Whether it is an address of the open internet: none of ours, none of this machine, and none that leads to such.

    Addresses of IPv6 that carry one of IPv4 in them lead wherever some gateway sends them.
    """
    if address.version == 6 and not lies_in(address, _ALLOTTED):
        return False
    return address.is_global and not address.is_multicast and not any(lies_in(address, each) for each in _CARRIES)


def _around(address: Address, length: int) -> Network:
    return ip_network((address, length), strict=False)


def _plain(address: Address) -> Address:
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))  # without the name of an interface
    return address


(_ALLOTTED,) = networks_of(("2000::/3",))  # of IPv6, what the internet routes at all: RFC 4291, 2.4 and IANA's registry
_CARRIES = networks_of(("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16"))
