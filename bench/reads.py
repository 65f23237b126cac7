"""`python -m bench.reads`: what a reader costs, beside nginx serving the same bytes from a file.

A wall of 40 promises is served as we serve it, by its own process and behind the shipped nginx. All that serves is held to
core 0, the load to core 1: 16 connections over loopback that stay open, on each of them one request at a time. The rounds go
through every row and every server in turn, so that what the machine does meets all alike. CPU is what Linux says that the
threads of a server have run, nginx's and the wall's together where one stands in front of the other. Behind the shipped nginx
everything is encrypted, and so is what it stands beside.
"""

from __future__ import annotations

import argparse
import gzip
import os
import select
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import commit
from bench.memory import CAMPAIGN, family, free_port, wall
from deploy import nginx
from tests.servers.nginx import HOST, Nginx, asking, self_signed

SERVER_CORE, LOAD_CORE = {0}, {1}
CONNECTIONS = 16
ROUNDS, SECONDS = 5, 0.5
MANY = "keepalive_requests 10000000;"  # both nginx: a connection that ends would cost a handshake in the midst
SETTINGS = {"AKISMET_API_KEY": "", "WALL_PROXIES": "127.0.0.1", "WALL_LIMIT_API": "100000000/minute"}
OURS, BEHIND, FILE, FILE_TLS = "the wall", "behind nginx", "nginx, file", "nginx, file, TLS"
BESIDE = {OURS: FILE, BEHIND: FILE_TLS}


@dataclass(frozen=True)
class Row:
    """Something that is read, and how many times what nginx takes it may cost from our own process and behind nginx."""

    name: str
    path: str
    goal: float
    goal_behind: float | None = None
    again: bool = False  # by a reader who has it


ROWS = (
    Row("wall", f"/{CAMPAIGN}", 2.5, 1.3),
    Row("304", f"/{CAMPAIGN}", 4.0, 1.3, again=True),
    Row("JSON list", f"/api/v1/campaigns/{CAMPAIGN}/pledges", 2.5, 1.3),
    Row("count", f"/api/v1/campaigns/{CAMPAIGN}/count", 2.5, 1.3),
    Row("form", f"/{CAMPAIGN}/promise", 2.5),
    Row("style sheet", "", 2.5, 1.3),
)


@dataclass
class Server:
    """Who answers: where, and the processes whose CPU it is."""

    name: str
    port: int
    pids: list[int]
    tls: bool = False

    def connect(self) -> socket.socket:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return asking().wrap_socket(plain) if self.tls else plain

    def cpu_seconds(self) -> float:
        """What all threads of all processes have run so far."""
        spent = 0
        for pid in self.pids:
            for each in Path(f"/proc/{pid}/task").glob("*/schedstat"):
                spent += int(each.read_text().split()[0])
        return spent / 1e9


@dataclass
class Answer:
    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        return int(self.head.split(b" ", 2)[1])

    def header(self, name: str) -> str:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return next(
            (value.strip() for key, _, value in (line.partition(":") for line in lines) if key.lower() == name), ""
        )


def ask(server: Server, request: bytes) -> Answer:
    """One whole answer, over a connection of its own."""
    with server.connect() as connection:
        connection.sendall(request)
        found = connection.recv(65536)
        while b"\r\n\r\n" not in found:
            found += connection.recv(65536)
        head, _, body = found.partition(b"\r\n\r\n")
        answer = Answer(head, body)
        while len(answer.body) < int(answer.header("content-length") or 0):
            answer.body += connection.recv(65536)
        return answer


def request(path: str, tag: str = "") -> bytes:
    known = f"If-None-Match: {tag}\r\n" if tag else ""
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAccept-Encoding: gzip, deflate, br\r\n{known}\r\n".encode()


@dataclass
class Figure:
    """What one server did with one row, a number a round."""

    a_second: list[float] = field(default_factory=list)
    microseconds: list[float] = field(default_factory=list)  # of CPU, of one request


def load(server: Server, asked: bytes, seconds: float, figure: Figure) -> None:
    """Each connection asks again as soon as it has read its answer; all answers are as long as the first."""
    whole = ask(server, asked)
    length = len(whole.head) + 4 + len(whole.body)
    with ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in range(CONNECTIONS)]
        _asking(connections, asked, length, seconds / 10)
        spent, began = server.cpu_seconds(), time.monotonic()
        count = _asking(connections, asked, length, seconds)
        figure.microseconds.append((server.cpu_seconds() - spent) / count * 1e6)
        figure.a_second.append(count / (time.monotonic() - began))


def _asking(connections: Sequence[socket.socket], asked: bytes, length: int, seconds: float) -> int:
    """How many answers were read in that time; at its end none is on its way."""
    waiting, left = select.poll(), {each.fileno(): length for each in connections}
    by_number = {each.fileno(): each for each in connections}
    for each in connections:
        waiting.register(each, select.POLLIN)
        each.sendall(asked)
    count, open_still, end = 0, len(connections), time.monotonic() + seconds
    while open_still:
        for number, _event in waiting.poll():
            found = len(by_number[number].recv(left[number]))
            if not found:
                raise RuntimeError("a server hung up")
            left[number] -= found
            if left[number]:
                continue
            count += 1
            if time.monotonic() < end:
                left[number] = length
                by_number[number].sendall(asked)
            else:
                open_still -= 1
    return count


# Servers


