"""The scripts of `<promise-wall>`: the newest at `/embed.js`, and each that was ever released under the name of its bytes.

A page that names one by its integrity hash goes on working for a year after the next was released, since all of them lie in
`released/`, as they were sent; `python -m deploy.embed_script` adds one where the source or its style sheet has changed.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from pledges.web import static
from pledges.web.caching import never_kept

from .base import embedding

RELEASED = Path(__file__).parent / "released"
INDEX = "index.json"
GOES_ON = timedelta(days=366)
A_WHILE = "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400"
A_FILE = never_kept("a file: the front keeps it under its own address")


@dataclass(frozen=True)
class Release:
    """One script as it was sent."""

    hash: str
    day: date

    @property
    def bytes(self) -> bytes:
        return (RELEASED / f"embed-{self.hash}.js").read_bytes()

    @property
    def address(self) -> str:
        return f"/embed-{self.hash}.js"

    @property
    def integrity(self) -> str:
        """As browsers compare it (SRI)."""
        return "sha384-" + b64encode(hashlib.sha384(self.bytes).digest()).decode()


def name_of(script: bytes) -> str:
    """The part of the name that says which bytes these are."""
    return hashlib.sha256(script).hexdigest()[:12]


def releases(folder: Path = RELEASED) -> list[Release]:
    """All that go on working, the newest last."""
    listed = json.loads((folder / INDEX).read_text("utf-8"))
    return [Release(each["hash"], date.fromisoformat(each["day"])) for each in listed]


@cache
def every() -> list[Release]:
    return releases()


def newest() -> Release:
    return every()[-1]


def ended(found: list[Release], today: date) -> list[Release]:
    """Those whose year is over, counted from the day on which the next was released."""
    return [each for each, after in pairwise(found) if today - after.day > GOES_ON]


def addresses() -> list[str]:
    """All files that are served here; they stay the same for as long as a process runs."""
    return ["/embed.js", "/embed.css", *(each.address for each in every())]


@embedding.get("/embed.js")
@A_FILE
def script() -> ResponseReturnValue:
    return _file(newest().bytes, "text/javascript", A_WHILE)


@embedding.get("/embed-<name>.js")
@A_FILE
def released_script(name: str) -> ResponseReturnValue:
    found = next((each for each in every() if each.hash == name), None)
    return _file(found.bytes, "text/javascript", static.FOR_GOOD) if found else abort(404)


@embedding.get("/embed.css")
@A_FILE
def style_sheet() -> ResponseReturnValue:
    """The look of fragments, whose including pages may keep them longer than we keep a name with a digest."""
    return _file((static.FOLDER / "embed.css").read_bytes(), "text/css", A_WHILE)


def _file(body: bytes, kind: str, keeping: str) -> Response:
    response = Response(body, mimetype=kind)
    response.headers["Cache-Control"] = keeping
    response.add_etag()
    response.make_conditional(request)
    return response
