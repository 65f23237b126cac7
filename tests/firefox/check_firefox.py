"""The element and the frame in a real Firefox: `make test-firefox`. It needs Debian's package, so it is no part of the other tests."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from tests.browser import WCAG
from tests.firefox.marionette import Firefox, firefox
from tests.pledges.embed.conftest import Host, Wall, element, host, tag, wall  # noqa: F401 (two are fixtures)
from tests.pledges.embed.test_element import MODES, attributes, strict
from tests.wall import SLUG

pytestmark = pytest.mark.timeout(600)
PROGRAM = shutil.which("firefox-esr") or shutil.which("firefox") or ""
HOW_TO_ENABLE = "no Firefox; to enable: apt-get install firefox-esr"
SHADOW = "const drawn = at => document.querySelectorAll('promise-wall')[at].shadowRoot?.querySelector('.pw');"
AXE = f"""{AXE_SCRIPT}
const [tags, done] = arguments;
axe.run(document, {{runOnly: tags}}).then(found => done(found.violations.map(each => each.id)), error => done(String(error)));"""


@pytest.fixture(scope="module", params=["light", "dark"])
def browser(request: pytest.FixtureRequest) -> Iterator[Firefox]:
    """With the scheme that its reader prefers."""
    if not PROGRAM:
        pytest.fail(HOW_TO_ENABLE)
    scheme = {"light": 1, "dark": 0}[request.param]
    with firefox(PROGRAM, **{"layout.css.prefers-color-scheme.content-override": scheme}) as found:
        yield found


@pytest.mark.parametrize("mode", MODES)
def test_the_element_stands_under_a_strict_policy_in_a_narrow_place(
    browser: Firefox,
    wall: Wall,  # noqa: F811
    host: Host,  # noqa: F811
    mode: str,
) -> None:
    dark = browser.says("return matchMedia('(prefers-color-scheme: dark)').matches")
    ground = 'bgcolor="#111119" text="#f1f0f6"' if dark else ""
    embedded = tag(wall, scheme="auto", **attributes(wall, mode))
    body = f'<main><h1>Our week</h1><table role="presentation" width="320"><tr><td>{embedded}</td></tr></table></main>'
    browser.opens(host.page(body, its=ground, Content_Security_Policy=strict(wall)))
    browser.waits(f"{SHADOW} return drawn(0)")
    pieces = browser.says(f"{SHADOW} return drawn(0).querySelectorAll('.pw-piece').length")
    assert pieces == {"wall": 12, "compact": 12, "count": 0, "single": 1}[mode]
    wide = browser.says("return document.querySelector('promise-wall').getBoundingClientRect().width")
    assert 250 < wide <= 320
    assert browser.says_later(AXE, list(WCAG)) == []
    assert browser.does("WebDriver:GetCookies") == [] and browser.says("return localStorage.length") == 0


def test_a_frame_takes_its_height_and_opens_its_links_in_a_new_tab(
    browser: Firefox,
    wall: Wall,  # noqa: F811
    host: Host,  # noqa: F811
) -> None:
    framed = f'<iframe src="{wall.url}/{SLUG}/embed?limit=2" title="Promises" width="600" height="321"></iframe>'
    browser.opens(host.page(f"{framed}{tag(wall, mode='count')}"))
    browser.waits("return document.querySelector('iframe').height != '321'")
    before = browser.does("WebDriver:GetWindowHandles")
    frame = browser.does("WebDriver:FindElement", using="css selector", value="iframe")["value"]
    browser.does("WebDriver:SwitchToFrame", element=next(iter(frame.values())))
    link = browser.does("WebDriver:FindElement", using="css selector", value=".pw-button")["value"]
    browser.does("WebDriver:ElementClick", id=next(iter(link.values())))
    browser.does("WebDriver:SwitchToFrame", element=None)
    until = time.monotonic() + 20
    while len(after := browser.does("WebDriver:GetWindowHandles")) == len(before) and time.monotonic() < until:
        time.sleep(0.1)
    (opened,) = set(after) - set(before)
    browser.does("WebDriver:SwitchToWindow", handle=opened)
    browser.waits("return location.href == arguments[0]", f"{wall.url}/{SLUG}/promise")
    browser.does("WebDriver:CloseWindow")
    browser.does("WebDriver:SwitchToWindow", handle=before[0])


def test_what_is_taken_down_is_gone_from_an_open_page_within_a_minute(
    browser: Firefox,
    wall: Wall,  # noqa: F811
    host: Host,  # noqa: F811
) -> None:
    gone = wall.ids()[0]
    framed = '<iframe src="{}" title="Promises" width="600" height="600" {}></iframe>'
    frames = [framed.format(f"{wall.url}/{SLUG}/embed?limit=1", each) for each in ("", 'sandbox="allow-scripts"')]
    browser.opens(host.page(f"{tag(wall, limit='1')}{''.join(frames)}"))
    here = "[...document.querySelectorAll('a')].some(each => each.href.endsWith(arguments[0]))"
    shown = f"{SHADOW} return drawn(0) && drawn(0).querySelector('[data-k=\"' + arguments[0] + '\"]') != null"
    browser.waits(shown, gone)
    assert all(_in_frame(browser, at, f"return {here}", gone) for at in range(2))
    wall.takes_down(gone)
    begun = time.monotonic()
    browser.waits(shown.replace("!= null", "== null"), gone, seconds=60)
    while any(_in_frame(browser, at, f"return {here}", gone) for at in range(2)):
        assert time.monotonic() - begun < 60
        time.sleep(0.5)


def _in_frame(browser: Firefox, at: int, script: str, *given: str) -> object:
    browser.does("WebDriver:SwitchToFrame", id=at)
    try:
        return browser.says(script, *given)
    finally:
        browser.does("WebDriver:SwitchToFrame", id=None)
