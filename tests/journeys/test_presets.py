"""Each of the five campaigns carries a promise from its form to its wall, and the questions take answers."""

from __future__ import annotations

from playwright.sync_api import expect

from pledges.campaigns import presets
from pledges.db import transaction
from tests.journeys.conftest import AtTheDesk, Visitor, Wall, campaign_of


def test_every_preset_carries_a_promise_from_form_to_wall(wall: Wall, visitor: Visitor, moderator: AtTheDesk) -> None:
    for slug in presets.NAMES:
        visitor.promises(f"We will begin with {slug} this term.", slug=slug)
        assert visitor.sees_on_the_wall(slug) == []
    wall.work()
    moderator.joins()
    for slug in presets.NAMES:
        assert moderator.opens_the_queue()[0] == f"We will begin with {slug} this term.", "oldest first"
        moderator.approves_by_keyboard()
    for slug in presets.NAMES:
        assert visitor.sees_on_the_wall(slug) == [f"We will begin with {slug} this term."]


def test_an_answer_to_a_question_takes_the_same_road(wall: Wall, visitor: Visitor, moderator: AtTheDesk) -> None:
    slug = "courageous-conversations"
    campaign = campaign_of(wall, slug)
    with wall.app.app_context(), transaction() as session:
        question = session.merge(campaign).questions[0].public_id
    page = visitor.page
    page.goto(f"{wall.url}/{slug}/questions/{question}")
    page.locator('a[href$="/answer"]').first.click()
    page.locator("#answer").fill("They asked us first, and wrote it down.")
    page.locator("#consent").check()
    page.locator("form button[type=submit]").first.click()
    expect(page).to_have_url(wall.url + page.url.removeprefix(wall.url))
    wall.work()
    moderator.joins()
    assert moderator.opens_the_queue("answers") == ["They asked us first, and wrote it down."]
    moderator.approves_by_keyboard()
    page.goto(f"{wall.url}/{slug}/questions/{question}")
    expect(page.locator("main")).to_contain_text("They asked us first, and wrote it down.")
