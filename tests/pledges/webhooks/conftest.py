"""A program of somebody else that takes messages, or does not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pledges import networks
from tests.moderation.conftest import wall, walls  # noqa: F401 (fixtures)


class Receiver:
    """Remembers what came; answers `status`."""

    def __init__(self) -> None:
        self.status = 204
        self.got: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.got.append((headers, body))
                self.send_response(receiver.status)
                if receiver.status == 302:
                    self.send_header("Location", f"{receiver.url}/elsewhere")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://localhost:{self._server.server_port}/hook"

    @property
    def events(self) -> list[tuple[str, str]]:
        """Type and id of each message."""
        told = [json.loads(body) for _, body in self.got]
        return [(each["type"], each["data"]["id"]) for each in told]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def this_machine_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests meet nobody but this machine, which is inside for everybody else."""
    monkeypatch.setattr(networks, "is_outside", lambda address: True)
