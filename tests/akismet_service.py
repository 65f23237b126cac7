"""A local service that speaks Akismet's protocol, well or badly, and keeps every request as it came.

For tests: `with AkismetService() as service:` and `service.fault = "hang"`. For development:
`python -m tests.akismet_service --port 8090 --key anything`.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import ssl
import struct
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

KEY = "test-key-0123456789"
THANKS = "Thanks for making the web a better place."
SPAM_AUTHORS = ("viagra-test-123", "akismet-guaranteed-spam")
SPAM_EMAIL = "akismet-guaranteed-spam@example.com"
ALERT_CODES = (
    10001, 10003, 10005, 10006, 10009, 10010, 10011, 10402, 10403, 10404, 30001, 10501, 10502, 10504, 10508, 10516,
)  # fmt: skip
FAULTS = (
    "refuse", "hang", "slow", "close_mid_body", "500", "502", "429", "302", "empty", "newline", "html", "10mb",
    "invalid", "error_header", "duplicate_headers", "long_content_length", "short_content_length",
    *(f"alert_{code}" for code in ALERT_CODES),
)  # fmt: skip
Headers = list[tuple[str, str]]


@dataclass
class Request:
    """One request as it came over the wire."""

    method: str
    path: str
    headers: Headers
    body: bytes
    at: float = field(default_factory=time.time)

    @property
    def form(self) -> dict[str, str]:
        """Parameters, the last of a name, as a PHP server would see them."""
        return dict(self.pairs)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode("utf-8"), keep_blank_values=True)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class AkismetService:
    """Answers by fixed rules while `fault` is None; else misbehaves in the way that `fault` names."""

    def __init__(self, *, key: str = KEY, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.key = key
        self.fault: str | None = None
        self.requests: list[Request] = []
        self.recheck_after = "120"
        self.stopping = threading.Event()
        self._tls = tls
        self._server = self._listen(port)
        self.port: int = self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> AkismetService:
        self._serve()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._stop()

    def serve_forever(self) -> None:
        self._server.serve_forever()

    def refuse(self) -> None:
        """Nobody listens any more, so that connections are refused, until `accept`."""
        self._stop()

    def accept(self) -> None:
        self._server = self._listen(self.port)
        self._serve()

    def checks(self) -> list[Request]:
        return [request for request in self.requests if request.path.endswith("/comment-check")]

    def _listen(self, port: int) -> ThreadingHTTPServer:
        service = self

        class Handler(_Handler):
            akismet = service

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that gave up is no error of ours."""

        server = Server(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        server.block_on_close = False
        if self._tls:
            server.socket = self._tls.wrap_socket(server.socket, server_side=True)
        return server

    def _serve(self) -> None:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def _stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: Request) -> tuple[str, Headers]:
        """What the service says to a request that no fault swallows."""
        form = request.form
        name = request.path.split("?")[0]
        if name in ("/1.1/verify-key", "/1.1/deactivate"):
            good = form.get("key", form.get("api_key")) == self.key and _is_uri(form.get("blog"))
            if not good:
                return "invalid", [("X-akismet-debug-help", "We were unable to verify your key or blog")]
            return ("valid" if name.endswith("verify-key") else "deactivated"), []
        if form.get("api_key") != self.key:
            return "invalid", []
        if not form.get("user_ip") or not _is_uri(form.get("blog")):
            return "invalid", [("X-akismet-debug-help", "Empty or malformed blog or user_ip value")]
        if name in ("/1.1/submit-spam", "/1.1/submit-ham"):
            return THANKS, []
        if name == "/1.1/comment-check":
            verdict, headers = self._verdict(form)
            return verdict, [*headers, ("X-akismet-guid", uuid.uuid4().hex)]
        return "invalid", [("X-akismet-debug-help", "No such endpoint")]

    def _verdict(self, form: dict[str, str]) -> tuple[str, Headers]:
        content = form.get("comment_content", "")
        if (
            form.get("comment_author") in SPAM_AUTHORS
            or form.get("comment_author_email") == SPAM_EMAIL
            or any(author in content for author in SPAM_AUTHORS)
        ):
            return "true", []
        trap = form.get("honeypot_field_name")
        if trap and form.get(trap):
            return "true", []
        if form.get("user_role") == "administrator":
            return "false", []
        if "stub-discard" in content:
            return "true", [("X-akismet-pro-tip", "discard")]
        if "stub-recheck" in content:
            if form.get("recheck_reason") == "recheck":
                return "true", []
            return "false", [("X-akismet-recheck-after", self.recheck_after)]
        return "false", []


