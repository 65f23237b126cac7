"""The frame in pages of another site, in a real browser: with our script, with WordPress's messages, and with neither."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, Route, expect

from pledges.models import Campaign
from tests.browser import axe, sideways
from tests.pledges.embed.conftest import Host, Wall
from tests.wall import SLUG

Opens = Callable[..., Page]
AGAIN = 52_000  # milliseconds: with the five for which a frame may be kept before us, less than a minute
SECRET = "aB3dE5gH7j"
MODES = ("?mode=wall", "?mode=compact", "?mode=count", "/one")

# What a consumer does that frames unknown providers as WordPress does: a secret of its own, no origin but the opaque one.
CONSUMER = """
window.heard = [];
addEventListener('message', event => {
  const frame = document.querySelector('iframe[data-secret]'), data = event.data || {};
  if (!frame || event.source !== frame.contentWindow || data.secret !== frame.dataset.secret) return;
  window.heard.push([data.message, data.value]);
  if (data.message === 'height') frame.height = Math.max(200, Math.min(1000, parseInt(data.value, 10)));
  if (data.message === 'link' && document.activeElement === frame && new URL(data.value).host === new URL(frame.src).host) location.href = data.value;
});
"""


def address(wall: Wall, mode: str) -> str:
    one = f"{wall.url}/{SLUG}/promises/{wall.ids()[1]}/embed"
    return one if mode == "/one" else f"{wall.url}/{SLUG}/embed{mode}"


def frame(address: str, *, more: str = "") -> str:
    return f'<iframe src="{address}" title="Promises" width="600" height="321" {more}></iframe>'


def script(wall: Wall) -> str:
    return f'<script src="{wall.url}/embed.js" async></script>'


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_without_any_script(wall: Wall, host: Host, new_page: Opens, mode: str, scheme: str) -> None:
    page = new_page(javascript=False)
    page.goto(
        host.page(frame(address(wall, mode)), Content_Security_Policy=f"default-src 'none'; frame-src {wall.url}")
    )
    expect(page.frame_locator("iframe").locator(".pw-number, .pw-piece").first).to_be_visible()
    alone = new_page(scheme=scheme, width=320)
    alone.goto(address(wall, mode))
    ground = {"light": "#ffffff", "dark": "#111119"}[
        scheme
    ]  # see-through: that of the page around, which axe takes for white
    alone.evaluate("ground => { document.body.bgColor = ground }", ground)
    assert axe(alone) == [] and sideways(alone) == 0


@pytest.mark.parametrize("mode", MODES)
def test_it_takes_the_height_that_it_needs_where_our_script_is(
    wall: Wall, host: Host, new_page: Opens, mode: str
) -> None:
    page = new_page()
    page.goto(host.page(script(wall) + frame(address(wall, mode))))
    expect(page.locator("iframe")).not_to_have_attribute("height", "321")
    inside = page.frames[1]
    page.wait_for_timeout(300)
    tall, shown = inside.evaluate("[document.documentElement.scrollHeight, innerHeight]")
    assert 0 <= shown - tall <= 2
    page.evaluate("document.querySelector('iframe').width = 330")
    page.wait_for_timeout(500)
    tall, shown = inside.evaluate("[document.documentElement.scrollHeight, innerHeight]")
    assert 0 <= shown - tall <= 2


@pytest.mark.parametrize("sandbox", ["", 'sandbox="allow-scripts"'])
def test_it_takes_its_height_also_where_our_script_comes_later(
    wall: Wall, host: Host, new_page: Opens, sandbox: str
) -> None:
    page = new_page()
    page.goto(host.page(frame(address(wall, ""), more=sandbox)))
    page.frame_locator("iframe").locator(".pw-wall").wait_for()
    page.wait_for_timeout(300)
    assert page.locator("iframe").get_attribute("height") == "321"
    page.add_script_tag(url=f"{wall.url}/embed.js")
    expect(page.locator("iframe")).not_to_have_attribute("height", "321")


def test_a_link_opens_in_a_new_tab(wall: Wall, host: Host, new_page: Opens) -> None:
    page = new_page()
    page.goto(host.page(frame(address(wall, ""))))
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Make your promise").first.click()
    opened.value.wait_for_url(f"{wall.url}/{SLUG}/promise")
    assert opened.value.evaluate("window.opener") is None
    assert page.url.startswith(host.url)


def test_in_a_sandbox_that_lets_nothing_out_a_link_goes_by_the_page_s_own_script(
    wall: Wall, host: Host, new_page: Opens
) -> None:
    page = new_page()
    page.goto(host.page(script(wall) + frame(address(wall, ""), more='sandbox="allow-scripts"')))
    expect(page.locator("iframe")).not_to_have_attribute("height", "321")
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Make your promise").first.click()
    opened.value.wait_for_url(f"{wall.url}/{SLUG}/promise")
    assert opened.value.evaluate("window.opener") is None


@pytest.mark.parametrize("pressed", ["click", "keyboard"])
def test_it_speaks_the_messages_that_wordpress_knows(wall: Wall, host: Host, new_page: Opens, pressed: str) -> None:
    page = new_page()
    framed = frame(f"{address(wall, '')}#?secret={SECRET}", more=f'sandbox="allow-scripts" data-secret="{SECRET}"')
    page.goto(host.page(f"<script>{CONSUMER}</script>{framed}"))
    expect(page.locator("iframe")).to_have_attribute("height", "1000")
    assert all(name == "height" and 200 <= value <= 1000 for name, value in page.evaluate("window.heard"))
    ready = "document.querySelector('iframe').contentWindow.postMessage({message: 'ready', secret: secret}, '*')"
    page.evaluate(f"secret => {{ window.heard = []; {ready} }}", SECRET)
    page.wait_for_function("window.heard.length")
    link = page.frame_locator("iframe").get_by_role("link", name="Make your promise").first
    if pressed == "click":
        link.click()
    else:
        link.focus()
        page.keyboard.press("Enter")
    page.wait_for_url(f"{wall.url}/{SLUG}/promise")


def test_a_frame_that_is_small_says_no_less_than_wordpress_takes(wall: Wall, host: Host, new_page: Opens) -> None:
    page = new_page()
    framed = frame(
        f"{address(wall, '?mode=count')}#?secret={SECRET}", more=f'sandbox="allow-scripts" data-secret="{SECRET}"'
    )
    page.goto(host.page(f"<script>{CONSUMER}</script>{framed}"))
    expect(page.locator("iframe")).to_have_attribute("height", "200")


def test_what_is_taken_down_is_gone_from_an_open_frame_within_a_minute_and_nobody_loses_their_place(
    wall: Wall, host: Host, new_page: Opens
) -> None:
    page = new_page(height=6000)
    page.clock.install()
    gone, *_, read = wall.ids()[:4]
    one = f"{wall.url}/{SLUG}/promises/{gone}/embed"
    walls = frame(address(wall, "?limit=4")) + frame(address(wall, "?limit=4"), more='sandbox="allow-scripts"')
    page.goto(host.page(walls + frame(one)))
    within = [page.frame_locator("iframe").nth(at) for at in range(3)]
    for each in within:
        expect(each.locator(f'a[href$="{gone}"]')).to_have_count(1)
    piece = within[0].locator(f'.pw-piece:has(a[href$="{read}"])')
    piece.evaluate("each => { each.mine = 1; each.querySelector('a').focus() }")
    page.clock.pause_at(datetime.fromtimestamp(page.evaluate("Date.now()") / 1000 + 1, UTC))
    told = len(wall.asked)
    wall.takes_down(gone)
    page.clock.run_for(AGAIN)
    for each in within:
        expect(each.locator(f'a[href$="{gone}"]')).to_have_count(0)
    expect(within[0].locator(".pw-piece")).to_have_count(4)
    assert piece.evaluate("each => [each.mine, each.contains(document.activeElement)]") == [1, True]
    expect(within[2].get_by_text("It may have been taken down")).to_be_visible()
    expect(within[2].get_by_role("link", name="Read the whole wall")).to_be_visible()
    looks = wall.asked[told:]
    assert len(looks) == 3 and all("/embed" in each.path for each in looks), "one look each, and nothing besides"
    assert {each.headers.get("origin", "null") for each in looks} == {"null"}, "counted as a visit of no site"
    page.clock.run_for(AGAIN)
    page.wait_for_timeout(200)
    assert 304 in [each.status for each in wall.asked[told + 3 :]], "what has not changed costs nothing"


def test_a_frame_looks_again_without_any_script(wall: Wall, host: Host, new_page: Opens) -> None:
    newest = wall.ids()[0]
    page = new_page(javascript=False)

    def soon(route: Route) -> None:
        found = route.fetch()
        assert found.text().count('http-equiv="refresh" content="50"') == 1
        route.fulfill(response=found, body=found.text().replace('content="50"', 'content="1"'))

    page.route("**/embed", soon)
    page.goto(host.page(frame(address(wall, ""))))
    link = page.frame_locator("iframe").locator(f'a[href$="{newest}"]')
    expect(link).to_have_count(1)
    wall.takes_down(newest)
    expect(link).to_have_count(0)
    expect(page.frame_locator("iframe").locator(".pw-piece").first).to_be_visible()
    page.frame_locator("iframe").get_by_role("link", name="Stop that here").click()
    expect(page.frame_locator("iframe").get_by_role("link", name="Stop that here")).to_have_count(0)
    still = wall.app.test_client().get(f"/{SLUG}/embed?theme=listen&still=1", base_url=wall.url).text
    assert "http-equiv" not in still and "Stop that here" not in still
    moving = wall.app.test_client().get(f"/{SLUG}/embed?limit=3&theme=listen", base_url=wall.url).text
    assert f'href="/{SLUG}/embed?theme=listen&amp;limit=3&amp;still=1"' in moving
    assert not [each for each in wall.asked[1:] if host.url in each.headers.get("referer", "")]


def test_a_site_that_is_not_named_frames_nothing(wall: Wall, host: Host, new_page: Opens) -> None:
    def allow(site: str) -> None:
        def change(campaign: Campaign) -> None:
            campaign.embed_origins = [site]
            campaign.wall_version += 1

        wall.changes(change)

    page = new_page()
    allow("https://www.example.org")
    page.goto(host.page(frame(address(wall, ""))))
    page.wait_for_timeout(500)
    assert page.frame_locator("iframe").locator(".pw").count() == 0
    allow(host.url)
    page.goto(host.page(frame(address(wall, "?mode=compact"))))
    page.frame_locator("iframe").locator(".pw").wait_for()


HOSTILE = "\"><img src=x onerror='parent.hurt=1;top.hurt=1'>"
MESSAGES = """(frame) => {
  const words = ['ready', 'height', 'link', 'eval', '', null, {}, [], '__proto__', 'constructor', '<script>'];
  const values = [0, 1e9, NaN, 'javascript:hurt=1', '//evil.example', {a: 1}, [1], null, 'x'.repeat(1e5), '\\u0000', true, "HOSTILE"];
  let sent = 0;
  for (const type of words) for (const value of values)
    for (const message of [{type, value}, {message: type, value, secret: 'other'}, {message: type, value, secret: {}}, value]) {
      frame.contentWindow.postMessage(message, '*'); sent++;
    }
  return sent;
}""".replace("HOSTILE", HOSTILE.replace('"', '\\"'))


@pytest.mark.parametrize("fragment", ["", f"#?secret={SECRET}", "#?secret=<b>", "#?secret=" + "a" * 99, "#" + HOSTILE])
def test_messages_names_and_fragments_of_the_page_around_do_nothing(
    wall: Wall, host: Host, new_page: Opens, fragment: str
) -> None:
    page = new_page()
    errors: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    safe = fragment.replace('"', "&quot;").replace("<", "&lt;")
    named = HOSTILE.replace('"', "&quot;").replace("<", "&lt;")
    query = f"?mode={named}&theme={named}&accent={named}&lang={named}&scheme={named}"
    framed = frame(f"{wall.url}/{SLUG}/embed{query}{safe}", more=f'name="{named}"')
    page.goto(
        host.page(
            f"<script>window.said = []; addEventListener('message', each => said.push(each.data))</script>{framed}"
        )
    )
    inside = page.frame_locator("iframe").locator("main")
    inside.wait_for()
    page.wait_for_timeout(200)
    before = inside.evaluate("each => document.documentElement.outerHTML")
    sent = page.evaluate(MESSAGES.replace("(frame) => {", "() => { const frame = document.querySelector('iframe');"))
    assert sent > 500
    page.wait_for_timeout(300)
    assert inside.evaluate("each => document.documentElement.outerHTML") == before
    assert page.evaluate("window.hurt") is None and errors == []
    assert not [each for each in asked if not each.startswith((wall.url, host.url))]
    said = page.evaluate("window.said")
    assert said and all(re.fullmatch("height", each.get("type") or each.get("message")) for each in said)
    assert all(50 <= each["value"] <= 5000 and set(each) <= {"type", "message", "value", "secret"} for each in said)
    assert all(each["secret"] == SECRET for each in said if "secret" in each)
