"""Where a message may go: to the outside alone, in one go, and within its time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpcore
import pytest

from pledges.networks import address_of, is_outside
from pledges.webhooks import outside
from tests.pledges.webhooks.conftest import Receiver

INSIDE = """
    fec0::1 ::7f00:1 ::ffff:0:7f00:1 5f00::1 4000::1
    127.0.0.1 127.9.9.9 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 192.0.2.1
    198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255 ::1 :: fe80::1 fc00::1 fd12:3456::1 ff02::1 2001:db8::1
    ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b::a00:1 2002:7f00:1:: 2001:0:1::1
"""


@pytest.mark.parametrize("written", INSIDE.split())
def test_an_address_of_our_own_network_is_not_outside(written: str) -> None:
    address = address_of(written)
    assert address is not None and not is_outside(address)


@pytest.mark.parametrize("written", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_an_address_of_the_open_internet_is(written: str) -> None:
    address = address_of(written)
    assert address is not None and is_outside(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "017700000001", "127.1", "[::ffff:127.0.0.1]"]
)
def test_nobody_connects_to_this_machine_however_it_is_written(receiver: Receiver, host: str) -> None:
    port = receiver.url.split(":")[2].split("/")[0]
    with pytest.raises(httpcore.ConnectError):
        outside.post(f"http://{host}:{port}/", {}, b"{}")
    assert receiver.got == []


def test_a_name_that_leads_inside_when_it_is_used_is_refused_whatever_it_led_to_before(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(receiver.url.split(":")[2].split("/")[0])
    answers = [["1.1.1.1"], ["127.0.0.1"], ["1.1.1.1", "127.0.0.1"]]
    asked = iter(answers)

    def resolved(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in next(asked)]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    connected: list[str] = []

    class Nowhere:
        def connect_tcp(self, host: str, *_: object) -> None:
            connected.append(host)
            raise httpcore.ConnectTimeout

    monkeypatch.setattr(httpcore, "SyncBackend", Nowhere)
    with pytest.raises(httpcore.ConnectTimeout):
        outside.post(f"http://hook.example:{port}/", {}, b"{}")
    for _ in answers[1:]:
        with pytest.raises(outside.Inside):
            outside.post(f"http://hook.example:{port}/", {}, b"{}")
    assert connected == ["1.1.1.1"]


WAITED: list[str] = []  # names that nobody gave up


def leads_to(*addresses: str, after: threading.Event | None = None) -> Callable[..., list[Any]]:
    """As `getaddrinfo` answers."""

    asked = socket.getaddrinfo

    def resolved(host: str, port: int, *more: int, **named: int) -> list[Any]:
        if host != "hook.example":
            return asked(host, port, *more, **named)
        if after is not None and not after.wait(20):
            WAITED.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    return resolved


def test_a_name_that_is_looked_up_for_long_takes_no_more_than_the_time_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    found = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", leads_to("1.1.1.1", after=found))
    with pytest.raises(httpcore.TimeoutException):
        outside.post("http://hook.example/", {}, b"{}", seconds=0.2)
    assert WAITED == []
    found.set()


def test_where_one_address_of_a_name_takes_nothing_the_next_is_tried(
    receiver: Receiver, this_machine_is_outside: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(receiver.url.split(":")[2].split("/")[0])
    monkeypatch.setattr(socket, "getaddrinfo", leads_to("::1", "127.0.0.1"))  # nobody listens at the first
    assert outside.post(f"http://hook.example:{port}/", {}, b"{}") == 204
    assert len(receiver.got) == 1


@pytest.fixture
def dribbling() -> Iterator[str]:
    """A server that sends a byte of its answer now and then, and never comes to an end."""
    listening = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    stop.set()
    thread.join()
    listening.close()


def test_a_server_that_dribbles_is_left_when_its_time_is_over(dribbling: str, this_machine_is_outside: None) -> None:
    begun = time.monotonic()
    with pytest.raises((httpcore.ReadTimeout, httpcore.ProtocolError)):
        outside.post(dribbling, {}, b"{}", seconds=0.5)
    assert time.monotonic() - begun < 30


def test_a_redirect_is_an_answer_and_not_followed(receiver: Receiver, this_machine_is_outside: None) -> None:
    receiver.status = 302
    assert outside.post(receiver.url, {"x": "y"}, b"{}") == 302
    assert len(receiver.got) == 1
