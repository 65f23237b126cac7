"""A browser that was never here reads every public page, and nothing of that stays in it or goes elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from moderation.cli import demo
from pledges.db import transaction, utcnow
from tests.journeys.conftest import SLUG, Wall

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # it is the browser that matters

WATCH = """window.refused = [];
addEventListener("securitypolicyviolation", (each) => refused.push(`${each.violatedDirective} ${each.blockedURI}`));"""
LEFT = "[...refused, ...Object.keys(localStorage), ...Object.keys(sessionStorage), document.cookie].filter(Boolean)"
IDS = re.compile(r"/(promises|answers|questions|organisations)/\w+|/logo-\w+")
FILES = re.compile(r"\.(png|svg|atom|css|js|json)$|/embed$|/fragment$")
BESIDE = ("embed", "organisations", "promise", "feed.atom")
FEWEST = 12  # kinds of pages, in each language


def test_every_public_page_leaves_nothing_and_asks_nobody_else(wall: Wall, new_page: Callable[..., Page]) -> None:
    with wall.app.app_context(), transaction() as session:
        demo.add(session, 6, utcnow(), slug=SLUG)
    page = new_page()
    page.add_init_script(WATCH)
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url))
    for language in ("", "/cy"):
        waiting = [f"{language}/{SLUG}", *(f"{language}/{SLUG}/{each}" for each in BESIDE)]
        seen: set[str] = set()
        while waiting:
            path = waiting.pop(0)
            kind = IDS.sub(r"/\1", path)
            if kind in seen or path.startswith("/moderation"):
                continue
            seen.add(kind)
            if FILES.search(path) and not path.endswith("/embed"):
                continue
            page.goto(wall.url + path)
            assert page.evaluate(LEFT) == [], path
            links = page.eval_on_selector_all("a[href]", "all => all.map((each) => each.href)")
            waiting += [urlsplit(each).path for each in links if each.startswith(f"{wall.url}{language}/")]
        assert len(seen) >= FEWEST, sorted(seen)
    assert page.context.cookies() == []
    elsewhere = {each for each in asked if not each.startswith((wall.url, "data:"))}
    assert not elsewhere
