"""What is kept is answered as it was meant, within its bytes, and no longer than it is true."""

from __future__ import annotations

import gzip
import random
import tracemalloc
from collections.abc import Iterable
from typing import Any

import pytest
import time_machine

from pledges.front import ALL, ANY, Pages, Shows, Versions
from pledges.front import pages as kept
from pledges.front.handing import Answer, asking
from pledges.front.pages import Page

WEEK, OTHER = 1, 2
BODY = b"<p>I will listen before I speak</p>" * 100
HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"public, max-age=5"),
    (b"content-length", b"3500"),
    (b"etag", b'"abc"'),
    (b"content-security-policy", b"default-src 'none'"),
]
MIB = 1024 * 1024


def page(version: int = 1, *, campaign: int = WEEK, body: bytes = BODY, **shows: Any) -> Page:
    return Page((200, HEADERS, body), Shows(campaign, version, **shows))


def form() -> Page:
    shows = Shows(WEEK, 1, hole="promise:week", token=b"HERE")
    return Page((200, [pair for pair in HEADERS if pair[0] != b"etag"], BODY + b"HERE" + BODY), shows)


def asked(of: Page, *headers: tuple[str, str], method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body that are answered to this request."""
    sent = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    fill = lambda purpose: f"token of {purpose}".encode()  # noqa: E731
    status, found, body = of.answer(asking(sent), fill, head=method == "HEAD")
    names = [name for name, _ in found]
    assert len(names) == len(set(names)), "each header once"
    return status, {name.decode(): value.decode("latin-1") for name, value in found}, body


def news(wall: int = 1, talk: int = 0, talked: Iterable[tuple[int, int]] = (), other: int = 1) -> Versions:
    return Versions({WEEK: wall, OTHER: other}, {WEEK: talk, OTHER: 0}, {WEEK: list(talked)} if talked else {})


@pytest.fixture
def pages() -> Pages:
    pages = Pages(MIB)
    pages.heard(news())
    return pages


def put(pages: Pages, key: str, page: Page) -> bool:
    return pages.put(key, page, since=pages.changes)


# How a page is answered


def test_a_page_is_sent_plain_or_packed_each_with_a_tag_of_its_own() -> None:
    status, plain, body = asked(page())
    assert (status, body, plain["etag"], plain["content-length"]) == (200, BODY, '"abc"', str(len(BODY)))
    assert "content-encoding" not in plain
    status, packed, small = asked(page(), ("accept-encoding", "gzip, br"))
    assert (status, gzip.decompress(small), packed["content-encoding"]) == (200, BODY, "gzip")
    assert packed["content-length"] == str(len(small)) and packed["etag"] == '"abc-gzip"'
    for found in (plain, packed):
        assert found["vary"] == "Accept-Encoding" and found["content-security-policy"] == "default-src 'none'"
        assert found["cache-control"] == "public, max-age=5"


def test_what_grows_by_packing_is_sent_plain() -> None:
    noise = random.Random(4).randbytes(2000)
    status, found, body = asked(page(body=noise), ("accept-encoding", "gzip"))
    assert (status, body, found["etag"]) == (200, noise, '"abc"') and "content-encoding" not in found


def test_several_headers_of_one_name_are_read_as_one() -> None:
    _, found, _ = asked(page(), ("accept-encoding", "gzip;q=0"), ("accept-encoding", "*"))
    assert "content-encoding" not in found
    assert asked(page(), ("if-none-match", '"x"'), ("if-none-match", '"abc"'))[0] == 304


@pytest.mark.parametrize(
    "known, told",
    [
        ('"abc"', '"abc"'),
        ('W/"abc"', '"abc"'),
        ('"x", W/"y" ,"abc"', '"abc"'),
        ('"abc-gzip"', '"abc-gzip"'),
        ('W/"abc-gzip", "x"', '"abc-gzip"'),
        (" * ", '"abc-gzip"'),
    ],
)
def test_who_has_the_page_is_told_which_one_still_holds(known: str, told: str) -> None:
    status, found, body = asked(page(), ("if-none-match", known), ("accept-encoding", "gzip"))
    assert (status, found["etag"], body) == (304, told, b"")
    assert found["vary"] == "Accept-Encoding" and found["cache-control"] == "public, max-age=5"
    assert not {"content-length", "content-encoding", "content-type"} & found.keys()


@pytest.mark.parametrize("known", ['"abcd"', "abc", '"abc-br"', "", ",,", 'W/"*"', "w/abc"])
def test_who_has_another_page_gets_this_one(known: str) -> None:
    assert asked(page(), ("if-none-match", known))[0] == 200


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_head_has_the_headers_of_get_and_no_body(coding: str) -> None:
    for each in (page(), form()):
        status, headers, body = asked(each, ("accept-encoding", coding), method="HEAD")
        assert (status, headers, b"") == (*asked(each, ("accept-encoding", coding))[:2], body)
    assert asked(page(), ("if-none-match", '"abc"'), method="HEAD")[0] == 304


def test_a_form_is_filled_for_each_reader_and_never_said_to_be_unchanged() -> None:
    whole = BODY + b"token of promise:week" + BODY
    for coding, unpacked in (("identity", bytes), ("gzip", gzip.decompress)):
        status, headers, body = asked(form(), ("accept-encoding", coding), ("if-none-match", "*"))
        assert (status, unpacked(body), headers["content-length"]) == (200, whole, str(len(body)))
        assert "etag" not in headers


# How much is kept


def test_ten_thousand_questions_do_not_push_out_the_first_page(pages: Pages) -> None:
    assert put(pages, "/week", page())
    other = page()
    for number in range(10_000):
        put(pages, f"/week?theme={number}", other)
        assert pages.held_bytes <= MIB
    assert pages.get("/week") is not None and pages.get("/week?theme=9999") is not None
    assert pages.get("/week?theme=0") is None


def test_what_was_used_last_stays_longest(pages: Pages) -> None:
    often = page()
    put(pages, "/often", often)
    for number in range(1000):
        put(pages, f"/week/promises/{number}", page())
        pages.get("/often")
        often.last_used -= 1  # a second goes by
    assert pages.get("/often") is not None and pages.get("/week/promises/0") is None


def test_a_page_that_is_too_large_is_answered_and_not_kept(pages: Pages) -> None:
    put(pages, "/small", page())
    noise = random.Random(4).randbytes(MIB)
    assert put(pages, "/large", page(body=noise))
    assert pages.get("/large") is None and pages.get("/small") is not None


def test_a_page_in_the_place_of_another_is_counted_once(pages: Pages) -> None:
    for _ in range(3):
        put(pages, "/week", page())
    once = pages.held_bytes
    pages.empty()
    assert pages.held_bytes == 0 and len(pages) == 0
    put(pages, "/week", page())
    assert pages.held_bytes == once


@pytest.mark.parametrize("items, length", [(0, 10), (100, 10), (24, 8000)], ids=["short", "many items", "long keys"])
def test_what_is_kept_takes_no_more_memory_than_is_said(items: int, length: int) -> None:
    pages = Pages(2 * MIB)
    pages.heard(news())
    tracemalloc.start()
    try:
        for number in range(500):
            key = f"/week?theme={number:0{length}}"
            hung = frozenset(range(number * 10_000, number * 10_000 + items))
            headers = [(b"x-header-%d" % each, b"%080d" % number) for each in range(12)]
            body = random.Random(number).randbytes(600)
            put(pages, key, Page((200, headers, body), Shows(WEEK, 1, items=hung)))
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert MIB * 0.9 < pages.held_bytes <= MIB
    assert taken <= 1.1 * pages.held_bytes


def test_addresses_at_which_nothing_is_are_few_and_short(pages: Pages) -> None:
    nothing: Answer = (404, [], b"nothing here")
    for number in range(5000):
        pages.put_gone(f"/none/{number}", nothing, since=pages.changes)
    pages.put_gone("/none/" + "a" * 5000, nothing, since=pages.changes)
    assert pages.gone("/none/4999") == nothing
    assert pages.gone("/none/0") is None and pages.gone("/none/" + "a" * 5000) is None


# How long


def test_the_clock_ends_a_page(pages: Pages) -> None:
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        put(pages, "/week", page(until=1_800_000_010.0))
        clock.shift(9.9)
        assert pages.get("/week") is not None
        clock.shift(0.1)
        assert pages.get("/week") is None and pages.held_bytes == 0


def test_a_change_of_a_wall_drops_its_pages_and_those_that_hang_on_all(pages: Pages) -> None:
    put(pages, "/week", page())
    put(pages, "/week?theme=work", page())
    put(pages, "/other", page(campaign=OTHER))
    put(pages, "/", page(2, campaign=ALL))
    pages.heard(news(wall=2))
    assert [pages.get(key) for key in ("/week", "/week?theme=work", "/")] == [None] * 3
    assert pages.get("/other") is not None


def test_a_comment_drops_what_shows_or_counts_it_and_leaves_the_rest(pages: Pages) -> None:
    put(pages, "/week", page(items=frozenset([10, 11])))
    put(pages, "/week/promises/ten", page(items=frozenset([10])))
    put(pages, "/week/promises/twelve", page(items=frozenset([12])))
    put(pages, "/removed", page(items=frozenset([ANY])))
    put(pages, "/count", page())
    pages.heard(news(talk=1, talked=[(1, 10)]))
    left = [
        key for key in ("/week", "/week/promises/ten", "/week/promises/twelve", "/removed", "/count") if pages.get(key)
    ]
    assert left == ["/week/promises/twelve", "/count"]


def test_what_was_read_before_a_change_is_not_kept_after_it(pages: Pages) -> None:
    pages.heard(news(wall=2, talk=3, talked=[(1, 12), (2, 10), (3, 11)]))
    assert not put(pages, "/week", page(1))
    assert not put(pages, "/", page(2, campaign=ALL))
    assert put(pages, "/", page(3, campaign=ALL))
    assert not put(pages, "/ten", page(2, talk=1, items=frozenset([10])))
    assert not put(pages, "/removed", page(2, talk=2, items=frozenset([ANY])))
    assert put(pages, "/ten", page(2, talk=2, items=frozenset([10])))
    assert put(pages, "/twelve", page(2, talk=1, items=frozenset([12])))
    assert put(pages, "/count", page(2, talk=0))


def test_what_was_read_after_a_change_stays_when_the_change_is_heard_of(pages: Pages) -> None:
    put(pages, "/week", page(2, talk=1, items=frozenset([10])))
    pages.heard(news(wall=2, talk=1, talked=[(1, 10)]))
    assert pages.get("/week") is not None


def test_what_was_read_before_anything_remembered_is_not_kept(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "TALKS_REMEMBERED", 3)
    pages.heard(news(talk=5, talked=[(number, 100 + number) for number in range(1, 6)]))
    assert not put(pages, "/ten", page(talk=1, items=frozenset([10])))  # what happened at 2 is forgotten
    assert put(pages, "/ten", page(talk=2, items=frozenset([10])))
    assert not put(pages, "/hundred", page(talk=2, items=frozenset([103])))


def test_what_was_read_before_the_first_news_is_not_kept_through_it() -> None:
    """A comment came between the reading of a page and the first look at the versions."""
    pages = Pages(MIB)
    put(pages, "/ten", page(talk=3, items=frozenset([10])))
    put(pages, "/count", page(talk=3))
    pages.heard(news(talk=4))
    assert pages.get("/ten") is None and pages.get("/count") is not None
    assert not put(pages, "/ten", page(talk=3, items=frozenset([10])))


def test_a_database_that_was_put_back_makes_everything_stale() -> None:
    pages = Pages(MIB)
    pages.heard(news(wall=9, talk=9))
    put(pages, "/week", page(9, talk=9, items=frozenset([10])))
    pages.heard(news(wall=4, talk=4))
    assert pages.get("/week") is None
    assert put(pages, "/week", page(4, talk=4, items=frozenset([10])))
    pages.heard(news(wall=4, talk=5, talked=[(5, 10)]))
    assert pages.get("/week") is None


def test_a_campaign_that_is_no_more_leaves_nothing(pages: Pages) -> None:
    put(pages, "/other", page(campaign=OTHER))
    began = pages.changes
    pages.heard(Versions({WEEK: 1}, {WEEK: 0}))
    assert pages.get("/other") is None
    assert not pages.put("/other", page(campaign=OTHER), since=began)


def test_what_was_begun_before_all_was_dropped_is_not_kept(pages: Pages) -> None:
    """Nobody knows what has changed, so it may show what was taken down."""
    began = pages.changes
    pages.empty()
    assert not pages.put("/week", page(), since=began)
    assert put(pages, "/week", page())


def test_that_nothing_is_there_is_said_for_a_second_and_until_the_next_news(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(kept.time, "monotonic", lambda: now)
    nothing: Answer = (404, [], b"")
    pages.put_gone("/week/promises/new", nothing, since=pages.changes)
    assert pages.gone("/week/promises/new") == nothing
    now += 1.01
    assert pages.gone("/week/promises/new") is None
    began = pages.changes
    pages.put_gone("/week/promises/new", nothing, since=began)
    pages.heard(news(wall=2))
    assert pages.gone("/week/promises/new") is None
    pages.put_gone("/week/promises/new", nothing, since=began)  # it was looked for before the change
    assert pages.gone("/week/promises/new") is None


def test_no_more_than_so_many_hosts_are_known(pages: Pages) -> None:
    for number in range(1000):
        pages.note_host(f"host{number}".encode())
    assert pages.knows_host(b"host0") and not pages.knows_host(b"host999")
