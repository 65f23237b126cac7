"""Letters, notes, reasons and lists at the desk, in a real browser: with scripts, without, and by axe."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from moderation.models import Role
from tests.browser import faults, unfold
from tests.journeys.conftest import SLUG, AtTheDesk, Visitor, Wall
from tests.wall import Wall as Senders


def open_item(desk: AtTheDesk) -> None:
    desk.page.goto(f"{desk.wall.url}/moderation/")
    desk.page.locator("#item-title a").click()
    expect(desk.page.locator(".item--page")).to_be_visible()


def test_the_letter_shows_in_place_and_two_reasons_are_chosen_by_keys(
    visitor: Visitor, moderator: AtTheDesk, wall: Wall
) -> None:
    receipt = visitor.promises("I will plant ten trees by the river", email="amina@example.org")
    wall.work()
    moderator.joins()
    open_item(moderator)
    page = moderator.page
    moderator.presses("c", "1", "4")
    form = page.locator('details[data-opens="c"] form')
    expect(form.locator("input:checked")).to_have_count(2)
    here = page.url
    form.get_by_role("button", name="Preview the letter").click()
    expect(form.locator("[data-letter-place][role=status]")).to_contain_text("nobody has confirmed the address")
    assert page.url == here
    expect(form.locator("input:checked")).to_have_count(2)
    form.locator(".reasons input").first.focus()
    moderator.presses("Enter")
    expect(page.locator("[data-toast]")).to_contain_text("Asked for a change")
    visitor.page.goto(receipt)
    expect(visitor.page.locator("main")).to_contain_text("Please leave out the name or detail")
    expect(visitor.page.locator("main")).to_contain_text("Please leave out the link")


def test_without_scripts_the_letter_is_a_page_with_everything_kept(
    visitor: Visitor, wall: Wall, new_page: Callable[..., Page]
) -> None:
    visitor.promises("I will plant ten trees by the river")
    wall.work()
    desk = AtTheDesk(new_page(javascript=False), wall, "nadia@example.org").joins()
    open_item(desk)
    page = desk.page
    page.locator('details[data-opens="d"] > summary').click()
    form = page.locator('details[data-opens="d"] form')
    form.get_by_label("Not a promise").check()
    form.get_by_label("Note for colleagues").fill("a second time")
    form.get_by_role("button", name="Preview the letter").click()
    expect(page).to_have_url(re.compile(r"/letter$"))
    expect(form.locator("[data-letter-place]")).to_contain_text("the author left no address")
    expect(form.get_by_label("Not a promise")).to_be_checked()
    expect(form.get_by_label("Note for colleagues")).to_have_value("a second time")
    form.get_by_role("button", name="Decline and go to the next").click()
    expect(page.locator("[data-toast]")).to_contain_text("Declined")


def test_a_note_saves_itself_while_one_writes_and_keys_do_nothing_in_it(
    visitor: Visitor, moderator: AtTheDesk, wall: Wall
) -> None:
    visitor.promises("I will plant ten trees by the river")
    wall.work()
    moderator.joins()
    open_item(moderator)
    page = moderator.page
    page.get_by_label("My note").press_sequentially("ask Ann: a d s")
    expect(page.locator("[data-saved]")).to_have_text("Saved")
    page.reload()
    expect(page.get_by_label("My note")).to_have_value("ask Ann: a d s")
    page.get_by_label("My note").fill("ask Bo")
    page.get_by_role("button", name="Approve").focus()  # leaving the field saves at once
    expect(page.locator("[data-saved]")).to_have_text("Saved")
    page.reload()
    expect(page.get_by_label("My note")).to_have_value("ask Bo")


def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    visitor: Visitor, wall: Wall, new_page: Callable[..., Page]
) -> None:
    visitor.promises("Ring me on 07700 900123 by the river", email="amina@example.org")
    visitor.promises("I will plant ten trees by the river", email="amina@example.org")
    wall.work()
    Senders(wall.app).moderator("ben")  # who could second it
    lead = AtTheDesk(new_page(), wall, "lea@example.org").joins(Role.LEAD)
    page = lead.page
    open_item(lead)
    page.get_by_label("My note").fill("ask Ann")
    page.locator('details[data-opens="d"] > summary').click()
    page.get_by_label("Against the law").check()
    page.get_by_role("button", name="Decline and go to the next").click()
    expect(page.locator("[data-toast]")).to_contain_text("Proposed to a second moderator")
    ann = AtTheDesk(new_page(), wall, "ann@example.org").joins()  # only now: her queue would open the first item, too
    asked = page.locator("[data-review]").first.get_attribute("data-review")
    waiting = page.locator("[data-review]").nth(1).get_attribute("data-review")
    lists = f"{wall.url}/moderation/word-lists?campaign={SLUG}"
    page.goto(f"{wall.url}/moderation/reasons?campaign={SLUG}")
    page.get_by_role("button", name="Make them this campaign’s own").click()
    page.goto(lists)
    page.get_by_label("Word or phrase").fill("gammon")
    page.get_by_label("A moderator sees it marked").check()
    page.get_by_role("button", name="Save").click()
    addresses = [
        f"/moderation/reasons?campaign={SLUG}", f"/moderation/house-rules?campaign={SLUG}",
        f"/moderation/word-lists?campaign={SLUG}&changed=1", f"/moderation/reviews/{asked}",
        f"/moderation/reviews/{waiting}", "/moderation/history?who=me", f"/house-rules?campaign={SLUG}",
    ]  # fmt: skip
    for desk, pages in ((lead, addresses), (ann, [each for each in addresses if "/reviews/" in each])):
        for address in pages:
            desk.page.goto(wall.url + address)
            unfold(desk.page)
            assert faults(desk.page) == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_text_is_tried_against_the_lists(wall: Wall, new_page: Callable[..., Page], scripts: bool) -> None:
    lead = AtTheDesk(new_page(javascript=scripts), wall, "lea@example.org").joins(Role.LEAD)
    page = lead.page
    page.goto(f"{wall.url}/moderation/word-lists?campaign={SLUG}")
    page.get_by_role("textbox", name="Text").fill("what a c o o n")
    page.get_by_role("button", name="See what the lists find").click()
    expect(page.locator("[data-tried] mark")).to_contain_text("c o o n")
    if scripts:
        assert faults(page) == []
