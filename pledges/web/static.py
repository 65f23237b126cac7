"""Static files: their address changes with their bytes, so that browsers keep them for good."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from flask import Flask, Response, current_app

from pledges.front import Pages
from pledges.front.pages import Page
from pledges.settings import HERE

FOLDER = HERE / "static"
FIXED = "wall.fixed"
DIGITS = 10
FOR_GOOD = "public, max-age=31536000, immutable"
A_WHILE = "public, max-age=60"  # under a name that says nothing of the bytes
_NAMED = re.compile(rf"(.+)-([0-9a-f]{{{DIGITS}}})(\.[a-z0-9]+)")


def static_url(name: str) -> str:
    """The address of a static file; it changes with the file."""
    path = Path(name)
    return f"/static/{path.with_name(f'{path.stem}-{_digest(name)}{path.suffix}').as_posix()}"


@cache
def _digest(name: str) -> str:
    file = FOLDER / name
    return hashlib.sha256(file.read_bytes()).hexdigest()[:DIGITS] if file.is_file() else "0" * DIGITS


def send(filename: str) -> Response:
    """The file, by its plain name or by the one that holds its digest; an older digest is not found."""
    found = _NAMED.fullmatch(filename)
    plain = f"{found[1]}{found[3]}" if found else filename
    if found and _digest(plain) != found[2]:
        plain = filename
    response = current_app.send_static_file(plain)
    response.headers["Cache-Control"] = FOR_GOOD if plain != filename else A_WHILE
    return response


def init_app(app: Flask) -> None:
    app.view_functions["static"] = send


def keep(app: Flask, pages: Pages, base_url: str) -> None:
    """Every file under the name that holds its digest is kept packed, as the application answers it at its own address.

    So are those at the addresses in the extension FIXED, which other rooms serve.
    """
    files = [file.relative_to(FOLDER).as_posix() for file in sorted(FOLDER.rglob("*")) if file.is_file()]
    for url in [*map(static_url, files), *app.extensions.get(FIXED, ())]:
        found = app.test_client().get(url, base_url=base_url)
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in found.headers]
        pages.fix(url, Page((found.status_code, headers, found.data), None))
