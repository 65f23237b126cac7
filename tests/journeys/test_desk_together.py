"""Two moderators side by side, each in a browser of their own: they see each other and do not collide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from moderation.models import Moderator
from pledges.db import transaction
from tests.browser import faults
from tests.journeys.conftest import AtTheDesk, Wall
from tests.journeys.test_together import arrive
from tests.moderation.bulk.test_sheet import TEXTS

LIVE = "[data-live]"


def joined(wall: Wall, page: Page, name: str) -> AtTheDesk:
    """Somebody of this name, at a desk of their own."""
    at = AtTheDesk(page, wall, f"{name.lower()}@example.org").joins()
    with wall.app.app_context(), transaction() as session:
        session.execute(update(Moderator).where(Moderator.email == at.email).values(name=name))
    return at


@pytest.fixture
def ann(wall: Wall, new_page: Callable[..., Page]) -> AtTheDesk:
    return joined(wall, new_page(), "Ann")


@pytest.fixture
def ben(wall: Wall, new_page: Callable[..., Page]) -> AtTheDesk:
    return joined(wall, new_page(), "Ben")


def asks(at: AtTheDesk) -> None:
    """The page asks for news as if its tab had just been looked at again."""
    at.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def row(at: AtTheDesk, words: str) -> Any:
    return at.page.locator("[data-review]", has_text=words).first


def opens(at: AtTheDesk, words: str) -> None:
    row(at, words).locator(".q-link").press("Enter")
    expect(at.page.locator("#item")).to_contain_text(words)


def said(page: Page) -> list[str]:
    """What stands in live regions of the accessibility tree, politely or at once."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in tree}

    def text(node: dict[str, Any]) -> str:
        own = node.get("name", {}).get("value", "") if node.get("role", {}).get("value") == "StaticText" else ""
        return own + "".join(text(by_id[child]) for child in node.get("childIds", []) if child in by_id)

    regions = [
        node
        for node in tree
        if node.get("role", {}).get("value") == "status"
        and any(each["name"] == "live" and each["value"]["value"] == "polite" for each in node.get("properties", []))
    ]
    return [text(node) for node in regions]


def is_heard(page: Page, words: str) -> None:
    """Waits until the words stand in a live region of the accessibility tree, which follows the page a moment later."""
    for _ in range(100):
        if any(words in region for region in said(page)):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{words!r} is not among what is read out: {said(page)}")


def test_who_has_it_open_is_shown_and_it_is_taken_over(wall: Wall, ann: AtTheDesk, ben: AtTheDesk) -> None:
    arrive(wall, *TEXTS[:3])
    ann.opens_the_queue()
    expect(ann.page.locator("[data-claim-words]")).to_contain_text("Yours until")
    ben.opens_the_queue()
    expect(row(ben, TEXTS[0])).to_contain_text("Ann has it open")
    expect(ben.page.locator("#item")).to_contain_text(TEXTS[1])  # the first that nobody has
    expect(ben.page.locator("[data-claim-words]")).to_contain_text("Yours until")
    asks(ann)
    expect(row(ann, TEXTS[1])).to_contain_text("Ben has it open")
    assert faults(ann.page) == []
    opens(ben, TEXTS[0])
    expect(ben.page.locator("#item")).to_contain_text("Ann has this open until")
    assert faults(ben.page) == []
    ben.page.get_by_role("button", name="Take over").press("Enter")
    expect(ben.page.locator("[data-claim-words]")).to_contain_text("Yours until")
    expect(ben.page.locator("#item")).to_contain_text("Ben: took it over from a colleague")
    asks(ann)
    expect(row(ann, TEXTS[0])).to_contain_text("Ben has it open")
    ann.presses("a")
    expect(ann.page.get_by_role("alert")).to_contain_text("Ben has this open until")


def test_leaving_the_page_lets_go(wall: Wall, ann: AtTheDesk, ben: AtTheDesk) -> None:
    arrive(wall, *TEXTS[:1])
    ann.opens_the_queue()
    expect(ann.page.locator("[data-claim-words]")).to_contain_text("Yours until")
    ben.opens_the_queue()
    expect(row(ben, TEXTS[0])).to_contain_text("Ann has it open")
    ann.page.goto(f"{wall.url}/moderation/figures")
    ann.page.wait_for_timeout(500)
    asks(ben)
    expect(row(ben, TEXTS[0])).not_to_contain_text("Ann has it open")


def test_loading_the_page_again_keeps_it(wall: Wall, ann: AtTheDesk, ben: AtTheDesk) -> None:
    arrive(wall, *TEXTS[:1])
    ann.opens_the_queue()
    for _ in range(2):
        expect(ann.page.locator("[data-claim-words]")).to_contain_text("Yours until")
        ann.page.reload()
    ann.page.wait_for_timeout(1000)
    ben.opens_the_queue()
    expect(row(ben, TEXTS[0])).to_contain_text("Ann has it open")


