"""`<promise-wall>` in pages of another site, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from pledges.embed import script
from pledges.models import Progress
from tests.browser import faults, sideways
from tests.pledges.embed.conftest import Host, Wall, drawn, element, tag
from tests.wall import SLUG

Opens = Callable[..., Page]
RESERVED = {
    "wall": "min-height:100vh",
    "compact": "min-height:100vh",
    "count": "min-height:11rem",
    "single": "min-height:33rem",
}
MODES = tuple(RESERVED)
SHIFTS = "new PerformanceObserver(list => list.getEntries().forEach(each => (window.moved = window.moved || []).push(each.value))).observe({type: 'layout-shift', buffered: true})"
BROKEN = "window.broken = []; addEventListener('securitypolicyviolation', each => window.broken.push(each.violatedDirective + ' ' + each.blockedURI))"
AGAIN = 52_000  # milliseconds: with the five for which a look may be kept before us, less than a minute


def strict(wall: Wall) -> str:
    return f"default-src 'none'; script-src {wall.url}; connect-src {wall.url}; require-trusted-types-for 'script'"


def attributes(wall: Wall, mode: str) -> dict[str, str]:
    return {"mode": mode, **({"promise": wall.ids()[1]} if mode == "single" else {})}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_stands_on_another_site_under_a_policy_that_allows_nothing_inline(
    wall: Wall, host: Host, new_page: Opens, mode: str, scheme: str
) -> None:
    page = new_page()
    page.add_init_script(BROKEN)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    body = f"<main><h1>Our week</h1>{tag(wall, scheme=scheme, **attributes(wall, mode))}</main>"
    dark = 'bgcolor="#111119" text="#f1f0f6"' if scheme == "dark" else ""
    page.goto(host.page(body, its=dark, Content_Security_Policy=strict(wall)))
    drawn(page)
    page.evaluate("document.fonts.ready")
    assert faults(page) == []
    assert page.evaluate("window.broken") == []
    assert said == []


def test_a_checked_logo_stands_beside_the_name_though_the_host_allows_no_picture(
    wall: Wall, host: Host, new_page: Opens
) -> None:
    wall.gives_logo()
    page = new_page()
    page.add_init_script(BROKEN)
    page.goto(host.page(tag(wall), Content_Security_Policy=strict(wall)))
    logo = drawn(page).get_by_role("img", name="A green field")
    expect(logo).to_be_visible()
    page.wait_for_load_state("networkidle")
    box = logo.bounding_box()  # it is taken away where it could not be drawn
    assert box is not None and box["width"] <= 96 and box["height"] <= 40
    assert page.evaluate("window.broken") == []
    page.goto(f"{wall.url}/{SLUG}/embed")
    framed = page.get_by_role("img", name="A green field")
    framed.scroll_into_view_if_needed()
    expect(framed).to_have_js_property("naturalWidth", 300)
    assert page.evaluate("window.broken") == []


def test_no_cookie_and_no_storage_is_used_where_those_of_third_parties_are_blocked(
    wall: Wall, host: Host, new_page: Opens
) -> None:
    page = new_page()
    control = page.context.new_cdp_session(page)
    control.send("Network.enable")
    control.send(
        "Network.setCookieControls",
        {
            "enableThirdPartyCookieRestriction": True,
            "disableThirdPartyCookieMetadata": True,
            "disableThirdPartyCookieHeuristics": True,
        },
    )
    told: list[dict[str, str]] = []
    page.on("response", lambda answer: told.append(answer.headers))
    frame = f'<iframe src="{wall.url}/{SLUG}/embed" title="Promises" width="600" height="600"></iframe>'
    page.goto(host.page(tag(wall) + frame))
    drawn(page)
    page.frame_locator("iframe").locator(".pw-wall").wait_for()
    assert len(told) > 3 and not [each for each in told if "set-cookie" in each]
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_the_script_is_fetched_once_and_each_list_once_for_all_elements(
    wall: Wall, host: Host, new_page: Opens
) -> None:
    page = new_page(height=3000)
    elements = (element(limit="3"), element(limit="7"), element(mode="count"), element(mode="compact", limit="5"))
    page.goto(host.page("".join(f'<script src="{wall.url}/embed.js" async></script>{each}' for each in elements)))
    for at in range(4):
        drawn(page, at)
    assert len(wall.requests("/embed.js")) == 1
    assert [each.path for each in wall.requests("embed.json")] == [f"/{SLUG}/embed.json?lang=&theme=&limit=7"]
    pieces = [drawn(page, at).locator(".pw-piece").count() for at in range(4)]
    assert pieces == [3, 7, 0, 5]


def test_nothing_is_asked_before_it_is_near_the_window(wall: Wall, host: Host, new_page: Opens) -> None:
    page = new_page()
    page.goto(host.page(f'<div style="height:4000px"></div>{tag(wall)}'))
    page.wait_for_function("!!customElements.get('promise-wall')")
    page.wait_for_timeout(300)
    assert wall.requests("embed.json") == []
    page.mouse.wheel(0, 3200)
    drawn(page)
    assert len(wall.requests("embed.json")) == 1


def test_what_stands_inside_is_shown_until_the_wall_is_there_and_for_good_without_scripts(
    wall: Wall, host: Host, new_page: Opens
) -> None:
    inside = f'<a href="{wall.url}/{SLUG}">Our promises</a>'
    address = host.page(tag(wall).replace("></promise-wall>", f">{inside}</promise-wall>"))
    without = new_page(javascript=False)
    without.goto(address)
    expect(without.get_by_text("Our promises")).to_be_visible()
    page = new_page()
    held: list[Route] = []
    page.route("**/embed.json*", lambda route: held.append(route))
    page.goto(address)
    page.wait_for_function("!!document.querySelector('promise-wall').shadowRoot")
    expect(page.get_by_text("Our promises")).to_be_visible()
    page.wait_for_timeout(100)
    held[0].continue_()
    drawn(page)
    expect(page.get_by_text("Our promises")).to_be_hidden()


@pytest.mark.parametrize(("lang", "words"), [("", "Read the promises"), ("cy", "Darllenwch yr addewidion")])
def test_while_we_are_away_a_link_to_the_wall_stands_there(
    wall: Wall, host: Host, new_page: Opens, lang: str, words: str
) -> None:
    page = new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route("**/embed.json*", lambda route: route.abort())
    page.goto(host.page(tag(wall, lang=lang)))
    link = page.get_by_role("link", name=words)
    expect(link).to_be_visible()
    assert link.get_attribute("href") == f"{wall.url}/{SLUG}"
    assert errors == []


def test_what_stood_there_stays_while_we_are_away(wall: Wall, host: Host, new_page: Opens) -> None:
    page = clocked(new_page)
    page.goto(host.page(tag(wall)))
    before = drawn(page).locator(".pw-piece").count()
    wall.away = True
    page.clock.run_for(AGAIN)
    page.wait_for_timeout(300)
    assert drawn(page).locator(".pw-piece").count() == before == 12


def clocked(new_page: Opens, **options: Any) -> Page:
    """A page whose clock the test moves."""
    page = new_page(**options)
    page.clock.install()
    return page


def test_it_survives_being_moved_taken_out_and_put_back_and_follows_its_attributes(
    wall: Wall, host: Host, new_page: Opens
) -> None:
    page = new_page()
    page.goto(host.page(f'<div id="one">{tag(wall, limit="4")}</div><div id="two"></div>'))
    drawn(page)
    moved = """() => { const wall = document.querySelector('promise-wall'); document.querySelector('#two').append(wall);
        wall.remove(); document.querySelector('#two').append(wall); document.querySelector('#one').append(wall); }"""
    page.evaluate(moved)
    assert drawn(page).locator(".pw-piece").count() == 4
    assert len(wall.requests("embed.json")) == 1
    page.evaluate("document.querySelector('promise-wall').setAttribute('limit', '2')")
    expect(drawn(page).locator(".pw-piece")).to_have_count(2)
    page.evaluate("document.querySelector('promise-wall').setAttribute('limit', '6')")
    expect(drawn(page).locator(".pw-piece")).to_have_count(6)
    page.evaluate("document.querySelector('promise-wall').setAttribute('lang', 'cy')")
    expect(drawn(page).get_by_role("link", name="Darllenwch y wal gyfan")).to_be_visible()
    made = """() => { const wall = document.createElement('promise-wall'); wall.setAttribute('campaign', '%s');
        wall.setAttribute('mode', 'count'); document.body.prepend(wall); }"""
    page.evaluate(made % SLUG)
    expect(drawn(page).locator(".pw-number")).to_have_text("14")


def test_what_is_taken_down_is_gone_from_an_open_page_within_a_minute(wall: Wall, host: Host, new_page: Opens) -> None:
    page = clocked(new_page, height=6000)
    gone, *_ = wall.ids()
    page.goto(host.page(tag(wall) + element(mode="single", promise=gone, inside="<p>Nothing here now</p>")))
    link = f'[data-k="{gone}"]'
    expect(drawn(page).locator(link)).to_have_count(1)
    expect(drawn(page, 1).locator(link)).to_have_count(1)
    page.clock.pause_at(datetime.fromtimestamp(page.evaluate("Date.now()") / 1000 + 1, UTC))
    wall.takes_down(gone)
    page.clock.run_for(AGAIN)
    expect(drawn(page).locator(link)).to_have_count(0)
    expect(page.locator("promise-wall").nth(1).locator(".pw")).to_have_count(0)
    expect(page.get_by_text("Nothing here now")).to_be_visible()


def test_a_look_at_what_has_not_changed_costs_a_304_and_draws_nothing(wall: Wall, host: Host, new_page: Opens) -> None:
    page = clocked(new_page)
    page.goto(host.page(tag(wall)))
    drawn(page).locator(".pw-piece").first.evaluate("piece => { piece.mine = 1 }")
    with page.expect_response("**/embed.json*"):
        page.clock.run_for(AGAIN)
    page.wait_for_timeout(200)
    assert [each.status for each in wall.requests("embed.json")] == [200, 304]
    assert drawn(page).locator(".pw-piece").first.evaluate("piece => piece.mine") == 1
    wall.stands(wall.ids()[1], Progress.KEPT)
    page.clock.run_for(AGAIN)
    expect(drawn(page).locator(".pw-piece").nth(1).locator(".pw-state")).to_have_text("Kept")
    assert wall.requests("OPTIONS") == []


def test_nobody_is_asked_while_nobody_looks(wall: Wall, host: Host, new_page: Opens) -> None:
    page = clocked(new_page)
    page.goto(host.page(f'{tag(wall, mode="count")}<div style="height:4000px"></div>'))
    drawn(page)
    page.evaluate("scrollTo(0, 3000)")
    page.wait_for_timeout(200)
    page.clock.run_for(5 * AGAIN)
    page.wait_for_timeout(200)
    assert len(wall.requests("embed.json")) == 1
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(300)
    page.clock.run_for(1)
    page.wait_for_timeout(200)
    assert len(wall.requests("embed.json")) == 2, "at once when it is looked at again"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_on_the_page_moves_where_its_place_is_kept_by_one_line(
    wall: Wall, host: Host, new_page: Opens, mode: str, width: int
) -> None:
    page = new_page(width=width)
    page.add_init_script(SHIFTS)
    line = f"<style>promise-wall {{ display: block; {RESERVED[mode]} }}</style>"
    page.goto(host.page(f"<h1>Our week</h1>{tag(wall, **attributes(wall, mode))}<p>More of ours</p>" * 1, head=line))
    drawn(page)
    page.wait_for_timeout(400)
    assert page.evaluate("window.moved || []") == []


@pytest.mark.parametrize("mode", MODES)
def test_it_fits_where_it_is_narrow_and_where_it_is_magnified(
    wall: Wall, host: Host, new_page: Opens, mode: str
) -> None:
    address = host.page(tag(wall, lang="cy", **attributes(wall, mode)))
    narrow = new_page(width=320)
    narrow.goto(address)
    drawn(narrow)
    assert sideways(narrow) == 0
    twice = new_page(width=640, height=450, device_scale_factor=2)  # 1280 by 900 at 200 %
    twice.goto(address)
    drawn(twice)
    assert sideways(twice) == 0


RESETS = """<style>html { font-size: 62.5% } * { all: unset !important; box-sizing: content-box !important }
  :host, section, p, ol, li, a, h2 { display: inline !important; font: 1px/1 cursive !important; color: #fff !important }
  script, style, head { display: none !important }</style>"""


def test_styles_of_the_page_that_reset_everything_do_not_reach_it(wall: Wall, host: Host, new_page: Opens) -> None:
    look = """section => [...section.querySelectorAll('.pw-button, .pw-words, .pw-name, .pw-link, .pw-title')].map(each => {
        const style = getComputedStyle(each); return [style.display, style.color, parseFloat(style.fontSize), style.fontWeight] })"""
    page = new_page(width=900)
    page.goto(host.page(tag(wall)))
    plain = drawn(page).evaluate(look)
    page.goto(host.page(tag(wall), head=RESETS))
    assert drawn(page).evaluate(look) == plain
    assert min(size for *_, size, _weight in plain) >= 13


def test_a_page_that_is_read_from_right_to_left_keeps_its_words_in_order(
    wall: Wall, host: Host, new_page: Opens
) -> None:
    page = new_page()
    page.goto(host.page(f"<main><h1>أسبوعنا</h1>{tag(wall)}</main>", html='lang="ar" dir="rtl"'))
    section = drawn(page)
    assert section.evaluate("each => [getComputedStyle(each).direction, each.lang]") == ["ltr", "en"]
    assert section.locator(".pw-words").first.get_attribute("dir") == "auto"
    assert section.locator('.pw-words[lang="cy"]').count() >= 1
    assert faults(page) == []


def test_it_is_walked_through_by_keyboard_and_keeps_its_place_when_it_is_drawn_anew(
    wall: Wall, host: Host, new_page: Opens
) -> None:
    page = clocked(new_page)
    page.goto(host.page(tag(wall, limit="3")))
    drawn(page)
    at = "document.querySelector('promise-wall').shadowRoot.activeElement?.dataset.k"
    walked = []
    for _ in range(6):
        page.keyboard.press("Tab")
        walked.append(page.evaluate(at))
    newest = wall.ids()[:3]
    assert walked == ["make", *newest, "yours", "all"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(at) == newest[2]
    wall.takes_down(newest[0])
    with page.expect_response("**/embed.json*"):
        page.clock.run_for(AGAIN)
    expect(drawn(page).locator(f'[data-k="{newest[0]}"]')).to_have_count(0)
    assert page.evaluate(at) == newest[2]


def test_a_name_of_a_link_says_whose_promise_it_leads_to(wall: Wall, host: Host, new_page: Opens) -> None:
    page = new_page()
    page.goto(host.page(tag(wall, limit="1")))
    name = drawn(page).locator(".pw-link").inner_text()
    assert re.search(r"\w+ on the promise by [^:]+: \S+", " ".join(name.split()))


def test_the_page_sets_colours_and_parts(wall: Wall, host: Host, new_page: Opens) -> None:
    own = """<style>promise-wall { --pw-accent: #1f5b3f; --pw-radius: 8px; --pw-paper: #fffdf0; --pw-words: monospace }
      promise-wall::part(title) { text-transform: uppercase }</style>"""
    page = new_page()
    page.goto(host.page(tag(wall), head=own))
    of = "(each, name) => getComputedStyle(each)[name]"
    section = drawn(page)
    assert section.locator(".pw-button").first.evaluate(of, "backgroundColor") == "rgb(31, 91, 63)"
    assert section.locator(".pw-piece").nth(1).evaluate(of, "borderRadius") == "8px"
    assert section.locator(".pw-piece").nth(1).evaluate(of, "backgroundColor") == "rgb(255, 253, 240)"
    assert section.locator(".pw-words").first.evaluate(of, "fontFamily") == "monospace"
    assert section.locator(".pw-title").evaluate(of, "textTransform") == "uppercase"


def test_a_campaign_s_own_colours_are_worn(wall: Wall, host: Host, new_page: Opens) -> None:
    def paint(campaign: Any) -> None:
        campaign.colours = {"campaign": "#5a1020", "on-campaign": "#ffffff", "campaign-ink": "#7a1830"}
        campaign.wall_version += 1

    wall.changes(paint)
    page = new_page()
    page.goto(host.page(tag(wall)))
    button = drawn(page).locator(".pw-button").first
    assert button.evaluate("each => getComputedStyle(each).backgroundColor") == "rgb(90, 16, 32)"


ODD = (
    "\"><img src=x onerror='window.hurt=1'>", "../../moderation", "javascript:window.hurt=1", "//evil.example", "-1e9",
    "\u202e\U0001f600%00", "constructor",
)  # fmt: skip


def test_no_attribute_does_any_harm(wall: Wall, host: Host, new_page: Opens) -> None:
    page = new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(host.page(tag(wall)))
    drawn(page)
    links = "[...document.querySelector('promise-wall').shadowRoot.querySelectorAll('a')].map(each => each.href)"
    for name in ("campaign", "promise", "theme", "lang", "mode", "limit", "scheme"):
        for value in ODD:
            page.evaluate(
                "([name, value]) => document.querySelector('promise-wall').setAttribute(name, value)", [name, value]
            )
            page.wait_for_timeout(30)
            hrefs = page.evaluate(links)
            assert hrefs and all(each.startswith(wall.url + "/") for each in hrefs), (name, value)
        page.evaluate("name => document.querySelector('promise-wall').removeAttribute(name)", name)
        page.evaluate("slug => document.querySelector('promise-wall').setAttribute('campaign', slug)", SLUG)
    page.wait_for_timeout(200)
    assert errors == [] and page.evaluate("window.hurt") is None
    assert not [each for each in asked if not each.startswith((host.url, wall.url))]


HOSTILE = [
    ["script", "window.hurt = 1"],
    ["iframe", {"to": "x"}],
    ["a.x", {"to": "javascript:window.hurt=1"}, "One"],
    ["a", {"to": "//evil.example/", "onclick": "window.hurt=1", "style": "x"}, "Two"],
    ["img.x", {"src": "x", "onerror": "window.hurt=1"}],
    ["constructor", "<img src=x onerror='window.hurt=1'>"],
    ["motif", "9'><script>window.hurt=1</script>"],
    {"lang": "x", "innerHTML": "<img src=x onerror='window.hurt=1'>"},
    None,
    17,
]


def test_an_answer_that_was_forged_makes_no_script_and_leads_nowhere_else(
    wall: Wall, host: Host, new_page: Opens
) -> None:
    """Who pins the script by its hash does not trust our answers with more than words and links to us."""
    page = new_page()
    forged = {
        "lang": "en",
        "colours": {"own": "url(https://evil.example/)"},
        "head": ["div", *HOSTILE[:-2]],
        "items": HOSTILE[:7],
        "foot": "x",
    }
    body = json.dumps(forged)
    page.route(
        "**/embed.json*",
        lambda route: route.fulfill(
            body=body, headers={"Access-Control-Allow-Origin": "*", "Content-Type": "application/json"}
        ),
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(host.page(tag(wall)))
    section = drawn(page)
    page.wait_for_timeout(200)
    assert page.evaluate("window.hurt") is None
    assert section.evaluate("each => [...each.querySelectorAll('script, iframe, img, [onclick]')].length") == 0
    assert all(
        each.startswith(wall.url)
        for each in section.evaluate("each => [...each.querySelectorAll('a')].map(a => a.href)")
    )
    assert not [each for each in asked if "evil" in each]


MESSAGES = """(wall) => {
  const words = ['height', 'link', 'ready', '', null, undefined, {}, [], 'constructor', '__proto__', '<img src=x onerror=window.hurt=1>'];
  const values = [1e9, -5, 49, 5001, 700.5, NaN, Infinity, '600', [600], {valueOf: 600}, null, wall + '/moderation/',
    wall + '.evil.example/', 'javascript:window.hurt=1', 'https://evil.example/', '//evil.example', '\\u0000', 'x'.repeat(1e5)];
  let sent = 0;
  for (const type of words) for (const value of values) {
    for (const message of [{type, value}, {message: type, value, secret: 'abc'}, value, [type, value]]) { window.postMessage(message, '*'); sent++; }
  }
  return sent;
}"""


def test_messages_of_others_do_nothing_to_the_page(wall: Wall, host: Host, new_page: Opens) -> None:
    page = new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    frame = f'<iframe src="{wall.url}/{SLUG}/embed" title="Promises" width="600" height="321"></iframe>'
    other = (
        f'<iframe src="{host.page("<p>Other</p>", path="/other")}" title="Other" name="other" height="321"></iframe>'
    )
    page.goto(host.page(tag(wall, mode="count") + frame + other))
    drawn(page)
    page.frame_locator("iframe").first.locator(".pw-wall").wait_for()
    expect(page.locator("iframe").first).not_to_have_attribute("height", "321")
    page.evaluate("document.querySelector('iframe').height = 400")
    for within in (page.main_frame, page.frame("other")):
        assert within is not None
        sent = within.evaluate(MESSAGES.replace("window.postMessage", "window.top.postMessage"), wall.url)
        assert sent > 500
    page.wait_for_timeout(300)
    assert page.locator("iframe").first.get_attribute("height") == "400"
    assert page.locator("iframe").nth(1).get_attribute("height") == "321"
    assert page.url.startswith(host.url) and len(page.context.pages) == 1
    assert errors == [] and page.evaluate("window.hurt") is None


def test_a_frame_speaks_for_itself_alone(wall: Wall, host: Host, new_page: Opens) -> None:
    """Another frame of ours, and one in a sandbox, whose origin says nothing, change no other's height."""
    page = new_page()
    ours = f'<iframe src="{wall.url}/{SLUG}/embed?mode=count" title="Promises" name="{{}}" width="600" height="321" {{}}></iframe>'
    stranger = host.page("<p>Other</p>", path="/other")
    other = f'<iframe src="{stranger}" title="Other" name="other" height="321" sandbox="allow-scripts"></iframe>'
    frames = ours.format("one", "") + ours.format("two", 'sandbox="allow-scripts"') + other
    page.goto(host.page(tag(wall, mode="count") + frames))
    drawn(page)
    for at in (0, 1):
        expect(page.locator("iframe").nth(at)).not_to_have_attribute("height", "321")
    page.evaluate("document.querySelectorAll('iframe').forEach(each => { each.height = 400 })")
    for name in ("one", "other"):
        within = page.frame(name)
        assert within is not None
        within.evaluate("top.postMessage({type: 'height', value: 777}, '*')")
        page.wait_for_timeout(200)
    heights = [page.locator("iframe").nth(at).get_attribute("height") for at in range(3)]
    assert heights == ["777", "400", "400"]


# The script and its releases


def test_a_page_that_names_the_script_by_its_integrity_gets_it(wall: Wall, host: Host, new_page: Opens) -> None:
    for release in script.every():
        page = new_page()
        named = f'<script src="{wall.url}{release.address}" integrity="{release.integrity}" crossorigin="anonymous" async></script>'
        page.goto(host.page(named + element(), Content_Security_Policy=strict(wall)))
        expect(drawn(page).locator(".pw-piece")).to_have_count(12)