@contextmanager
def on_core(core: set[int]) -> Iterator[None]:
    """What is started in here stays there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def files(folder: Path) -> Iterator[tuple[Path, Server, Server]]:
    """nginx alone, with what lies in a folder: as files, packed beforehand, nothing logged; plain and encrypted."""
    folder.mkdir()
    certificate, key = self_signed(folder)
    root, port, port_tls = folder / "root", free_port(), free_port()
    root.mkdir()
    served = (
        f"root {root}; gzip_static on; default_type text/html; etag on; add_header Cache-Control 'public, max-age=5';"
    )
    tls = f"ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;"
    places = "".join(
        f"{each}_temp_path {folder}/{each};" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(
        f"{user} worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; daemon off; events {{}}\n"
        f"http {{ {places} access_log off; sendfile on; tcp_nopush on; {MANY}\n"
        f"server {{ listen 127.0.0.1:{port}; listen 127.0.0.1:{port_tls} ssl; {tls} {served} }} }}\n"
    )
    with on_core(SERVER_CORE):
        process = subprocess.Popen(["nginx", "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        pids = list(family(process.pid))
        yield root, Server(FILE, port, pids), Server(FILE_TLS, port_tls, pids, tls=True)
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("nginx did not start")


@contextmanager
def behind_nginx(folder: Path, ours: Server) -> Iterator[Server]:
    """The shipped configuration in front of our own process."""
    folder.mkdir()
    with on_core(SERVER_CORE):
        server = Nginx(folder, behind=ours.port, more=MANY)
    try:
        yield Server(BEHIND, server.port, [*family(server.pid), *ours.pids], tls=True)
    finally:
        server.stop()


@contextmanager
def own_process(folder: Path) -> Iterator[Server]:
    with on_core(SERVER_CORE), wall(folder, **SETTINGS) as (pid, base):
        os.sched_setaffinity(0, LOAD_CORE)
        yield Server(OURS, int(base.rsplit(":", 1)[1]), list(family(pid)))


# Measuring


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of load on each row of each server, a round")
    parser.add_argument("--only", default="", help="one row, by its name")
    given = parser.parse_args()
    found = nginx.find()
    if found is not None:
        os.environ["PATH"] = os.pathsep.join((os.environ.get("PATH", ""), str(found.parent)))
    rows = [row for row in ROWS if given.only in ("", row.name)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wall-reads-")))
        ours = stack.enter_context(own_process(folder / "wall"))
        servers, root = [ours], None
        if shutil.which("nginx"):
            root, file, file_tls = stack.enter_context(files(folder / "files"))
            servers += [file, stack.enter_context(behind_nginx(folder / "nginx", ours)), file_tls]
        else:
            print("nginx is not here, so nothing stands beside the wall: `python3 app.py test` fetches one")
        asked = {(row.name, each.name): asked_of(row, each, ours, root) for row in rows for each in servers}
        figures = {key: Figure() for key in asked if key[1] in BESIDE.values() or _counts(rows, *key)}
        for _ in range(given.rounds):
            for (row, name), figure in figures.items():
                load(next(each for each in servers if each.name == name), asked[row, name], given.seconds, figure)
    report(rows, figures, given.rounds)
    return 0


def _counts(rows: Sequence[Row], name: str, server: str) -> bool:
    """A form is never kept by nginx: behind it, it costs what both cost."""
    return server != BEHIND or any(row.name == name and row.goal_behind is not None for row in rows)


def asked_of(row: Row, server: Server, ours: Server, root: Path | None) -> bytes:
    """The request; where nginx serves files, the bytes that the wall answers are laid there first."""
    path = row.path or _style_sheet(ours)
    answer = ask(ours, request(path))  # which also keeps it
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}")
    if server.name in BESIDE.values() and root is not None:
        path = f"/{row.name.replace(' ', '-')}"
        _lay(root / path[1:], answer)
    tag = ask(server, request(path)).header("etag") if row.again else ""
    told = ask(server, request(path, tag))
    if told.status != (304 if row.again else 200):
        raise SystemExit(f"{server.name}, {row.name}: {told.status}")
    return request(path, tag)


def _style_sheet(ours: Server) -> str:
    page = gzip.decompress(ask(ours, request(f"/{CAMPAIGN}")).body).decode()
    return page.partition('<link rel="stylesheet" href="')[2].partition('"')[0]


def _lay(file: Path, answer: Answer) -> None:
    if file.exists():
        return
    if answer.header("content-encoding") == "gzip":
        file.write_bytes(gzip.decompress(answer.body))
        file.with_name(f"{file.name}.gz").write_bytes(answer.body)
    else:
        file.write_bytes(answer.body)


def report(rows: Sequence[Row], figures: dict[tuple[str, str], Figure], rounds: int) -> None:
    print(f"commit {commit()}, {rounds} rounds, medians; {CONNECTIONS} connections; CPU of one request beside nginx's")
    print(f"{'what':<12} {'who':<17} {'a second':>9} {'CPU, us':>8} {'beside':>7} {'goal':>5}")
    for row in rows:
        for (name, server), figure in figures.items():
            if name != row.name:
                continue
            beside = figures.get((name, BESIDE.get(server, "")))
            spent = median(figure.microseconds)
            ratio = f"{spent / median(beside.microseconds):7.2f}" if beside is not None else ""
            goal = row.goal if server == OURS else row.goal_behind if server == BEHIND else None
            told = f"{ratio:>7} {goal or '':>5}"
            print(f"{name:<12} {server:<17} {median(figure.a_second):9.0f} {spent:8.1f} {told}".rstrip())


if __name__ == "__main__":
    raise SystemExit(main())
