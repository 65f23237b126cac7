"""Whatever body comes to whatever address: it is answered, with every safe header, and no library reads what no page asked for."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, request
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from moderation.models import Moderator
from pledges.web import logs
from tests.full import in_share
from tests.wall import CSRF, PASSWORD, SLUG, AtTheDesk, Wall, found

SIGN_IN = "/moderation/sign-in"
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=b"
FILE = b'--b\r\nContent-Disposition: form-data; name="%s"; filename="x"\r\n\r\nann@example.org\r\n--b--\r\n'
NO_FORMS = {
    "a word in JSON": ("application/json", b'"x"'),
    "a number in JSON": ("application/json", b"7"),
    "a list in JSON": ("application/json", b"[1]"),
    "half a letter in JSON": ("application/json", b'{"email": "mo@example.org", "password": "\\ud800", "code": "\\ud800"}'),
    "JSON without end": ("application/json", b"[" * 20_000),
    "JSON of another name": ("application/vnd.api+json", b'{"email": "mo@example.org", "password": "x"}'),
    "plain text": ("text/plain", b"email=mo@example.org"),
    "XML": ("application/xml", b"<a/>"),
    "bytes": ("application/octet-stream", b"\0\xff"),
    "bytes of no name": ("", b"\0\xff"),
    "a file": (PARTS, FILE % b"email"),
    "a file for a password": (PARTS, FILE % b"password"),
}  # fmt: skip
FORMS = {
    "nothing": ("", b""),
    "an empty form": (FORM, b""),
    "a form of noise": (FORM, b"%\xff&==&%00=%00&[]=1"),
    "half a letter": (FORM, b"email=mo%40example.org&password=%ED%A0%80&code=%ED%A0%80&promise=%ED%A0%80"),
    "a zero": (FORM, b"email=mo%00%40example.org&password=%00&code=%00&promise=%00&event=%00&like=%00&act=%00&name=%00"),
    "a long password": (FORM, b"email=mo%40example.org&password=" + b"a" * 5_000 + b"&code=" + b"1" * 5_000),
    "parts that never end": (PARTS, b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\nx'),
    "parts without a border": ("multipart/form-data", b"--b\r\n"),
    "parts in odd letters": (PARTS, b'--b\r\nContent-Type: text/plain; charset=utf-7\r\nContent-Disposition: form-data; name="email"\r\n\r\n+AD\r\n--b--\r\n'),
}  # fmt: skip
SAFE = {"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy", "Cache-Control"}
VALUES = {"slug": SLUG, "shelf": "promises", "id": "abcdefghjk", "token": "none", "filename": "style.css"}


def addresses(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every address of the application once, with something in each of its gaps."""
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            values = {name: VALUES.get(name, 1) for name in rule.arguments if name not in (rule.defaults or {})}
            built = app.url_map.bind("").build(rule.endpoint, {**values, **(rule.defaults or {})})
            yield rule, built


def sends(client, method: str, path: str, kind: str, body: bytes, csrf: str = "") -> TestResponse:
    headers = {"X-CSRFToken": csrf} if csrf else {}
    return client.open(path, method=method, data=body, content_type=kind or None, headers=headers)


SENDERS = ("nobody", "somebody", "half")


@pytest.fixture(params=SENDERS)
def sender(request: pytest.FixtureRequest, wall: Wall) -> tuple[Wall, object, str, int]:
    """Nobody; a moderator; and somebody between password and code. Each with a token that opens the desk's forms."""
    at_the_desk, place = wall.moderator("mo"), SENDERS.index(request.param)
    if request.param == "somebody":
        return wall, at_the_desk.client, at_the_desk.csrf(), place
    client = wall.app.test_client()
    csrf = found(CSRF, client.get(SIGN_IN).text)
    if request.param == "half":
        client.post(SIGN_IN, data={"csrf_token": csrf, "email": "mo@example.org", "password": PASSWORD})
        csrf = found(CSRF, client.get(f"{SIGN_IN}/code").text)
    return wall, client, csrf, place


def test_every_address_answers_every_body(sender) -> None:
    """Each body comes to each address from one of the three; with --full from all."""
    wall, client, csrf, place = sender
    for row, (rule, path) in enumerate(addresses(wall.app)):
        if rule.endpoint == "security.logout":
            continue  # or nobody would be signed in for the rest
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        for method in methods:
            for column, (name, (kind, body)) in enumerate({**NO_FORMS, **FORMS}.items()):
                if (method == "GET" and name in FORMS) or not in_share(row, column, place, of=len(SENDERS)):
                    continue
                answer = sends(client, method, path, kind, body, csrf)
                said = f"{method} {path} with {name}: {answer.status_code}"
                assert answer.status_code < 500, said
                assert set(answer.headers.keys()) >= SAFE, said
                if method == "POST" and name in NO_FORMS:
                    view = wall.app.view_functions[rule.endpoint]
                    takes = kind == "application/json" and getattr(view, "takes_json", False)
                    takes = takes or (kind.startswith("multipart/") and getattr(view, "takes_file", False))
                    assert answer.status_code in ((401, 404) if takes else (415,)), said


