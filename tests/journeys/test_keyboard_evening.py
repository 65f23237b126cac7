"""A moderator's evening at the keyboard: fifty mixed items in one sitting, every step told to a screen reader.

And the same by thumb: fifty items on a telephone (a share of them without --full).
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from bench import evening_words
from moderation.models import Decision, Review
from moderation.workflow import State
from pledges.db import transaction
from tests.browser import NARROW, faults
from tests.journeys.conftest import AtTheDesk, Visitor, Wall
from tests.journeys.test_desk_together import is_heard, joined
from tests.journeys.test_together import arrive

ITEMS = 50
USUAL = 14  # the first of them are of every kind
STRONG = evening_words.FAMILIES[0].format(name="Sam", place="Leeds", end="")
SELLING = "Best price essay writing, see www.essays.example and www.cheap.example and http://more.example"
PRIVATE = "I will ring Mrs Okafor on 07700 900123 every Friday about what happened"


def texts() -> list[str]:
    """Fifty different promises: most of them fine, one harsh, one selling, one with a telephone number."""
    honest = evening_words.honest(200, random.Random(7))
    fine = list(dict.fromkeys(text for text in honest if len(text) <= 400))
    return [*fine[:9], STRONG, SELLING, PRIVATE, *fine[9 : ITEMS - 3]]


def states(wall: Wall) -> Counter[State]:
    with wall.app.app_context(), transaction() as session:
        return Counter(session.scalars(select(Review.state)))


def waits(wall: Wall) -> int:
    return states(wall)[State.WAITING]


class Keys:
    """Hands that never leave the keyboard, and ears that hear what the page says."""

    def __init__(self, at: AtTheDesk) -> None:
        self.page = at.page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def hears(self, words: str) -> None:
        expect(self.page.locator("[data-live]")).to_contain_text(words)
        is_heard(self.page, words)

    def stands_on_the_next_item(self) -> None:
        expect(self.page.locator("#item")).to_be_focused()

    def decides(self, words: str, *keys: str) -> None:
        """The keys are pressed once the item is there; the page tells what happened, and focus is on the next."""
        before = self.item()
        self.press(*keys)
        current = "before => document.querySelector('[data-review][data-cur]')?.dataset.review !== before"
        self.page.wait_for_function(current, arg=before)
        self.hears(words)

    def approves(self) -> None:
        """`A`, and where a check found something `A` again."""
        with self.page.expect_navigation():
            self.press("a")
        if self.page.locator("[data-sure]").count():
            self.hears("Approve all the same?")
            self.press("a")
        self.hears("Approved")

    def moves(self, key: str) -> None:
        """J or K: another item is open, and held."""
        here = self.item()
        self.press(key)
        other = "here => document.querySelector('[data-review][data-cur]')?.dataset.review !== here"
        self.page.wait_for_function(other, arg=here)
        self.stands_on_the_next_item()
        expect(self.page.locator("[data-claim-words]")).to_contain_text("Yours until")

    def item(self) -> str:
        return self.page.locator("[data-review][data-cur]").get_attribute("data-review") or ""


@pytest.mark.timeout(1800)  # the whole looks at every state four times
def test_fifty_items_by_keyboard_alone(wall: Wall, new_page: Callable[..., Page], share: Callable[..., int]) -> None:
    items = share(ITEMS, usual=USUAL)
    colleague = joined(wall, new_page(), "Ben")
    at = joined(wall, new_page(), "Ann")
    arrive(wall, *texts()[:items])
    # one of them was declined by a colleague, and its author appeals
    appealed = declined_and_appealed(wall, colleague, new_page(javascript=False))
    at.opens_the_queue()
    hands = Keys(at)
    assert faults(at.page) == []
    hands.press("?")
    expect(at.page.get_by_role("dialog")).to_be_visible()
    assert faults(at.page) == []
    hands.press("Escape")

    start = waits(wall)
    assert start >= items - 3
    hands.decides("Approved", "a")
    hands.stands_on_the_next_item()
    assert faults(at.page) == []
    hands.press("z")
    hands.hears("The last decision was undone")
    hands.stands_on_the_next_item()
    assert waits(wall) == start
    hands.decides("Approved", "a")
    hands.decides("Declined", "d", "5", "Enter")
    hands.press("d")
    assert faults(at.page) == []  # with the reasons open
    at.opens_the_queue()
    hands.decides("Asked for a change", "c", "2", "Enter")
    hands.decides("Laid aside", "l")
    hands.moves("j")
    hands.moves("k")

    a_conflict(wall, at, hands, colleague)
    in_bulk(wall, at, hands)
    an_appeal(at, hands, appealed)
    the_rest(wall, at, hands)

    found = states(wall)
    assert found[State.WAITING] == 1  # laid aside until tomorrow
    assert found[State.APPROVED] >= items * 3 // 5 and found[State.REJECTED] >= 1 and found[State.SPAM] >= 3
    with wall.app.app_context(), transaction() as session:
        decided = session.scalars(select(Decision.review_id).where(Decision.moderator_id.is_not(None)).distinct()).all()
    assert len(decided) >= items - 1
    assert faults(at.page) == []


def declined_and_appealed(wall: Wall, colleague: AtTheDesk, author: Page) -> str:
    """A promise that Ben declined and whose author asks a second person; answers its words."""
    words = "I will read one book a month that my reading group would not have chosen"
    receipt = Visitor(author, wall).promises(words)
    wall.work()
    colleague.page.goto(f"{wall.url}/moderation/search?q=reading+group")
    colleague.page.locator("main .q-link").first.press("Enter")
    expect(colleague.page.locator("[data-opens=d]")).to_be_visible()
    Keys(colleague).press("d", "5", "Enter")
    expect(colleague.page.locator("[data-live]")).to_contain_text("Declined")
    author.goto(receipt)
    author.get_by_role("button", name=re.compile("look again|second", re.I)).first.click()
    wall.work()
    return words


def a_conflict(wall: Wall, at: AtTheDesk, hands: Keys, colleague: AtTheDesk) -> None:
    """A colleague takes the item over and decides first; the key answers who and what."""
    address = at.page.locator("[data-review][data-cur] .q-link").get_attribute("data-open") or ""
    colleague.page.goto(wall.url + address)
    take_over = colleague.page.get_by_role("button", name="Take over")
    expect(take_over).to_be_visible()  # Ann has it open
    take_over.press("Enter")
    expect(colleague.page.locator("[data-claim-words]")).to_contain_text("Yours until")
    Keys(colleague).press("a")
    expect(colleague.page.locator("[data-live]")).to_contain_text("Approved")
    hands.press("a")
    expect(at.page.get_by_role("alert")).to_contain_text("Ben")
    hands.hears("Ben")
    assert faults(at.page) == []
    colleague.page.goto(f"{wall.url}/moderation/figures")  # and lets go of what came next
    at.opens_the_queue()


def in_bulk(wall: Wall, at: AtTheDesk, hands: Keys) -> None:
    """Three items are chosen by key, and called spam together."""
    before = states(wall)[State.SPAM]
    for _ in range(2):
        hands.press("x")
        hands.moves("j")
    hands.press("x")
    chosen = at.page.locator(".queue .box:checked").count()
    assert chosen == 3
    at.page.locator(".bulk button[value=spam]").focus()
    hands.press("Enter")
    expect(at.page.get_by_role("heading", level=1)).to_be_visible()
    assert faults(at.page) == []
    at.page.locator("main form button[type=submit]").first.focus()
    hands.press("Enter")
    at.page.wait_for_url(re.compile("/batches/"))
    assert faults(at.page) == []
    assert states(wall)[State.SPAM] == before + chosen
    at.opens_the_queue()


def an_appeal(at: AtTheDesk, hands: Keys, words: str) -> None:
    at.opens_the_queue("appeals")
    expect(at.page.locator("#item")).to_contain_text(words)
    hands.approves()
    at.opens_the_queue()


def the_rest(wall: Wall, at: AtTheDesk, hands: Keys) -> None:
    """What is left is decided one by one: the hidden text unread as spam, all else approved."""
    for _ in range(ITEMS + 10):
        if not at.page.locator("#item").count():
            break
        masked = at.page.locator(".veiled").count()
        if masked:
            assert faults(at.page) == []
        if not masked:
            hands.approves()
            continue
        hands.press("s")
        hands.hears("Called spam")
    for lane in ("abuse", "spam", "personal_data"):
        at.opens_the_queue(lane)
        while at.page.locator("#item").count():
            hands.press("s")
            hands.hears("Called spam")


@pytest.mark.timeout(1800)
def test_fifty_items_by_thumb(wall: Wall, new_page: Callable[..., Page], share: Callable[..., int]) -> None:
    items = share(ITEMS, usual=USUAL)
    at = joined(wall, new_page(width=NARROW, height=844, has_touch=True, is_mobile=True), "Ann")
    arrive(wall, *texts()[:items])
    at.opens_the_queue()
    page = at.page
    taps = 0
    for _ in range(ITEMS + 10):
        if not page.locator("#item").count():
            break
        masked = page.locator(".veiled").count()
        button = page.locator("[data-key=s]" if masked else "[data-key=a]").first
        box = button.bounding_box()
        assert box is not None and box["height"] >= 24 and box["width"] >= 24  # WCAG 2.5.8
        with page.expect_navigation():
            button.tap()
        if page.locator("[data-sure]").count():
            with page.expect_navigation():
                page.locator("[data-key=a]").first.tap()
        taps += 1
        expect(page.locator("[data-live]")).to_contain_text("Called spam" if masked else "Approved")
        if page.locator("#item").count():  # it is what one sees, with what was done beside it
            expect(page.locator("#item-title")).to_be_in_viewport()
            expect(page.locator("[data-toast]")).to_be_in_viewport()
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0
    for lane in ("abuse", "spam", "personal_data"):
        at.opens_the_queue(lane)
        while page.locator("#item").count():
            page.locator("[data-key=s]").first.tap()
            taps += 1
            expect(page.locator("[data-live]")).to_contain_text("Called spam")
    assert waits(wall) == 0
    assert taps >= items - 6  # near-identical ones may have been called spam by the program
