"""What everybody sees is made once and answered from memory; what is one visitor's own never is."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

import pytest

from pledges.front import SAID, Asked, Front, Pages, Shows, Versions
from pledges.front import pages as kept_pages
from pledges.front import serving as front_serving
from pledges.front.refusals import REFUSED
from pledges.front.serving import Serving

from .test_front import Sender, run

WEEK = 1
LONG = "and all the rest of it " * 100
OURS = b"wall.example"


class Maker:
    """An application that counts what it makes, and takes as long as the test says."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.version = 1
        self.says: tuple[int, list[tuple[str, str]]] | None = None  # another status, with these headers
        self.adds: list[tuple[str, str]] = []
        self.breaks = False
        self.begins: Callable[[], None] = lambda: None  # called while a page is being made, once it has been read
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if REFUSED in environ:
            start_response(f"{environ[REFUSED]} Refused", [])
            return [b"refused"]
        path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
        self.made.append(f"{path}?{query}")
        version = self.version
        self.begins()
        assert self.may_answer.wait(30)
        if self.breaks:
            raise RuntimeError("it breaks")
        if environ.get("HTTP_HOST") != OURS.decode():
            start_response("421 Not ours", [("Content-Type", "text/plain")])
            return [b"not ours"]
        if self.says is not None:
            start_response(f"{self.says[0]} Said", [*self.says[1], ("Content-Type", "text/plain")])
            return [b"something else"]
        if path.startswith("/none"):
            start_response("404 None", [*self.adds, ("Content-Type", "text/plain")])
            return [b"nothing"]
        is_form, said = path.endswith("/form"), environ.get(SAID)
        token = "HERE" if said else "one of its own"
        if said is not None:
            hole = {"hole": "promise", "token": b"HERE"} if is_form else {}
            said.shows = Shows(WEEK, version, **hole)  # type: ignore[arg-type]
        fields = dict(reversed(parse_qsl(query, keep_blank_values=True, errors="werkzeug.url_quote")))
        theme = fields.get("theme", "")
        headers = [*self.adds, ("Content-Type", "text/plain"), *([] if is_form else [("ETag", f'"{version}"')])]
        start_response("200 OK", headers)
        return [f"{path} {theme!r} at {version} {token if is_form else ''} {LONG}".encode()]


class Trust:
    """A watcher that is trusted, or not, as the test says."""

    is_trusted = True

    def start(self) -> None: ...


class Place:
    """A front before the maker, and those who come to it."""

    def __init__(self, threads: int = 4) -> None:
        self.maker = Maker()
        self.pages = Pages(4 * 1024 * 1024)
        self.trust = Trust()
        self.moved(1)
        tokens = count(1)

        def joined(path: str) -> Asked | None:
            return None if path.startswith("/own") else Asked(("theme", "after"), frozenset(["event", "try"]))

        def keep(render: Any, at_once: int) -> Serving:
            fill = lambda purpose: f"token {next(tokens)} of {purpose}".encode()  # noqa: E731
            return Serving(self.pages, self.trust, joined, fill, render, at_once=at_once)  # type: ignore[arg-type]

        self.front = Front(self.maker, threads=threads, keep=keep)

    def moved(self, version: int) -> None:
        """Something was shown or taken down, and this process hears of it."""
        self.maker.version = version
        self.pages.heard(Versions({WEEK: version}, {WEEK: 0}))

    def asks(self, *senders: Sender) -> None:
        """One after the other."""

        async def scene() -> None:
            for sender in senders:
                await sender.asks(self.front)

        run(scene)

    def ask_at_once(self, *senders: Sender, until: Callable[[], bool] = lambda: True) -> None:
        """All are there before the maker answers the first."""

        async def scene() -> None:
            self.maker.may_answer.clear()
            tasks = [asyncio.ensure_future(sender.asks(self.front)) for sender in senders]
            while not self.maker.made or not until():
                await asyncio.sleep(0.001)
            self.maker.may_answer.set()
            await asyncio.gather(*tasks)

        run(scene)


def reader(
    path: str = "/week", query: bytes = b"", *headers: tuple[bytes, bytes], host: bytes = OURS, method: str = "GET"
) -> Sender:
    sender = Sender(path=path, method=method)
    sender.query = query
    sender.headers = [(b"host", host), *headers]
    return sender


@pytest.fixture
def place() -> Place:
    return Place()