def test_a_page_is_the_same_whatever_body_its_request_carries(wall: Wall) -> None:
    client = wall.app.test_client()
    for path in (f"/{SLUG}", "/privacy", SIGN_IN, f"/api/v1/campaigns/{SLUG}"):
        plain = client.get(path)
        for name, (kind, body) in NO_FORMS.items():
            answer = sends(client, "GET", path, kind, body)
            assert (answer.status_code, CSRF.sub("", answer.text)) == (200, CSRF.sub("", plain.text)), (
                f"{path} with {name}"
            )


def test_no_token_stands_in_for_a_session(wall: Wall, moderator: AtTheDesk) -> None:
    with wall.app.test_request_context("/moderation/"), wall.look() as session:
        token = str(session.query(Moderator).one().get_auth_token())
    client = wall.app.test_client()
    assert client.get(f"/moderation/?auth_token={token}").status_code == 302
    assert client.get("/moderation/", headers={"Authentication-Token": token}).status_code == 302


def test_the_library_answers_nobody_in_json(wall: Wall) -> None:
    for path in (SIGN_IN, f"{SIGN_IN}/code"):
        answer = wall.app.test_client().get(path, headers={"Accept": "application/json"})
        assert answer.mimetype == "text/html", path


def test_a_sign_in_keeps_nobody_signed_in_beyond_the_session(wall: Wall, moderator: AtTheDesk) -> None:
    client = wall.app.test_client()
    given = {"csrf_token": found(CSRF, client.get(SIGN_IN).text), "email": "mo@example.org", "password": PASSWORD}
    client.post(SIGN_IN, data={**given, "remember": "y"})
    csrf = found(CSRF, client.get(f"{SIGN_IN}/code").text)
    answer = client.post(f"{SIGN_IN}/code", data={"csrf_token": csrf, "code": moderator.next_code()})
    assert answer.location == "/moderation/"
    assert client.get_cookie("remember_token") is None


# -- when all else fails


@pytest.fixture
def broken(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> Wall:
    """A wall on which no template can be drawn, not even that of an error."""

    def fails(*_given: object, **_named: object) -> str:
        raise RecursionError(f"too deep, on {request.path}?proof=the-proof")

    monkeypatch.setattr("pledges.views.pages.render_template", fails)
    monkeypatch.setattr("pledges.web.errors.render_template", fails)
    return wall


def test_a_page_without_templates_answers_when_the_page_of_errors_fails(broken: Wall) -> None:
    answer = broken.app.test_client().get("/help")
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "Something went wrong on our side" in answer.text
    assert "Aeth rhywbeth" in answer.text
    assert set(answer.headers.keys()) >= SAFE
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_api_answers_in_json_when_all_else_fails(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_given: object) -> str:
        raise RecursionError

    monkeypatch.setattr("pledges.web.errors.jsonify", fails)
    answer = wall.app.test_client().get("/api/v1/campaigns/none")
    assert answer.status_code == 500
    assert json.loads(answer.text)["title"] == "Something went wrong on our side"


def test_the_private_link_is_told_to_nobody_when_all_else_fails(broken: Wall, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = broken.app.test_client().get("/receipt/secret-token")
    assert answer.status_code == 500
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "RecursionError" in caplog.text
    assert "secret-token" not in caplog.text
    assert "the-proof" not in caplog.text


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("GET /receipt/abc_D-1?proof=xyz HTTP/1.1", "GET /receipt/…?proof=… HTTP/1.1"),
        ("/cy/receipt/abc", "/cy/receipt/…"),
        ("next=%2Fmoderation%2Finvitation%2Fabc&x=1", "next=%2Fmoderation%2Finvitation%2F…&x=1"),
        ("'/moderation/invitation/abc'", "'/moderation/invitation/…'"),
        ("/race-equality-week/promise?try=1", "/race-equality-week/promise?try=1"),
    ],
)
def test_every_line_of_the_log_is_masked(said: str, written: str) -> None:
    logs.keep_tokens_out()
    make = logging.getLogRecordFactory()
    for message, args in ((said, ()), ("on %s", (said,))):
        record = make("any", logging.ERROR, "", 1, message, args, None)
        assert record.getMessage() in (written, f"on {written}")


def test_a_line_that_does_not_fit_its_values_is_written_all_the_same() -> None:
    logs.keep_tokens_out()
    record = logging.getLogRecordFactory()("any", logging.ERROR, "", 1, "%d of %s", ("x",), None)
    assert record.msg == "%d of %s"


def test_words_of_people_are_in_no_message_of_the_database(walls: Callable[..., Wall]) -> None:
    wall = walls()
    assert wall.database.engine.hide_parameters
