"""The map of keys is the one of the design, every key has a button that is seen, and undoing ends with its button."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from moderation.models import Review, Role
from pledges.db import transaction
from tests.journeys.conftest import AtTheDesk, Wall
from tests.wall import Wall as Senders
from tests.wall import later

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

MAP = ["J", "K", "O", "X", "A", "C", "D", "S", "P", "L", "B", "Z", "?"]  # DESIGN.md 4.6
SHOWN_BY = {"J": ".q .q-link", "K": ".q .q-link", "O": "#item-title a", "X": ".q[data-cur] .box"}  # a row says no key


def three_wait(wall: Wall, *, masked: bool = False) -> None:
    for words in ("I will plant ten trees by the river", "We open the hall on Sundays", "A choir meets at our school"):
        Senders(wall.app).promises(words)
    wall.work()
    with wall.app.app_context(), transaction() as session:
        session.execute(update(Review).values(masked=masked))


def test_every_key_of_the_map_has_a_button_in_view(wall: Wall, moderator: AtTheDesk) -> None:
    three_wait(wall, masked=True)
    page = moderator.joins().page
    moderator.opens_the_queue()
    moderator.presses("b")  # what is hidden is not approved
    expect(page.locator(".item-words")).to_contain_text("I will plant ten trees by the river")
    moderator.approves_by_keyboard()
    for key in MAP:
        shown = page.locator(SHOWN_BY.get(key, f':is(main, header) :is(a, button, summary):has(kbd:text-is("{key}"))'))
        expect(shown.first, f"the button of {key}").to_be_visible()
    expect(page.locator("[data-toast] form")).to_have_count(0)  # the time for undoing is over
    moderator.presses("z")
    expect(page.locator("[data-toast]")).to_contain_text("Approved")


def test_the_list_of_keys_opens_by_its_key_and_its_button_even_when_they_are_off(
    wall: Wall, moderator: AtTheDesk
) -> None:
    page = moderator.joins().page
    for shortcuts in ("on", "off"):
        moderator.opens_the_queue()
        page.get_by_role("button", name="All keys").click()
        expect(page.get_by_role("dialog", name="All keys")).to_be_visible()
        assert page.locator("#keys dt").all_inner_texts() == MAP
        expect(page.get_by_text("They are switched off at the moment")).to_have_count(int(shortcuts == "off"))
        page.get_by_role("button", name="Close").click()
        moderator.presses("?")
        expect(page.get_by_role("dialog", name="All keys")).to_be_visible(visible=shortcuts == "on")
        page.keyboard.press("Escape")
        page.get_by_role("button", name=re.compile("Keys: ")).click()


def test_a_reason_of_a_dry_run_is_chosen_by_its_number(wall: Wall, moderator: AtTheDesk) -> None:
    three_wait(wall)
    page = moderator.joins().page
    moderator.opens_the_queue()
    moderator.presses("x")
    page.locator(".bulk").get_by_role("button", name="Decline").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Decline together")
    moderator.presses("2")  # two have to agree on that reason: it is not here, and no other takes its number
    expect(page.locator("[data-digits] input:checked")).to_have_count(0)
    moderator.presses("4")
    expect(page.get_by_label("Spam or selling")).to_be_checked()
    moderator.presses("Enter")
    expect(page.locator("[data-finished]")).to_be_attached()


def test_laying_aside_is_undone_by_its_key(wall: Wall, moderator: AtTheDesk) -> None:
    three_wait(wall)
    page = moderator.joins().page
    moderator.opens_the_queue()
    first = page.locator(".q[data-cur]").get_attribute("data-review")
    moderator.presses("l")
    expect(page.locator("[data-live]")).to_contain_text("Laid aside")
    expect(page.locator(".q[data-cur]")).not_to_have_attribute("data-review", str(first))
    moderator.presses("z")
    expect(page.locator("[data-live]")).to_contain_text("It stands in its lanes again")
    expect(page.locator(".q[data-cur]")).to_have_attribute("data-review", str(first))


def test_focus_goes_to_what_was_wrong_with_a_decision(wall: Wall, moderator: AtTheDesk) -> None:
    three_wait(wall)
    page = moderator.joins().page
    moderator.opens_the_queue()
    moderator.presses("c")
    page.get_by_role("button", name="Ask for this change").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("Choose a reason first")


def test_an_empty_desk_leads_whoever_has_just_joined_to_recovery_codes(wall: Wall, moderator: AtTheDesk) -> None:
    page = moderator.joins(Role.OWNER).page
    moderator.opens_the_queue()
    page.get_by_role("link", name="Make recovery codes").click()
    page.get_by_role("button", name="Make new codes").click()
    expect(page.locator("[data-recovery-codes] li").first).to_be_visible()
    moderator.opens_the_queue()
    expect(page.get_by_text("Nothing waits here.")).to_be_visible()
    expect(page.get_by_role("link", name="Make recovery codes")).to_have_count(0)


def test_a_key_without_a_button_says_who_has_the_item_open(wall: Wall, moderator: AtTheDesk) -> None:
    three_wait(wall)
    senders = Senders(wall.app)
    senders.moderator("Ann")
    page = moderator.joins().page
    with wall.app.app_context(), transaction() as session:
        ann = senders.plain_moderator(session, "Ann").id
        session.execute(update(Review).values(claimed_by_id=ann, claimed_until=later(300)))
    moderator.opens_the_queue()
    for count, key in enumerate(("a", "c", "d", "s", "l"), start=1):
        moderator.presses(key)
        told = page.locator("[data-live] p", has_text="Ann has it open. Take over first.")
        expect(told).to_have_count(count)
    page.get_by_role("button", name="Take over").click()
    expect(page.locator("[data-claim-words]")).to_contain_text("Yours until")
    moderator.presses("d")
    expect(page.locator("[data-opens=d] form")).to_be_visible()
    expect(page.locator("[data-live] p", has_text="Take over first")).to_have_count(0)


def test_esc_closes_what_a_key_opened_and_gives_the_focus_back(wall: Wall, moderator: AtTheDesk) -> None:
    three_wait(wall)
    page = moderator.joins().page
    moderator.opens_the_queue()
    for key in ("c", "d", "p"):
        moderator.presses(key)
        expect(page.locator(f"[data-opens={key}] form")).to_be_visible()
        page.locator(f"[data-opens={key}] textarea").fill("half a note")
        moderator.presses("Escape")
        expect(page.locator(f"[data-opens={key}]")).not_to_have_attribute("open", "")
        expect(page.locator(f"[data-opens={key}] > summary")).to_be_focused()
        expect(page.locator(f"[data-opens={key}] textarea")).to_have_value("half a note")


def test_the_keys_work_on_beside_what_is_ticked_and_never_where_something_is_typed(
    wall: Wall, moderator: AtTheDesk
) -> None:
    three_wait(wall)
    page = moderator.joins().page
    moderator.opens_the_queue()
    first = page.locator(".q[data-cur]").get_attribute("data-review")
    moderator.presses("c")
    expect(page.locator("[data-opens=c] input[type=checkbox]").first).to_be_focused()
    moderator.presses("d")
    expect(page.locator("[data-opens=d] input[type=radio]").first).to_be_focused()
    moderator.presses("p")
    expect(page.locator("[data-opens=p] select")).to_be_focused()
    moderator.presses("a", "j")
    page.locator("[data-opens=p] textarea").focus()
    moderator.presses("a", "j")
    expect(page.locator("[data-opens=p] textarea")).to_have_value("aj")
    expect(page.locator(".q[data-cur]")).to_have_attribute("data-review", str(first))
    moderator.presses("Escape", "d", "j")
    expect(page.locator(".q[data-cur]")).not_to_have_attribute("data-review", str(first))