def test_what_a_colleague_decided_greys_out_in_place_and_cannot_be_chosen(
    wall: Wall, ann: AtTheDesk, ben: AtTheDesk
) -> None:
    arrive(wall, *TEXTS[:4])
    ann.opens_the_queue()
    opens(ann, TEXTS[1])
    expect(ann.page.locator("[data-claim-words]")).to_contain_text("Yours until")
    row(ann, TEXTS[2]).locator(".box").check()
    ben.opens_the_queue()
    opens(ben, TEXTS[2])
    ben.approves_by_keyboard()
    places = ann.page.locator("[data-review]").evaluate_all("rows => rows.map((row) => row.offsetTop)")
    asks(ann)
    gone = row(ann, TEXTS[2])
    expect(gone).to_contain_text("Ben was quicker: Approved")
    expect(gone.locator(".box")).to_be_disabled()
    expect(gone.locator(".box")).not_to_be_checked()
    is_heard(ann.page, "Ben was quicker: Approved")
    assert len(places) == ann.page.locator("[data-review]").count()
    assert faults(ann.page) == []
    ann.presses("j")  # past the grey row
    expect(row(ann, TEXTS[3])).to_have_attribute("data-cur", "")


def test_what_is_new_is_a_link_that_loads_it_and_nothing_moves(wall: Wall, ann: AtTheDesk) -> None:
    arrive(wall, *TEXTS[:2])
    ann.opens_the_queue()
    asks(ann)
    link = ann.page.locator("[data-news-link]")
    expect(link).to_be_hidden()
    arrive(wall, TEXTS[2])
    asks(ann)
    expect(link).to_have_text("1 new")
    assert ann.page.locator("[data-review]").count() == 2
    is_heard(ann.page, "1 new")
    assert faults(ann.page) == []
    link.press("Enter")
    expect(row(ann, TEXTS[2])).to_be_visible()
    assert ann.page.locator("[data-review]").count() == 3


def test_twenty_handed_to_one_are_not_handed_to_the_other(wall: Wall, ann: AtTheDesk, ben: AtTheDesk) -> None:
    arrive(wall, *TEXTS[:6])
    for at in (ann, ben):
        at.opens_the_queue("new")
    ann.page.get_by_role("button", name="Hand me 20").press("Enter")
    expect(ann.page.locator(".queue-tools")).to_contain_text("left")
    mine = ann.opens_the_queue("hand")
    ben.page.reload()
    ben.page.get_by_role("button", name="Hand me 20").press("Enter")
    theirs = ben.opens_the_queue("hand")
    assert mine
    assert not {*mine} & {*theirs}
    assert faults(ann.page) == []
    ann.page.get_by_role("button", name="Give them back").press("Enter")
    expect(ann.page.get_by_role("heading", level=1)).to_contain_text("waiting")


def test_after_a_decision_focus_is_on_the_next_item_and_what_happened_is_read_out(wall: Wall, ann: AtTheDesk) -> None:
    arrive(wall, *TEXTS[:2])
    ann.opens_the_queue()
    page = ann.page
    with page.expect_response(lambda answer: "done=" in answer.url) as came:
        ann.presses("a")
    assert "data-live></div>" in came.value.text()  # there and empty, so that what is put in is read out
    expect(page.locator(LIVE)).to_contain_text("Approved")
    assert page.evaluate("document.activeElement.id") == "item"
    is_heard(page, "Approved.")
    expect(page.locator("#item")).to_contain_text(TEXTS[1])
    ann.presses("l")
    expect(page.locator(LIVE)).to_contain_text("Laid aside until tomorrow")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    is_heard(page, "Laid aside until tomorrow")


def test_the_letter_and_the_notes_work_in_place_under_the_policy_of_the_desk(wall: Wall, ann: AtTheDesk) -> None:
    arrive(wall, *TEXTS[:1])
    errors: list[str] = []
    ann.page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    ann.opens_the_queue()
    page = ann.page
    page.get_by_text("What the author is told when you approve").click()
    page.get_by_role("button", name="Preview the letter").last.click()
    expect(page.locator("[data-letter-place]").last).not_to_be_empty()
    assert page.url.endswith("lane=all")
    note = page.locator("form[data-saves] textarea").first
    note.evaluate(
        "field => { for (let at = field; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true; }"
    )
    note.fill("Seen before")
    expect(page.locator("[data-saved]").first).not_to_be_empty()
    assert errors == []


def test_an_approval_by_key_sends_no_message_where_that_was_ticked_and_the_next_one_does(
    wall: Wall, ann: AtTheDesk
) -> None:
    arrive(wall, *TEXTS[:2])
    ann.opens_the_queue()
    page = ann.page
    page.get_by_text("What the author is told when you approve").click()
    page.locator(".told input[name=tell]").check()
    page.get_by_role("button", name="Preview the letter").last.click()
    expect(page.locator("[data-letter-place]").last).to_contain_text("you chose to send no message")
    page.locator(".told input[name=tell]").focus()
    for silent in (True, False):
        with page.expect_request(lambda request: request.url.endswith("/decide")) as made:
            ann.presses("a")
        assert ("tell=no" in (made.value.post_data or "")) is silent
        expect(page.locator(LIVE)).to_contain_text("Approved")
