"""Who comes to the desk, and how they are kept out."""

from __future__ import annotations

import re
from collections.abc import Callable

import pyotp
import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from moderation.models import Invitation, Moderator, SignIn
from moderation.people import memberships
from pledges.db import utcnow
from tests.wall import CSRF, PASSWORD, TOTP_SECRET, AtTheDesk, Wall, found, later

SIGN_IN = "/moderation/sign-in"
CODE = "/moderation/sign-in/code"


def password(client, email: str, secret: str = PASSWORD) -> TestResponse:
    csrf = found(CSRF, client.get(SIGN_IN).text)
    return client.post(SIGN_IN, data={"csrf_token": csrf, "email": email, "password": secret})


def code(client, code: str) -> TestResponse:
    csrf = found(CSRF, client.get(CODE).text)
    return client.post(CODE, data={"csrf_token": csrf, "code": code})


def inside(client) -> bool:
    return client.get("/moderation/").status_code == 200


def cookie_of(client) -> str:
    cookie = client.get_cookie("desk", path="/")
    assert cookie is not None
    return cookie.value


def forget_last_code(wall: Wall) -> None:
    with wall.work() as session:
        session.execute(update(Moderator).values(tf_last_counter=None))


def test_password_and_code_let_in_and_neither_alone_does(wall: Wall, moderator: AtTheDesk) -> None:
    client = wall.app.test_client()
    assert password(client, "mo@example.org").status_code == 302
    assert not inside(client)
    assert code(client, moderator.next_code()).status_code == 302
    assert inside(client)


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(wall: Wall, moderator: AtTheDesk) -> None:
    answers = []
    for email in ("mo@example.org", "nobody@example.org"):
        answer = password(wall.app.test_client(), email, "not the right one")
        page = CSRF.sub("", answer.text).replace(email, "")
        answers.append((answer.status_code, page, sorted(name for name, _ in answer.headers)))
    assert answers[0] == answers[1]
    assert "is not right" in answers[0][1]


def test_a_code_is_taken_once(wall: Wall, moderator: AtTheDesk) -> None:
    used = moderator.next_code()
    first, second = wall.app.test_client(), wall.app.test_client()
    password(first, "mo@example.org")
    password(second, "mo@example.org")
    code(first, used)
    assert inside(first)
    code(second, used)
    assert not inside(second)
    forget_last_code(wall)  # the control: nothing but having been used stood against it
    code(second, used)
    assert inside(second)


def test_the_code_of_the_invitation_does_not_sign_in_again(wall: Wall, moderator: AtTheDesk) -> None:
    client = wall.app.test_client()
    password(client, "mo@example.org")
    with wall.look() as session:
        step = session.scalars(select(Moderator.tf_last_counter)).one()
    assert step is not None
    code(client, pyotp.TOTP(moderator.secret).at(step * 30))
    assert not inside(client)


def test_five_wrong_codes_lock_even_where_an_old_cookie_is_sent_again(wall: Wall, moderator: AtTheDesk) -> None:
    client = wall.app.test_client()
    password(client, "mo@example.org")
    cookie = client.get_cookie("desk", path="/")
    assert cookie is not None
    for _ in range(5):
        client.set_cookie("desk", cookie.value)
        code(client, "000000" if moderator.next_code() != "000000" else "111111")
    client.set_cookie("desk", cookie.value)
    answer = code(client, moderator.next_code())
    assert "Too many wrong codes" in answer.text
    assert not inside(client)
    with wall.work() as session:
        session.execute(update(Moderator).values(locked_until=utcnow()))
    code(client, moderator.next_code())
    assert inside(client)


def test_signing_out_ends_the_session_on_the_server(wall: Wall, moderator: AtTheDesk) -> None:
    cookie = moderator.client.get_cookie("desk", path="/")
    assert cookie is not None
    assert moderator.client.post("/moderation/sign-out", data={"csrf_token": moderator.csrf()}).status_code == 302
    copied = wall.app.test_client()
    copied.set_cookie("desk", cookie.value)
    assert not inside(copied)


def test_who_leaves_is_out_at_once_and_cannot_come_back(wall: Wall, moderator: AtTheDesk) -> None:
    assert inside(moderator.client)
    with wall.work() as session:
        assert memberships.leave(session, "mo@example.org", "operator", utcnow())
    assert not inside(moderator.client)
    client = wall.app.test_client()
    password(client, "mo@example.org")
    assert "is not right" in password(client, "mo@example.org").text
    assert not inside(client)


