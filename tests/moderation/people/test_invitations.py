"""An invitation sets nothing before its address has answered, and the stronger of two comes first."""

from __future__ import annotations

import re
from collections.abc import Callable

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from moderation.models import Moderator, Role
from tests.servers.smtp import SmtpSink
from tests.wall import CSRF, OTHER, PASSWORD, SLUG, TOTP_SECRET, AtTheDesk, Wall, found

ANN = "ann@example.org"
LINK = re.compile(r"/moderation/invitation/[\w-]+")
CODE = re.compile(r"^(\d{8})\s*$", re.MULTILINE)


def invites(by: AtTheDesk, email: str, role: Role, slug: str = "") -> str:
    """The link that this colleague is shown."""
    given = {"csrf_token": by.csrf(), "email": email, "role": role, "campaign": slug}
    answer = by.client.post("/moderation/people", data=given)
    assert answer.status_code == 200, answer.text
    return LINK.findall(answer.text)[0]


def posts(client: FlaskClient, link: str, **fields: str) -> TestResponse:
    csrf = found(CSRF, client.get("/moderation/sign-in", follow_redirects=True).text)
    return client.post(link, data={"csrf_token": csrf, **fields})


def sets_up(client: FlaskClient, link: str, secret: str = PASSWORD) -> int:
    """The password and the first code are sent, as the pages ask for them; the status of the last answer."""
    answer = posts(client, link, password=secret, name="Ann")
    key = TOTP_SECRET.search(answer.text)
    if key is None:
        return answer.status_code
    return posts(client, link, code=pyotp.TOTP(key[1]).now()).status_code


def accounts(wall: Wall) -> dict[str, str | None]:
    with wall.look() as session:
        return {one.email: one.password for one in session.scalars(select(Moderator))}


@pytest.fixture
def lead(wall: Wall) -> AtTheDesk:
    return wall.moderator("lee", Role.LEAD, SLUG)


def test_a_lead_s_link_cannot_set_up_an_account_that_is_to_be_an_owner_s(wall: Wall, lead: AtTheDesk) -> None:
    owners = wall.invitation(ANN, Role.OWNER)
    weaker = invites(lead, ANN, Role.MODERATOR, SLUG)
    stranger, ann = wall.app.test_client(), wall.app.test_client()
    assert "comes first" in stranger.get(weaker).text
    assert sets_up(stranger, weaker, "nine loud engines stop") == 409
    assert posts(stranger, weaker, code="000000").status_code == 409
    assert ANN not in accounts(wall)
    assert sets_up(ann, owners) == 303
    assert ann.get("/moderation/").status_code == 200
    assert stranger.get(weaker).status_code == 403, "now it adds a role, for whoever signs in as Ann"
    assert posts(ann, weaker).status_code == 303


@pytest.mark.parametrize(
    ("weak", "strong"),
    [
        ((Role.LEAD, SLUG), (Role.OWNER, OTHER)),
        ((Role.MODERATOR, SLUG), (Role.LEAD, OTHER)),
        ((Role.OWNER, SLUG), (Role.OWNER, "")),
        ((Role.VIEWER, ""), (Role.MODERATOR, SLUG)),
    ],
)
@pytest.mark.parametrize("later", [False, True])
def test_the_stronger_of_two_comes_first_whichever_was_made_first(
    wall: Wall, weak: tuple[Role, str], strong: tuple[Role, str], later: bool
) -> None:
    made = [wall.invitation(ANN, *each) for each in ((strong, weak) if later else (weak, strong))]
    stronger, weaker = made if later else made[::-1]
    assert sets_up(wall.app.test_client(), weaker) == 409
    assert sets_up(wall.app.test_client(), stronger) == 303


def test_of_two_that_offer_as_much_either_may_be_used(wall: Wall) -> None:
    one, _other = wall.invitation(ANN, Role.LEAD, SLUG), wall.invitation(ANN, Role.LEAD, OTHER)
    assert sets_up(wall.app.test_client(), one) == 303


# -- the address answers


@pytest.fixture
def posting(walls: Callable[..., Wall], smtp_sink: SmtpSink) -> Wall:
    return walls(mail_url=smtp_sink.url)


@pytest.fixture
def owner(posting: Wall) -> AtTheDesk:
    return posting.moderator("olga", Role.OWNER)


def mailed_code(wall: Wall, sink: SmtpSink) -> str:
    wall.screens()
    letter = sink.received[-1]
    assert letter.message["To"] == ANN
    return found(CODE, letter.text())


def test_a_colleague_s_link_sets_nothing_before_the_address_has_answered(
    posting: Wall, owner: AtTheDesk, smtp_sink: SmtpSink
) -> None:
    link = invites(owner, ANN, Role.MODERATOR)
    ann = posting.app.test_client()
    assert "Send the code" in ann.get(link).text
    assert sets_up(ann, link) == 403
    assert ANN not in accounts(posting)
    assert posts(ann, link, send="1").status_code == 200
    code = mailed_code(posting, smtp_sink)
    wrong = posts(ann, link, proof=str((int(code) + 1) % 10**8).zfill(8))
    assert wrong.status_code == 422
    assert posts(ann, link, proof=f" {code[:4]} {code[4:]} ").status_code == 303
    assert sets_up(posting.app.test_client(), link) == 403, "it was proved in another browser"
    assert sets_up(ann, link) == 303
    assert ann.get("/moderation/").status_code == 200


def test_the_code_of_one_invitation_proves_no_other(posting: Wall, owner: AtTheDesk, smtp_sink: SmtpSink) -> None:
    mine = invites(owner, ANN, Role.MODERATOR)
    other = invites(owner, "ben@example.org", Role.MODERATOR)
    thief = posting.app.test_client()
    posts(thief, mine, send="1")
    code = mailed_code(posting, smtp_sink)
    assert posts(thief, other, proof=code).status_code == 422
    assert posts(thief, mine, proof=code).status_code == 303
    assert sets_up(thief, other) == 403


def test_codes_of_invitations_cannot_be_guessed(
    walls: Callable[..., Wall], smtp_sink: SmtpSink, early_in_a_minute: None
) -> None:
    wall = walls(mail_url=smtp_sink.url, limit_codes="4/hour")
    link = invites(wall.moderator("olga", Role.OWNER), ANN, Role.MODERATOR)
    found_there = [posts(wall.app.test_client(), link, proof=f"{n:08}").status_code for n in range(6)]
    assert found_there == [422] * 4 + [429] * 2


def test_who_runs_the_server_needs_no_letter(posting: Wall) -> None:
    assert sets_up(posting.app.test_client(), posting.invitation(ANN)) == 303
