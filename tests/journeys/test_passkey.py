"""A moderator signs in with a passkey in place of the six digits, in a real browser with a key of its own."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from moderation.models import Act, Passkey
from pledges.db import transaction
from tests.journeys.conftest import PASSWORD, AtTheDesk, Wall


@pytest.fixture
def key_holder(moderator: AtTheDesk) -> AtTheDesk:
    """A moderator whose browser has a key; passkeys need a name for the host, so `localhost`."""
    moderator.wall.url = moderator.wall.url.replace("127.0.0.1", "localhost")
    developer = moderator.page.context.new_cdp_session(moderator.page)
    developer.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    developer.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return moderator


def adds_a_passkey(page: Page, url: str, name: str) -> None:
    page.goto(f"{url}/moderation/passkeys")
    page.get_by_label("What do you call it?").fill(name)
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("cell", name=name, exact=True)).to_be_visible()


def gives_the_password(page: Page, url: str, email: str) -> None:
    page.goto(f"{url}/moderation/sign-in")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on to the code").click()
    page.get_by_role("button", name="With a passkey").click()
    page.get_by_role("button", name="Use my passkey").click()


def test_a_passkey_takes_the_place_of_the_code_and_stands_in_the_record(wall: Wall, key_holder: AtTheDesk) -> None:
    page = key_holder.joins_by_invitation().page
    adds_a_passkey(page, wall.url, "my telephone")
    key_holder.signs_out()
    gives_the_password(page, wall.url, key_holder.email)
    expect(page).to_have_url(re.compile("/moderation/$"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    with wall.app.app_context(), transaction() as session:
        assert session.scalars(select(Passkey.name)).all() == ["my telephone"]
        assert session.scalars(select(Act.act).where(Act.act == "moderator:passkey")).all() == ["moderator:passkey"]
    page.goto(f"{wall.url}/moderation/passkeys")
    page.get_by_role("button", name="Remove my telephone").click()
    expect(page.get_by_role("button", name="Remove my telephone")).to_have_count(0)


def test_a_stolen_key_does_not_open_its_owners_account_after_another_password(
    wall: Wall, key_holder: AtTheDesk
) -> None:
    page = key_holder.joins_by_invitation().page
    adds_a_passkey(page, wall.url, "stolen")
    key_holder.signs_out()
    thief = AtTheDesk(page, wall, "thief@example.org").joins_by_invitation()
    adds_a_passkey(page, wall.url, "own")
    thief.signs_out()
    with wall.app.app_context(), transaction() as session:
        stolen = session.scalars(select(Passkey.credential_id).where(Passkey.name == "stolen")).one()
    page.add_init_script(f"""
        const get = navigator.credentials.get.bind(navigator.credentials);
        navigator.credentials.get = ({{ publicKey }}) => get({{ publicKey: {{ ...publicKey,
          allowCredentials: [{{ type: "public-key", id: new Uint8Array({list(stolen)}) }}] }} }});
    """)
    gives_the_password(page, wall.url, thief.email)
    expect(page.get_by_text("The passkey was not taken")).to_be_visible()
    page.goto(f"{wall.url}/moderation/")
    expect(page).to_have_url(re.compile("sign-in"))
