"""Every page of the desk with something on it, wide and narrow, light and dark: nothing for axe, nothing sideways."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select, update
from werkzeug.exceptions import MethodNotAllowed

from moderation import lanes
from moderation.models import Evidence, Moderator, Review, Role
from moderation.organisations import domains
from moderation.people import sign_in
from pledges.db import reading, transaction, utcnow
from pledges.models import Contribution, How
from pledges.organisations import badges, logos, matters, pictures
from tests.browser import faults, unfold
from tests.journeys.conftest import PASSWORD, SLUG, AtTheDesk, Wall
from tests.moderation.clusters.test_clusters import COPIES, arrives
from tests.moderation.test_logos import drawn
from tests.wall import AtTheDesk as DeskClient
from tests.wall import Sent
from tests.wall import Wall as Senders

pytestmark = [pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True), pytest.mark.timeout(900)]

NOT_PAGES = {  # addresses of the desk that show no page of their own, and why
    "desk.tell_news": "JSON for the queue's script",
    "desk.find_item": "leads to the item",
    "desk.show_by_reference": "leads to the item",
    "desk.back_to_item": "leads to the item",
    "desk.show_logo": "a picture",
    "security.wan_delete": "only a button of the passkeys' page goes there",
}
CLEAR = (
    "I will learn the names of everybody on my corridor",
    "Our library buys forty novels by Black Welsh authors",
    "Every rota goes up two weeks early, so that Eid is no surprise",
    "We will translate our newsletter into Somali and Polish",
)
LONG = "Antidisestablishmentarianism" * 8


class Look:
    """What was visited, and what was wrong there."""

    def __init__(self, page: Page, app: Flask) -> None:
        self.page = page
        self.addresses = app.url_map.bind("")
        self.visited: set[str] = set()
        self.faults: list[str] = []

    def goes(self, address: str, name: str = "") -> None:
        there = self.page.goto(address)
        assert there is not None
        assert there.status in (200, 404) if "invitation" in address else there.status == 200, (address, there.status)
        self.sees(name)

    def sees(self, name: str = "") -> None:
        """The page that is open now is looked at, whatever led to it."""
        expect(self.page.locator("h1")).to_have_count(1)
        assert " object at 0x" not in self.page.inner_text("body"), "something of the program's own stands on the page"
        path = urlsplit(self.page.url).path
        with suppress(MethodNotAllowed):  # the answer to a form has no address of its own
            self.visited.add(self.addresses.match(path, method="GET")[0])
        unfold(self.page)
        self.faults += faults(self.page, lambda size: picture(self.page, name or path, size))


def picture(page: Page, name: str, size: str) -> None:
    """Kept in the folder that DESK_PICTURES names, for whoever wants to look for themselves."""
    if folder := os.environ.get("DESK_PICTURES"):
        page.screenshot(path=Path(folder) / f"{re.sub(r'[^a-z0-9]+', '-', name).strip('-')}-{size}.png", full_page=True)


def fill(wall: Wall) -> dict[str, Sent]:
    """Something of every kind waits: clear, harsh, alike, a comment, changed, reported, late and in Welsh."""
    senders = Senders(wall.app)
    clear = [arrives(senders, words, n) for n, words in enumerate(CLEAR)]
    shown = senders.promises("I will plant ten trees by the river", email="amina@example.org")
    for n, words in enumerate(COPIES):
        arrives(senders, words, 20 + n)
    phone = senders.promises(
        "Ring me on 07700 900123 about class 4B and Daniel Okafor", name="Blessing", show_name="first", lang="cy"
    )
    senders.promises(
        "Our shop translates its price list", kind="organisation", organisation=LONG[:90], email="shop@example.org"
    )
    with wall.app.app_context(), transaction() as session:
        session.execute(update(Evidence).values(seconds_on_form=60.0))
    wall.work()
    mo = senders.moderator("mo")
    mo.approves(shown)
    senders.comments(shown, "Good to hear that")
    senders.reports(shown, "hate", note="This is about my street")
    senders.edits(shown, "I will plant twelve trees by the river and water them")
    wall.work()
    mo.decides(phone, "reject", reason="personal_data", note="a child")
    with wall.app.app_context(), transaction() as session:
        late = session.get_one(Review, clear[0].review_id)
        late.waiting_since = utcnow() - timedelta(days=2)
        lanes.put_in(session, late)
    return {"clear": clear[0], "shown": shown, "phone": phone, "asks": _asks(wall, senders, mo)}


def _asks(wall: Wall, senders: Senders, mo: DeskClient) -> Sent:
    """Somebody asks to speak for an organisation that a colleague speaks for already."""
    first, second = (
        senders.promises(
            f"We will open our {what}", kind="organisation", organisation=LONG[:80], email="k@shop.example"
        )
        for what in ("hall on Fridays", "kitchen to all who come")
    )
    for each in (first, second):
        mo.approves(each)
    now = utcnow()
    with wall.app.app_context(), transaction() as session:
        holder = session.get_one(Contribution, first.contribution_id)
        assert holder.organisation is not None
        badges.give(
            session, holder.organisation, holder, how=How.DOMAIN, domain="shop.example", take_over=False, now=now
        )
        asking = session.get_one(Contribution, second.contribution_id)
        for email in ("k@shop.example", "k@nhs.net"):
            matter = matters.ask(session, asking, email, take_over=True, lang="en", now=now)
            matters.press(session, matter, now)
            asking = holder
            holder.organisation.verified_until = now + timedelta(days=9)
        logos.send(session, holder, pictures.drawn_anew(drawn()), "A field", "en", now)
        domains.say(session, "grid.example", True, session.scalars(select(Moderator)).one(), now)
    return second


def has_a_key(wall: Wall, page: Page) -> None:
    """The browser makes passkeys by itself; they need a name for the host."""
    wall.url = wall.url.replace("127.0.0.1", "localhost")
    developer = page.context.new_cdp_session(page)
    developer.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    developer.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def joins_slowly(look: Look, wall: Wall, email: str) -> AtTheDesk:
    """By invitation, looking at each step of it."""
    page, desk = look.page, AtTheDesk(look.page, wall, email)
    look.goes(f"{wall.url}/moderation/invitation/nobodys", "invitation over")
    look.goes(wall.invitation(email, Role.OWNER), "invitation")
    page.get_by_label("Your name", exact=False).fill("Fatima R")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    desk.secret = page.locator("[data-totp-secret]").inner_text()
    look.sees("invitation code")
    page.get_by_label("Code").fill(desk.code())
    page.get_by_role("button", name="Join").click()
    expect(page).to_have_url(re.compile(r"/moderation/"))
    return desk


def test_every_page_of_the_desk_is_sound_at_every_size(wall: Wall, new_page: Callable[..., Page]) -> None:
    sent = fill(wall)
    page = new_page()
    has_a_key(wall, page)
    look = Look(page, wall.app)
    desk = joins_slowly(look, wall, "fatima@example.org")
    the_queue_and_what_it_leads_to(look, wall, sent)
    what_rules_the_desk(look, wall)
    who_works_here(look, wall)
    the_way_in(look, wall, desk)
    assert not look.faults, "\n".join(look.faults)
    rules = {rule.endpoint for rule in wall.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    ours = {each for each in rules if each.startswith("desk.")} | (rules & sign_in.USED)
    assert ours - set(NOT_PAGES) - look.visited == set(), "pages of the desk that nobody looked at"
    assert set(NOT_PAGES) <= ours, "an exception that is no address of the desk"


def the_queue_and_what_it_leads_to(look: Look, wall: Wall, sent: dict[str, Sent]) -> None:
    page, desk = look.page, f"{wall.url}/moderation"
    look.goes(f"{desk}/", "queue")
    look.goes(f"{desk}/?lane=appeals", "queue empty")
    look.goes(f"{desk}/?lane=all&campaign={SLUG}&lang=en&age=under", "queue narrowed")
    for name in ("clear", "shown", "phone"):
        look.goes(f"{desk}/reviews/{sent[name].review_id}", f"item {name}")
    page.goto(f"{desk}/?lane=all")
    page.locator(".q-like a").first.click()
    look.sees("cluster")
    page.get_by_role("button", name="Decline", exact=True).click()
    look.sees("dry run")
    page.get_by_label("Not a promise").first.check()
    page.get_by_role("button", name="Decline them").click()
    expect(page.locator("[data-finished]")).to_be_visible()
    look.sees("batch")
    page.goto(f"{desk}/")
    page.get_by_role("button", name="Read ten clear ones").click()
    expect(page.locator(".leaf").first).to_be_visible()
    look.sees("sheet")
    page.goto(f"{desk}/")
    for asked, name in (
        ("trees river", "search"),
        ("nothing says this", "search empty"),
        ("amina@example.org", "search by address"),
    ):
        page.get_by_role("searchbox").fill(asked)
        page.get_by_role("button", name="Find").click()
        look.sees(name)
    look.goes(f"{desk}/break", "break")
    look.goes(f"{desk}/?lane=organisations", "lane of organisations")
    with wall.app.app_context():
        asks = reading().get_one(Contribution, sent["asks"].contribution_id).organisation
        assert asks is not None
        look.goes(f"{desk}/organisations/{asks.public_id}", "organisation")
    look.goes(f"{desk}/domains", "domains")
    look.goes(f"{desk}/history", "history")
    look.goes(f"{desk}/history?who=me", "history mine")
    look.goes(f"{desk}/history?who=checks", "history of the checks")


def what_rules_the_desk(look: Look, wall: Wall) -> None:
    page, desk = look.page, f"{wall.url}/moderation"
    page.goto(f"{desk}/word-lists?campaign={SLUG}")
    page.get_by_label("Word or phrase").fill("gammon and spinach for every one of us")
    page.get_by_label("A moderator sees it marked").check()
    page.get_by_label("Note for colleagues", exact=False).fill("it is meant for people here, not for supper " * 3)
    page.get_by_role("button", name="Save").click()
    look.sees("word lists")
    page.get_by_role("textbox", name="Text").fill("what a c o o n")
    page.get_by_role("button", name="See what the lists find").click()
    page.locator("[data-tried]").wait_for()
    unfold(page)
    look.faults += faults(page)
    page.goto(f"{desk}/reasons?campaign={SLUG}")
    page.get_by_role("button", name="Make them this campaign’s own").click()
    look.sees("reasons")
    page.get_by_role("link", name=re.compile("^Edit")).first.click()
    look.sees("reasons edited")
    page.goto(f"{desk}/house-rules?campaign={SLUG}")
    page.get_by_role("button", name="Make them this campaign’s own").click()
    look.sees("house rules")
    page.goto(f"{desk}/surge?campaign={SLUG}")
    look.sees("surge off")
    page.get_by_role("button", name="Start surge mode").click()
    for kind, value in (("Phrase", "best price essay writing for every student"), ("Network", "203.0.113.0/24")):
        page.get_by_label("What is it?").select_option(label=kind)
        page.get_by_label("Network, domain or phrase").fill(value)
        page.get_by_label("Note for colleagues", exact=False).fill("since this morning, from many places at once")
        page.get_by_role("button", name="Put it on the list").click()
    look.sees("surge")
    page.get_by_role("button", name="Tell everybody that it is slower than usual").click()
    expect(page.get_by_role("link", name="Leave it")).to_be_visible()
    unfold(page)
    look.faults += faults(page, lambda size: picture(page, "slower", size))
    look.goes(f"{desk}/figures?campaign={SLUG}", "figures")
    look.goes(f"{desk}/campaigns", "campaigns")
    look.goes(f"{desk}/campaigns/{SLUG}", "campaign")
    look.goes(f"{desk}/campaigns/{SLUG}/embed?accent=ffffff&limit=none", "embed")
    look.goes(f"{desk}/campaigns/{SLUG}/keys", "keys")
    look.goes(f"{desk}/campaigns/{SLUG}/webhooks", "webhooks")
    look.goes(f"{desk}/record", "record")
    page.get_by_role("button", name="Go through the chain again").click()
    look.sees("record checked")


def who_works_here(look: Look, wall: Wall) -> None:
    page, desk = look.page, f"{wall.url}/moderation"
    look.goes(f"{desk}/people", "people")
    page.get_by_label("Email address").fill("a.colleague.with.a.long.name@department.of.an.organisation.example.org")
    page.get_by_label("Role").select_option("lead")
    page.get_by_role("button", name="Make a link").click()
    expect(page.locator("[data-invitation]")).to_be_visible()
    look.sees("people invited")
    with wall.app.app_context(), transaction() as session:
        other = session.scalars(select(Moderator.id).where(Moderator.email == "mo@example.org")).one()
    look.goes(f"{desk}/people/{other}", "person")
    for name in ("me", "sessions"):
        look.goes(f"{desk}/{name}", name)
    look.goes(f"{desk}/passkeys", "passkeys none")
    page.get_by_label("What do you call it?").fill("my telephone")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("cell", name="my telephone", exact=True)).to_be_visible()
    look.sees("passkeys")
    look.goes(f"{desk}/recovery-codes", "recovery codes")
    page.get_by_role("button", name="Make new codes").click()
    expect(page.locator("[data-recovery-codes]")).to_be_visible()
    look.sees("recovery codes made")
    look.goes(f"{desk}/sign-in/again", "password again")


def the_way_in(look: Look, wall: Wall, desk: AtTheDesk) -> None:
    """Signed out, and in again as far as the last step."""
    page, there = look.page, f"{wall.url}/moderation/sign-in"
    page.goto(f"{wall.url}/moderation/")
    desk.signs_out()
    look.sees("sign in")
    page.get_by_label("Email address").fill(desk.email)
    page.get_by_label("Password").fill("not this one at all")
    page.get_by_role("button", name="Go on to the code").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look.sees("sign in wrong")
    page.get_by_label("Email address").fill(desk.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on to the code").click()
    expect(page).to_have_url(re.compile("/sign-in/how"))
    look.sees("second step")
    page.get_by_role("button", name="With a code of my app").click()
    expect(page).to_have_url(re.compile("/sign-in/code"))
    look.sees("code")
    look.goes(f"{there}/passkey", "sign in passkey")
    look.goes(f"{there}/recovery", "sign in recovery")
