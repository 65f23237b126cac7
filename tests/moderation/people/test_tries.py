"""How often somebody may try to sign in, and that strangers shut out nobody whom the desk knows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.moderation.people.test_sign_in import CODE, SIGN_IN, inside
from tests.wall import CSRF, PASSWORD, AtTheDesk, Wall, found

HOME, CAFE, ELSEWHERE = "192.0.2.1", "198.51.100.7", "203.0.113."
LIMIT = "5/minute; 10/10 minutes; 20/hour; 40/day"
MO = "mo@example.org"
WRONG = "not the right one"


@pytest.fixture
def guarded(walls: Callable[..., Wall], early_in_a_minute: None) -> Wall:
    return walls(limit_sign_in=LIMIT)


@pytest.fixture
def mo(guarded: Wall) -> AtTheDesk:
    return guarded.moderator("mo")


def client_at(wall: Wall, network: str) -> FlaskClient:
    client = wall.app.test_client()
    client.environ_base["REMOTE_ADDR"] = network
    return client


def tries(wall: Wall, network: str, email: str = MO, secret: str = WRONG) -> TestResponse:
    client = client_at(wall, network)
    csrf = found(CSRF, client.get(SIGN_IN).text)
    return client.post(SIGN_IN, data={"csrf_token": csrf, "email": email, "password": secret})


def signs_in(wall: Wall, network: str, mo: AtTheDesk) -> FlaskClient:
    client = client_at(wall, network)
    csrf = found(CSRF, client.get(SIGN_IN).text)
    client.post(SIGN_IN, data={"csrf_token": csrf, "email": MO, "password": PASSWORD})
    page = client.get(CODE)
    if page.status_code == 200:
        client.post(CODE, data={"csrf_token": found(CSRF, page.text), "code": mo.next_code()})
    return client


def statuses(wall: Wall, networks: list[str], email: str = MO) -> list[int]:
    return [tries(wall, network, email).status_code for network in networks]


def test_the_sixth_wrong_password_from_one_network_waits(guarded: Wall, mo: AtTheDesk) -> None:
    assert statuses(guarded, [CAFE] * 6) == [200] * 5 + [429]
    answer = tries(guarded, CAFE, secret=PASSWORD)
    assert answer.status_code == 429, "the right one waits as well, or waiting would tell which is right"
    assert 0 < int(answer.headers["Retry-After"]) <= 120


@pytest.mark.parametrize(
    "email", ["mo@ｅxample.org", "MO@EXAMPLE.ORG", " mo@example.org ", "mo@EXAMPLE。org", "Mo@Example.Org"]
)
def test_every_spelling_of_an_address_is_the_same_account(guarded: Wall, mo: AtTheDesk, email: str) -> None:
    assert statuses(guarded, [CAFE] * 3) == [200] * 3
    assert statuses(guarded, [CAFE] * 3, email) == [200, 200, 429]


def test_no_address_is_limited_too(guarded: Wall) -> None:
    assert statuses(guarded, [CAFE] * 6, "no address at all") == [200] * 5 + [429]


def test_forty_networks_cannot_guess_forty_times(guarded: Wall, mo: AtTheDesk) -> None:
    found = statuses(guarded, [f"{ELSEWHERE}{number}" for number in range(40)])
    assert found == [200] * 20 + [429] * 20


def test_one_network_cannot_try_one_password_on_many_accounts(guarded: Wall) -> None:
    found = [tries(guarded, CAFE, f"m{number}@example.org").status_code for number in range(6)]
    assert found == [200] * 5 + [429]


def test_many_networks_of_one_customer_count_together(guarded: Wall) -> None:
    found = [tries(guarded, f"2001:db8:1:{n:x}::1", f"m{n}@example.org").status_code for n in range(41)]
    assert found == [200] * 40 + [429]


def test_strangers_do_not_shut_out_a_network_that_never_tried(guarded: Wall, mo: AtTheDesk) -> None:
    assert statuses(guarded, [CAFE] * 8)[-1] == 429
    assert inside(signs_in(guarded, "192.0.2.99", mo))


def test_strangers_never_shut_out_a_network_that_has_signed_in_before(guarded: Wall, mo: AtTheDesk) -> None:
    assert inside(signs_in(guarded, HOME, mo))
    assert statuses(guarded, [f"{ELSEWHERE}{number}" for number in range(60)])[-1] == 429
    assert [tries(guarded, HOME, f"m{number}@example.org").status_code for number in range(8)][-1] == 429
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=31), tick=True):  # for a fresh code
        assert inside(signs_in(guarded, HOME, mo))


def test_a_network_that_has_signed_in_before_answers_for_itself(guarded: Wall, mo: AtTheDesk) -> None:
    signs_in(guarded, HOME, mo)
    assert statuses(guarded, [HOME] * 6) == [200] * 5 + [429]


def test_right_tries_do_not_count(guarded: Wall, mo: AtTheDesk) -> None:
    for _ in range(8):
        assert tries(guarded, CAFE, secret=PASSWORD).status_code == 302


def test_the_wait_grows_with_the_tries(guarded: Wall, mo: AtTheDesk) -> None:
    begin = datetime.now(UTC).replace(minute=0, second=5) + timedelta(hours=1)  # no window ends soon of itself
    waits, now = [], begin
    for _ in range(60):
        with time_machine.travel(now, tick=False):
            answer = tries(guarded, CAFE)
        if answer.status_code == 429:
            waits.append(int(answer.headers["Retry-After"]))
            now += timedelta(seconds=waits[-1])
    assert waits[0] <= 60
    assert waits[0] < max(waits[:10]) < max(waits)
    assert max(waits) > 600
    assert now - begin > timedelta(hours=1)


def test_wrong_codes_count_for_the_account_that_the_password_opened(guarded: Wall, mo: AtTheDesk) -> None:
    found_there = []
    for _ in range(2):
        client = client_at(guarded, CAFE)
        csrf = found(CSRF, client.get(SIGN_IN).text)
        client.post(SIGN_IN, data={"csrf_token": csrf, "email": MO, "password": PASSWORD})
        page = client.get(CODE).text
        for _ in range(3):
            found_there.append(client.post(CODE, data={"csrf_token": found(CSRF, page), "code": "1"}).status_code)
    assert found_there == [200] * 5 + [429]
