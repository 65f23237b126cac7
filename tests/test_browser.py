"""The browser that journeys rest on is real, and the accessibility check can fail."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Error

from tests.browser import NARROW, Pages, axe

GOOD = '<!doctype html><html lang="en"><title>Wall</title><main><h1>Promises</h1><p>I will plant ten trees.</p></main>'


def test_a_page_is_rendered_as_wide_as_asked(new_page: Pages) -> None:
    page = new_page(width=NARROW, scheme="dark")
    page.goto(f"data:text/html,{GOOD}")
    assert page.inner_text("h1") == "Promises"
    assert page.evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]") == [NARROW, True]


def test_without_javascript_no_script_runs(new_page: Pages) -> None:
    script = "data:text/html,<p>before</p><script>document.querySelector('p').textContent = 'after'</script>"
    for javascript, words in ((True, "after"), (False, "before")):
        page = new_page(javascript=javascript)
        page.goto(script)
        assert page.inner_text("p") == words


def test_axe_finds_nothing_in_a_sound_page(new_page: Pages) -> None:
    page = new_page()
    page.set_content(GOOD)
    assert axe(page) == []


def test_axe_names_what_is_wrong(new_page: Pages) -> None:
    page = new_page()
    page.set_content(GOOD.replace("<p>", '<img src="data:,"><p style="color:#ccc">'))
    assert [line.split(" ")[0] for line in axe(page)] == ["color-contrast", "image-alt"]


def button(name: str, side: int) -> str:
    return f'<button aria-label="{name}" style="float:left;width:{side}px;height:{side}px;padding:0;border:0"></button>'


def test_a_target_that_a_bar_half_covers_is_as_large_as_it_is_where_nothing_covers_it(new_page: Pages) -> None:
    page = new_page(height=600)
    page.set_content(
        GOOD.replace(
            "<p>", f'<div style="position:absolute;top:525px">{button("Keep", 40)}</div><p style="height:2000px">'
        )
        + f'<div style="position:sticky;bottom:0;height:60px">{button("Send", 60)}</div>'
    )
    keep = page.get_by_role("button", name="Keep").bounding_box()
    send = page.get_by_role("button", name="Send").bounding_box()
    assert keep is not None and send is not None
    assert keep["y"] < send["y"] < keep["y"] + keep["height"], "the bar covers it in part"
    assert axe(page) == []
    assert page.evaluate("scrollY") == 0, "all stands as before"


def test_two_small_targets_side_by_side_are_named(new_page: Pages) -> None:
    page = new_page()
    page.set_content(GOOD.replace("<p>", f"{button('Keep', 12)}{button('Send', 12)}<p>"))
    assert [line.split(" ")[0] for line in axe(page)] == ["target-size", "target-size"]


def test_the_browser_meets_nobody_but_this_machine(new_page: Pages) -> None:
    page = new_page()
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://127.0.0.2/")  # refused by name, before anybody is asked


def test_a_strict_policy_does_not_stop_axe(new_page: Pages) -> None:
    class Strict(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", "default-src 'none'")
            self.end_headers()
            self.wfile.write(GOOD.encode())

        def log_message(self, *words: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Strict)
    Thread(target=server.serve_forever, daemon=True).start()
    page = new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    assert axe(page) == []
    server.shutdown()
    server.server_close()
