"""An owner builds an embedded wall at the desk, and the code stands on another site as it was copied."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from moderation.cli import demo
from moderation.models import Role
from pledges.db import transaction, utcnow
from tests.browser import faults
from tests.journeys.conftest import SLUG, AtTheDesk, Wall
from tests.pledges.embed.conftest import Host, drawn, host  # noqa: F401 (the last is a fixture)

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


def test_what_is_chosen_shows_at_once_and_what_is_copied_works(
    wall: Wall,
    moderator: AtTheDesk,
    new_page: Callable[..., Page],
    host: Host,  # noqa: F811
) -> None:
    with wall.app.app_context(), transaction() as session:
        demo.add(session, 12, utcnow(), slug=SLUG)
    page = moderator.joins(Role.OWNER).page
    page.goto(f"{wall.url}/moderation/campaigns/{SLUG}/embed")
    shown = page.frame_locator("iframe.preview")
    expect(shown.locator(".pw-piece")).to_have_count(12)
    page.get_by_label("Shown as").select_option("compact")
    page.get_by_label("How many promises").fill("3")
    page.get_by_label("Links", exact=True).fill("#0b5c2d")
    page.get_by_label("Light or dark").select_option("light")
    expect(shown.locator(".pw-compact .pw-piece")).to_have_count(3)
    expect(page.get_by_text("Links on Paper")).to_be_visible()
    assert "limit=3" in page.url
    assert faults(page) == []
    code = page.get_by_label("Where your page takes scripts").input_value()
    frame = page.get_by_label("Where it takes frames").input_value()
    other = new_page()
    other.goto(host.page(code + frame))
    expect(drawn(other).locator(".pw-piece")).to_have_count(3)
    link = drawn(other).get_by_role("link", name="Read the whole wall")
    assert link.evaluate("each => getComputedStyle(each).color") == "rgb(11, 92, 45)"
    framed = other.frame_locator("iframe")
    expect(framed.locator(".pw-piece")).to_have_count(3)
    framed_link = framed.get_by_role("link", name="Read the whole wall")
    assert framed_link.evaluate("each => getComputedStyle(each).color") == "rgb(11, 92, 45)"


def test_the_builder_works_without_its_script(wall: Wall, moderator: AtTheDesk, new_page: Callable[..., Page]) -> None:
    signed_in = moderator.joins(Role.OWNER).page.context.storage_state()
    page = new_page(javascript=False, storage_state=signed_in)
    page.goto(f"{wall.url}/moderation/campaigns/{SLUG}/embed")
    page.get_by_label("Shown as").select_option("count")
    page.get_by_role("button", name="Show this").click()
    expect(page).to_have_url(re.compile("mode=count"))
    expect(page.frame_locator("iframe.preview").locator(".pw-number")).to_be_visible()
    assert 'mode="count"' in page.get_by_label("Where your page takes scripts").input_value()
