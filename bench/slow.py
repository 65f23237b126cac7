"""`python -m bench.slow`: what senders who never finish cost the others, on the bare program and behind the shipped nginx.

Each of 1, 8 and 64 sockets sends the head of a promise and then a byte now and then; when one is hung up on, another takes
its place. Beside them ordinary visitors read the form and send promises, one after the other, and somebody asks `/healthz`.
Ends with 1 where a promise was not taken, or where one took a second, and twice as long as any without slow senders.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import re
import socket
import ssl
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from bench.memory import CAMPAIGN, wall
from tests.servers.nginx import HOST, Nginx, asking

TOKEN = re.compile(r'name="token" value="([^"]+)"')
SLOW = (0, 1, 8, 64)
BYTE_EVERY_SECONDS = 1.0
WORST_SECONDS = 1.0  # of one promise
SETTINGS = {"WALL_LIMIT_PROMISES": "1000000/minute", "WALL_LIMIT_CAMPAIGN": "1000000/minute", "AKISMET_API_KEY": ""}


@dataclass(frozen=True)
class Place:
    """Where the wall is asked: a port, and TLS or not."""

    name: str
    port: int
    tls: bool

    def socket(self) -> socket.socket:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        return asking().wrap_socket(plain) if self.tls else plain

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        connection: http.client.HTTPConnection
        if self.tls:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=asking())
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Host": HOST} if self.tls else {}
            if body is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


@dataclass
class Slow:
    """So many sockets that never finish what they send."""

    place: Place
    count: int
    _sockets: list[socket.socket] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    hung_up_on: int = 0

    @contextmanager
    def sending(self) -> Iterator[None]:
        self._sockets = [self._begun() for _ in range(self.count)]
        thread = threading.Thread(target=self._drip, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
            for each in self._sockets:
                each.close()

    def _begun(self) -> socket.socket:
        begun = self.place.socket()
        head = (
            f"POST /{CAMPAIGN}/promise HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        )
        begun.sendall(f"{head}Content-Length: 5000\r\n\r\npromise=".encode())
        return begun

    def _drip(self) -> None:
        while not self._stop.wait(BYTE_EVERY_SECONDS):
            for place, each in enumerate(self._sockets):
                try:
                    each.sendall(b"a")
                except (OSError, ssl.SSLError):
                    self.hung_up_on += 1
                    with contextlib.suppress(OSError):
                        self._sockets[place] = self._begun()


@dataclass
class Row:
    """What visitors met beside so many slow senders."""

    place: str
    slow: int
    promises: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    failed: int = 0
    hung_up_on: int = 0

    def good(self, undisturbed: Row) -> bool:
        return not self.failed and max(self.promises) < max(WORST_SECONDS, 2 * max(undisturbed.promises))

    def __str__(self) -> str:
        median, worst, health = statistics.median(self.promises), max(self.promises), max(self.health)
        return (
            f"{self.place:<14} {self.slow:>5} {len(self.promises):>9} {self.failed:>7} {median * 1000:>10.0f} "
            f"{worst * 1000:>10.0f} {health * 1000:>12.0f} {self.hung_up_on:>12}"
        )


def measured(place: Place, count: int, visits: int) -> Row:
    """Visitors come for a while, beside `count` slow senders who have begun before them."""
    row, slow = Row(place.name, count), Slow(place, count)
    with slow.sending():
        time.sleep(1.0)
        for number in range(visits):
            began = time.monotonic()
            _status, form = place.ask("GET", f"/{CAMPAIGN}/promise")
            token = TOKEN.search(form)
            words = f"I will ask {count + number} colleagues of {place.name} what would help them"
            fields = {"token": token[1] if token else "", "promise": words, "company_url": "", "consent": "yes"}
            status, _page = place.ask("POST", f"/{CAMPAIGN}/promise", urlencode(fields))
            row.promises.append(time.monotonic() - began)
            row.failed += status != 303
            began = time.monotonic()
            row.failed += place.ask("GET", "/healthz")[0] != 200
            row.health.append(time.monotonic() - began)
    row.hung_up_on = slow.hung_up_on
    return row


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--visits", type=int, default=200, help="promises beside each number of slow senders")
    visits = parser.parse_args().visits
    rows = []
    print("place           slow  promises  failed  median ms   worst ms  healthz ms  hung up on")
    with (
        tempfile.TemporaryDirectory(prefix="wall-slow-") as name,
        wall(Path(name) / "wall", **SETTINGS) as (_pid, base),
    ):
        bare = Place("bare", int(base.rsplit(":", 1)[1]), tls=False)
        (Path(name) / "nginx").mkdir()
        in_front = Nginx(Path(name) / "nginx", behind=bare.port) if Nginx.is_here() else None
        places = [bare, *([Place("behind nginx", in_front.port, tls=True)] if in_front else [])]
        for count in SLOW:
            for place in places:
                rows.append(measured(place, count, visits))
                print(rows[-1], flush=True)
        if in_front:
            in_front.stop()
        else:
            print("nginx is not here, so nothing was measured behind it: `python3 app.py test` fetches one")
    undisturbed = {row.place: row for row in rows if row.slow == 0}
    return 0 if all(row.good(undisturbed[row.place]) for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
