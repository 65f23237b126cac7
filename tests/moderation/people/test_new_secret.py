"""The secret is changed and the old one kept beside it: links, proofs and addresses count as before."""

from __future__ import annotations

import re
from collections.abc import Callable
from email import message_from_string, policy
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.moderation.queue.test_finding import found
from tests.wall import Sent, Wall, later, make_app, opened

RECEIPT = re.compile(r"http://wall\.example(/(?:cy|en)/receipt/\S+)")
Walls = tuple[Wall, Wall]


@pytest.fixture
def both(fresh_database: Callable[..., str], tmp_path: Path) -> Walls:
    """One wall before and after its secret was changed."""
    url = fresh_database(fill=opened)
    new = {"secret_key": SecretStr("n" * 64), "secret_key_fallbacks": ["k" * 64]}
    return Wall(make_app(url, tmp_path)), Wall(make_app(url, tmp_path, **new))


def links(wall: Wall) -> list[str]:
    """Every private link in the newest letter."""
    body = message_from_string(wall.letters()[-1], policy=policy.default).get_body(("plain",))
    assert body is not None
    return RECEIPT.findall(body.get_content())


def sent_before(wall: Wall) -> Sent:
    sent = wall.promises("I will outlive a change of keys", email="key@example.org")
    wall.proves(sent)
    wall.screens()
    return sent


def test_a_letter_written_later_holds_a_link_that_opens(both: Walls) -> None:
    before, after = both
    sent = sent_before(before)
    after.moderator("zoe").approves(sent)
    after.screens(later(60))
    assert "on the wall" in after.letters()[-1]
    assert links(after)
    assert all(after.app.test_client().get(path).status_code == 200 for path in links(after))


def test_send_me_my_link_knows_the_address_and_sends_links_that_open(both: Walls) -> None:
    before, after = both
    sent_before(before)
    written = len(after.letters())
    assert after.app.test_client().post("/send-link", data={"email": "key@example.org"}).status_code == 200
    after.screens(later(60))
    assert len(after.letters()) == written + 1
    assert links(after)
    assert all(after.app.test_client().get(path).status_code == 200 for path in links(after))


def test_a_link_made_anew_is_of_the_new_secret_and_a_proof_of_the_old_one_still_proves(both: Walls) -> None:
    before, after = both
    sent = before.promises("I will prove it later", email="later@example.org")
    before.screens()
    proof = next(path for path in links(before) if "proof=" in path).partition("proof=")[2]
    client = after.app.test_client()
    assert client.post(sent.receipt, data={"act": "letters", "letters": "yes", "proof": proof}).status_code == 303
    assert "Open the link in it and press the button there" not in client.get(sent.receipt).text
    newer = after.acts(sent, "new_link").location
    assert client.get(newer).status_code == 200


def test_an_address_proved_before_counts_as_proved_for_what_is_sent_after(both: Walls) -> None:
    before, after = both
    sent_before(before)
    newer = after.promises("I will promise once more", email="key@example.org")
    after.screens()
    after.moderator("zoe").approves(newer)
    after.screens(later(60))
    assert "on the wall" in after.letters()[-1]


def test_the_desk_finds_an_author_by_an_address_given_before(both: Walls) -> None:
    before, after = both
    sent = sent_before(before)
    assert found(after.moderator("zoe"), "key@example.org") == [sent.review_id]
