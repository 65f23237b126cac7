"""A wall that runs for real: web server on loopback, worker in hand, Akismet's protocol served locally."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

import migrations
from app import create_app
from moderation.jobs import tasks
from moderation.models import Role
from moderation.people import memberships
from moderation.rules import house_rules, reasons
from pledges.campaigns import presets
from pledges.db import open_engine, transaction, utcnow
from pledges.models import Campaign, CampaignState
from pledges.settings import Settings
from tests.akismet_service import KEY, AkismetService
from tests.servers.ports import free_port
from tests.wall import Wall as Senders

SLUG = presets.FIRST
NAME, PASSWORD = "Fatima R", "seven quiet rivers run"


def opened(url: str) -> None:
    """Real migrations, the usual reasons and house rules, and all five presets open."""
    engine = open_engine(url)
    migrations.upgrade(engine)
    with Session(engine) as session, session.begin():
        reasons.add_usual(session, utcnow())
        house_rules.add_usual(session, utcnow())
        for name in presets.NAMES:
            presets.add(session, name, utcnow())
    engine.dispose()


class Wall:
    """The running wall, as those see it who run it."""

    def __init__(self, app: Flask, base_url: str, akismet: AkismetService) -> None:
        self.app = app
        self.url = base_url
        self.akismet = akismet

    def work(self, ahead: timedelta = timedelta()) -> None:
        """The worker does all that is owed, as if `ahead` had passed."""
        with self.app.app_context():
            tasks.sweep(utcnow() + ahead)

    def invitation(self, email: str, role: Role = Role.MODERATOR) -> str:
        with self.app.app_context(), transaction() as session:
            return self.url + memberships.invite(session, email, role, None, None, utcnow())

    def letters(self) -> list[str]:
        """Every letter written so far, as its source, oldest first."""
        folder = self.app.extensions["wall.settings"].instance / "mail"
        return [path.read_text() for path in sorted(folder.glob("*.eml"))] if folder.exists() else []


@pytest.fixture
def akismet() -> Iterator[AkismetService]:
    with AkismetService() as service:
        yield service


@pytest.fixture
def wall(fresh_database: Callable[..., str], tmp_path: Path, akismet: AkismetService) -> Iterator[Wall]:
    """A wall with all five presets open, on the database that the test is for."""
    port = free_port()
    settings = Settings(
        instance=tmp_path,
        database_url=fresh_database(fill=opened),
        base_url=f"http://127.0.0.1:{port}",
        port=port,
        akismet_endpoint=akismet.url,
        undo_seconds=8,
        limit_promises="1000/minute",
        limit_comments="1000/minute",
        limit_sign_in="1000/minute",
        limit_email="1000/minute",
    )
    settings.akismet_api_key = SecretStr(KEY)
    app = create_app(settings)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Wall(app, settings.base_url, akismet)
    server.shutdown()
    thread.join()
    app.extensions["wall.database"].engine.dispose()


class Visitor:
    """Somebody who makes a promise, with a page that may or may not run scripts."""

    def __init__(self, page: Page, wall: Wall) -> None:
        self.page = page
        self.wall = wall
        # a page may be kept by a browser for five seconds; routing switches that cache off, so that each look is fresh
        page.route("**/*", lambda route: route.continue_())

    def promises(self, words: str, *, slug: str = SLUG, **fields: str) -> str:
        """Fills the form from the wall and sends it; answers the address of the receipt."""
        page = self.page
        page.goto(f"{self.wall.url}/{slug}")
        page.locator('a[href$="/promise"]').first.click()
        page.locator("#promise").fill(words)
        for name, value in fields.items():
            self._give(name, value)
        page.locator("#consent").check()
        page.get_by_role("button", name="Send my promise").click()
        as_it_is = page.get_by_role("button", name="Send it as it is")
        expect(as_it_is.or_(page.locator("main.receipt, [data-receipt], .mine, h1")).first).to_be_visible()
        if as_it_is.count():
            as_it_is.click()
        expect(page).to_have_url(re.compile(r"/receipt/"))
        return page.url

    def comments(self, words: str, name: str = "") -> str:
        page = self.page
        page.get_by_role("link", name=re.compile("comment", re.I)).last.click()
        page.locator("#comment").fill(words)
        if name:
            page.locator("#name").fill(name)
        page.locator("#consent").check()
        page.get_by_role("button", name=re.compile("Send")).first.click()
        expect(page).to_have_url(re.compile(r"/receipt/"))
        return page.url

    def sees_on_the_wall(self, slug: str = SLUG) -> list[str]:
        self.page.goto(f"{self.wall.url}/{slug}")
        return [words.strip() for words in self.page.locator("[data-pledge] .words").all_inner_texts()]

    def _give(self, name: str, value: str) -> None:
        field = self.page.locator(f'[name="{name}"]')
        if field.first.get_attribute("type") == "radio":
            choice = self.page.locator(f'[name="{name}"][value="{value}"]')
            if not choice.is_visible():  # folded away on a phone
                self.page.locator("details.stronger > summary").click()
            choice.check()
        elif field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


class AtTheDesk:
    """A moderator, at the keyboard."""

    def __init__(self, page: Page, wall: Wall, email: str) -> None:
        self.page = page
        self.wall = wall
        self.email = email
        self.secret = ""

    def joins(self, role: Role = Role.MODERATOR) -> AtTheDesk:
        """Signed in, with the queue open, as `joins_by_invitation` leaves it."""
        seat = Senders(self.wall.app).seats(self.email, NAME, role)
        self.secret = seat.secret
        self.page.context.add_cookies([{"name": "desk", "value": seat.session, "url": f"{self.wall.url}/moderation/"}])
        self.page.goto(f"{self.wall.url}/moderation/")
        return self

    def joins_by_invitation(self, role: Role = Role.MODERATOR) -> AtTheDesk:
        """By hand: a password, an authenticator, and its first code."""
        page = self.page
        page.goto(self.wall.invitation(self.email, role))
        page.get_by_label("Your name", exact=False).fill(NAME)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
        self.secret = page.locator("[data-totp-secret]").inner_text()
        page.get_by_label("Code").fill(self.code())
        page.get_by_role("button", name="Join").click()
        expect(page).to_have_url(re.compile(r"/moderation/"))
        return self

    def code(self, later: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(utcnow() + timedelta(seconds=30 * later))

    def signs_out(self) -> None:
        self.page.get_by_role("button", name="sign out").click()
        expect(self.page).to_have_url(re.compile("sign-in"))

    def signs_in(self) -> None:
        page = self.page
        page.goto(f"{self.wall.url}/moderation/sign-in")
        page.get_by_label("Email address").fill(self.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on to the code").click()
        page.get_by_label("six digits", exact=False).fill(self.code(later=1))
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("waiting")

    def opens_the_queue(self, lane: str = "all") -> list[str]:
        self.page.goto(f"{self.wall.url}/moderation/?lane={lane}")
        return [text.strip() for text in self.page.locator("[data-review] .q-text").all_inner_texts()]

    def presses(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def approves_by_keyboard(self) -> None:
        """What is open is approved; where a check found something, `A` once more."""
        with self.page.expect_navigation():
            self.presses("a")
        if self.page.locator("[data-sure]").count():
            self.presses("a")
        expect(self.page.locator("[data-toast]")).to_contain_text("Approved")


@pytest.fixture
def visitor(wall: Wall, new_page: Callable[..., Page]) -> Visitor:
    """A visitor whose browser runs no scripts."""
    return Visitor(new_page(javascript=False), wall)


@pytest.fixture
def moderator(wall: Wall, new_page: Callable[..., Page]) -> AtTheDesk:
    return AtTheDesk(new_page(), wall, "fatima@example.org")


def campaign_of(wall: Wall, slug: str) -> Any:
    with wall.app.app_context(), transaction() as session:
        return session.scalars(select(Campaign).where(Campaign.slug == slug)).one()


def close(wall: Wall, slug: str) -> None:
    with wall.app.app_context(), transaction() as session:
        session.scalars(select(Campaign).where(Campaign.slug == slug)).one().state = CampaignState.CLOSED


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment)