def names(sender: Sender) -> set[bytes]:
    return {name for name, _ in sender.sent[0]["headers"]}


# One render


def test_a_storm_on_a_page_that_is_not_kept_makes_it_once(place: Place) -> None:
    readers = [reader() for _ in range(200)]
    place.ask_at_once(*readers)
    assert len(place.maker.made) == 1
    assert {(each.status, each.body) for each in readers} == {(200, f"/week '' at 1  {LONG}".encode())}


def test_who_comes_first_and_goes_away_does_not_take_the_page_along(place: Place) -> None:
    first, other = reader(), reader()

    async def scene() -> None:
        place.maker.may_answer.clear()
        leaving = asyncio.ensure_future(first.asks(place.front))
        staying = asyncio.ensure_future(other.asks(place.front))
        while not place.maker.made:
            await asyncio.sleep(0.001)
        leaving.cancel()
        place.maker.may_answer.set()
        await staying

    run(scene)
    assert other.status == 200 and len(place.maker.made) == 1


def test_who_reads_slowly_holds_nobody_up(place: Place) -> None:
    slow = [reader() for _ in range(50)]
    others = [reader(), reader("/week/form")]

    async def scene() -> None:
        for each in slow:
            each.reads = asyncio.Event().wait  # type: ignore[assignment]
        tasks = [asyncio.ensure_future(each.asks(place.front)) for each in slow]
        while not all(each.sent for each in slow):
            await asyncio.sleep(0.001)
        for each in others:
            await each.asks(place.front)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(scene)
    assert [each.status for each in others] == [200, 200]


def test_a_page_that_changed_while_it_was_made_is_made_again(place: Place) -> None:
    def taken_down() -> None:
        place.maker.begins = lambda: None
        place.moved(2)

    place.maker.begins = taken_down
    readers = [reader() for _ in range(20)]
    place.ask_at_once(*readers)
    assert len(place.maker.made) == 2
    assert all(b" at 2 " in each.body for each in readers)


def test_a_page_that_changes_faster_than_it_is_made_is_kept_by_nobody(place: Place) -> None:
    versions = count(2)
    place.maker.begins = lambda: place.moved(next(versions))
    each = reader()
    place.asks(each)
    assert each.status == 200 and len(place.pages) == 0
    assert len(place.maker.made) == front_serving.TRIES + 1


def test_where_more_wait_than_may_the_rest_is_told_that_we_are_busy(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front_serving, "RENDERINGS_WAITING", 3)
    readers = [reader(query=b"theme=%d" % number) for number in range(10)]
    place.ask_at_once(*readers, until=lambda: any(each.status for each in readers))
    assert sorted(str(each.status) for each in readers) == ["200"] * 3 + ["503"] * 7
    again = reader(query=b"theme=9")
    place.asks(again)
    assert again.status == 200


def test_no_more_pages_are_made_at_once_than_half_of_the_threads() -> None:
    place = Place(threads=4)
    inside: list[int] = []
    place.maker.begins = lambda: inside.append(1)
    own = reader("/own")

    async def scene() -> None:
        place.maker.may_answer.clear()
        tasks = [asyncio.ensure_future(reader(query=b"theme=%d" % number).asks(place.front)) for number in range(20)]
        while len(inside) < 2:
            await asyncio.sleep(0.001)
        tasks.append(asyncio.ensure_future(own.asks(place.front)))
        while len(inside) < 3:
            await asyncio.sleep(0.001)
        assert place.maker.made[2] == "/own?"  # eighteen pages wait, and it does not
        place.maker.may_answer.set()
        await asyncio.gather(*tasks)

    run(scene)


# What is part of a page's key


@pytest.mark.parametrize(
    "query",
    [
        b"fbclid=abc",
        b"utm_source=letter&utm_medium=email",
        b"fbclid=1&fbclid=2",
        b"fbclid",
        b"&&=&",
        b"theme=",
        b"theme=&theme=work",
        b"fbclid=%ff%fe",
        b"fbclid=\xff\xfe",
        b"Theme=work",
        b"event=",
        b"&".join(b"x%d=1" % number for number in range(40)),
    ],
)
def test_what_a_page_cannot_be_asked_is_no_part_of_it(place: Place, query: bytes) -> None:
    readers = reader(query=query), reader(), reader(query=query)
    place.asks(*readers)
    assert place.maker.made == ["/week?"]
    assert len({each.body for each in readers}) == 1


