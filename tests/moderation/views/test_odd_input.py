"""What no page of the desk ever sends is answered, too: never with an error of ours."""

from __future__ import annotations

import pytest

from pledges.text import number
from tests.wall import AtTheDesk, Sent, Wall

ENDLESS = "9" * 5000  # more digits than the language itself reads


@pytest.fixture
def sent(wall: Wall) -> Sent:
    sent = wall.promises()
    wall.screens()
    return sent


def posts(who: AtTheDesk, path: str, **fields: str) -> int:
    return who.client.post(f"/moderation{path}", data={"csrf_token": who.csrf(), **fields}).status_code


@pytest.mark.parametrize("text", ["", "-1", "1.5", "٣", "²", "1 ", "1" * 19, ENDLESS])
def test_what_is_no_number_that_we_count_is_none(text: str) -> None:
    assert number(text) is None
    assert number("9" * 18) == 10**18 - 1


@pytest.mark.parametrize("value", [ENDLESS, "9" * 18, "²", ""])
def test_a_number_without_end_in_a_form_is_answered(wall: Wall, moderator: AtTheDesk, sent: Sent, value: str) -> None:
    here = f"/reviews/{sent.review_id}"
    pick = f"{sent.review_id}.1"
    assert posts(moderator, f"{here}/decide", move="approve", version=value) in (400, 404, 409)
    assert posts(moderator, here, seen=value) == 200
    for odd in (f"{value}.1", f"{sent.review_id}.{value}"):
        assert posts(moderator, "/bulk", move="park", pick=odd) in (200, 404, 422)
        assert posts(moderator, "/sheet/approve", item=f"{odd}.abc") in (400, 404, 409)
    whole = {"move": "park", "pick": pick, "listed": pick, "rest": "1", "upto": "1", "cluster": "1"}
    for name in ("cluster", "upto", "listed"):
        assert posts(moderator, "/bulk", **{**whole, name: value}) in (200, 404)
    answers = (413,) if value == ENDLESS else (200, 302, 303, 404)
    for path in ("/sheet?done=", "/?done=", "/history?before=", "/search?q=speak&before=", "/search?q=%23"):
        known = answers if "before=" in path else (200, 302, 303, 404)
        assert moderator.client.get(f"/moderation{path}{value}").status_code in known, path


@pytest.mark.parametrize("left", ["2026-01-01", "2026-01-01T10:00:00", "0001-01-01T00:00:00+23:00", "soon", ""])
def test_a_page_that_is_left_at_an_odd_moment_is_answered(moderator: AtTheDesk, sent: Sent, left: str) -> None:
    assert posts(moderator, f"/reviews/{sent.review_id}/claim") == 303
    assert posts(moderator, f"/reviews/{sent.review_id}/release", left=left) == 204


@pytest.mark.parametrize(
    "after",
    ["0001-01-01T00:00:00%2B23:00_1", "9999-12-31T23:59:59-23:00_1", "2026-01-01_1", "2026-01-01T00:00:00_1",
     f"2026-01-01T00:00:00%2B00:00_{ENDLESS}", "_", ""],
)  # fmt: skip
def test_a_place_in_the_queue_that_is_none_is_its_beginning(moderator: AtTheDesk, sent: Sent, after: str) -> None:
    page = moderator.client.get(f"/moderation/?after={after}")
    if ENDLESS in after:
        assert page.status_code == 413
        return
    assert page.status_code == 200
    assert f'data-review="{sent.review_id}"' in page.text
