"""Which addresses are one sender's, and which network is meant, however both are written."""

from __future__ import annotations

from ipaddress import IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pledges.networks import address_of, begins_of, is_this_machine, key_of, lies_in, neighbours_of, network_of


def test_an_address_of_ipv4_is_the_same_however_it_is_written() -> None:
    for text in ("203.0.113.9", "::ffff:203.0.113.9", " 203.0.113.9 "):
        address = address_of(text)
        assert address == ip_address("203.0.113.9")
        for network in ("203.0.113.0/24", "203.0.113.77/24", "::ffff:203.0.113.0/120"):
            assert lies_in(address, network_of(network)), (text, network)
        assert not lies_in(address, network_of("::/32"))
        assert str(neighbours_of(address)) == "203.0.113.0/24"


@pytest.mark.parametrize("text", ["", "nowhere", "203.0.113", "203.0.113.9/24", "::1::"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert address_of(text) is None


@given(some.integers(0, 2**64 - 1), some.integers(0, 2**64 - 1), some.integers(0, 2**64 - 1))
def test_all_addresses_of_one_64_begin_alike_and_have_one_key(network: int, one: int, other: int) -> None:
    mine, theirs = (IPv6Network((network << 64, 64))[number] for number in (one, other))
    assert key_of(mine) == key_of(theirs) == str(neighbours_of(mine))
    assert str(theirs).startswith(begins_of(mine))


@pytest.mark.parametrize(
    ("host", "ours"),
    [("localhost", True), ("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("example.org", False),
     ("192.0.2.1", False)],
)  # fmt: skip
def test_this_machine_is_known_by_its_names(host: str, ours: bool) -> None:
    assert is_this_machine(host) is ours
