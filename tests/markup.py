"""What is right in every HTML page that any test fetches: looked at once for each structure that pages have.

Without --full one structure of four is looked at, always the same ones.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from flask.testing import FlaskClient
from html5lib.constants import E as WORDS
from werkzeug.test import TestResponse

from tests.full import in_share

LONG_SECONDS = re.compile(r"\.\d{4,}")
# What changes no structure: plain words between tags, and what most attributes say. What is escaped is always looked at.
BETWEEN = re.compile(rb">[^<>&]+<")
SAID = re.compile(
    rb' (value|content|href|action|src|title|aria-label|data-[a-z-]+|datetime)="(?![^"]*\.\d{4})[^"<>&]+"'
)
LOOKED_AT_ONE_OF = 4
STATIC = Path(__file__).parent.parent / "static"
UNSTYLED = {"qrline"}  # the name that segno gives to what it draws
_right: set[bytes] = set()


def faults(page: bytes) -> list[str]:
    """What is wrong with the structure of this page; an empty list is what we want."""
    structure = hashlib.blake2b(SAID.sub(rb' \1="x"', BETWEEN.sub(b">x<", page)), digest_size=16).digest()
    if structure in _right or not in_share(structure[0], of=LOOKED_AT_ONE_OF):
        return []
    found = _faults(page.decode())
    if not found:
        _right.add(structure)
    return found


def _faults(page: str) -> list[str]:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    root = parser.parse(page)
    found = [f"line {line}: {WORDS[code] % given}" for (line, _), code, given in parser.errors]
    every = [each for each in root.iter() if isinstance(each.tag, str)]
    found += [f"{len(titles)} titles" for titles in [root.findall("./head/title")] if len(titles) != 1]
    ids = Counter(each.get("id") for each in every if each.get("id") is not None)
    found += [f"the id {name!r} stands {times} times" for name, times in ids.items() if times > 1]
    found += _unstyled(every)
    for each in every:
        found += _of(each)
    return found


def _unstyled(every: list[Element]) -> list[str]:
    """A class says something only where one of the page's own style sheets names it."""
    asked = [each.get("href", "") for each in every if each.tag == "link" and each.get("rel") == "stylesheet"]
    sheets = [
        f"{name[1]}.css"
        for href in asked
        if (name := re.match(r"(?:http://[\w.:]+)?/(?:static/)?(\w+?)(?:-[0-9a-f]+)?\.css", href))
    ]
    known = UNSTYLED.union(*(_named_in(sheet) for sheet in sheets))
    used = {name for each in every for name in each.get("class", "").split()}
    return [f"no rule for the class {name!r} in {', '.join(sheets)}" for name in sorted(used - known)]


@cache
def _named_in(sheet: str) -> frozenset[str]:
    rules = re.sub(r"/\*.*?\*/", "", (STATIC / sheet).read_text(), flags=re.DOTALL)
    return frozenset(re.findall(r"\.([A-Za-z][\w-]*)", rules))


def _of(each: Element) -> list[str]:
    found = []
    if each.tag == "form" and each.get("method") != "dialog" and not each.get("action"):
        found.append("a form without an action")
    if each.tag == "input" and each.get("type") in ("radio", "checkbox", "submit") and each.get("autocomplete"):
        found.append(f"autocomplete on a {each.get('type')}")
    if LONG_SECONDS.search(each.get("datetime", "")):
        found.append(f"more than three digits of a second in {each.get('datetime')}")
    return found


def whole(page: bytes, path: str) -> bytes:
    """The page; a fragment as it stands in one."""
    if not path.endswith("/fragment"):
        return page
    return (
        b'<!doctype html><html lang=en><head><title>Host</title><link rel=stylesheet href="/embed.css"></head><body>'
        + page
        + b"</body></html>"
    )


class CheckingClient(FlaskClient):
    """A client that takes no page whose structure is wrong."""

    def open(self, *args: object, **kwargs: object) -> TestResponse:
        answer = super().open(*args, **kwargs)  # type: ignore[arg-type]
        if answer.mimetype == "text/html" and answer.data:
            wrong = faults(whole(answer.data, answer.request.path))
            assert not wrong, f"{answer.request.path}: {wrong}"
        return answer


def check_all(app: Flask) -> Flask:
    """The same application; its test clients check what they fetch."""
    app.test_client_class = CheckingClient
    return app