class _Handler(BaseHTTPRequestHandler):
    akismet: AkismetService
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the requests are kept in `AkismetService.requests`."""

    def do_GET(self) -> None:
        self._take()

    def do_POST(self) -> None:
        self._take()

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, self.path, list(self.headers.items()), body)
        self.akismet.requests.append(request)
        with contextlib.suppress(OSError):
            fault = self.akismet.fault
            if fault is None:
                self._reply(200, *self.akismet.answer(request))
            else:
                self._misbehave(fault, request)

    def _misbehave(self, fault: str, request: Request) -> None:
        simple = {
            "empty": "",
            "newline": "true\n",
            "invalid": "invalid",
            "html": "<!doctype html><title>Sign in</title>",
        }
        if fault in ("500", "502", "429"):
            self._reply(int(fault), "true", [])
        elif fault == "302":
            self._reply(302, "true", [("Location", f"{self.akismet.url}/1.1/elsewhere")])
        elif fault in simple:
            self._reply(200, simple[fault], [])
        elif fault == "10mb":
            self._reply(200, "true" + " " * 10 * 1024 * 1024, [])
        elif fault == "error_header":
            self._reply(200, "false", [("X-akismet-error", "Your key is suspended")])
        elif fault == "duplicate_headers":
            twice = [("X-akismet-recheck-after", "120"), ("X-akismet-guid", "one"), ("X-akismet-pro-tip", "discard")]
            self._reply(200, "false", [*twice, *twice])
        elif fault.startswith("alert_"):
            verdict, headers = self.akismet.answer(request)
            code = fault.removeprefix("alert_")
            self._reply(
                200, verdict, [*headers, ("X-akismet-alert-code", code), ("X-akismet-alert-msg", f"Alert {code}")]
            )
        else:
            self._break_off(fault)

    def _break_off(self, fault: str) -> None:
        self.close_connection = True
        if fault == "refuse":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif fault == "hang":
            self.akismet.stopping.wait(60)
        elif fault == "slow":
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Padding: " + b"x" * 60 + b"\r\n\r\ntrue":
                self.wfile.write(bytes([byte]))
                if self.akismet.stopping.wait(1):
                    return
        elif fault == "close_mid_body":
            self._raw(b"Content-Length: 4\r\n\r\ntr")
        elif fault == "long_content_length":
            self._raw(b"Content-Length: 400\r\nConnection: close\r\n\r\ntrue")
        elif fault == "short_content_length":
            self._raw(b"Content-Length: 2\r\nConnection: close\r\n\r\ntrue")
        else:
            raise ValueError(f"no such fault: {fault}")

    def _raw(self, rest: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + rest)
        self.wfile.flush()

    def _reply(self, status: int, body: str, headers: Headers) -> None:
        raw = body.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(raw)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)


def _is_uri(blog: str | None) -> bool:
    return bool(blog) and str(blog).startswith(("http://", "https://"))


def main() -> None:
    options = argparse.ArgumentParser(description="A local service that speaks Akismet's protocol.")
    options.add_argument("--port", type=int, default=8090)
    options.add_argument("--key", default=KEY)
    options.add_argument("--fault", choices=FAULTS)
    chosen = options.parse_args()
    service = AkismetService(key=chosen.key, port=chosen.port)
    service.fault = chosen.fault
    print(f"AKISMET_API_KEY={chosen.key} WALL_AKISMET_ENDPOINT={service.url}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        service.serve_forever()


if __name__ == "__main__":
    main()
