"""nginx with our configuration does what it says, in front of a wall that only counts."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from deploy import nginx
from tests.missing import leave_out
from tests.servers.nginx import HOST, Nginx, asking

NO_NGINX = f"nginx is not here and could not be fetched: {nginx.HOW_TO_ENABLE}"


@dataclass
class Front:
    """A running nginx with our file, and what the wall behind it was asked."""

    nginx: Nginx
    asked: list[tuple[str, str]]
    behind: type[StandIn]

    @property
    def log(self) -> Path:
        return self.nginx.log

    def goes_away(self) -> None:
        """From now the wall hangs up on whoever asks it."""
        self.behind.away = True

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        return self.nginx.ask(path, headers=headers)


class StandIn(BaseHTTPRequestHandler):
    """A wall that answers each request with another number, public unless the address says otherwise."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # head and body leave together, or each answer waits for an acknowledgement
    asked: list[tuple[str, str]]
    schemes: list[str]
    away = False

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_GET(self) -> None:
        if self.away:
            self.close_connection = True
            return
        self.asked.append((self.path, self.headers["X-Forwarded-For"]))
        self.schemes.append(self.headers["X-Forwarded-Proto"])
        body = str(len(self.asked)).encode()
        self.send_response(200)
        self.send_header("Cache-Control", "private, no-cache" if "private" in self.path else "public, max-age=600")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    if not Nginx.is_here():
        leave_out(NO_NGINX)
    asked: list[tuple[str, str]] = []
    handler = type("Behind", (StandIn,), {"asked": asked, "schemes": []})
    behind = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=behind.serve_forever, daemon=True).start()
    server = Nginx(tmp_path, behind=behind.server_address[1])
    asked.clear()
    try:
        yield Front(server, asked, handler)
    finally:
        server.stop()
        behind.shutdown()


def test_nginx_keeps_a_public_page_for_one_second_whatever_longer_age_it_names(front: Front) -> None:
    pairs = ((front.get("/race-equality-week"), front.get("/race-equality-week")) for _ in range(5))
    assert any(one == other for one, other in pairs), "a busy machine may be slower than a second, but not five times"
    first = front.get("/race-equality-week")
    time.sleep(2.2)
    assert front.get("/race-equality-week") != first


@pytest.mark.parametrize(
    "path",
    [
        "/private", "/receipt/abc", "/cy/receipt/abc", "/send-link", "/moderation/", "/moderation/sign-in", "/slug/promise",
        "/cy/slug/promise", "/slug/promises/x1/comment", "/slug/comments/x1/report", "/slug/questions/q1/answer",
    ],
)  # fmt: skip
def test_nginx_never_keeps_forms_receipts_and_the_desk(front: Front, path: str) -> None:
    assert front.get(path) != front.get(path)


def test_nginx_keeps_nothing_for_and_gives_nothing_kept_to_whoever_sends_a_cookie(front: Front) -> None:
    signed_in = front.get("/slug", Cookie="__Host-desk=1")
    shared = front.get("/slug")
    assert shared != signed_in
    assert front.get("/slug", Cookie="__Host-desk=1") not in (shared, signed_in)


def test_nginx_adds_the_visitor_to_the_forwarded_addresses_and_trusts_none_of_them(front: Front) -> None:
    front.get("/private", **{"X-Forwarded-For": "198.51.100.7"})
    assert front.asked[-1] == ("/private", "198.51.100.7, 127.0.0.1")


def test_nginx_refuses_more_than_the_wall_would_read(front: Front) -> None:
    assert front.nginx.ask("/slug/promise", method="POST", body=b"x" * (256 * 1024 + 1))[0] == 413
    assert front.asked == []


def test_nginx_says_by_which_scheme_it_was_asked_whatever_the_sender_claims(front: Front) -> None:
    front.get("/private", **{"X-Forwarded-Proto": "gopher"})
    assert front.behind.schemes[-1] == "https"


