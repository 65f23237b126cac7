"""Scripts of other sites read the JSON: what they may send, what they may see, and what caches keep for others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from pledges.web.paging import Cursor
from tests.wall import SLUG, Wall

HERE = f"/api/v1/campaigns/{SLUG}"
FURTHER_DOWN = f"{HERE}/pledges?after={Cursor(datetime(2027, 1, 1, tzinfo=UTC), 1)}"
COUNTS = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]
ASKS = {"Origin": "https://school.example", "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "if-none-match"}  # fmt: skip


@pytest.fixture
def limited(walls: Callable[..., Wall], early_in_a_minute: None) -> FlaskClient:
    return walls(limit_api="3/minute").app.test_client()


def words(value: str) -> set[str]:
    return {word.strip().lower() for word in value.split(",")}


@pytest.mark.parametrize(
    "path", [HERE, f"{HERE}/count", f"{HERE}/pledges?limit=2", f"{HERE.upper()}/", "/api/v1/campaigns"]
)
def test_a_browser_may_ask_whether_the_words_have_changed(limited: FlaskClient, path: str) -> None:
    for _ in range(6):  # asking first is never refused, since a browser could tell nobody why
        answer = limited.options(path, headers=ASKS)
        assert answer.status_code in (200, 204)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "if-none-match" in words(answer.headers["Access-Control-Allow-Headers"])
        assert "get" in words(answer.headers["Access-Control-Allow-Methods"])
        assert "Retry-After" not in answer.headers


def test_what_a_cache_hands_to_others_holds_nobodys_count(limited: FlaskClient) -> None:
    first = limited.get(HERE)
    again = limited.get(HERE, headers={"If-None-Match": first.headers["ETag"]})
    listed = limited.get("/api/v1/campaigns")
    assert [answer.status_code for answer in (first, again, listed)] == [200, 304, 200]
    for answer in (first, again, listed):
        assert not {"Retry-After", *COUNTS} & set(answer.headers.keys())


def test_whoever_is_refused_is_told_for_how_long_and_a_script_may_read_it(limited: FlaskClient) -> None:
    answers = [limited.get(FURTHER_DOWN) for _ in range(4)]
    refused = answers[-1]
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    seen = words(refused.headers["Access-Control-Expose-Headers"])
    assert seen >= {"etag", "retry-after", *(name.lower() for name in COUNTS)}
    assert refused.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", [f"{HERE}/nothing", "/api/v1/pledges/none", f"{HERE}/pledges?limit=x"])
def test_a_mistake_is_told_to_every_site_and_tells_nobody_to_wait(limited: FlaskClient, path: str) -> None:
    answer = limited.get(path)
    assert answer.status_code in (400, 404)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Retry-After" not in answer.headers


def test_pages_that_nobody_counts_tell_no_count(limited: FlaskClient) -> None:
    limited.get(HERE)
    for path in (f"/{SLUG}", "/help", "/moderation/sign-in", "/static/style.css"):
        assert not {"Retry-After", *COUNTS} & set(limited.get(path).headers.keys()), path


def test_a_house_full_of_readers_is_never_told_to_wait(limited: FlaskClient) -> None:
    paths = (HERE, f"{HERE}/count", f"{HERE}/pledges?limit=2", "/api/v1/campaigns", f"/{SLUG}", f"/{SLUG}?theme=work")
    assert {limited.get(path).status_code for path in paths for _ in range(6)} == {200}


def test_pages_further_down_cost_their_reader_on_the_wall_as_in_json(limited: FlaskClient) -> None:
    after = FURTHER_DOWN.partition("?")[2]
    answers = [limited.get(f"/{SLUG}?{after}") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
