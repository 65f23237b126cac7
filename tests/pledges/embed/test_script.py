"""The script of `<promise-wall>`: what is sent, how small it is, and that no released one is ever missed."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from base64 import b64encode
from datetime import date, timedelta
from pathlib import Path

import pytest

from deploy import embed_script
from pledges.embed import script
from pledges.web import static
from tests.pledges.embed.conftest import Wall

MOST = 5_000  # bytes in gzip; the bound is 5 KB


def test_the_newest_is_what_its_sources_make() -> None:
    assert script.newest().bytes == embed_script.built(), "python -m deploy.embed_script releases it"


def test_the_newest_is_small() -> None:
    assert len(gzip.compress(script.newest().bytes, 9)) <= MOST


@pytest.mark.parametrize("release", script.every(), ids=lambda each: each.hash)
def test_every_released_script_is_the_one_that_its_name_says(release: script.Release) -> None:
    assert script.name_of(release.bytes) == release.hash
    assert release.integrity == f"sha384-{_sha384(release.bytes)}"


def _sha384(body: bytes) -> str:
    return b64encode(hashlib.sha384(body).digest()).decode()


def test_all_that_was_released_is_listed_in_its_order() -> None:
    lying = {path.name for path in script.RELEASED.glob("*.js")}
    assert lying == {f"embed-{each.hash}.js" for each in script.every()}
    days = [each.day for each in script.every()]
    assert days == sorted(days)


def test_one_goes_on_for_a_year_after_the_next_was_released() -> None:
    first, second, third = (
        script.Release(name, date(2027, month, 1)) for name, month in (("a", 1), ("b", 5), ("c", 9))
    )
    assert script.ended([first, second, third], second.day + timedelta(days=366)) == []
    assert script.ended([first, second, third], second.day + timedelta(days=367)) == [first]
    assert script.ended([first, second, third], date(2099, 1, 1)) == [first, second], "the newest never ends"


def test_an_older_script_is_served_beside_the_newest(
    wall: Wall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = b"// as it was a year ago\n"
    name = script.name_of(older)
    (tmp_path / f"embed-{name}.js").write_bytes(older)
    (tmp_path / f"embed-{script.newest().hash}.js").write_bytes(script.newest().bytes)
    listed = [{"hash": name, "day": "2025-11-30"}, {"hash": script.newest().hash, "day": "2026-11-28"}]
    (tmp_path / script.INDEX).write_text(json.dumps(listed))
    monkeypatch.setattr(script, "RELEASED", tmp_path)
    monkeypatch.setattr(script, "every", lambda: script.releases(tmp_path))
    client = wall.app.test_client()
    assert client.get(f"/embed-{name}.js").data == older
    assert client.get("/embed.js").data == client.get(script.newest().address).data != older


def test_it_may_be_fetched_from_everywhere_and_kept_as_long_as_its_name_says(wall: Wall) -> None:
    client = wall.app.test_client()
    stable, named = client.get("/embed.js"), client.get(script.newest().address)
    assert stable.data == named.data == script.newest().bytes
    for each in (stable, named, client.get("/embed.css")):
        assert each.headers["Access-Control-Allow-Origin"] == "*"
        assert each.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert each.headers["X-Content-Type-Options"] == "nosniff"
    assert named.headers["Cache-Control"] == static.FOR_GOOD
    assert int(re.search(r"max-age=(\d+)", stable.headers["Cache-Control"])[1]) <= 600  # type: ignore[index]
    assert stable.mimetype == named.mimetype == "text/javascript"
    again = client.get("/embed.js", headers={"If-None-Match": stable.headers["ETag"]})
    assert again.status_code == 304
    assert client.get("/embed-000000000000.js").status_code == 404


def test_the_script_makes_no_html_of_words_and_keeps_nothing() -> None:
    source = embed_script.SOURCE.read_text()
    for name in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "localStorage",
        "sessionStorage",
        "cookie",
        "import(",
    ):
        assert name not in source, name