def test_a_session_ends_when_idle_and_after_its_longest_time(wall: Wall, moderator: AtTheDesk) -> None:
    for column, minutes in (("seen_at", -31), ("since", -12 * 60 - 1)):
        assert inside(moderator.client)
        with wall.look() as session:
            kept = session.scalars(select(getattr(SignIn, column))).one()
        with wall.work() as session:
            session.execute(update(SignIn).values({column: later(minutes=minutes)}))
        copied = wall.app.test_client()
        copied.set_cookie("desk", cookie_of(moderator.client))
        assert not inside(copied), column
        with wall.work() as session:
            session.execute(update(SignIn).values({column: kept, "ended_at": None}))


def test_the_session_is_a_new_one_after_signing_in(wall: Wall, moderator: AtTheDesk) -> None:
    client = wall.app.test_client()
    client.get(SIGN_IN)
    values = [cookie_of(client)]
    password(client, "mo@example.org")
    values.append(cookie_of(client))
    code(client, moderator.next_code())
    values.append(cookie_of(client))
    assert len(set(values)) == 3
    with wall.look() as session:
        assert len(set(session.scalars(select(SignIn.session_hash)))) == 2
    for old in values[:2]:
        copied = wall.app.test_client()
        copied.set_cookie("desk", old)
        assert not inside(copied)


def test_an_invitation_opens_once_and_for_a_day(wall: Wall) -> None:
    link = wall.invitation("ann@example.org")
    client = wall.app.test_client()
    csrf = found(CSRF, client.get(link).text)
    page = client.post(link, data={"csrf_token": csrf, "password": PASSWORD, "name": "Ann"}).text
    secret = found(TOTP_SECRET, page)
    assert client.post(link, data={"csrf_token": csrf, "code": "000000"}).status_code == 422
    assert not inside(client)
    assert client.post(link, data={"csrf_token": csrf, "code": pyotp.TOTP(secret).now()}).status_code == 303
    assert inside(client)
    again = wall.app.test_client()
    assert again.get(link).status_code == 404
    csrf = found(CSRF, again.get(SIGN_IN).text)
    assert again.post(link, data={"csrf_token": csrf, "password": PASSWORD}).status_code == 404
    assert not inside(again)


def test_an_invitation_is_over_after_a_day_and_only_its_hash_is_kept(wall: Wall) -> None:
    link = wall.invitation("ann@example.org")
    token = link.rsplit("/", 1)[1]
    with wall.work() as session:
        kept = session.scalars(select(Invitation)).one()
        assert token not in (kept.token_hash, kept.email)
        kept.expires_at = utcnow()
    assert wall.app.test_client().get(link).status_code == 404


def test_a_short_password_is_refused(wall: Wall) -> None:
    link = wall.invitation("ann@example.org")
    client = wall.app.test_client()
    csrf = found(CSRF, client.get(link).text)
    assert client.post(link, data={"csrf_token": csrf, "password": "eleven char"}).status_code == 422


def test_the_public_side_neither_sets_nor_reads_the_desks_cookie(wall: Wall, moderator: AtTheDesk) -> None:
    answer = moderator.client.get("/race-equality-week")
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert re.search(r"mo@example|sign out", answer.text) is None


def test_the_same_code_at_the_same_moment_lets_one_in(wall: Wall, moderator: AtTheDesk) -> None:
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    used, together = moderator.next_code(), Barrier(3)
    clients = [wall.app.test_client() for _ in range(3)]
    for client in clients:
        password(client, "mo@example.org")
    tokens = [found(CSRF, client.get(CODE).text) for client in clients]

    def try_it(number: int) -> None:
        together.wait()
        clients[number].post(CODE, data={"csrf_token": tokens[number], "code": used})

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(try_it, range(3)))
    assert sum(inside(client) for client in clients) == 1


def test_an_invitation_to_somebody_at_the_desk_changes_neither_password_nor_second_factor(
    wall: Wall, moderator: AtTheDesk
) -> None:
    def kept() -> list[object]:
        with wall.look() as session:
            one = session.scalars(select(Moderator)).one()
            return [one.password, one.tf_totp_secret, one.fs_uniquifier]

    before = kept()
    link = wall.invitation("mo@example.org").removeprefix("http://wall.example")
    stranger = wall.app.test_client()
    page = stranger.get(link)
    assert page.status_code == 403
    csrf = found(CSRF, stranger.get(SIGN_IN).text)
    taken = stranger.post(link, data={"csrf_token": csrf, "password": "a password of somebody else"})
    assert taken.status_code == 403
    assert TOTP_SECRET.search(taken.text) is None
    assert kept() == before
    assert inside(moderator.client)

    accepted = moderator.client.post(link, data={"csrf_token": moderator.csrf()})
    assert accepted.status_code == 303
    assert moderator.client.get(link).status_code == 404, "the link is used"
    assert kept() == before


