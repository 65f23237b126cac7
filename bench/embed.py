"""`python -m bench.embed`: requests and bytes of each way to embed a wall, in a real browser; fails above the bounds.

A wall of 40 promises runs as we serve it, and a page of another site embeds it in each way, 12 promises at a time, with nothing
kept from before. Bytes are those of the bodies as they are sent, in gzip; with their headers they stand beside. The figures of
Isso (embed.min.js and its style sheet) and of Remark42 (script, frame, its script and style sheet) were taken from their own
builds, packed by gzip -9; what their APIs answer comes on top of both.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser

from bench import commit
from bench.memory import CAMPAIGN, wall
from deploy.environment import ROOT
from tests import browser as chromium

PROMISES, WARM_SECONDS = "40", 20
BESIDE = (("Isso, before its API", 2, 22_272), ("Remark42, before its API", 4, 64_635))


@dataclass(frozen=True)
class Way:
    """One way to embed the wall, and what it may take at most."""

    name: str
    body: str
    requests: int
    bytes: int
    wait_for: str = ""
    scripts: bool = True


@dataclass(frozen=True)
class Took:
    """What it took."""

    requests: int
    body: int
    whole: int


def ways(base: str) -> tuple[Way, ...]:
    script = f'<script src="{base}/embed.js" async></script>'
    element = f'<promise-wall campaign="{CAMPAIGN}"></promise-wall>'
    count = f'<promise-wall campaign="{CAMPAIGN}" mode="count"></promise-wall>'
    frame = f'<iframe src="{base}/{CAMPAIGN}/embed" title="Promises" width="900" height="800"></iframe>'
    there = "promise-wall .pw"
    return (
        Way("element: 12 promises", script + element, 2, 12_000, there),
        Way("element: the count alone", script + count, 2, 6_000, there),
        Way("element: two walls and a count", script * 3 + element * 2 + count, 2, 12_000, there),
        Way("frame: 12 promises", frame, 3, 10_000),
        Way("frame, where scripts are off", frame, 2, 9_500, scripts=False),
    )


def main() -> int:
    found = chromium.path_or_none()
    if found is None:
        print(chromium.NO_BROWSER)
        return 1
    with tempfile.TemporaryDirectory(prefix="wall-embed-") as folder, served(Path(folder)) as base:
        with chromium.running(found) as browser:
            took = {way: measured(browser, Path(folder), base, way) for way in ways(base)}
        took |= plain(base)
    return report(took)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a wall of 40 promises."""
    with wall(folder / "instance") as (_process, base):
        command = [sys.executable, "-m", "flask", "--app", "app", "demo", "--pledges", PROMISES]
        settings = {"WALL_INSTANCE": str(folder / "instance"), "WALL_BASE_URL": base}
        subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=True, capture_output=True)
        warm(base)
        yield base


def warm(base: str) -> None:
    """The examples came from another process: the wall has heard of them, and keeps what it makes."""
    end = time.monotonic() + WARM_SECONDS
    while time.monotonic() < end:
        answer = httpx.get(f"{base}/{CAMPAIGN}/embed.json?limit=12", trust_env=False)
        if answer.headers.get("content-encoding") == "gzip" and len(answer.json()["items"]) == 12:
            return
        time.sleep(0.1)
    raise RuntimeError("the wall keeps nothing")


def measured(browser: Browser, folder: Path, base: str, way: Way) -> Took:
    """A page of another site that embeds it so, opened by somebody who was never there."""
    (folder / "index.html").write_text(
        f'<!doctype html><html lang="en"><title>Host</title><body>{way.body}</body></html>'
    )
    with another_site(folder) as address:
        context = browser.new_context(java_script_enabled=way.scripts, viewport={"width": 1280, "height": 2000})
        page = context.new_page()
        seen: list[tuple[int, int]] = []
        page.on(
            "requestfinished", lambda request: seen.append(_sizes(request)) if request.url.startswith(base) else None
        )
        page.goto(address)
        if way.wait_for:
            for each in page.locator(way.wait_for).all():
                each.wait_for()
            page.locator(way.wait_for).first.wait_for()
        page.wait_for_timeout(1000)
        context.close()
    return Took(len(seen), sum(each[0] for each in seen), sum(sum(each) for each in seen))


def _sizes(request: Any) -> tuple[int, int]:
    sizes = request.sizes()
    return sizes["responseBodySize"], sizes["responseHeadersSize"]


@contextmanager
def another_site(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}/index.html"
    server.shutdown()
    thread.join()
    server.server_close()


def plain(base: str) -> dict[Way, Took]:
    """What other servers and consumers fetch, and the look of an open page at what has not changed."""
    asked = httpx.Client(base_url=base, headers={"Accept-Encoding": "gzip"}, trust_env=False)
    data = f"/{CAMPAIGN}/embed.json?lang=&theme=&limit=12"
    tag = asked.get(data).headers["etag"]
    described = f"/oembed?url={base}/{CAMPAIGN}"
    fetched = {
        Way("fragment and its style sheet", "", 2, 9_500): [
            asked.get(f"/{CAMPAIGN}/fragment"),
            asked.get("/embed.css"),
        ],
        Way("oEmbed", "", 1, 1_000): [asked.get(described)],
        Way("a look at what has not changed", "", 1, 0): [asked.get(data, headers={"If-None-Match": tag})],
    }
    wrong = [each.url for answers in fetched.values() for each in answers if each.status_code not in (200, 304)]
    if wrong:
        raise RuntimeError(f"not answered: {wrong}")
    return {way: _took(answers) for way, answers in fetched.items()}


def _took(answers: list[Any]) -> Took:
    bodies = sum(each.num_bytes_downloaded for each in answers)
    heads = sum(len(name) + len(value) + 4 for each in answers for name, value in each.headers.raw)
    return Took(len(answers), bodies, bodies + heads)


def report(took: dict[Way, Took]) -> int:
    print(f"commit {commit()}; a page that was never opened before, 12 of {PROMISES} promises")
    print(f"{'way':32} {'requests':>8} {'most':>5} {'bytes':>8} {'most':>8} {'with headers':>13}")
    above = []
    for way, each in took.items():
        print(f"{way.name:32} {each.requests:8} {way.requests:5} {each.body:8,} {way.bytes:8,} {each.whole:13,}")
        if each.requests > way.requests or each.body > way.bytes or not each.requests:
            above.append(way.name)
    for name, requests, size in BESIDE:
        print(f"{name:32} {requests:8} {'':5} {size:8,}")
    print(f"above its bound: {', '.join(above)}" if above else "all within their bounds")
    return 1 if above else 0


if __name__ == "__main__":
    sys.exit(main())
