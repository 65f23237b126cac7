"""A wall behind the front that keeps its pages, and what Flask says to the same request at that moment."""

from __future__ import annotations

import asyncio
import gzip
import re
import threading
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from werkzeug.test import Client

from pledges.front import Front
from pledges.front.serving import Serving
from pledges.web import caching
from tests.wall import Wall

HOST = "wall.example"
TOKEN = re.compile(rb'(name="token" value=")[^"]*"')
DIFFER = {"date", "content-length", "content-encoding", "vary"}  # the bytes are compared unpacked, their length apart
FOR_FILES = {"accept-ranges", "content-disposition"}


class Loop:
    """An event loop in one background thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


@dataclass(frozen=True)
class Told:
    """An answer, unpacked, with the token of its form apart."""

    status: int
    headers: dict[str, str]
    body: bytes
    token: str = ""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def alike(self) -> tuple[Any, ...]:
        """All that has to be the same whoever answers."""
        told = {name: value for name, value in self.headers.items() if name not in DIFFER | FOR_FILES}
        if "etag" in told:
            told["etag"] = told["etag"].replace('-gzip"', '"')
        return self.status, sorted(told.items()), self.body


class Kept:
    """One process: an application, its front, and how many pages Flask made for it."""

    def __init__(self, wall: Wall, loop: Loop) -> None:
        self.wall = wall
        self._loop = loop
        self.front: Front = caching.front(wall.app, wall.database, wall.settings)
        serving = self.front._serving
        assert serving is not None
        self.serving: Serving = serving
        self.pages, self.watcher = serving.pages, serving.watcher
        self.made: list[str] = []
        self.meanwhile: Callable[[], None] | None = None  # happens once, after a page was read and before it is kept
        inside = self.front._app

        def counted(environ: Any, start_response: Any) -> Iterable[bytes]:
            self.made.append(environ["PATH_INFO"])
            answer = list(inside(environ, start_response))
            meanwhile, self.meanwhile = self.meanwhile, None
            if meanwhile is not None:
                meanwhile()
            return answer

        self.front._app = counted
        self._packs = False
        self.watcher.look()  # once, as at the start; whoever wants the thread starts it

    def close(self) -> None:
        self.watcher.stop()
        if self.watcher._thread is not None:
            self.watcher._thread.join()
        self.front._threads.shutdown()

    def says(self, address: str, method: str = "GET", host: str = HOST, **headers: str) -> Told:
        """What the front answers: packed to each second request, unless it says otherwise."""
        self._packs = not self._packs
        sent = {"host": host, **({"accept-encoding": "gzip"} if self._packs else {})}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        path, _, query = address.partition("?")
        scope = {
            "type": "http", "method": method, "path": unquote(path), "raw_path": path.encode(), "scheme": "http",
            "query_string": query.encode("latin-1"), "client": ("192.0.2.7", 4711), "server": ("wall", 80),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
        }  # fmt: skip
        sending: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sending.append(message)

        self._loop.run(self.front(scope, receive, send))
        body = b"".join(message.get("body", b"") for message in sending[1:])
        found = {name.decode(): value.decode("latin-1") for name, value in sending[0]["headers"]}
        if method == "GET" and "content-length" in found:
            assert int(found["content-length"]) == len(body), address
        if body and found.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return told(sending[0]["status"], found, body)

    def flask_says(self, address: str, method: str = "GET", host: str = HOST, **headers: str) -> Told:
        """What the application itself answers to the same request."""
        sent = {name.replace("_", "-"): value for name, value in headers.items() if name != "accept_encoding"}
        answer = Client(self.wall.app).open(address, method=method, headers=sent, base_url=f"http://{host}")
        assert len(answer.headers) == len({name.lower() for name in answer.headers.keys()}), "each header once"  # noqa: SIM118
        return told(answer.status_code, {name.lower(): value for name, value in answer.headers}, answer.data)

    def is_true(self, *addresses: str, also: Iterable[Kept] = ()) -> None:
        """What the front answers at these, and those of other processes, is what Flask renders at this moment."""
        for address in addresses:
            its = self.flask_says(address)
            for each in (self, *also):
                mine = each.says(address)
                assert mine.alike == its.alike, f"{address}: {difference(mine, its)}"

    def keeps(self, *addresses: str) -> list[str]:
        """Those of them that are answered without the application."""
        found = []
        for address in addresses:
            self.made.clear()
            self.says(address)
            found += [] if self.made else [address]
        return found


def told(status: int, headers: dict[str, str], body: bytes) -> Told:
    token = TOKEN.search(body)
    plain = TOKEN.sub(rb'\1"', body)
    return Told(status, headers, plain, token[0].decode().split('"')[3] if token else "")


def difference(mine: Told, its: Told) -> str:
    """The first place at which they part."""
    for one, other in zip(mine.alike, its.alike, strict=True):
        if one != other and isinstance(one, bytes):
            place = next(
                (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
            )
            return f"the front: …{one[max(0, place - 80) : place + 80]!r}\nFlask: …{other[max(0, place - 80) : place + 80]!r}"
        if one != other:
            return f"the front: {one}\nFlask: {other}"
    return "nothing"
