"""On a phone, without scripts, with a bad network."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser import NARROW, sideways
from tests.journeys.conftest import SLUG, Wall

MOST_TAPS = 12
MOST_SECONDS = 120

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # it is the browser that matters


def test_from_wall_to_receipt_in_few_taps(wall: Wall, new_page: Callable[..., Page]) -> None:
    page = new_page(javascript=False, width=NARROW, height=800)
    taps, began = 0, time.monotonic()
    page.goto(f"{wall.url}/{SLUG}")
    for target in ('a[href$="/promise"]', "#promise", "#consent", "main form button[type=submit]"):
        page.locator(target).first.click()
        taps += 1
        if target == "#promise":
            page.keyboard.type("I will ring three parents this week.", delay=40)
    expect(page).to_have_url(re.compile("/receipt/"))
    assert taps <= MOST_TAPS
    assert time.monotonic() - began < MOST_SECONDS


def test_back_after_a_lost_network_keeps_the_words(wall: Wall, new_page: Callable[..., Page]) -> None:
    page = new_page(javascript=False, width=NARROW, height=800)
    page.goto(f"{wall.url}/{SLUG}/promise")
    page.locator("#promise").fill("These words must not be lost on a train.")
    page.locator("#consent").check()
    page.context.set_offline(True)
    with pytest.raises(Error, match=r"INTERNET_DISCONNECTED|Timeout"):
        page.locator("main form button[type=submit]").first.click(timeout=3000)
        page.wait_for_url(re.compile("/receipt/"), timeout=3000)
    page.context.set_offline(False)
    page.go_back()
    assert page.locator("#promise").input_value() == "These words must not be lost on a train."
    page.locator("main form button[type=submit]").first.click()
    expect(page).to_have_url(re.compile("/receipt/"))


@pytest.mark.parametrize("long", ["Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch", "x" * 300])
@pytest.mark.parametrize("width", [320, NARROW])
def test_a_long_word_widens_no_page(wall: Wall, new_page: Callable[..., Page], long: str, width: int) -> None:
    page = new_page(width=width, height=800)
    page.goto(f"{wall.url}/{SLUG}/promise")
    page.locator("#promise").fill(f"I will visit {long} and listen")
    page.locator("#how_we_will_know").fill(long[:200])
    page.locator("#consent").check()
    assert sideways(page) <= 0
    page.get_by_role("button", name="See it first").click()
    expect(page.get_by_role("heading", name="This is how it would look")).to_be_visible()
    assert sideways(page) <= 0
    page.get_by_role("button", name="Send my promise").click()
    expect(page).to_have_url(re.compile("/receipt/"))
    assert sideways(page) <= 0


def test_what_folds_away_comes_after_what_is_required(wall: Wall, new_page: Callable[..., Page]) -> None:
    page = new_page(javascript=False, width=NARROW, height=800)
    page.goto(f"{wall.url}/{SLUG}/promise")
    assert page.locator("#promise").is_visible() and page.locator("#consent").is_visible()
    assert page.locator("#how_we_will_know").is_visible()  # part of what is promised
    assert not page.locator("#audience").is_visible()
    page.locator("details.stronger > summary").click()
    assert page.locator("#audience").is_visible()


def test_the_letter_opens_a_page_whose_button_is_in_sight(wall: Wall, new_page: Callable[..., Page]) -> None:
    page = new_page(javascript=False, width=NARROW, height=844)
    page.goto(f"{wall.url}/{SLUG}/promise")
    page.locator("#promise").fill("I will ring three parents this week.")
    page.locator("#email").fill("amina@example.org")
    page.locator("#consent").check()
    page.locator("main form button[type=submit]").first.click()
    expect(page.locator("main")).to_contain_text(
        "Open the letter that we send to the address you gave, and press the button"
    )
    wall.work()
    letter = wall.letters()[-1].replace("=\n", "").replace("=3D", "=")
    assert "Subject: Please confirm your address" in letter
    path = re.findall(r"https?://[^/\s]+(/\S+proof=[\w.-]+)", letter)[0]
    page.goto(f"{wall.url}{path}")
    button = page.get_by_role("button", name="This is my address")
    box = button.bounding_box()
    assert box is not None and box["y"] + box["height"] <= 844
    assert page.locator("main button").first.inner_text() == "This is my address"
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("We write to you about what you sent.")
    expect(button).to_have_count(0)
