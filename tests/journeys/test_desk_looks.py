"""What stands where at the desk: nothing moves under a finger, words stay in view, and a phone shows what it needs."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from moderation.models import Moderator, Review, Role
from moderation.workflow import State
from pledges.db import transaction
from tests.again import again
from tests.browser import NARROW, WIDE, sideways
from tests.full import full
from tests.journeys.conftest import SLUG, AtTheDesk, Wall
from tests.moderation.bulk.test_sheet import TEXTS
from tests.wall import Wall as Senders

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

SIZES = [(WIDE, 900), (WIDE, 720), (900, 800), (NARROW, 844)]
BUTTONS = ".acts > form > button, .acts summary, .claim button"
SPOTS = f"""() => [...document.querySelectorAll('{BUTTONS}')].filter((each) => each.offsetParent).map((each) => {{
  const there = each.getBoundingClientRect();
  return [each.textContent.trim(), Math.round(there.x), Math.round(there.y)];
}})"""
HIDDEN_FOCUS = """() => {
  const [here, bar] = [document.activeElement, document.querySelector('.acts')];
  if (!here || !bar || bar.contains(here) || !here.closest('.item')) return '';
  const [at, over] = [here.getBoundingClientRect(), bar.getBoundingClientRect()];
  const beside = at.right <= over.left || at.left >= over.right;
  return at.height && !beside && at.top >= over.top && at.bottom <= over.bottom ? here.outerHTML.slice(0, 120) : '';
}"""
CUT_OFF = """() => [...document.querySelectorAll('.scroll-x')].filter((each) => each.scrollWidth > each.clientWidth)
  .map((each) => each.getAttribute('aria-label') || each.getAttribute('aria-labelledby'))"""


@pytest.fixture
def sent(wall: Wall) -> list[Any]:
    return _six(Senders(wall.app))


@again
def _six(senders: Senders) -> list[Any]:
    made = [senders.promises(words) for words in TEXTS[:6]]
    senders.screens()
    return made


def box(page: Page, selector: str) -> dict[str, float]:
    found = page.locator(selector).first.bounding_box()
    assert found is not None, selector
    return {"x": found["x"], "y": found["y"], "width": found["width"], "height": found["height"]}


def presses(page: Page, selector: str, times: int = 1) -> None:
    """By the mouse, where it stands; nothing is scrolled into view first."""
    there = box(page, selector)
    page.mouse.click(there["x"] + there["width"] / 2, there["y"] + there["height"] / 2, click_count=times)


@pytest.mark.parametrize("place", ["queue", "item"])
def test_no_button_moves_when_one_of_them_opens(wall: Wall, moderator: AtTheDesk, sent: list[Any], place: str) -> None:
    page = moderator.joins().page
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.goto(
            wall.url + ("/moderation/?lane=all" if place == "queue" else f"/moderation/reviews/{sent[0].review_id}")
        )
        expect(page.locator("[data-claim-words]")).to_contain_text("Yours until")
        page.locator(".item").evaluate("item => item.scrollIntoView()")
        for key in ("c", "d", "p"):
            before = page.evaluate(SPOTS)
            assert len(before) >= 6
            presses(page, f"[data-opens={key}] > summary")
            expect(page.locator(f"[data-opens={key}] form")).to_be_visible()
            assert page.evaluate(SPOTS) == before, f"{place} at {width} by {height}, {key}"
            if place == "queue":
                assert box(page, ".item-words")["y"] + 60 < page.locator(f"[data-opens={key}] form").evaluate(
                    "form => form.closest('details').querySelector('h3, label').getBoundingClientRect().top"
                ), f"the words are covered at {width} by {height}, {key}"
            presses(page, f"[data-opens={key}] > summary")


def test_a_double_click_on_decline_decides_nothing(wall: Wall, moderator: AtTheDesk, sent: list[Any]) -> None:
    page = moderator.joins().page
    for address in ("/moderation/?lane=all", f"/moderation/reviews/{sent[0].review_id}"):
        page.goto(wall.url + address)
        presses(page, "[data-opens=d] > summary", times=2)
        page.wait_for_timeout(300)
        assert page.url == wall.url + address
    with wall.app.app_context(), transaction() as session:
        assert {session.get_one(Review, each.review_id).state for each in sent} == {State.WAITING}


def test_a_ticked_box_moves_no_row(wall: Wall, moderator: AtTheDesk, sent: list[Any]) -> None:
    page = moderator.joins().page
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        moderator.opens_the_queue()
        for number in (1, 2):
            before = [row.bounding_box() for row in page.locator("li.q").all()]
            page.locator(f"li.q:nth-child({number}) .box").evaluate("box => box.click()")  # without scrolling to it
            expect(page.locator(f"li.q:nth-child({number}) .box")).to_be_checked()
            expect(page.locator(".bulk")).to_be_in_viewport()
            assert [row.bounding_box() for row in page.locator("li.q").all()] == before, (width, number)
        page.get_by_role("button", name="Clear", exact=True).click()


def test_on_a_phone_the_first_item_and_the_three_decisions_are_in_view_at_once(
    wall: Wall, moderator: AtTheDesk, sent: list[Any]
) -> None:
    page = moderator.joins().page
    page.set_viewport_size({"width": NARROW, "height": 844})
    moderator.opens_the_queue()
    assert box(page, "li.q")["y"] < 844 / 2
    page.locator(".side-fold > summary").click()
    expect(page.get_by_role("navigation", name="Lanes").get_by_role("link", name="New")).to_be_visible()
    page.goto(f"{wall.url}/moderation/reviews/{sent[0].review_id}")
    for name in ("Approve", "Ask for a change", "Decline"):
        expect(page.locator(".acts").get_by_text(name, exact=False).first).to_be_in_viewport(ratio=1)
    assert box(page, ".crumb")["x"] == box(page, ".item--page h1")["x"]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_what_has_the_focus_is_not_under_the_bar(wall: Wall, moderator: AtTheDesk, sent: list[Any], width: int) -> None:
    page = moderator.joins().page
    page.set_viewport_size({"width": width, "height": 720})
    for address in (f"/moderation/reviews/{sent[0].review_id}", "/moderation/?lane=all"):
        page.goto(wall.url + address)
        stops = 0
        for _ in range(90):
            page.keyboard.press("Tab")
            hidden = page.evaluate(HIDDEN_FOCUS)
            assert hidden == "", f"under the bar at {width}: {hidden}"
            stops += page.evaluate("document.activeElement.closest('.item') ? 1 : 0")
        assert stops >= 8


def test_tables_on_a_phone_are_read_without_scrolling_sideways_and_stay_tables(
    wall: Wall, moderator: AtTheDesk, sent: list[Any]
) -> None:
    mo = Senders(wall.app).moderator("mo")
    mo.approves(sent[0])
    mo.decides(sent[1], "reject", reason="off_topic")
    page = moderator.joins(Role.OWNER).page
    page.set_viewport_size({"width": 320, "height": 800})
    for name in ("history", "record", "reasons", "people", "figures", "word-lists", "sessions"):
        page.goto(f"{wall.url}/moderation/{name}?campaign={SLUG}")
        assert page.evaluate(CUT_OFF) == [], name
        assert sideways(page) <= 0, name
    page.goto(f"{wall.url}/moderation/history")
    row = page.get_by_role("table").get_by_role("row").filter(has=page.get_by_role("cell", name=sent[0].public_id))
    expect(row).to_have_count(1)
    label = row.get_by_role("cell", name=sent[0].public_id).evaluate(
        "cell => getComputedStyle(cell, '::before').content"
    )
    assert label.startswith('"Item"')
    expect(page.get_by_role("columnheader", name="Item")).to_be_attached()


def test_the_desk_in_welsh_fills_the_window_and_no_more(wall: Wall, moderator: AtTheDesk, sent: list[Any]) -> None:
    page = moderator.joins().page
    with wall.app.app_context(), transaction() as session:
        session.execute(update(Moderator).values(lang="cy"))
    for width, height in ((WIDE, 900), (1100, 700)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{wall.url}/moderation/?lane=all")
        assert page.evaluate("document.documentElement.scrollHeight") == height
        decide = box(page, ".decide")
        assert decide["y"] + decide["height"] <= height


def test_a_harsh_text_that_is_opened_stands_there_once(wall: Wall, moderator: AtTheDesk, sent: list[Any]) -> None:
    with wall.app.app_context(), transaction() as session:
        session.execute(update(Review).values(masked=True))
    page = moderator.joins().page
    page.goto(f"{wall.url}/moderation/reviews/{sent[0].review_id}")
    moderator.presses("b")
    expect(page.locator(".item-words")).to_contain_text(TEXTS[0])
    assert sum(each.is_visible() for each in page.get_by_text(TEXTS[0]).all()) == 1
    words, button = box(page, ".item-words blockquote"), box(page, ".item-words .button")
    assert button["y"] >= words["y"] + words["height"] + 8


LOW = [(WIDE, 720), (960, 540), (NARROW, 664), (320, 500)]  # wide and narrow, where a bar sticks and where it does not
UNSEEN = """async () => {
  for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
  const here = document.activeElement;
  if (!here || here === document.body || here.closest('dialog')) return '';
  const at = here.getBoundingClientRect();
  const spots = [.1, .5, .9].map((part) => document.elementFromPoint(at.x + at.width / 2, at.y + at.height * part));
  const own = (spot) => spot && (here.contains(spot) || spot.contains(here) || spot.closest('label')?.contains(here));
  return spots.every(own) ? '' : here.outerHTML.slice(0, 160);
}"""


@pytest.mark.parametrize("width, height", LOW if full() else [LOW[0], LOW[3]])
def test_what_is_open_hides_nothing_that_the_keyboard_goes_on_to(
    wall: Wall, moderator: AtTheDesk, sent: list[Any], width: int, height: int
) -> None:
    page = moderator.joins().page
    page.set_viewport_size({"width": width, "height": height})
    for key in ("c", "d", "p"):
        for tab in ("Tab", "Shift+Tab"):
            moderator.opens_the_queue()
            moderator.presses(key)
            expect(page.locator(f"[data-opens={key}] form")).to_be_visible()
            for _ in range(40):
                page.keyboard.press(tab)
                unseen = page.evaluate(UNSEEN)
                assert unseen == "", f"{key} {tab} at {width} by {height}: {unseen}"


@pytest.mark.parametrize("width, height", LOW if full() else [LOW[1], LOW[2]])
def test_the_button_that_confirms_is_in_view_as_soon_as_its_panel_opens(
    wall: Wall, moderator: AtTheDesk, sent: list[Any], width: int, height: int
) -> None:
    page = moderator.joins().page
    page.set_viewport_size({"width": width, "height": height})
    for key, name in (("c", "Ask for this change"), ("d", "Decline and go to the next"), ("p", "Pass on")):
        moderator.opens_the_queue()
        moderator.presses(key)
        if height < 640:  # nothing sticks there: it stands in the page, which scrolls
            expect(page.locator(".confirm:visible")).to_have_css("position", "static")
            expect(page.locator(".acts")).to_have_css("position", "static")
        else:
            expect(page.locator(".confirm button:visible", has_text=name)).to_be_in_viewport(ratio=1)
            for _ in range(4):
                page.keyboard.press("Tab")
                assert page.evaluate(UNSEEN) == "", f"{key} at {width} by {height}"


def test_nothing_jumps_where_the_keyboard_walks_along_the_bar(
    wall: Wall, moderator: AtTheDesk, sent: list[Any]
) -> None:
    page = moderator.joins().page
    page.set_viewport_size({"width": NARROW, "height": 664})
    moderator.opens_the_queue()
    expect(page.locator("[data-claim-words]")).to_contain_text("Yours until")
    page.locator(".acts button").first.focus()
    page.locator(".item").evaluate("item => item.scrollIntoView()")
    page.locator(".acts button").first.focus()
    before = page.evaluate("scrollY")
    for _ in range(5):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.acts') !== null")
        assert page.evaluate("scrollY") == before, page.evaluate("document.activeElement.outerHTML")


def test_the_action_bar_takes_little_of_the_window(wall: Wall, moderator: AtTheDesk, sent: list[Any]) -> None:
    page = moderator.joins().page
    page.set_viewport_size({"width": WIDE, "height": 860})
    page.goto(f"{wall.url}/moderation/")
    assert box(page, ".decide")["height"] <= 104
    page.goto(f"{wall.url}/moderation/figures")
    assert page.evaluate(CUT_OFF) == []
