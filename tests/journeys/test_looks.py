"""What hurried people see: promises in the first screen, dyes under the words, and one press beside a name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from moderation.cli import demo
from pledges.db import transaction, utcnow
from tests.browser import NARROW, WIDE
from tests.journeys.conftest import SLUG, Wall

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
WORDS = "I will listen before I speak, every week."


@pytest.mark.parametrize(("width", "height", "below"), [(WIDE, 800, 720), (NARROW, 844, 900)])
def test_the_first_promise_is_in_sight(
    wall: Wall, new_page: Callable[..., Page], width: int, height: int, below: int
) -> None:
    with wall.app.app_context(), transaction() as session:
        demo.add(session, 12, utcnow(), slug=SLUG)
    page = new_page(javascript=False, width=width, height=height)
    page.goto(f"{wall.url}/{SLUG}")
    place = page.locator("[data-pledge]").first.bounding_box()
    chips = page.locator(".chips").bounding_box()
    assert place is not None and chips is not None
    assert place["y"] < below
    assert chips["height"] < 70, "one line of themes"
    assert _shows_blocks(page)
    assert not page.get_by_role("link", name="under way").is_visible()
    page.get_by_text("Filter", exact=True).click()
    page.get_by_role("link", name="under way").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("under way")


def test_a_phone_shows_the_blocks_of_a_young_cloth(wall: Wall, new_page: Callable[..., Page]) -> None:
    with wall.app.app_context(), transaction() as session:
        demo.add(session, 2, utcnow(), slug=SLUG)
    page = new_page(javascript=False, width=NARROW)
    page.goto(f"{wall.url}/{SLUG}")
    assert _shows_blocks(page)
    page.set_viewport_size({"width": 700, "height": 800})
    assert _shows_blocks(page)


def _shows_blocks(page: Page) -> bool:
    """Whether blocks of the cloth stand between its upper end and its caption, and the caption stands in its frame."""
    frame, said = page.locator(".cloth").bounding_box(), page.locator(".cloth figcaption").bounding_box()
    assert frame is not None and said is not None
    assert said["y"] + said["height"] <= frame["y"] + frame["height"] + 1
    blocks = [each.bounding_box() for each in page.locator(".cloth path[class^=dye-]").all()]
    return any(each and each["y"] + each["height"] > frame["y"] and each["y"] < said["y"] - 5 for each in blocks)


def test_the_piece_is_dyed_and_signed_while_it_is_written(wall: Wall, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(f"{wall.url}/{SLUG}/promise")
    live = page.locator("[data-live] .piece")
    assert "dye-none" not in (live.get_attribute("class") or "")
    page.locator("#promise").fill(WORDS)
    page.locator("#t-families").check()
    expect(live).to_contain_text(WORDS)
    assert "dye-families" in (live.get_attribute("class") or "").split()
    expect(live.locator(".by-name")).to_have_text("Name not shown")
    page.locator("#name").fill("Amina Yusuf")
    page.get_by_role("radio", name="First name").check()
    expect(live.locator(".by-name")).to_have_text("Amina")
    page.get_by_label("Whole name").check()
    expect(live.locator(".by-name")).to_have_text("Amina Yusuf")


@pytest.mark.parametrize("scripts", [True, False])
def test_what_is_asked_follows_who_promises(wall: Wall, new_page: Callable[..., Page], scripts: bool) -> None:
    page = new_page(javascript=scripts, width=NARROW)
    page.goto(f"{wall.url}/{SLUG}/promise")
    assert not page.locator("#show-full").is_visible(), "nothing is asked before a name is typed"
    assert not page.locator("#organisation").is_visible()
    page.locator("#name").fill("Amina")
    assert page.locator("#show-first").is_visible()
    page.locator("#as-org").check()
    assert page.locator("#organisation").is_visible() and page.locator("#website").is_visible()
    assert not page.locator("#show-first").is_visible()
    assert page.get_by_text("(an organisation needs one)").is_visible()
    page.locator("#name").fill("")
    page.locator("#role").fill("Nurse, Leeds")
    page.locator("#as-me").check()
    assert page.locator("#show-role").is_visible(), "a role alone can be shown"


@pytest.mark.parametrize("scripts", [True, False])
def test_who_saw_it_first_sends_it_from_there(wall: Wall, new_page: Callable[..., Page], scripts: bool) -> None:
    page = new_page(javascript=scripts, width=WIDE, height=900)
    page.goto(f"{wall.url}/{SLUG}/promise")
    page.locator("#promise").fill(WORDS)
    page.get_by_role("button", name="See it first").click()
    send = page.get_by_role("button", name="Send my promise")
    place = send.bounding_box()
    assert place is not None and place["y"] < 900
    page.locator("#consent").check()
    send.click()
    page.wait_for_url("**/receipt/**")