def test_a_link_to_the_pages_of_signing_in_signs_nobody_out(wall: Wall, moderator: AtTheDesk) -> None:
    for page in ("", "/code", "/recovery", "/how", "/passkey"):
        answer = moderator.client.get(f"/moderation/sign-in{page}")
        assert answer.status_code == 302, page
        assert answer.headers["Location"].rstrip("/").endswith("/moderation"), page
        assert moderator.client.get("/moderation/history").status_code == 200, page


def test_every_page_of_the_desk_speaks_my_language(wall: Wall, moderator: AtTheDesk) -> None:
    with wall.work() as session:
        session.execute(update(Moderator).values(lang="cy"))
    for path in ("passkeys", "recovery-codes", "sign-in/again", "no-such-page", "history"):
        page = moderator.client.get(f"/moderation/{path}", follow_redirects=True).text
        assert '<html lang="cy">' in page, path
        assert "Skip to the main content" not in page, path
    assert '<html lang="cy">' in moderator.client.post("/moderation/shortcuts").text  # without its token


def test_pages_of_the_library_that_we_do_not_use_are_not_there(wall: Wall) -> None:
    client = wall.app.test_client()
    assert [client.get(f"/moderation/{path}").status_code for path in ("sign-in/set-up", "verify")] == [404, 404]


def test_no_page_of_the_desk_is_kept_by_a_cache(wall: Wall, moderator: AtTheDesk) -> None:
    for path in ("/moderation/", SIGN_IN, "/moderation/invitation/none"):
        assert moderator.client.get(path).headers["Cache-Control"] == "no-store, private", path


def test_a_decision_after_a_quiet_minute_does_not_wait_for_itself(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    given = {"csrf_token": moderator.csrf(), **moderator.has_read(sent.review_id)}
    with wall.work() as session:
        session.execute(update(SignIn).values(seen_at=later(-120)))
    given |= {"move": "approve", "version": str(wall.review(sent.review_id).version)}
    answer = moderator.client.post(f"/moderation/reviews/{sent.review_id}/decide", data=given)
    assert answer.status_code == 303
    with wall.look() as session:
        assert session.scalars(select(SignIn.seen_at)).one() > later(-60)


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example/", "\\\\evil.example"])
def test_an_address_that_leads_elsewhere_after_signing_in_leads_to_the_desk(
    wall: Wall, moderator: AtTheDesk, elsewhere: str
) -> None:
    client = wall.app.test_client()
    page = client.get(SIGN_IN, query_string={"next": elsewhere})
    assert "evil" not in page.text
    given = {"csrf_token": found(CSRF, page.text), "email": "mo@example.org", "password": PASSWORD}
    answer = client.post(SIGN_IN, query_string={"next": elsewhere}, data=given)
    assert answer.status_code == 302
    given = {"csrf_token": found(CSRF, client.get(CODE).text), "code": moderator.next_code()}
    answer = client.post(CODE, query_string={"next": elsewhere}, data=given)
    assert answer.status_code == 302
    assert answer.location == "/moderation/"
    assert inside(client)


def test_a_page_of_the_desk_that_was_asked_for_comes_after_signing_in(wall: Wall, moderator: AtTheDesk) -> None:
    client = wall.app.test_client()
    page = client.get(SIGN_IN, query_string={"next": "/moderation/history"})
    assert "next=/moderation/history" in page.text or "next=%2Fmoderation%2Fhistory" in page.text


def test_who_tries_too_often_is_told_how_long_to_wait(walls: Callable[..., Wall]) -> None:
    wall = walls(limit_sign_in="1/minute")
    client = wall.app.test_client()
    password(client, "mo@example.org", "not the right one")
    answer = password(client, "mo@example.org", "not the right one")
    assert answer.status_code == 429
    assert re.search(r"try again in \d+ seconds?\.", answer.text)


@pytest.mark.parametrize(
    "path", ["/moderation", "/moderation/", "/MODERATION/history/", "/moderation/sign-in/code", "/cy"]
)
def test_no_page_of_the_desk_leads_to_the_host_that_a_request_named(wall: Wall, path: str) -> None:
    answer = wall.app.test_client().get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert answer.status_code in (302, 308)
    assert answer.headers["Location"].startswith("/")
    assert "evil.example" not in answer.headers["Location"] + answer.text
