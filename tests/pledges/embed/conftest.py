"""A wall that other people's pages embed: it runs for real, and so does a site of somebody else, at another host."""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Page
from sqlalchemy import select
from werkzeug.serving import make_server

from moderation.cli import demo
from pledges.db import transaction, utcnow
from pledges.models import Campaign, Contribution, How, Progress, ShowName
from pledges.organisations import badges, logos, pictures
from pledges.wall import publishing, steps
from tests.databases import Databases
from tests.servers.ports import free_port
from tests.wall import SLUG, make_app, opened

PROMISES = 14


@dataclass(frozen=True)
class Request:
    """One that the wall was asked."""

    path: str
    status: int
    headers: dict[str, str]


class Wall:
    """The wall as its owners see it, and what it was asked."""

    def __init__(self, app: Flask, url: str) -> None:
        self.app, self.url = app, url
        self.asked: list[Request] = []
        self.away = False
        self._inside = app.wsgi_app

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        if self.away:
            start_response("503 Service Unavailable", [("Content-Length", "0")])
            return [b""]
        said: list[str] = []

        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            said.append(status)
            return start_response(status, headers, exc_info)

        answer = self._inside(environ, start)
        query = f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
        sent = {name[5:].lower(): str(value) for name, value in environ.items() if name.startswith("HTTP_")}
        self.asked.append(Request(environ["PATH_INFO"] + query, int(said[0].split()[0]), sent))
        return answer

    def requests(self, end: str) -> list[Request]:
        """Those for this kind of thing: `embed.js`, `embed.json`."""
        return [each for each in self.asked if each.path.partition("?")[0].endswith(end)]

    def ids(self) -> list[str]:
        """The public ids of what stands, newest first."""
        with self.app.app_context(), transaction() as session:
            shown = select(Contribution).where(Contribution.shown_at.is_not(None), Contribution.parent_id.is_(None))
            return [each.public_id for each in session.scalars(shown.order_by(Contribution.shown_at.desc()))]

    def changes(self, change: Callable[[Campaign], None]) -> None:
        """The campaign is changed by its owner."""
        with self.app.app_context(), transaction() as session:
            change(session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one())

    def gives_logo(self) -> None:
        """The newest organisation that is named has a badge and a logo, 300 by 100."""
        kept = BytesIO()
        Image.new("RGB", (300, 100), "#1c5d3a").save(kept, "PNG")
        with self.app.app_context(), transaction() as session:
            named = select(Contribution).where(
                Contribution.shown_at.is_not(None),
                Contribution.organisation_id.is_not(None),
                Contribution.show_name != ShowName.ANONYMOUS,
            )
            pledge = session.scalars(named.order_by(Contribution.shown_at.desc()).limit(1)).one()
            assert pledge.organisation is not None and pledge.published_revision is not None
            revision = pledge.published_revision
            publishing.hide(session, pledge, utcnow())
            pledge.example = False
            publishing.publish(session, revision, utcnow())
            row, now = pledge.organisation, utcnow()
            badges.give(session, row, pledge, how=How.DOMAIN, domain="a.example", take_over=False, now=now)
            picture = pictures.Picture(kept.getvalue(), 300, 100)
            waits = logos.send(session, pledge, picture, "A green field", "en", utcnow())
            logos.decide(session, waits, True, utcnow())

    def takes_down(self, public_id: str) -> None:
        with self.app.app_context(), transaction() as session:
            publishing.hide(session, _by(session, public_id), utcnow())

    def stands(self, public_id: str, progress: Progress) -> None:
        with self.app.app_context(), transaction() as session:
            steps.set_progress(session, _by(session, public_id), progress)


def _by(session: Any, public_id: str) -> Contribution:
    found: Contribution = session.scalars(select(Contribution).where(Contribution.public_id == public_id)).one()
    return found


class Host:
    """Somebody else's site: what stands at each path is given by the test."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, dict[str, str]]] = {}
        pages = self.pages

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                html, headers = pages.get(self.path.partition("?")[0], ("", {}))
                body = html.encode()
                self.send_response(200 if html else 404)
                for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://localhost:{self._server.server_port}"  # another site than 127.0.0.1

    def page(
        self, body: str, *, path: str = "/", head: str = "", html: str = 'lang="en"', its: str = "", **headers: str
    ) -> str:
        """A page with this in its body stands there; its address. `its`: attributes of the body."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        whole = (
            f'<!doctype html><html {html}><head><meta charset="utf-8"><title>A page of somebody else</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">{head}</head><body {its}>{body}</body></html>'
        )
        self.pages[path] = (whole, named)
        return self.url + path

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def promised(url: str) -> None:
    """As `opened` leaves it, and the first campaign with promises; built once, and copied for each test."""
    opened(url)
    with tempfile.TemporaryDirectory(prefix="embed-") as folder:
        app = make_app(url, Path(folder))
        with app.app_context(), transaction() as session:
            demo.add(session, PROMISES, utcnow(), slug=SLUG)
        app.extensions["wall.database"].engine.dispose()


@pytest.fixture
def wall(databases: Databases, tmp_path: Path) -> Iterator[Wall]:
    """The first campaign with some promises, in every state in which a promise can be."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    app = make_app(databases.copy(promised, tmp_path / "wall.db"), tmp_path, base_url=url, port=port)
    found = Wall(app, url)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", port, found, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    app.extensions["wall.database"].engine.dispose()


@pytest.fixture
def host() -> Iterator[Host]:
    site = Host()
    yield site
    site.stop()


def tag(wall: Wall, **attributes: str) -> str:
    """The element of the first campaign, with its script."""
    return f'<script src="{wall.url}/embed.js" async></script>{element(**attributes)}'


def element(inside: str = "", **attributes: str) -> str:
    said = "".join(f' {name}="{value}"' for name, value in {"campaign": SLUG, **attributes}.items())
    return f"<promise-wall{said}>{inside}</promise-wall>"


def drawn(page: Page, at: int = 0) -> Any:
    """What stands in the element's shadow, once it is there."""
    found = page.locator("promise-wall").nth(at).locator(".pw")
    found.wait_for()
    return found
