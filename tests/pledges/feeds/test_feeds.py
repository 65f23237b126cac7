"""Feeds that every reader can read, whatever somebody wrote; what was taken down has left them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from lxml import etree
from sqlalchemy import select

from pledges.db import utcnow
from pledges.feeds import atom
from pledges.models import Campaign, Contribution, Progress, Theme
from pledges.wall import steps
from tests.pledges.feeds.conftest import BEGAN

RULES = etree.RelaxNG(etree.parse(str(Path(__file__).with_name("atom.rng"))))
# Each breaks something: XML itself, what is made of it, or who reads it.
NAUGHTY = [
    *(f"a{chr(sign)}b" for sign in (*range(1, 32), 0x7F, 0x85, 0xA0, 0xAD, 0x200B, 0x202E, 0x2028, 0x2029, 0x2066)),
    *(f"a{chr(sign)}b" for sign in (0xFDD0, 0xFFFC, 0xFFFE, 0xFFFF, 0xFEFF, 0x1FFFE, 0x1FFFF, 0x10FFFF, 0xE000, 0xE0041)),
    "]]>", "<![CDATA[", "<!--", "-->", "--", "<?xml version='1.0'?>", "<?php die ?>", "<!DOCTYPE x [<!ENTITY y 'z'>]>&y;",
    "&", "&amp;", "&amp;amp;", "&#0;", "&#x1;", "&#xFFFE;", "&nbsp;", "&y;", "&lt;script&gt;", "<", ">", "\"", "'", "</feed>",
    "</content></entry><entry><id>x</id></entry>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<b>bold</b>",
    "javascript:alert(1)", "＜script＞alert(1)＜/script＞", "\u202eevil\u202c", "مرحبا بالعالم", "שלום", "हिन्दी में वचन", "🏴󠁧󠁢󠁷󠁬󠁳󠁿 ❤️ 👩‍👩‍👧",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢", "n̈" * 50, "ﬀ", "Ω≈ç√∫", "\\", "\\x00", "%00", "%s%n", "{{ 7 * 7 }}", "${7*7}", "=1+1", "@x", "NULL", "None",
    "0", "", " ", "\n\n", "\t", "a\nb", "a\r\nb", "x" * 500, "𝕊𝕦𝕣𝕖", "I won’t “stop” – ever…", "#hash tag", "http://x.example/?a=1&b=2",
]  # fmt: skip


def read(visitor, path: str) -> Any:
    """The feed at this address, which every reader of feeds can read and the rules of Atom allow."""
    answer = visitor.get(path)
    assert answer.status_code == 200 and answer.mimetype == "application/atom+xml", path
    tree = etree.fromstring(answer.data)
    RULES.assertValid(tree)
    found = feedparser.parse(answer.data)
    assert not found.bozo, found.get("bozo_exception")
    found["words"] = [each.text or "" for each in tree.findall("{*}entry/{*}content")]  # the reader above cleans them
    assert len(found.entries) == len(found["words"])
    return found


def pages(visitor, path: str) -> Iterator[Any]:
    """This page of a feed and all that its `next` links lead to."""
    while path:
        found = read(visitor, path)
        yield found
        path = next((_path(each.href) for each in found.feed.links if each.rel == "next"), "")


def _path(address: str) -> str:
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}" == "https://wall.example"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def test_a_promise_stands_in_the_feed_with_its_words_its_name_and_its_theme(visitor, approve):
    visitor.promises("I will listen before I speak", name="Amina Rahman", show_name="full", role="Teacher", theme="listen",
                     how_we_will_know="I will ask them", by_when="2031-03-01")  # fmt: skip
    id = approve()
    (entry,) = read(visitor, "/week/feed.atom").entries
    assert entry.title == "I will listen before I speak"
    assert entry.link == f"https://wall.example/week/promises/{id}"
    assert (entry.author, [(tag.term, tag.label) for tag in entry.tags]) == ("Amina Rahman", [("listen", "Listen")])
    assert entry.content[0].type == "text/plain" and entry.content[0].language == "en"
    assert entry.content[0].value == (
        "I will listen before I speak\n\nBy when: 1 March 2031\n\nHow we will know: I will ask them\n\n— Amina Rahman, Teacher"
    )
    assert "Amina" not in entry.id and UUID(entry.id)


def test_who_hides_the_name_is_not_named_in_the_feed(visitor, approve):
    visitor.promises("I will listen", name="Amina Rahman", show_name="anonymous")
    approve()
    answer = visitor.get("/week/feed.atom").text
    assert "Amina" not in answer and "Name not shown" in answer


def test_the_feed_of_a_wall_without_promises_is_a_feed(visitor):
    found = read(visitor, "/week/feed.atom")
    assert found.entries == [] and found.feed.title == "Promises for the week"


def test_the_newest_fifty_stand_first_and_the_rest_behind_next_links(visitor, shown):
    made = shown(f"Promise {number}" for number in range(120))
    seen = list(pages(visitor, "/week/feed.atom"))
    assert [len(each.entries) for each in seen] == [50, 50, 20]
    linked = [entry.link.rpartition("/")[2] for each in seen for entry in each.entries]
    assert linked == made[::-1]
    assert {each.feed.id for each in seen} == {"https://wall.example/week/feed.atom"}
    assert [link.href for link in seen[0].feed.links if link.rel == "self"] == [seen[0].feed.id]


def test_a_new_promise_moves_nothing_on_a_page_that_is_read_later(visitor, shown):
    made = shown(f"Promise {number}" for number in range(60))
    first = read(visitor, "/week/feed.atom")
    shown(["Newer"])
    (onward,) = [_path(each.href) for each in first.feed.links if each.rel == "next"]
    assert [entry.link.rpartition("/")[2] for entry in read(visitor, onward).entries] == made[9::-1]


def test_a_theme_has_a_feed_of_its_own_with_its_own_id_and_next_links(visitor, shown, session):
    theme = session.scalars(select(Theme.id).where(Theme.key == "listen")).one()
    shown((f"Listening {number}" for number in range(55)), theme=theme)
    shown(["Something else"])
    seen = list(pages(visitor, "/week/feed.atom?theme=listen"))
    assert [len(each.entries) for each in seen] == [50, 5]
    assert {each.feed.id for each in seen} == {"https://wall.example/week/feed.atom?theme=listen"}
    assert seen[0].feed.title == "Promises for the week · Listen"
    assert read(visitor, "/week/feed.atom?theme=nothing").entries == []


def test_comments_have_a_feed_newest_first_with_replies_among_them(visitor, shown):
    (promise,) = shown(["I will listen"])
    made = shown((f"Comment {number}" for number in range(53)), parent=promise, name="Bo")
    seen = list(pages(visitor, f"/week/promises/{promise}/feed.atom"))
    assert [len(each.entries) for each in seen] == [50, 3]
    linked = [entry.link.partition("#c-")[2] for each in seen for entry in each.entries]
    assert linked == made[::-1]
    assert seen[0].entries[0].link == f"https://wall.example/week/promises/{promise}#c-{made[-1]}"
    assert seen[0].feed.title == "Comments on “I will listen”"


def test_what_its_author_told_stands_among_the_comments_of_a_promise(visitor, shown, session):
    """On pages of fifty, in one order, none twice and none left out."""
    (promise,) = shown(["I will listen"], name="Amina Rahman")
    said = shown((f"Comment {number}" for number in range(60)), parent=promise)
    pledge = session.query(Contribution).filter_by(public_id=promise).one()
    told = []
    for number, comment in enumerate(said):
        at = session.query(Contribution).filter_by(public_id=comment).one().shown_at
        status = Progress.UNDER_WAY if number % 2 else Progress.KEPT
        told.append(steps.add(session, pledge, status, at).public_id)  # at one moment with the comment
    session.commit()
    seen = list(pages(visitor, f"/week/promises/{promise}/feed.atom"))
    assert [len(each.entries) for each in seen] == [50, 50, 20]
    linked = [entry.link.partition("#")[2][2:] for each in seen for entry in each.entries]
    assert sorted(linked) == sorted(told + said)
    at = [entry.published for each in seen for entry in each.entries]
    assert at == sorted(at, reverse=True)
    first = next(entry for entry in seen[0].entries if "#u-" in entry.link)
    assert (first.title, first.author) == ("How it is going: Under way", "Amina Rahman")


def test_ids_stay_and_updated_moves_when_newer_words_are_approved(visitor, approve, shown, session):
    (id,) = shown(["I will listen"])
    before = read(visitor, "/week/feed.atom").entries[0]
    assert before.published == before.updated == "2027-07-19T09:00:00+00:00"
    session.query(Contribution).filter_by(public_id=id).one().changed_at = BEGAN.replace(hour=12)
    session.commit()
    found = read(visitor, "/week/feed.atom")
    after = found.entries[0]
    assert (after.id, after.published) == (before.id, before.published)
    assert after.updated == found.feed.updated == "2027-07-19T12:00:00+00:00"
    assert read(visitor, "/cy/week/feed.atom").entries[0].id == before.id
    steps.add(session, session.query(Contribution).one(), Progress.KEPT, BEGAN.replace(hour=15))
    session.commit()
    kept = read(visitor, "/week/feed.atom").entries[0]
    assert kept.updated == "2027-07-19T15:00:00+00:00" and "How it is going: Kept" in kept.content[0].value


def test_what_was_taken_down_has_left_every_feed_at_once(visitor, shown, hide):
    promise, other = shown(["I will listen", "I will speak"])
    (comment,) = shown(["Well said"], parent=promise)
    hide(comment)
    assert read(visitor, f"/week/promises/{promise}/feed.atom").entries == []
    hide(promise)
    assert [each.title for each in read(visitor, "/week/feed.atom").entries] == ["I will speak"]
    assert visitor.get(f"/week/promises/{promise}/feed.atom").status_code == 404
    hide(other)
    assert read(visitor, "/week/feed.atom").entries == []


def test_no_naughty_words_break_a_feed_or_change_another_entry(visitor, shown, session):
    """As they come through the form, and as an import could have left them in the tables."""
    promise, *_rest = shown(NAUGHTY, raw=True)
    shown(NAUGHTY, parent=promise, raw=True)
    session.query(Campaign).one().owner = "Us & <them>\x0b"
    session.query(Theme).update({"title": {"en": "a\x01b]]>&"}})
    session.commit()
    for path in ("/week/feed.atom", f"/week/promises/{promise}/feed.atom", "/cy/week/feed.atom"):
        told = [said for each in pages(visitor, path) for said in each["words"]]
        for said, words in zip(told, reversed(NAUGHTY), strict=True):
            assert _seen(said).startswith(_seen(words)), repr(words)


def _seen(words: str) -> str:
    """What is left of them in XML, where a line ends in one way alone."""
    return re.sub("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", words).replace("\r\n", "\n").replace("\r", "\n").strip()


@settings(deadline=None, derandomize=True, database=None)
@given(some.text(some.characters(), max_size=80), some.text(some.characters(), max_size=80))
def test_any_text_at_all_makes_a_feed_that_can_be_read(words, name):
    """Halves of characters too, which no database takes."""
    now = utcnow()
    url = "https://wall.example/week"
    entry = atom.Entry("abcd", url, words, words, "en", name or "x", now, now, ("key", name))
    made = atom.answer(atom.Feed(words or "x", name, "en", url, url, url, now, [entry], author=name))
    tree = etree.fromstring(made.data)
    kept = re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", words)
    (content,) = tree.findall("{*}entry/{*}content")
    assert (content.text or "").replace("\r", "\n") == kept.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize(
    ("page", "feeds"),
    [
        ("/week", ["/week/feed.atom"]),
        ("/cy/week", ["/cy/week/feed.atom"]),
        ("/week?theme=listen", ["/week/feed.atom?theme=listen"]),
        ("/week/promises/{id}", ["/week/promises/{id}/feed.atom", "/week/feed.atom"]),
    ],
)
def test_a_page_names_its_feeds_to_readers(visitor, shown, page, feeds):
    (id,) = shown(["I will listen"])
    found = re.findall(
        r'<link rel="alternate" type="application/atom\+xml" title="[^"]+" href="([^"]+)"',
        visitor.get(page.format(id=id)).text,
    )
    assert found == [each.format(id=id) for each in feeds]
    for each in found:
        read(visitor, each)
