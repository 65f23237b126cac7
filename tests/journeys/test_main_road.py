"""A promise goes from the form to the wall, and back when its author wants it back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from pledges.db import transaction, utcnow
from pledges.models import Matter, MatterKind
from pledges.organisations import logos
from tests.browser import faults
from tests.journeys.conftest import SLUG, AtTheDesk, Visitor, Wall
from tests.moderation.test_logos import drawn, sends
from tests.moderation.test_proofs import gives, of
from tests.wall import Wall as Senders

WORDS = "I will plant ten trees & name them <all> – cŵn 🌳"


def api(page: Page, wall: Wall, path: str) -> Any:
    return page.request.get(f"{wall.url}/api/v1{path}")


def shown(page: Page, wall: Wall) -> list[str]:
    return [pledge["promise"] for pledge in api(page, wall, f"/campaigns/{SLUG}/pledges").json()["pledges"]]


def no_violations(page: Page, *addresses: str) -> None:
    for address in addresses:
        page.goto(address)
        assert faults(page) == []


def test_a_promise_goes_from_the_form_to_the_wall_and_back(
    wall: Wall, visitor: Visitor, moderator: AtTheDesk, new_page: Callable[..., Page]
) -> None:
    page = visitor.page

    receipt = visitor.promises(WORDS, name="Amina Yusuf", show_name="first", theme="listen", email="amina@example.org")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    assert visitor.sees_on_the_wall() == []
    assert shown(page, wall) == []

    wall.work()
    assert wall.akismet.checks(), "the worker asked the local service"
    assert visitor.sees_on_the_wall() == [], "a clean promise still waits for a person"

    moderator.joins_by_invitation()
    moderator.signs_out()
    moderator.signs_in()
    assert moderator.opens_the_queue() == [WORDS]
    moderator.approves_by_keyboard()

    assert visitor.sees_on_the_wall() == [WORDS]
    assert shown(page, wall) == [WORDS]
    pledge = api(page, wall, f"/campaigns/{SLUG}/pledges").json()["pledges"][0]
    assert pledge["by"] == "Amina"
    assert "Yusuf" not in page.content()

    page.goto(pledge["url"])
    visitor.comments("We did this too. It helps!", name="Mei")
    page.goto(pledge["url"])
    expect(page.locator("[data-comment]")).to_have_count(0)
    wall.work()
    assert moderator.opens_the_queue() == ["We did this too. It helps!"]
    moderator.approves_by_keyboard()
    page.goto(pledge["url"])
    expect(page.locator("[data-comment]")).to_contain_text("It helps!")
    comments = api(page, wall, f"/pledges/{pledge['id']}/comments").json()["comments"]
    assert [comment["comment"] for comment in comments] == ["We did this too. It helps!"]

    page.goto(receipt)
    change(page, "I will plant twenty trees.")
    assert visitor.sees_on_the_wall() == [WORDS], "what is shown stays until the change is approved"
    wall.work()
    assert moderator.opens_the_queue("changed") == ["I will plant twenty trees."]
    moderator.approves_by_keyboard()
    assert visitor.sees_on_the_wall() == ["I will plant twenty trees."]
    assert shown(page, wall) == ["I will plant twenty trees."]

    page.goto(receipt)
    press_act(page, "withdraw")
    assert visitor.sees_on_the_wall() == []
    assert shown(page, wall) == []
    assert page.goto(pledge["url"]).status == 404  # type: ignore[union-attr]
    assert api(page, wall, f"/pledges/{pledge['id']}").status == 404
    assert api(page, wall, f"/pledges/{pledge['id']}/comments").status == 404

    page.goto(receipt)
    press_act(page, "erase")
    body = page.goto(receipt).text()  # type: ignore[union-attr]
    assert "twenty trees" not in body and "amina@example.org" not in body


def change(page: Page, words: str) -> None:
    page.get_by_role("link", name=re.compile("Change", re.I)).first.click()
    page.locator("#promise").fill(words)
    if page.locator("#consent").count():
        page.locator("#consent").check()
    page.get_by_role("button", name=re.compile("Send")).first.click()


def press_act(page: Page, act: str) -> None:
    """Presses the button of an act, and the one that confirms it."""
    for _ in range(3):
        form = page.locator(f'form:has(input[name="act"][value="{act}"])')
        if form.count() == 0:
            return
        more = page.locator(f'details:has(input[name="act"][value="{act}"])')
        if more.count() and more.first.get_attribute("open") is None:
            more.first.locator("summary").click()
        form.first.locator("button[type=submit]").first.click()


def of_an_organisation(wall: Wall) -> list[str]:
    """The pages of one that is verified, with all that it can show: its own, a report of it, its private one."""
    senders = Senders(wall.app)
    sent = of(senders, senders.moderator("mo"), "Northbrook Primary School")
    gives(senders, sent)
    assert senders.acts(sent, "describe", sector="school", size="50-249").status_code == 303
    assert sends(senders, sent, drawn())[0] == 303
    with wall.app.app_context(), transaction() as session:
        waits = session.scalars(select(Matter).where(Matter.kind == MatterKind.LOGO)).one()
        logos.decide(session, waits, True, utcnow())
        page = f"/{SLUG}/organisations/{waits.organisation.public_id}"
    return [page, f"{page}/report", sent.receipt]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # the pages are the same on both
def test_every_page_of_the_road_is_accessible(
    wall: Wall, visitor: Visitor, moderator: AtTheDesk, new_page: Callable[..., Page]
) -> None:
    receipt = visitor.promises(
        "Call me on 07700 900123 about Daniel in class 4B, I will listen.", name="Amina", show_name="full"
    )
    wall.work()
    moderator.joins()
    desk = moderator.page
    assert len(moderator.opens_the_queue()) == 1
    moderator.opens_the_queue()
    moderator.presses("o")
    expect(desk).to_have_url(re.compile("/reviews/"))
    assert faults(desk) == []
    moderator.opens_the_queue()
    moderator.approves_by_keyboard()
    pledge = api(desk, wall, f"/campaigns/{SLUG}/pledges").json()["pledges"][0]
    home, organisation = wall.url, of_an_organisation(wall)
    no_violations(
        new_page(),
        f"{home}/{SLUG}",
        f"{home}/cy/{SLUG}",
        f"{home}/{SLUG}/promise",
        pledge["url"],
        f"{pledge['url']}/comment",
        f"{pledge['url']}/report",
        receipt,
        f"{home}/{SLUG}/organisations",
        *(f"{home}{path}" for path in organisation),
        f"{home}/privacy",
        f"{home}/house-rules",
        f"{home}/accessibility",
        f"{home}/send-link",
        f"{home}/moderation/sign-in",
        f"{home}/no-such-wall",
    )


def test_letters_follow_the_decision_after_the_undo_window(wall: Wall, visitor: Visitor, moderator: AtTheDesk) -> None:
    visitor.promises("I will ask at every meeting.", email="owen@example.org")
    wall.work()
    letters = wall.letters()
    assert len(letters) == 1 and "owen@example.org" in letters[0]
    moderator.joins()
    moderator.opens_the_queue()
    moderator.approves_by_keyboard()
    wall.work(timedelta(seconds=10))
    assert len(wall.letters()) == 1, "an address that nobody has proved gets that one letter"
