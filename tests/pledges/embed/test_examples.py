"""Every example of docs/embedding, opened as it stands there, on another site."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from deploy import embed_script
from pledges.embed import script
from tests.browser import faults
from tests.missing import leave_out
from tests.pledges.embed.conftest import Host, Wall, drawn
from tests.servers import npm
from tests.servers.nginx import Nginx
from tests.servers.ports import free_port
from tests.wall import SLUG

Opens = Callable[..., Page]
FOLDER = embed_script.EXAMPLES
WALL = "https://wall.example.org"
WITH_PICTURES = ("hosted-blog.html", "email.html", "teams-sharepoint.html")
VENDOR = {
    "react.production.min.js": ("react@18.3.1", "umd/react.production.min.js"),
    "react-dom.production.min.js": ("react-dom@18.3.1", "umd/react-dom.production.min.js"),
    "vue.global.prod.js": ("vue@3.5.13", "dist/vue.global.prod.js"),
}
OPENED = {
    "plain.html", "modes.html", "strict-csp.html", "strict-csp.css", "frame.html", "wordpress-block.html", *WITH_PICTURES,
    "council.shtml", "council.nginx.conf", "react.html", "vue.html", "README.md",
}  # fmt: skip


def example(wall: Wall, name: str) -> str:
    """The file, with the address of this wall in it, and a promise that stands on it."""
    return (FOLDER / name).read_text("utf-8").replace(WALL, wall.url).replace("PROMISE", wall.ids()[2])


def at(host: Host, wall: Wall, name: str) -> str:
    """It stands on somebody else's site, as a whole page; its address."""
    words = example(wall, name)
    if "<!doctype" not in words:
        return host.page(f"<main><h1>Our week</h1>{words}</main>")
    host.pages["/"] = (words, {})
    return host.url + "/"


def test_every_example_is_opened_here() -> None:
    assert {each.name for each in FOLDER.iterdir() if each.suffix != ".png"} == OPENED


def test_the_examples_name_the_newest_script_by_its_integrity() -> None:
    for file in FOLDER.glob("*.*"):
        if file.suffix == ".png":
            continue
        for tag in re.findall(r"<script src=\"https://wall[^>]*>", file.read_text("utf-8")):
            newest = script.newest()
            assert f'src="{WALL}{newest.address}" integrity="{newest.integrity}" crossorigin="anonymous"' in tag, (
                file.name
            )


@pytest.mark.parametrize("name", ["plain.html", "modes.html", "strict-csp.html", "wordpress-block.html"])
def test_an_element_stands_there_and_nothing_moves(wall: Wall, host: Host, new_page: Opens, name: str) -> None:
    page = new_page()
    page.add_init_script(
        "new PerformanceObserver(list => list.getEntries().forEach(each => (window.moved = window.moved || []).push(each.value)))"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    host.pages["/strict-csp.css"] = (example(wall, "strict-csp.css"), {"Content-Type": "text/css"})
    page.goto(at(host, wall, name))
    for number in range(page.locator("promise-wall").count()):
        page.locator("promise-wall").nth(number).scroll_into_view_if_needed()
        drawn(page, number)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(200)
    assert page.evaluate("window.moved || []") == []
    assert faults(page) == []
    assert not [each for each in said if "favicon" not in each and "404" not in each], said


def test_the_frame_grows_with_what_stands_in_it(wall: Wall, host: Host, new_page: Opens) -> None:
    page = new_page()
    page.goto(at(host, wall, "frame.html"))
    page.frame_locator("iframe").locator(".pw-piece").nth(5).wait_for()
    expect(page.locator("iframe")).not_to_have_attribute("height", "800")


@pytest.mark.parametrize("name", WITH_PICTURES)
def test_a_picture_and_a_link_stand_where_nothing_else_may(wall: Wall, host: Host, new_page: Opens, name: str) -> None:
    page = new_page(javascript=False)
    page.goto(at(host, wall, name))
    picture = page.get_by_role("link").get_by_role("img")
    assert picture.get_attribute("alt")
    page.wait_for_load_state("load")
    assert picture.evaluate("each => each.naturalWidth") == 1200
    links = [each.get_attribute("href") for each in page.get_by_role("link").all()]
    for each in links:
        assert each is not None and wall.app.test_client().get(each.removeprefix(wall.url)).status_code == 200


@pytest.mark.parametrize("name", ["react.html", "vue.html"])
def test_a_framework_makes_it_and_changes_what_it_shows(wall: Wall, host: Host, new_page: Opens, name: str) -> None:
    for file, (package, path) in VENDOR.items():
        host.pages[f"/vendor/{file}"] = (npm.file_of(package, path), {"Content-Type": "text/javascript"})
    page = new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(at(host, wall, name))
    expect(drawn(page).locator(".pw-piece")).to_have_count(6)
    page.get_by_role("button").click()
    expect(drawn(page).locator(".pw-piece:not(.pw-listen)")).to_have_count(0)
    assert drawn(page).locator(".pw-listen").count() >= 1
    assert errors == []


def test_a_council_s_server_puts_it_into_its_own_page(wall: Wall, tmp_path: Path, new_page: Opens) -> None:
    if not Nginx.is_here():
        leave_out("nginx; to enable: put nginx on the path")
    with nginx(tmp_path, example(wall, "council.nginx.conf"), {"index.shtml": example(wall, "council.shtml")}) as site:
        page = new_page(javascript=False)
        page.goto(f"{site}/index.shtml")
        assert page.locator("main .pw-piece").count() == 6
        assert page.locator("main h2.pw-title").count() == 1
        assert page.locator(".pw-button").first.evaluate("each => getComputedStyle(each).minHeight") == "44px"
        again = new_page()
        again.goto(f"{site}/index.shtml")
        assert faults(again) == []
        wall.away = True
        assert SLUG in urllib.request.urlopen(f"{site}/index.shtml").read().decode(), "the last one while we are away"


@contextmanager
def nginx(folder: Path, locations: str, pages: dict[str, str]) -> Iterator[str]:
    """A site of somebody else behind nginx; its address."""
    program, port, root = shutil.which("nginx"), free_port(), folder / "site"
    assert program is not None
    root.mkdir()
    for name, words in pages.items():
        (root / name).write_text(words, "utf-8")
    for path in (folder, root):
        path.chmod(0o755)
    held = f"{folder}/held"
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; error_log {folder}/error.log; user root; events {{}} http {{ access_log off; default_type text/html;"
        f" client_body_temp_path {held}-b; proxy_temp_path {held}-p; fastcgi_temp_path {held}-f; uwsgi_temp_path {held}-u; scgi_temp_path {held}-s;"
        f" proxy_cache_path {held} keys_zone=promises:1m; server {{ listen 127.0.0.1:{port}; root {root}; {locations} }} }}"
    )
    running = subprocess.Popen([program, "-c", str(folder / "nginx.conf"), "-g", "daemon off;"], stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/index.shtml").close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(10)