@pytest.mark.parametrize(
    "query, same",
    [
        (b"theme=work&theme=listen", b"theme=work"),
        (b"after=2&theme=work", b"theme=work&after=2"),
        (b"theme=%77ork&fbclid=9", b"theme=work"),
        (b"theme=%ff", b"theme=\xff"),
        (b"theme=a%20b", b"theme=a+b"),
        (b"theme=caf%C3%A9", "theme=café".encode()),
    ],
)
def test_one_question_is_one_page_however_it_is_written(place: Place, query: bytes, same: bytes) -> None:
    readers = reader(query=query), reader(query=same), reader(query=query)
    place.asks(*readers)
    assert len(place.maker.made) == 1 and len({each.body for each in readers}) == 1
    alone = reader("/own", query)
    place.asks(alone)
    assert alone.body.split(b" ")[1] == readers[0].body.split(b" ")[1], "the front asked something else"


def test_a_question_of_more_fields_than_anybody_asks_is_answered_by_the_application(place: Place) -> None:
    query = b"theme=work&" + b"&".join(b"x%d=1" % number for number in range(41))
    first, second = reader(query=query), reader(query=query)
    place.asks(first, second)
    assert b"'work'" in first.body and first.body == second.body
    assert len(place.pages) == 0


def test_a_question_mark_in_a_path_is_no_question(place: Place) -> None:
    place.asks(reader(query=b"theme=work"))
    odd = reader("/week?theme=work")
    odd_raw = b"/week%3Ftheme=work"

    async def scene() -> None:
        scope = {
            "type": "http", "method": "GET", "path": odd.path, "raw_path": odd_raw, "query_string": b"",
            "headers": odd.headers,
        }  # fmt: skip
        await place.front(scope, odd.receive, odd.send)

    run(scene)
    assert place.maker.made[-1] == "/week?theme=work?" and b"'work'" not in odd.body


def test_a_path_longer_than_any_of_ours_is_not_remembered(place: Place) -> None:
    place.asks(*(reader("/week" + "a" * 5000 + str(number), b"theme=work") for number in range(3)))
    serving = place.front._serving
    assert serving is not None and len(serving._paths) == 0 and len(place.pages) == 0


# Hosts


def test_under_another_host_nothing_is_answered_from_what_is_kept(place: Place) -> None:
    place.asks(reader())
    other = reader(host=b"evil.example")
    nameless = reader()
    nameless.headers = []
    place.asks(other, nameless)
    assert [other.status, nameless.status] == [421, 421]
    assert len(place.maker.made) == 3


def test_under_another_host_nobody_waits_for_our_page_nor_we_for_theirs(place: Place) -> None:
    theirs, ours = [reader(host=b"evil.example") for _ in range(5)], [reader() for _ in range(20)]
    place.ask_at_once(*theirs, *ours, until=lambda: len(place.maker.made) == 2)
    assert {each.status for each in theirs} == {421} and {each.status for each in ours} == {200}
    assert len(place.maker.made) == 1 + len(theirs)  # ours are made once


# What is never kept


def test_what_has_a_cookie_in_it_is_for_its_visitor_alone(place: Place) -> None:
    place.maker.adds = [("Set-Cookie", "desk=1")]
    readers = [reader() for _ in range(3)]
    place.ask_at_once(*readers)
    assert len(place.maker.made) == 3 and len(place.pages) == 0
    assert sum(b"set-cookie" in names(each) for each in readers) == 3


@pytest.mark.parametrize("personal", [("Vary", "Accept, Cookie"), ("Vary", "*"), ("Set-Cookie", "desk=1")])
def test_what_depends_on_its_visitor_is_not_kept(place: Place, personal: tuple[str, str]) -> None:
    place.asks(reader("/other"))  # so that the host is known
    place.maker.adds = [personal]
    place.asks(reader(), reader(), reader("/none"), reader("/none"))
    assert place.maker.made[1:] == ["/week?", "/week?", "/none?", "/none?"] and len(place.pages) == 1


