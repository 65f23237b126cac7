"""The browser counts words by the same table of cases as the server (tests/pledges/test_counting.py)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from .conftest import SLUG, Wall

CASES = json.loads((Path(__file__).parent.parent / "counting.json").read_text(encoding="utf-8"))
COUNT = """cases => cases.map(([name, said]) => {
    const box = document.querySelector("#promise");
    box.value = said;
    box.dispatchEvent(new Event("input", {bubbles: true}));
    return [name, said, Number(document.querySelector("[data-used], .compose-foot [aria-hidden]").textContent.split("/")[0])];
})"""


def test_the_browser_counts_what_the_server_counts(wall: Wall, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(f"{wall.url}/{SLUG}/promise")
    assert page.evaluate(COUNT, CASES) == CASES
