"""Chosen by key, decided together, read ten at a time: in a real browser, by keyboard, with and without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from moderation.models import Evidence
from tests.again import again
from tests.browser import faults
from tests.journeys.conftest import AtTheDesk, Wall
from tests.moderation.bulk.test_sheet import TEXTS
from tests.moderation.clusters.test_clusters import COPIES
from tests.wall import Wall as Senders


def arrive(wall: Wall, *texts: str) -> None:
    """They were sent, each from a network of its own, and checked as if somebody had taken a minute over each."""
    wall.app.extensions["wall.settings"].undo_seconds = 60  # axe takes its time between the decision and its undoing
    _arrive(Senders(wall.app), *texts)


@again
def _arrive(senders: Senders, *texts: str) -> None:
    for n, words in enumerate(texts):
        senders.promises(words, address=f"198.51.{n % 250}.{len(words)}", name_it="")
    with senders.work() as session:
        session.execute(update(Evidence).values(seconds_on_form=60.0))
    senders.screens()


def test_items_are_chosen_by_key_and_declined_together_and_it_is_told(wall: Wall, moderator: AtTheDesk) -> None:
    arrive(wall, *TEXTS[:4])
    page = moderator.page
    moderator.joins()
    moderator.opens_the_queue()
    bar = page.locator("#choose")
    expect(bar).to_be_hidden()
    moderator.presses("x")
    expect(bar.get_by_role("status")).to_have_text("1 chosen")
    moderator.presses("x")
    expect(bar).to_be_hidden()
    page.locator("[data-review] .box").nth(0).focus()
    moderator.presses("Space")
    page.locator("[data-review] .box").nth(2).focus()
    moderator.presses("Space")
    expect(bar.get_by_role("status")).to_have_text("2 chosen")
    assert faults(page) == []
    bar.get_by_role("button", name="Clear").press("Enter")
    expect(bar).to_be_hidden()
    for place in (0, 2):
        page.locator("[data-review] .box").nth(place).check()
    bar.get_by_role("button", name="Decline").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Decline together")
    expect(page.locator("[data-can]")).to_contain_text("2 items can be decided")
    assert faults(page) == []
    page.get_by_role("radio", name="Not a promise").press("Space")
    page.get_by_role("button", name="Decline them").press("Enter")
    expect(page.locator("main [role=status]")).to_contain_text("2 of 2 are worked through")
    assert faults(page) == []
    moderator.presses("z")
    expect(page.locator("main [role=status]")).to_contain_text("2 of 2 are taken back")
    assert len(moderator.opens_the_queue()) == 4


@pytest.mark.parametrize("script", [True, False])
def test_a_long_batch_goes_on_by_itself_with_and_without_scripts(
    wall: Wall, new_page: Callable[..., Page], monkeypatch: pytest.MonkeyPatch, script: bool
) -> None:
    """With scripts the page presses its own button; without them it loads again, while the worker goes on."""
    from moderation.bulk import batches

    monkeypatch.setattr(batches.go_on, "__kwdefaults__", {"most": 2})
    arrive(wall, *TEXTS[:7])
    moderator = AtTheDesk(new_page(javascript=script), wall, "fatima@example.org").joins()
    page = moderator.page
    moderator.opens_the_queue()
    for box in page.locator("[data-review] .box").all():
        box.check()
    page.locator("#choose").get_by_role("button", name="Spam").click()
    page.get_by_role("button", name="Call them spam").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Call spam together")
    if not script:
        expect(page.locator("[data-total]")).to_have_attribute("data-done", "2")
        monkeypatch.setattr(batches, "LEFT_ALONE", batches.LEFT_ALONE * 0)
        wall.work()
    expect(page.locator("[data-finished]")).to_have_attribute("data-done", "7", timeout=15_000)


def test_a_cluster_is_seen_and_declined_and_a_sheet_is_read(wall: Wall, moderator: AtTheDesk) -> None:
    arrive(wall, *COPIES, *TEXTS)
    page = moderator.page
    moderator.joins()
    moderator.opens_the_queue()
    assert faults(page) == []
    page.get_by_role("link", name="5 nearly the same, from 5 networks").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("5 nearly the same, from 5 networks")
    assert "wants your lot" not in page.content()
    assert faults(page) == []
    moderator.presses("b")
    expect(page.locator("#example + .words")).to_contain_text("wants your lot", ignore_case=True)
    page.get_by_role("button", name="Show all texts on this page").click()
    assert page.locator(".members mark").count() > 3
    assert faults(page) == []
    page.get_by_role("button", name="Decline").press("Enter")
    page.get_by_role("radio", name="Racist or hateful").press("Space")
    page.get_by_role("button", name="Decline them").press("Enter")
    expect(page.locator("main [role=status]")).to_contain_text("5 of 5")

    moderator.opens_the_queue()
    page.get_by_role("button", name="Read ten clear ones").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Reading sheet")
    assert page.locator(".leaf").count() == 10
    page.locator(".leaf").nth(1).get_by_role("checkbox", name="Take out").check()
    assert faults(page) == []
    page.get_by_role("button", name="Approve what is left").press("Enter")
    expect(page.locator("main [role=status]")).to_contain_text("9 approved")
    assert page.locator(".leaf").count() == 2
    assert faults(page) == []
    moderator.presses("z")
    expect(page.locator("main [role=status]")).to_contain_text("9 of 9 are taken back")
