"""How a promise goes, told on a phone in two taps, and a page with linked data that no policy stops."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from pledges.db import transaction, utcnow
from pledges.models import Contribution
from pledges.wall import publishing
from tests.browser import NARROW, faults
from tests.journeys.conftest import SLUG, Visitor, Wall

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # it is the browser that matters


@pytest.fixture
def receipt(wall: Wall, visitor: Visitor) -> str:
    """The private page of a promise that stands on the wall."""
    address = visitor.promises("I will ring three parents this week.")
    with wall.app.app_context(), transaction() as session:
        publishing.publish(session, session.scalars(select(Contribution)).one().latest, utcnow())
    return address.partition("?")[0]


@pytest.mark.parametrize("javascript", [True, False])
def test_a_status_is_told_by_the_link_and_one_press(
    wall: Wall, receipt: str, new_page: Callable[..., Page], javascript: bool
) -> None:
    page = new_page(javascript=javascript, width=NARROW, height=800)
    page.goto(f"{receipt}#going")
    page.get_by_role("button", name="Under way", exact=True).click()
    expect(page.get_by_text("It stands on your promise’s page now.")).to_be_visible()
    page.goto(f"{wall.url}/{SLUG}?status=under_way")
    expect(page.locator("[data-pledge]")).to_have_count(1)
    page.locator("[data-pledge] a").first.click()
    expect(page.locator("[data-update]")).to_contain_text("Under way")


def test_new_words_are_told_by_keyboard_alone(receipt: str, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(receipt)
    page.get_by_text("Say more, or that it has changed").focus()
    page.keyboard.press("Enter")
    page.locator("#s-changed").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("I will ring five parents every week.")
    page.keyboard.press("Tab")
    page.keyboard.type("Three were too few.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("What you wrote is shown once a person has read it.")).to_be_visible()


def test_pages_of_a_promise_have_no_faults_and_break_no_policy(
    wall: Wall, receipt: str, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    page.goto(receipt)
    page.get_by_role("button", name="Kept", exact=True).click()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(receipt)
    public = page.get_by_role("link", name="See its page").get_attribute("href")
    for path in (receipt, f"{wall.url}{public}", f"{wall.url}{public}/poster", f"{wall.url}/{SLUG}"):
        page.goto(path)
        assert faults(page) == []
    page.goto(f"{wall.url}{public}")
    assert page.evaluate("JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent).url")
    assert said == []
    for size in ("A4", "Letter"):  # a certificate is one sheet; how the promise goes stands on the next
        assert [sheets(page, f"{wall.url}{public}{end}", size) for end in ("/poster", "")] == [1, 2]
    page.goto(f"{wall.url}{public}")
    page.emulate_media(media="print")
    expect(page.get_by_text("I promise this too")).to_be_hidden()
    expect(page.locator(".bar-nav").first).to_be_hidden()
    fills = "sheet => [sheet.offsetHeight > 700, parseFloat(getComputedStyle(sheet).borderTopWidth) >= 3]"
    assert page.locator(".cols .sheet").evaluate(fills) == [True, True]
    assert page.locator(".cols .thread").evaluate("thread => getComputedStyle(thread).breakBefore") == "page"
    expect(page.locator(".sheet .print-only")).to_contain_text(str(public))


def sheets(page: Page, address: str, size: str) -> int:
    """How many sheets of paper the page takes."""
    page.goto(address)
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format=size)))
