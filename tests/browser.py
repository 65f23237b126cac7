"""A real Chromium for tests, that meets nobody but this machine.

Playwright's sync interface keeps an event loop running in the thread that uses it, from the first test with a browser
to the end of the worker: a test that calls `asyncio.run` does so in a thread of its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from weakref import WeakKeyDictionary

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from deploy import browser as finder
from tests.full import full

Scheme = Literal["light", "dark"]
WIDE, NARROW = 1280, 390  # CSS pixels: a laptop, a telephone
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
PATIENCE = 20_000  # milliseconds: three browsers may share two cores with two databases
NO_BROWSER = f"no browser that starts; to enable: {finder.HOW_TO_ENABLE}"
FLAGS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


@contextmanager
def running(path: Path) -> Iterator[Browser]:
    """A browser, closed at the end."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=[*FLAGS, *finder.sandbox_flags()])
        try:
            yield browser
        finally:
            browser.close()


class Pages:
    """Opens pages, each in a fresh context: no cookies, no storage, nobody signed in. Called like a function."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def __call__(
        self,
        *,
        javascript: bool = True,
        width: int = WIDE,
        height: int = 900,
        scheme: Scheme = "light",
        **options: Any,
    ) -> Page:
        """A blank page; further options are those of Playwright's `new_context` (base_url, locale, forced_colors …)."""
        context = self._browser.new_context(
            java_script_enabled=javascript,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            **options,
        )
        context.set_default_timeout(PATIENCE)
        self._contexts.append(context)
        return context.new_page()

    def close(self) -> None:
        """All pages it opened are closed."""
        while self._contexts:
            self._contexts.pop().close()


# A bar that sticks to the foot of a window covers half of something wherever the page happens to stand. So a target that
# is found too small is brought to the middle of its window, and is too small if it still is there. All then stands as before.
FOUND = """async ([within, rules]) => {
  const found = (await axe.run(within || document, rules)).violations;
  const again = { resultTypes: ['violations'], runOnly: { type: 'rule', values: ['target-size'] } };
  const inTheMiddle = async (node) => {
    const target = document.querySelector(node.target[0]);
    const stood = [];
    for (let box = target.parentElement; box; box = box.parentElement) stood.push([box, box.scrollLeft, box.scrollTop]);
    target.scrollIntoView({ block: 'center', behavior: 'instant' });
    const small = (await axe.run(target, again)).violations;
    stood.forEach(([box, left, top]) => box.scrollTo({ left, top, behavior: 'instant' }));
    return small.flatMap((rule) => rule.nodes);
  };
  for (const rule of found.filter((each) => each.id === 'target-size')) {
    const small = [];
    for (const node of rule.nodes) small.push(...await inTheMiddle(node));
    rule.nodes = small;
  }
  return found;
}"""


def axe(page: Page, *, within: str | None = None) -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA, one line for each element; an empty list is what we want.

    The page must have been opened with JavaScript. `within` is a CSS selector that narrows the search.
    """
    rules = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": list(WCAG)}}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    # only what it finds is handed over: all that it looked at besides takes longer than the looking
    found = page.evaluate(FOUND, [within, rules])
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: {' '.join(map(str, node['target']))} {node['html'][:160]}"
        for rule in found
        for node in rule["nodes"]
    ]


LOOKS: tuple[tuple[Scheme, int], ...] = (("light", WIDE), ("dark", NARROW), ("dark", WIDE), ("light", NARROW))


_looked_at: WeakKeyDictionary[Page, int] = WeakKeyDictionary()


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def unfold(page: Page) -> None:
    """Parts that are folded up are open."""
    for part in page.locator("main details:not([open]) > summary").all():
        if part.is_visible():
            part.click()


def faults(page: Page, seen: Callable[[str], object] = lambda look: None) -> list[str]:
    """What is wrong with the page as it stands: what axe finds and what scrolls sideways, light and dark, wide and narrow.

    All four looks with --full; else two, in which each scheme and each width stands once, and axe in one of them: a page
    object that is looked at again and again is in light and wide for the first, the third …, dark and narrow between. It
    is not loaded anew, and is left in the look it had; `seen("1280-light")` is called at each.
    """
    before = page.viewport_size
    found = []
    looks = LOOKS if full() else LOOKS[:2]
    turn = _looked_at[page] = _looked_at.get(page, -1) + 1
    for place, (scheme, width) in enumerate(looks):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # so that no colour is on its way
        page.set_viewport_size({"width": width, "height": 900})
        if full() or turn % len(looks) == place:
            found += [f"{page.url} at {width}-{scheme}: {fault}" for fault in axe(page)]
        if (wide := sideways(page)) > 0:
            found.append(f"{page.url} at {width}-{scheme}: scrolls sideways by {wide} px")
        seen(f"{width}-{scheme}")
    page.emulate_media(color_scheme="null", reduced_motion="null")
    if before:
        page.set_viewport_size(before)
    return found


def path_or_none() -> Path | None:
    """The browser that `python3 app.py test` found, or, where pytest was called directly, one that is already here."""
    named = os.environ.get("CHROMIUM")
    return Path(named) if named and Path(named).exists() else finder.find(Path(sys.executable))
