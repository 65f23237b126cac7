"""`python -m bench.writes`: what a promise costs from the form to the row, beside an earlier commit in the same run.

The wall is served as we serve it, its worker left out: what is measured is what a visitor waits for. Forms are fetched
beforehand, and each is sent once, with a name, an address and words of its own. All that serves, the database's own processes
too, is held to core 0 and the load to core 1; the rounds go through the servers in turn. SQLite syncs every commit
(synchronous=FULL) and PostgreSQL as well (fsync and synchronous_commit on). At the end a burst: so many visitors at once, each
over a connection of their own; what is stored is counted in the database.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from statistics import median
from threading import Barrier
from urllib.parse import urlencode

from sqlalchemy import create_engine, text

from bench import commit
from bench.memory import CAMPAIGN, ROOT, family, free_port, wait_for
from bench.reads import LOAD_CORE, SERVER_CORE, on_core
from tests.servers.postgres import PostgresServer

BEFORE = "a37f152"  # the commit whose figures stand in the goals
GOAL = 1 / 3  # of what a submission cost then
BURST, WAITS_SECONDS = 64, 1.0
ROUNDS, EACH = 5, 120  # submissions of one server in a round
CONNECTIONS = 4
OFTEN = "100000000/minute"
LIMITS = ("PROMISES", "COMMENTS", "EMAIL", "API", "CAMPAIGN", "LETTERS")
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
# the web server without a worker in it; the module stood elsewhere in the earlier commit
SERVE = """
import os
from app import create_app
try:
    from moderation.cli.server import server_command
except ImportError:
    from moderation.cli import server_command
command = server_command(create_app().extensions["wall.settings"])
os.execv(command[0], command)
"""


@dataclass
class Server:
    """A wall that takes promises: where, whose CPU it is, and where they are stored."""

    name: str
    port: int
    pids: list[int]
    database: str
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    milliseconds: list[float] = field(default_factory=list)  # of CPU, of one submission, a round each
    a_second: list[float] = field(default_factory=list)

    def connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=30)

    def cpu_seconds(self) -> float:
        """What all of its processes have run so far, those that have ended since left out."""
        spent = 0
        for pid in [each for first in self.pids for each in family(first)]:
            for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
                spent += int(task.read_text().split()[0])
        return spent / 1e9

    def stored(self) -> int:
        engine = create_engine(self.database)
        try:
            with engine.connect() as connection:
                return int(connection.scalar(text("SELECT count(*) FROM revisions")) or 0)
        finally:
            engine.dispose()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--each", type=int, default=EACH, help="submissions of one server in a round")
    parser.add_argument("--before", default=BEFORE, help="the commit to stand beside; empty: none")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wall-writes-")))
        servers = [stack.enter_context(serving(folder / "ours", "the wall, SQLite", ROOT))]
        with on_core(SERVER_CORE):
            postgres = PostgresServer(**DURABLE)
        stack.callback(postgres.stop)
        url, name = postgres.fresh(), "the wall, PostgreSQL"
        servers.append(stack.enter_context(serving(folder / "on-pg", name, ROOT, url, postgres.pid)))
        if given.before:
            root = unpacked(given.before, folder / "before")
            servers.append(stack.enter_context(serving(folder / "then", f"{given.before}, SQLite", root)))
        for number in range(1 + given.rounds):  # the first to warm up
            for server in servers:
                measure(server, given.each, keep=number > 0)
        lost, slowest = {}, {}
        for server in servers:
            lost[server.name], slowest[server.name] = burst(server, BURST)
    return report(servers, given.rounds, lost, slowest)


def measure(server: Server, each: int, *, keep: bool) -> None:
    """One round: the forms are fetched, then sent while the server's CPU is watched."""
    forms = fetched(server, each)
    spent, began = server.cpu_seconds(), time.monotonic()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = list(pool.map(lambda part: sent(server, part), (forms[at::CONNECTIONS] for at in range(CONNECTIONS))))
    took, cpu = time.monotonic() - began, server.cpu_seconds() - spent
    if any(status != 303 for part in answers for status, _ in part):
        raise SystemExit(f"{server.name}: {answers}")
    if keep:
        server.milliseconds.append(cpu / each * 1000)
        server.a_second.append(each / took)


