"""The keys of the desk on other keyboards: by what stands on a key, and otherwise by its place."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.again import again
from tests.journeys.conftest import AtTheDesk, Wall
from tests.wall import Wall as Senders

SHIFT = 8  # of the protocol's modifiers
WORDS = ("I will listen before I speak", "I will learn to say her name", "I will pay for the interpreter")
# what a key gives, without and with Shift, by the place of the key
FRENCH = {"KeyQ": "a", "KeyA": "q", "KeyW": "z", "KeyZ": "w", "KeyM": ",", "Digit1": "&", "Digit2": "é", "Digit3": '"'}
FRENCH |= {f"Key{letter}": letter.lower() for letter in "BCDJKLOPSX"}
CYRILLIC = dict(zip((f"Key{letter}" for letter in "ABCDJKLOPSXZQ"), "фисволдщзычяй", strict=True))
CYRILLIC |= {f"Digit{digit}": str(digit) for digit in range(1, 10)}


def press(page: Page, layout: dict[str, str], place: str, *, shifted: str = "") -> None:
    """The key at this place is pressed on a keyboard with this layout, as a browser hears it."""
    key = shifted or layout[place]
    given = {"key": key, "code": place, "modifiers": SHIFT if shifted else 0}
    protocol = page.context.new_cdp_session(page)
    protocol.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": key, **given})
    protocol.send("Input.dispatchKeyEvent", {"type": "keyUp", **given})
    protocol.detach()


@pytest.fixture
def page(wall: Wall, moderator: AtTheDesk) -> Page:
    _three(Senders(wall.app))
    return moderator.joins().page


@again
def _three(senders: Senders) -> None:
    for words in WORDS:
        senders.promises(words)
    senders.screens()


def opened(page: Page) -> str:
    return page.locator("#item .item-words .words").inner_text().strip()


@pytest.mark.parametrize(("layout", "place"), [(FRENCH, "KeyQ"), (CYRILLIC, "KeyA")])
def test_the_key_that_says_a_approves(page: Page, layout: dict[str, str], place: str) -> None:
    press(page, layout, place)
    expect(page.locator("[data-toast]")).to_contain_text("Approved")


def test_the_q_of_a_french_keyboard_does_nothing_though_it_lies_where_a_does_elsewhere(page: Page) -> None:
    before = page.url
    press(page, FRENCH, "KeyA")
    press(page, FRENCH, "KeyZ")  # a W there
    press(page, FRENCH, "KeyJ")
    expect(page).not_to_have_url(before)
    assert opened(page) == WORDS[1]
    expect(page.locator("[data-toast]")).to_have_count(0)


@pytest.mark.parametrize("layout", [FRENCH, CYRILLIC])
@pytest.mark.parametrize("shifted", ["", "2"])
def test_reasons_are_chosen_by_the_digits_of_the_upper_row(page: Page, layout: dict[str, str], shifted: str) -> None:
    press(page, layout, "KeyD")
    expect(page.locator("details[data-opens=d]")).to_have_attribute("open", "")
    press(page, layout, "Digit2", shifted=shifted)
    expect(page.locator("details[data-opens=d] [data-digit='2']")).to_be_checked()


def test_shift_with_a_digit_that_gives_something_else_chooses_nothing(page: Page) -> None:
    press(page, CYRILLIC, "KeyD")
    press(page, CYRILLIC, "Digit2", shifted='"')
    expect(page.locator("details[data-opens=d] [data-digit='2']")).not_to_be_checked()


@pytest.mark.parametrize(("layout", "place"), [(FRENCH, "KeyM"), (CYRILLIC, "Digit7")])
def test_the_question_mark_opens_the_list_of_keys_wherever_it_stands(
    page: Page, layout: dict[str, str], place: str
) -> None:
    press(page, layout, place, shifted="?")
    expect(page.locator("#keys")).to_have_attribute("open", "")


def test_the_whole_map_works_on_a_cyrillic_keyboard(page: Page) -> None:
    press(page, CYRILLIC, "KeyJ")
    expect(page).to_have_url(re.compile("at="))
    assert opened(page) == WORDS[1]
    press(page, CYRILLIC, "KeyK")
    expect(page.locator("#item .item-words .words")).to_have_text(WORDS[0])
    for key in "cdp":
        press(page, CYRILLIC, f"Key{key.upper()}")
        expect(page.locator(f"details[data-opens={key}]")).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    press(page, CYRILLIC, "KeyX")
    expect(page.locator("[data-review][data-cur] .box")).to_be_checked()
    press(page, CYRILLIC, "KeyS")
    expect(page.locator("[data-toast]")).to_contain_text("Called spam")
    press(page, CYRILLIC, "KeyZ")
    expect(page.locator("[data-toast]")).to_contain_text("undone")
