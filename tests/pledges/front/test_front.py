"""The front takes whole requests within bounds, hands them on, and is held up by nobody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from pledges.front import Bounds, Front
from pledges.front.bounds import Message
from pledges.front.refusals import REFUSED

TIGHT = Bounds(idle_seconds=0.05, whole_seconds=0.3, bytes=1000, held_bytes=2500, readings=3)
END = {"type": "http.request", "body": b"", "more_body": False}


class Behind:
    """An application that remembers what reached it."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status = environ.get(REFUSED, 200)
        if status == 200:
            assert self.may_answer.wait(30)
            self.asked.append(environ | {"body": environ["wsgi.input"].read()})
        start_response(f"{status} Said", [("Content-Type", "text/plain"), ("X-Path", environ["PATH_INFO"])])
        return [b"the ", b"answer"]


class Sender:
    """One visitor: what they send, how they wait, and what came back."""

    def __init__(
        self, *parts: bytes, path: str = "/", method: str = "POST", pause: float = 0.0, stalls: bool = False
    ) -> None:
        self.path, self.method, self.pause, self.stalls = path, method, pause, stalls
        self.parts = list(parts)
        self.headers: list[tuple[bytes, bytes]] = [(b"transfer-encoding", b"chunked")] if parts or stalls else []
        self.query = b""
        self.sent: list[Message] = []
        self.reads: Callable[[], Awaitable[None]] | None = None

    async def receive(self) -> Message:
        await asyncio.sleep(self.pause)
        if self.parts:
            part = self.parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(self.parts) or self.stalls}
        if self.stalls:
            await asyncio.sleep(3600)
        return END

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        if self.reads is not None:
            await self.reads()

    async def asks(self, front: Front) -> None:
        scope = {
            "type": "http", "method": self.method, "path": self.path, "raw_path": self.path.encode(), "scheme": "http",
            "query_string": self.query, "headers": self.headers, "client": ("192.0.2.7", 4711), "server": ("wall", 80),
        }  # fmt: skip
        await front(scope, self.receive, self.send)

    @property
    def status(self) -> int | None:
        return self.sent[0]["status"] if self.sent else None

    @property
    def hung_up_on(self) -> bool:
        return (b"connection", b"close") in self.sent[0]["headers"]

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


@pytest.fixture
def behind() -> Behind:
    return Behind()