def fetched(server: Server, number: int) -> list[bytes]:
    """So many forms, filled in."""
    connection, forms = server.connect(), []
    for _ in range(number):
        connection.request("GET", f"/{CAMPAIGN}/promise")
        page = connection.getresponse().read().decode()
        token = re.search(r'name="token" value="([^"]+)"', page)
        if token is None:
            raise SystemExit(f"{server.name}: there is no form")
        which = next(server.numbers)
        fields = {
            "token": token[1], "promise": f"I will ask who is missing from meeting number {which}, and write it down",
            "kind": "person", "name": "Amina Begum", "show_name": "full", "email": f"amina{which}@example.org",
            "theme": "listen", "consent": "yes", "company_url": "",
        }  # fmt: skip
        forms.append(urlencode(fields).encode())
    connection.close()
    return forms


def sent(server: Server, forms: list[bytes]) -> list[tuple[int, float]]:
    """(status, seconds) of each, one after the other over one connection."""
    connection, answers = server.connect(), []
    connection.connect()
    for form in forms:
        began = time.monotonic()
        connection.request("POST", f"/{CAMPAIGN}/promise", form, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        answer.read()
        answers.append((answer.status, time.monotonic() - began))
    connection.close()
    return answers


def burst(server: Server, visitors: int) -> tuple[int, float]:
    """How many of so many that were sent at once are not stored, and the longest that anybody waited, in seconds."""
    forms, together = fetched(server, visitors), Barrier(visitors)
    before = server.stored()

    def visit(form: bytes) -> tuple[int, float]:
        together.wait()
        return sent(server, [form])[0]

    with ThreadPoolExecutor(visitors) as pool:
        answers = list(pool.map(visit, forms))
    return visitors - (server.stored() - before), max(seconds for _, seconds in answers)


# Servers


def unpacked(commit: str, folder: Path) -> Path:
    """The files of that commit."""
    packed = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


@contextmanager
def serving(folder: Path, name: str, root: Path, database: str = "", database_pid: int = 0) -> Iterator[Server]:
    """A wall from the files in `root`, set up as on its first start."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    settings = {"WALL_INSTANCE": str(folder), "WALL_PORT": str(port), "WALL_BASE_URL": base, "AKISMET_API_KEY": ""}
    settings |= {f"WALL_LIMIT_{each}": OFTEN for each in LIMITS} | ({"WALL_DATABASE_URL": database} if database else {})
    with started([sys.executable, "-m", "flask", "--app", "app", "serve"], root, settings, base):
        pass
    with started([sys.executable, "-c", SERVE], root, settings, base) as pid:
        pids = [pid, *([database_pid] if database_pid else [])]
        yield Server(name, port, pids, database or f"sqlite:///{folder}/wall.db")


@contextmanager
def started(command: list[str], root: Path, settings: dict[str, str], base: str) -> Iterator[int]:
    with on_core(SERVER_CORE):
        process = subprocess.Popen(
            command, cwd=root, env=os.environ | settings, stdout=subprocess.DEVNULL, start_new_session=True
        )
    os.sched_setaffinity(0, LOAD_CORE)
    try:
        wait_for(f"{base}/healthz", process)
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def report(servers: list[Server], rounds: int, lost: dict[str, int], slowest: dict[str, float]) -> int:
    """1 where a goal is missed that does not hang on how busy the machine is."""
    last = servers[-1] if not servers[-1].name.startswith("the wall") else None
    print(f"commit {commit()}, {rounds} rounds, medians; CPU of one submission, all of the server's processes")
    print(f"{'who':<22} {'a second':>9} {'CPU, ms':>8} {'beside':>7} {'goal':>5}   {BURST} at once: lost, longest wait")
    missed = 0
    for server in servers:
        spent = median(server.milliseconds)
        ours = last is not None and server is not last
        beside = spent / median(last.milliseconds) if last is not None and ours else None
        told = f"{beside:7.2f} {GOAL:5.2f}" if beside is not None else f"{'':>7} {'':>5}"
        waits = f"{lost[server.name]:>15} {slowest[server.name]:12.2f} s"
        print(f"{server.name:<22} {median(server.a_second):9.0f} {spent:8.2f} {told}   {waits}")
        missed += bool(lost[server.name]) or (beside is not None and beside > GOAL)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