def test_nginx_hangs_up_on_hosts_that_are_not_ours(front: Front) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        front.nginx.ask("/", host="evil.example")
    front.nginx.ask("/private")
    named_twice = http.client.HTTPSConnection("127.0.0.1", front.nginx.port, timeout=10, context=asking())
    named_twice.request("GET", "/private", headers={"Host": "evil.example"})
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        named_twice.getresponse()
    plain = http.client.HTTPConnection("127.0.0.1", front.nginx.plain_port, timeout=10)
    plain.request("GET", "/", headers={"Host": "evil.example"})
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        plain.getresponse()
    assert front.asked == [("/private", "127.0.0.1")]


def test_nginx_sends_who_asks_without_encryption_to_our_own_address(front: Front) -> None:
    plain = http.client.HTTPConnection("127.0.0.1", front.nginx.plain_port, timeout=10)
    plain.request("GET", "/slug?theme=a", headers={"Host": HOST})
    answer = plain.getresponse()
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{HOST}/slug?theme=a")


def test_nginx_ends_a_flood_of_posts_from_one_address_and_counts_no_reading(front: Front) -> None:
    connection = http.client.HTTPSConnection("127.0.0.1", front.nginx.port, timeout=10, context=asking())

    def answers(method: str, body: bytes | None) -> int:
        connection.request(method, "/private", body, {"Host": HOST})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    assert {answers("GET", None) for _ in range(400)} == {200}
    posted = [answers("POST", b"x=1") for _ in range(400)]
    assert posted[:300] == [200] * 300
    if 429 not in posted:  # a machine so slow that ten a second were let through in between
        posted = [answers("POST", b"x=1") for _ in range(4000)]
    assert 429 in posted


def test_nginx_ends_a_flood_of_sockets_from_one_address(front: Front) -> None:
    """Each sends a head and never its body, so it stays; beyond 256 they are refused, and the wall hears of none."""
    context = asking()
    held: list[ssl.SSLSocket] = []
    try:
        for _ in range(257):
            held.append(context.wrap_socket(socket.create_connection(("127.0.0.1", front.nginx.port), timeout=10)))
            held[-1].sendall(f"POST /private HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 9\r\n\r\n".encode())
        assert b" 429 " in held[-1].recv(200)
        assert front.asked == []
    finally:
        for sock in held:
            sock.close()


def test_nginx_writes_no_private_link_and_no_search_into_its_log(front: Front) -> None:
    for path in (
        "/cy/receipt/s3cret",
        "/proofs/s3cret",
        "/drafts/s3cret?do=form",
        "/letters/s3cret",
        "/receipt/s3cret?do=edit",
        "/moderation/invitation/s3cret",
        "/slug?q=s3cret",
    ):
        front.get(path, Referer="https://wall.example.org/receipt/s3cret")
    end = time.monotonic() + 5
    while front.log.read_text().count("\n") < 8 and time.monotonic() < end:
        time.sleep(0.05)
    log = front.log.read_text()
    assert "s3cret" not in log
    assert "/receipt/-" in log


def test_nginx_writes_down_no_reader_who_is_answered_from_what_it_keeps(front: Front) -> None:
    for _ in range(40):
        front.get("/race-equality-week")
    front.get("/private")
    end = time.monotonic() + 5
    while "/private" not in front.log.read_text().rpartition("/private-first")[2] and time.monotonic() < end:
        time.sleep(0.05)
    lines = [line for line in front.log.read_text().splitlines() if " /race-equality-week " in line]
    assert len(lines) == sum(path == "/race-equality-week" for path, _from in front.asked) < 40
    assert all(line.split()[-1] in ("MISS", "EXPIRED") for line in lines)


def test_nginx_writes_no_private_link_into_its_error_log_where_the_wall_is_away(front: Front) -> None:
    front.goes_away()
    for path in (
        "/cy/receipt/s3cret",
        "/proofs/s3cret",
        "/drafts/s3cret",
        "/moderation/invitation/s3cret",
        "/slug/away",
    ):
        assert front.get(path)[0] in (502, 504)
    logs = {path.name: path.read_text() for path in front.log.parent.glob("*.log")}
    assert "/slug/away" in logs["error.log"]  # the control: it does tell of what goes wrong elsewhere
    assert [name for name, log in logs.items() if "s3cret" in log] == []


def test_nginx_hides_the_metrics(front: Front) -> None:
    assert front.get("/metrics")[0] == 404
    assert front.asked == []
