"""A form of the desk that is refused says what was missing and what to do, for each cause in its own words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.moderation.people.test_sign_in import SIGN_IN
from tests.wall import CSRF, PASSWORD, AtTheDesk, Wall, found

CIRCLE = "load it again"
GIVEN = {"email": "mo@example.org", "password": PASSWORD}


def token(client: FlaskClient) -> str:
    return found(CSRF, client.get(SIGN_IN).text)


def test_a_browser_without_cookies_is_told_so_and_where_to_go(wall: Wall) -> None:
    blocked = wall.app.test_client(use_cookies=False)
    answer = blocked.post(SIGN_IN, data={**GIVEN, "csrf_token": token(blocked)})
    assert answer.status_code == 400
    assert "sent no cookie along" in answer.text
    assert "allow cookies for this site" in answer.text
    assert f"http://wall.example{SIGN_IN}" in answer.text
    assert CIRCLE not in answer.text
    assert f'href="{SIGN_IN}"' in answer.text


def test_whoever_was_signed_out_meanwhile_is_told_to_sign_in(wall: Wall, moderator: AtTheDesk) -> None:
    csrf = moderator.csrf()
    moderator.client.set_cookie("desk", "kept-from-before")
    answer = moderator.client.post("/moderation/shortcuts", data={"csrf_token": csrf})
    assert answer.status_code == 400
    assert "signed out meanwhile" in answer.text
    assert CIRCLE not in answer.text


def test_a_form_without_its_mark_did_not_arrive_whole(wall: Wall, moderator: AtTheDesk) -> None:
    answer = moderator.client.post("/moderation/shortcuts")
    assert answer.status_code == 400
    assert "hidden mark is missing" in answer.text


def test_a_page_from_before_signing_in_anew_says_so(wall: Wall, moderator: AtTheDesk) -> None:
    csrf = moderator.csrf()
    with moderator.client.session_transaction("/moderation/") as session:
        session["csrf_token"] = "0" * 40
    answer = moderator.client.post("/moderation/shortcuts", data={"csrf_token": csrf})
    assert answer.status_code == 400
    assert "signed in anew" in answer.text


def test_a_mark_that_is_none_asks_for_the_page_again(wall: Wall, moderator: AtTheDesk) -> None:
    moderator.csrf()
    answer = moderator.client.post("/moderation/shortcuts", data={"csrf_token": "made up"})
    assert answer.status_code == 400
    assert "does not count any more" in answer.text


@pytest.mark.parametrize("referrer", [{}, {"Referer": "https://elsewhere.example/"}])
def test_a_browser_that_does_not_say_where_a_form_comes_from_is_told(
    walls: Callable[..., Wall], referrer: dict[str, str]
) -> None:
    client = walls(base_url="https://wall.example").app.test_client()
    ours = "https://wall.example"
    csrf = found(CSRF, client.get(SIGN_IN, base_url=ours).text)
    answer = client.post(SIGN_IN, data={**GIVEN, "csrf_token": csrf}, base_url=ours, headers=referrer)
    assert answer.status_code == 400
    assert "from which page the form was sent" in answer.text


def test_what_is_answered_late_takes_away_no_form_for_signing_in(wall: Wall, moderator: AtTheDesk) -> None:
    """A page asks by itself, its owner signs out meanwhile, and the answer comes when the next form stands open."""
    csrf, client, sent = moderator.csrf(), moderator.client, wall.promises()
    sent_along = [held(client)]
    client.post("/moderation/sign-out", data={"csrf_token": csrf})
    sent_along.append(held(client))
    opened = token(client)
    for cookie in sent_along:
        late = wall.app.test_client()
        late.set_cookie("desk", cookie)
        for answer in (
            late.get("/moderation/queue.json?lane=all"),
            late.post(f"/moderation/reviews/{sent.review_id}/claim", data={"csrf_token": csrf}),
        ):
            assert answer.status_code in (302, 400)
            assert "Set-Cookie" not in answer.headers, "the browser would keep this in place of what it was given since"
    answer = client.post(SIGN_IN, data={**GIVEN, "csrf_token": opened})
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(f"{SIGN_IN}/code")


def test_where_one_signs_in_a_session_that_is_over_is_forgotten(wall: Wall, moderator: AtTheDesk) -> None:
    over = held(moderator.client)
    moderator.client.post("/moderation/sign-out", data={"csrf_token": moderator.csrf()})
    returning = wall.app.test_client()
    returning.set_cookie("desk", over)
    for page in ("/moderation/", SIGN_IN):
        assert returning.get(page).headers["Location"] == SIGN_IN
    assert returning.get_cookie("desk") is None
    assert returning.get(SIGN_IN).status_code == 200


def held(client: FlaskClient) -> str:
    cookie = client.get_cookie("desk")
    assert cookie is not None
    return cookie.value
