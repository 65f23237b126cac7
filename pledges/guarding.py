"""What a campaign under attack does differently: tighter limits, a wall that stands still, honest words to who waits.

The desk writes `Campaign.guard` and `frozen_at`; the public side only reads them. Both end by the clock, so that
a worker that has died keeps nobody out and nothing frozen.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Any

from .models import Campaign

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SWITCHES = ("promises", "comments", "letters", "screens", "slower")


def on(campaign: Campaign, switch: str, now: datetime) -> bool:
    """Whether this switch of a surge is on now."""
    return bool(campaign.guard.get(switch)) and campaign.guard_until is not None and now < campaign.guard_until


def stands_still(campaign: Campaign, now: datetime) -> bool:
    """Whether what is approved now is not shown yet."""
    return campaign.frozen_at is not None and on(campaign, "screens", now)


def is_tight(campaign: Campaign, kind: str, now: datetime) -> bool:
    """Whether visitors get the tighter limit for this kind."""
    return kind in ("promises", "comments") and on(campaign, kind, now)


def in_network(address: Any, network: str) -> bool:
    """Whether an address lies in a network; what is neither is in none."""
    try:
        told, wanted = _plain(ipaddress.ip_address(str(address))), network_of(network)
    except ValueError:
        return False
    return told.version == wanted.version and told in wanted


def network_of(text: str) -> Network:
    """The network that is meant; one of IPv4 written as IPv6 is the IPv4 one. Raises ValueError where it is none."""
    written = ipaddress.ip_interface(text)
    plain = _plain(written.ip)
    if plain.version == written.version:
        return written.network
    return ipaddress.ip_network((plain, written.network.prefixlen - 96), strict=False)


def _plain(address: Address) -> Address:
    mapped = address.ipv4_mapped if address.version == 6 else None
    return mapped or address