def test_a_page_is_made_without_what_its_first_reader_is_alone_with(place: Place) -> None:
    seen: list[dict[str, Any]] = []
    inside = place.maker.__call__

    def looks(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.append(environ)
        return inside(environ, start_response)

    place.front._app = looks
    personal = [
        (b"cookie", b"desk=1"),
        (b"if-none-match", b'"x"'),
        (b"range", b"bytes=0-1"),
        (b"accept-encoding", b"br"),
    ]
    first = reader("/week", b"fbclid=1", *personal, method="HEAD")
    place.asks(first)
    (environ,) = seen
    assert (environ["REQUEST_METHOD"], environ["QUERY_STRING"]) == ("GET", "")
    assert not {"HTTP_COOKIE", "HTTP_IF_NONE_MATCH", "HTTP_RANGE", "HTTP_ACCEPT_ENCODING"} & environ.keys()
    assert (first.status, first.body) == (200, b"")


def test_that_nothing_is_there_is_kept_for_a_second_at_most_and_until_the_next_change(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(kept_pages.time, "monotonic", lambda: now)
    place.asks(reader())  # so that the host is known
    place.asks(*(reader("/none") for _ in range(10)))
    assert place.maker.made[1:] == ["/none?"]
    head = reader("/none", method="HEAD")
    place.asks(head)
    assert (head.status, head.body, len(place.maker.made)) == (404, b"", 2)
    now += 1.01
    place.asks(reader("/none"))
    assert len(place.maker.made) == 3
    place.moved(2)
    place.asks(reader("/none"))
    assert len(place.maker.made) == 4


@pytest.mark.parametrize("status", [429, 500, 503, 421, 302])
def test_other_answers_are_never_kept_and_everybody_gets_one(place: Place, status: int) -> None:
    place.maker.says = (status, [])
    readers = [reader() for _ in range(20)]
    place.ask_at_once(*readers)
    assert [each.status for each in readers] == [status] * 20 and len(place.pages) == 0
    place.maker.says = None
    place.asks(after := reader())
    assert after.status == 200


def test_where_making_it_breaks_everybody_is_answered(place: Place) -> None:
    place.maker.breaks = True
    readers = [reader() for _ in range(50)]
    place.ask_at_once(*readers)
    assert [each.status for each in readers] == [500] * 50
    place.maker.breaks = False
    place.asks(after := reader())
    assert after.status == 200


def test_where_a_page_cannot_be_packed_everybody_is_answered(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_body: bytes) -> bytes:
        raise MemoryError

    monkeypatch.setattr(kept_pages.coding, "packed", broken)
    readers = [reader() for _ in range(5)]
    place.ask_at_once(*readers)
    assert all(each.status in (200, 500) for each in readers)


# Forms


def test_each_reader_of_a_form_gets_another_token(place: Place) -> None:
    readers = [reader("/week/form") for _ in range(5)]
    place.ask_at_once(*readers[:3])
    place.asks(*readers[3:])
    assert len(place.maker.made) == 1
    assert len({each.body for each in readers}) == 5
    for each in readers:
        assert b" of promise " in each.body and b"HERE" not in each.body
    packed = reader("/week/form", b"", (b"accept-encoding", b"gzip"))
    place.asks(packed)
    assert gzip.decompress(packed.body).startswith(b"/week/form '' at 1 token ")
    head = reader("/week/form", method="HEAD")
    place.asks(head)
    assert (head.status, head.body) == (200, b"") and b"etag" not in names(head)


@pytest.mark.parametrize("query", [b"event=room", b"try=1", b"theme=work&try=2", b"try=&try=1&event=x"])
def test_a_form_that_is_asked_for_one_visitor_is_made_for_them(place: Place, query: bytes) -> None:
    readers = [reader("/week/form", query) for _ in range(3)]
    place.ask_at_once(*readers)
    assert len(place.maker.made) == 3 and len(place.pages) == 0
    assert all(b"one of its own" in each.body for each in readers)


# Trust


def test_who_cannot_ask_what_has_changed_answers_nothing_that_was_kept(place: Place) -> None:
    place.asks(reader())
    place.trust.is_trusted = False
    place.maker.says = (503, [])
    after = reader()
    place.asks(after)
    assert after.status == 503 and len(place.maker.made) == 2


def test_what_is_sent_to_a_page_is_never_answered_from_what_is_kept(place: Place) -> None:
    place.asks(reader())
    sent = Sender(b"promise=ten", path="/week")
    sent.headers.append((b"host", OURS))
    place.asks(sent)
    assert len(place.maker.made) == 2
