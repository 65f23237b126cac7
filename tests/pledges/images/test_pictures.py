"""Pictures to share: what a page shows and no more; drawn apart, seldom, and without holding up anybody."""

from __future__ import annotations

import re
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from pledges.images import pages as image_pages
from pledges.images import painting
from pledges.models import Contribution, Progress, ShowName
from pledges.wall import steps
from tests.kept import Kept
from tests.pledges.feeds.conftest import shown  # noqa: F401 (a fixture)
from tests.pledges.web.conftest import kept, loop, walls  # noqa: F401 (fixtures)
from tests.wall import SLUG

PNG = b"\x89PNG\r\n\x1a\n"


def size_of(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(PNG)
    return struct.unpack(">II", picture[16:24])


@pytest.fixture
def drawn(monkeypatch) -> Iterator[list[dict[str, Any]]]:
    """What was asked to be drawn; none of it is kept from other tests."""
    asked: list[dict[str, Any]] = []
    fresh = painting.Painter()
    draw = fresh.picture

    def noted(wanted):
        asked.append(dict(wanted))
        return draw(wanted)

    monkeypatch.setattr(fresh, "picture", noted)
    monkeypatch.setattr(image_pages, "painter", fresh)
    yield asked
    fresh.close()


def test_a_promise_the_wall_and_the_count_have_pictures_of_their_own(visitor, shown):  # noqa: F811
    (id,) = shown(["I will listen before I speak"], name="Amina Rahman")
    seen = set()
    for path in (
        "/week/card.png",
        "/week/count.png",
        f"/week/promises/{id}/card.png",
        f"/cy/week/promises/{id}/card.png",
    ):
        answer = visitor.get(path)
        assert (answer.status_code, answer.mimetype) == (200, "image/png")
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert size_of(answer.data) == (1200, 630)
        seen.add(answer.data)
    assert len(seen) == 4


def test_a_wall_on_its_first_day_has_a_picture(visitor):
    assert size_of(visitor.get("/week/card.png").data) == size_of(visitor.get("/week/count.png").data) == (1200, 630)


@pytest.mark.parametrize(
    ("level", "name", "meta"),
    [
        ("full", "Amina Rahman", "Teacher, Cardiff"),
        ("first", "Amina", ""),
        ("role", "Teacher, Cardiff", ""),
        ("anonymous", "Name not shown", ""),
    ],
)
def test_a_picture_names_its_author_as_far_as_they_chose(visitor, approve, drawn, level, name, meta):
    visitor.promises("I will listen", name="Amina Rahman", role="Teacher, Cardiff", show_name=level)
    visitor.get(f"/week/promises/{approve()}/card.png")
    (card,) = drawn
    assert (card["name"], card["meta"]) == (name, meta)
    assert name == "Amina Rahman" or "Rahman" not in str(card)


def test_search_engines_are_asked_to_leave_the_picture_of_a_person_s_promise_unless_they_may_list_it(visitor, approve):
    visitor.promises("I will listen")
    hidden = approve()
    visitor.promises("I will speak up", findable="yes")
    found = approve()
    asked = [visitor.get(f"/week/promises/{id}/card.png").headers.get("X-Robots-Tag") for id in (hidden, found)]
    assert asked == ["noindex", None]


def test_what_was_taken_down_has_no_picture(visitor, shown, hide):  # noqa: F811
    (id,) = shown(["I will listen"])
    assert visitor.get(f"/week/promises/{id}/card.png").status_code == 200
    hide(id)
    for name in ("card.png", "qr.png", "qr.svg"):
        assert visitor.get(f"/week/promises/{id}/{name}").status_code == 404


def test_a_picture_is_drawn_again_for_other_words_another_name_or_status_alone(visitor, shown, drawn, session, hide):  # noqa: F811
    id, other = shown(["I will listen", "I will speak"], name="Amina Rahman")
    path = f"/week/promises/{id}/card.png"
    visitor.get(path)
    session.query(Contribution).filter_by(public_id=other).one().comments_shown = 7
    session.commit()
    visitor.get(path)
    assert len(drawn) == 1
    mine = session.query(Contribution).filter_by(public_id=id).one()
    steps.set_progress(session, mine, Progress.KEPT)
    session.commit()
    visitor.get(path)
    mine.show_name = ShowName.ANONYMOUS
    session.commit()
    visitor.get(path)
    assert [card["status"] for card in drawn] == ["", "Kept", "Kept"]
    assert [card["name"] for card in drawn] == ["Amina Rahman", "Amina Rahman", "Name not shown"]


def test_drawing_is_counted_and_what_was_drawn_is_not(visitor, shown, limiter, drawn):  # noqa: F811
    (id,) = shown(["I will listen"])
    path = f"/week/promises/{id}/card.png"
    assert visitor.get(path).status_code == 200
    limiter.wait["api"] = 30
    assert visitor.get(path).status_code == 200
    refused = visitor.get("/week/card.png")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")


def test_whoever_draws_is_begun_again_after_it_failed_or_was_killed(visitor, shown, drawn):  # noqa: F811
    (id,) = shown(["I will listen"])
    painter = image_pages.painter
    with pytest.raises(painting.CannotDraw):
        painting.Painter.picture(painter, {"kind": "nothing that we draw"})
    assert visitor.get(f"/week/promises/{id}/card.png").status_code == 200
    assert painter._process is not None
    painter._process.kill()
    painter._process.wait()
    assert visitor.get("/week/card.png").status_code == 200


def test_a_painter_that_does_not_answer_is_stopped_and_the_page_says_when_to_come_again(visitor, drawn, monkeypatch):
    visitor.get("/week/card.png")
    hung = image_pages.painter._process
    monkeypatch.setattr(painting, "SECONDS", 0.0)
    answer = visitor.get("/week/count.png")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert hung is not None and hung.poll() is not None
    monkeypatch.undo()


def test_no_page_waits_for_a_picture_that_is_drawn(kept: Callable[..., Kept], monkeypatch):  # noqa: F811
    here = kept()
    begun, go_on = threading.Event(), threading.Event()
    gave_up: list[str] = []

    def slow(wanted):
        begun.set()
        if not go_on.wait(10):
            gave_up.append(wanted["kind"])
        return b"\x89PNG"

    monkeypatch.setattr(image_pages.painter, "picture", slow)
    monkeypatch.setattr(image_pages.painter, "kept", lambda wanted: None)
    paths = [f"{lang}/{SLUG}/{name}" for lang in ("", "/cy", "/en") for name in ("card.png", "count.png")]
    asking = [threading.Thread(target=here.says, args=(path,)) for path in paths]
    for each in asking:
        each.start()
    assert begun.wait(30)
    try:
        assert here.says(f"/{SLUG}").status == here.says(f"/{SLUG}/qr.png").status == 200
        assert gave_up == []  # they are still drawing
    finally:
        go_on.set()
    for each in asking:
        each.join(30)


# Where they stand


def test_a_page_that_is_shared_shows_its_picture(visitor, shown):  # noqa: F811
    (id,) = shown(['I will "listen" & <learn>'], name="Amina Rahman")
    for page, picture in (("/week", "/week/card.png"), (f"/cy/week/promises/{id}", f"/cy/week/promises/{id}/card.png")):
        html = visitor.get(page).text
        told = dict(re.findall(r'<meta property="og:([a-z:]+)" content="([^"]*)">', html))
        assert told["image"] == f"https://wall.example{picture}"
        assert told["url"] == f"https://wall.example{page}"
        assert (told["image:width"], told["image:height"]) == ("1200", "630")
        assert told["image:alt"] and told["title"]
        assert size_of(visitor.get(urlsplit(told["image"]).path).data) == (1200, 630)
    assert told["image:alt"] == "Amina Rahman: I will &#34;listen&#34; &amp; &lt;learn&gt;"


def test_a_promise_can_be_copied_as_plain_html_that_says_who_promised_it(visitor, shown):  # noqa: F811
    (id,) = shown(['I will <listen>\n\nand "learn"'], name="Amina Rahman")
    page = visitor.get(f"/week/promises/{id}").text
    boxes = [_plain(box) for box in re.findall(r"<textarea[^>]*readonly[^>]*>(.*?)</textarea>", page, re.DOTALL)]
    address = f"https://wall.example/week/promises/{id}"
    assert boxes[0] == (
        f'<blockquote cite="{address}">\n<div lang="en" dir="auto"><p>I will &lt;listen&gt;</p><p>and &#34;learn&#34;</p></div>\n'
        f'<p lang="en">— Amina Rahman, <a href="{address}">Promises for the week</a></p>\n</blockquote>'
    )
    words = 'Amina Rahman: I will <listen> and "learn"'
    assert boxes[2] == words
    alt = words.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
    assert boxes[1] == f'<a href="{address}"><img src="{address}/card.png" width="1200" height="630" alt="{alt}"></a>'
    in_line = re.findall(r"<script(?![^>]* src=)[^>]*>", page)  # data, which no browser runs
    assert in_line == ['<script type="application/ld+json">'] and " style=" not in page


def _plain(escaped: str) -> str:
    for sign, plain in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&amp;", "&")):
        escaped = escaped.replace(sign, plain)
    return escaped


def test_qr_codes_come_as_svg_and_png_for_the_wall_and_for_a_promise(visitor, shown):  # noqa: F811
    (id,) = shown(["I will listen"])
    for path in ("/week", f"/week/promises/{id}"):
        assert visitor.get(f"{path}/qr.svg").mimetype == "image/svg+xml"
        png = visitor.get(f"{path}/qr.png").data
        wide, high = size_of(png)
        assert wide == high >= 400