def run(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """In a thread of its own: a browser's tests leave a loop running in that of this process."""
    with ThreadPoolExecutor(1) as own:
        own.submit(lambda: asyncio.run(scene())).result()


def ask(front: Front, *senders: Sender) -> None:
    """All at once; each is answered, or has gone, when this returns."""

    async def together() -> None:
        await asyncio.gather(*(sender.asks(front) for sender in senders))

    run(together)


def test_a_body_in_parts_reaches_the_application_whole_and_its_answer_comes_back(behind: Behind) -> None:
    sender = Sender(b"promise=", b"ten", b"+trees", path="/slug/promise")
    ask(Front(behind), sender)
    (asked,) = behind.asked
    assert (asked["body"], asked["CONTENT_LENGTH"], asked["REQUEST_METHOD"]) == (b"promise=ten+trees", "17", "POST")
    assert (asked["PATH_INFO"], asked["REMOTE_ADDR"]) == ("/slug/promise", "192.0.2.7")
    assert (sender.status, sender.body) == (200, b"the answer")


@pytest.mark.parametrize(
    "sender",
    [
        Sender(b"a", stalls=True),
        Sender(stalls=True),
        Sender(*[b"a"] * 500, pause=0.02),
    ],
    ids=["silent after a byte", "silent from the start", "a byte now and then"],
)
def test_who_sends_too_slowly_is_told_so_and_takes_no_thread(behind: Behind, sender: Sender) -> None:
    ask(Front(behind, bounds=TIGHT), sender)
    assert sender.status == 408 and sender.hung_up_on
    assert behind.asked == []


def test_who_announces_too_much_is_told_so_before_a_byte_is_read(behind: Behind) -> None:
    sender = Sender(b"never read", stalls=True)
    sender.headers = [(b"Content-Length", b"1001")]
    ask(Front(behind, bounds=TIGHT), sender)
    assert sender.status == 413 and sender.hung_up_on and sender.parts == [b"never read"]


def test_who_sends_more_than_fits_is_stopped_where_it_is_too_much(behind: Behind) -> None:
    sender = Sender(*[b"a" * 400] * 9)
    ask(Front(behind, bounds=TIGHT), sender)
    assert sender.status == 413 and len(sender.parts) == 6
    exact = Sender(b"a" * 1000)
    ask(Front(behind, bounds=TIGHT), exact)
    assert exact.status == 200


def test_who_hangs_up_is_answered_nothing_and_costs_nothing(behind: Behind) -> None:
    sender = Sender(b"half", stalls=True)

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    sender.receive = gone  # type: ignore[method-assign]
    ask(Front(behind, bounds=TIGHT), sender)
    assert sender.sent == [] and behind.asked == []


def test_where_too_many_send_at_once_the_slowest_makes_room(behind: Behind) -> None:
    patient = Bounds(idle_seconds=60, whole_seconds=60, readings=2)
    front = Front(behind, bounds=patient)
    slow = [Sender(b"a", stalls=True) for _ in range(2)]
    quick = [Sender(b"quick") for _ in range(5)]

    async def scene() -> None:
        waiting = [asyncio.ensure_future(sender.asks(front)) for sender in slow]
        await asyncio.sleep(0)
        for sender in quick:
            await sender.asks(front)
        assert [sender.status for sender in quick] == [200] * 5
        assert slow[0].status == 408  # and one of the two may still stand
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    run(scene)


def test_bodies_that_are_being_read_take_no_more_memory_than_is_set_aside(behind: Behind) -> None:
    patient = Bounds(idle_seconds=60, whole_seconds=60, bytes=1000, held_bytes=2500)
    front = Front(behind, bounds=patient)
    large = [Sender(b"a" * 900, b"b", stalls=True) for _ in range(6)]

    async def scene() -> None:
        waiting = [asyncio.ensure_future(sender.asks(front)) for sender in large]
        for _ in range(50):
            await asyncio.sleep(0)
        held = [sender for sender in large if sender.status is None]
        assert 1 <= len(held) <= 2 and all(sender.status in (None, 408) for sender in large)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    run(scene)


def test_while_all_threads_are_taken_others_wait_and_the_rest_is_told_to_come_back(behind: Behind) -> None:
    behind.may_answer.clear()
    front = Front(behind, threads=1, waiting=1)
    senders = [Sender(b"x"), Sender(b"x"), Sender(b"x")]
    alive = Sender(path="/healthz", method="GET")

    async def scene() -> None:
        tasks = [asyncio.ensure_future(sender.asks(front)) for sender in senders]
        while senders[2].status is None:
            await asyncio.sleep(0.001)
        await alive.asks(front)
        assert (alive.status, alive.body) == (200, b"ok\n")
        behind.may_answer.set()
        await asyncio.gather(*tasks)

    run(scene)
    assert [sender.status for sender in senders] == [200, 200, 503]


def test_who_reads_slowly_holds_no_thread(behind: Behind) -> None:
    front = Front(behind, threads=1)
    slow, other = Sender(b"x"), Sender(b"x")

    async def scene() -> None:
        never = asyncio.Event()
        slow.reads = never.wait  # type: ignore[assignment]
        task = asyncio.ensure_future(slow.asks(front))
        while not slow.sent:
            await asyncio.sleep(0.001)
        await other.asks(front)
        assert other.status == 200
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(scene)


def test_headers_arrive_as_they_were_meant(behind: Behind) -> None:
    sender = Sender(method="GET")
    sender.headers = [
        (b"x-forwarded-for", b"192.0.2.1"), (b"x_forwarded_for", b"6.6.6.6"), (b"x-forwarded-for", b"192.0.2.2"),
        (b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"content-type", b"text/plain"),
    ]  # fmt: skip
    ask(Front(behind), sender)
    (asked,) = behind.asked
    assert asked["HTTP_X_FORWARDED_FOR"] == "192.0.2.1,192.0.2.2"
    assert (asked["HTTP_COOKIE"], asked["CONTENT_TYPE"]) == ("a=1; b=2", "text/plain")
    assert "CONTENT_LENGTH" not in asked


@pytest.mark.parametrize(
    "path, there",
    [("/cy/%E2%9C%93", "/cy/\xe2\x9c\x93"), ("/%ff%00", "/\xff\x00"), ("/a%2Fb", "/a/b"), ("/", "/")],
)
def test_a_path_arrives_byte_by_byte(behind: Behind, path: str, there: str) -> None:
    ask(Front(behind), Sender(path=path, method="GET"))
    assert behind.asked[0]["PATH_INFO"] == there


def test_a_query_of_any_bytes_arrives(behind: Behind) -> None:
    sender = Sender(method="GET")
    sender.query = b"q=%C3%A9&theme=a+b&odd=\xff"
    ask(Front(behind), sender)
    assert behind.asked[0]["QUERY_STRING"] == "q=%C3%A9&theme=a+b&odd=%FF"


def test_a_bug_beneath_flask_is_answered_all_the_same(behind: Behind) -> None:
    def broken(_environ: Any, _start_response: Any) -> Iterable[bytes]:
        raise RuntimeError("no application at all")

    sender = Sender(b"x")
    ask(Front(broken), sender)
    names = {name for name, _value in sender.sent[0]["headers"]}
    assert sender.status == 500 and {b"content-security-policy", b"cache-control"} <= names


@pytest.mark.parametrize(
    "path, words",
    [
        ("/slug/promise", b"Your request did not arrive whole"),
        ("/cy/slug/promise", b"Ni chyrhaeddodd eich cais yn gyfan"),
        ("/api/v1/campaigns/slug/pledges", b'"status":408'),
    ],
)
def test_a_refusal_is_a_page_of_ours_in_the_language_and_form_of_the_address(
    app: Flask, path: str, words: bytes
) -> None:
    sender = Sender(b"a", path=path, stalls=True)
    ask(Front(app, bounds=TIGHT), sender)
    headers = dict(sender.sent[0]["headers"])
    assert sender.status == 408 and words in sender.body
    assert headers[b"cache-control"] == b"no-store" and b"content-security-policy" in headers
    assert b"set-cookie" not in headers
