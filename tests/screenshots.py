"""Pictures of the wall for the documentation: `make screenshots` renews docs/screenshots/."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page
from sqlalchemy import update

from moderation.cli import demo
from moderation.models import Evidence, Role
from pledges.db import transaction, utcnow
from tests.browser import NARROW, WIDE
from tests.journeys.conftest import SLUG, AtTheDesk, Visitor, Wall, akismet, moderator, visitor, wall  # noqa: F401

FOLDER = Path(__file__).parent.parent / "docs" / "screenshots"

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

WAITING = (
    (
        "I promise to ring Mrs Okafor on 07700 900123 every Friday about what happened to her son Daniel in class 4B.",
        "Blessing",
    ),
    (
        "Best price essay writing for student, visit www.essays.example and www.cheap.example and http://more.example",
        "Essay",
    ),
    ("Our Year 5 team will sit down with three parents and a pot of tea before half term.", "Ama"),
    ("Byddaf yn dysgu enwau pawb yn y tîm.", "Carys"),
    ("I will publish what we pay, and why.", "Rowan"),
)


DESK = ("sheet", "surge", "figures", "record", "reasons", "word-lists", "me")
SIZES: tuple[tuple[int, Literal["light", "dark"], str], ...] = (
    (WIDE, "light", ""),
    (WIDE, "dark", "-dark"),
    (NARROW, "light", "-phone"),
    (NARROW, "dark", "-phone-dark"),
)


def picture(page: Page, name: str, *, full: bool = True) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path, full_page=full)
    assert path.stat().st_size > 10_000, f"{name} is an empty page"


def test_pictures(wall: Wall, visitor: Visitor, moderator: AtTheDesk, new_page: Callable[..., Page]) -> None:  # noqa: F811
    started = time.time() - 1  # some file systems keep whole seconds
    first_day = new_page()
    first_day.goto(f"{wall.url}/{SLUG}")
    picture(first_day, "wall-first-day")
    with wall.app.app_context(), transaction() as session:
        demo.add(session, demo.USUAL, utcnow(), slug=SLUG)
    for words, name in WAITING:
        receipt = visitor.promises(words, name=name, show_name="first", lang="cy" if name == "Carys" else "en")
    with wall.app.app_context(), transaction() as session:  # as if somebody had taken a minute over each
        session.execute(update(Evidence).values(seconds_on_form=60.0))
    wall.work()
    moderator.joins(Role.OWNER)
    desk = moderator.page
    pledge = desk.request.get(f"{wall.url}/api/v1/campaigns/{SLUG}/pledges").json()["pledges"][1]["url"]
    pages = {
        "wall": f"{wall.url}/{SLUG}",
        "wall-welsh": f"{wall.url}/cy/{SLUG}",
        "form": f"{wall.url}/{SLUG}/promise",
        "promise": pledge,
        "receipt": receipt,
    }
    for width, scheme, ending in SIZES:
        page = new_page(width=width, scheme=scheme)
        for name, address in pages.items():
            page.goto(address)
            picture(page, name + ending)
        desk.set_viewport_size({"width": width, "height": 860})
        desk.emulate_media(color_scheme=scheme)
        moderator.opens_the_queue()
        picture(desk, "queue" + ending, full=width == NARROW)
        desk.goto(wall.url + (desk.locator(".q-link").first.get_attribute("data-open") or ""))
        picture(desk, "item" + ending)
        for name in DESK if width == WIDE else ():
            desk.goto(f"{wall.url}/moderation/{name}")
            picture(desk, f"desk-{name}{ending}")
    errors = new_page()
    errors.goto(f"{wall.url}/{SLUG}/promise")
    errors.locator("main form button[type=submit]").first.click()
    picture(errors, "form-problems")
    taken = {path.name for path in FOLDER.glob("*.png") if path.stat().st_mtime >= started}
    assert taken == {path.name for path in FOLDER.glob("*.png")}, "a picture of an older wall is left over"
