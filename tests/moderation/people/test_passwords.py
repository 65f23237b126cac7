"""Which passwords are read at the door, and which may be set."""

from __future__ import annotations

import unicodedata

import pytest

from moderation.people.forms import SignInForm
from tests.moderation.people.test_sign_in import SIGN_IN, password
from tests.wall import CSRF, PASSWORD, TOTP_SECRET, AtTheDesk, Wall, found

LONG = "seven quiet rivers run past the mill "


def chooses(wall: Wall, secret: str, *, email: str = "ann@example.org", name: str = "Ann Other") -> tuple[int, str]:
    """Status and page where somebody who was invited chooses this password."""
    link = wall.invitation(email)
    client = wall.app.test_client()
    csrf = found(CSRF, client.get(link).text)
    answer = client.post(link, data={"csrf_token": csrf, "password": secret, "name": name})
    return answer.status_code, answer.text


@pytest.mark.parametrize(
    "secret",
    ["123456789012", "password1234", "qwertyuiop12", "aaaaaaaaaaaaaaaa", "ann@example.org", 
     "abcabcabcabcabc", "iloveyou1234", "1q2w3e4r5t6y", "promisewall2026", "1" * 4096],
)  # fmt: skip
def test_a_password_that_people_choose_or_that_everybody_knows_of_one_is_refused(wall: Wall, secret: str) -> None:
    status, page = chooses(wall, secret, email="ann@example.org")
    assert status == 422
    assert "easily guessed" in page
    assert TOTP_SECRET.search(page) is None


@pytest.mark.parametrize(
    "secret",
    [PASSWORD, "vk7Qz!m2Rw9x", (LONG * 200)[:4096], "saith afon dawel yn rhedeg", "七つの静かな川が流れている町"],
)
def test_a_good_password_is_taken(wall: Wall, secret: str) -> None:
    status, page = chooses(wall, secret)
    assert status == 200
    assert TOTP_SECRET.search(page)


@pytest.mark.parametrize(
    "secret",
    [LONG * 200, (LONG * 200)[:4097], "\ufdfa" * 400, "seven\0rivers\0run past"],
)
def test_a_password_that_nothing_could_read_again_is_refused_in_words(wall: Wall, secret: str) -> None:
    status, page = chooses(wall, secret)
    assert status == 422
    assert "too long" in page


def test_a_password_of_more_marks_than_any_script_needs_opens_what_it_was_chosen_for(wall: Wall) -> None:
    secret = "quiet rivers run past " + "\u0344" * 31
    assert chooses(wall, secret)[0] == 200
    assert "is not right" not in password(wall.app.test_client(), "ann@example.org", secret).text


@pytest.mark.parametrize("secret", ["a" * 5_000, "\ufdfa" * 4_000, "\u0344" * 4_000, "a\0b"])
def test_a_password_that_cannot_be_one_is_wrong_like_any_other(wall: Wall, moderator: AtTheDesk, secret: str) -> None:
    for email in ("mo@example.org", "nobody@example.org"):
        answer = password(wall.app.test_client(), email, secret)
        assert answer.status_code == 200
        assert "is not right" in answer.text
    csrf = moderator.csrf()
    again = moderator.client.post(f"{SIGN_IN}/again", data={"csrf_token": csrf, "password": secret})
    assert again.status_code == 200
    assert "is not right" in again.text


def test_a_password_opens_however_its_letters_are_composed(wall: Wall) -> None:
    link = wall.invitation("ann@example.org")
    client = wall.app.test_client()
    csrf = found(CSRF, client.get(link).text)
    composed = unicodedata.normalize("NFC", "pum afon dŵr tawel ŷd")
    client.post(link, data={"csrf_token": csrf, "password": composed, "name": "Ann"})
    for written in (composed, unicodedata.normalize("NFD", composed)):
        with wall.app.test_request_context(SIGN_IN, method="POST", data={"email": "ann@example.org"}):
            form = SignInForm(email="ann@example.org", password=written, meta={"csrf": False})
            assert form.validate(), form.errors
