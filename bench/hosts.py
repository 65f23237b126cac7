"""`python -m bench.hosts`: web processes on several hosts over one PostgreSQL and Redis, one killed and one cut off under load.

The hosts are network namespaces of this machine (Linux, as root), each with two cables: by one its readers come, by the other
it reaches database and Redis, and this one is pulled. What is measured is how long a take-down needs to reach every process,
what a process answers that cannot ask, and, at the end, whether anything that was acknowledged is lost or anything shown that
nobody approved. Fails where one of these is not as it should be.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from pydantic import SecretStr

from bench import commit, kill
from moderation.cli.server import server_command
from pledges.settings import Settings
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer
from tests.wall import SLUG, AtTheDesk, Sent, Wall, make_app, opened

NAME = "pwhost"  # begins the names of namespaces, bridges and cables
DATA, READERS = "10.77.0", "10.78.0"  # networks, the first three parts of each
PORT = 8000
SECRET = "k" * 64
WITHIN_SECONDS = 1.0  # a take-down reaches every process
TRUSTED_SECONDS = 30.0  # so long a process that is cut off answers what it has
SLACK_SECONDS = 3.0  # of a machine that does all of this at once
WAITING_SECONDS = 15.0  # of a reader for one answer
WORDS = "I will listen, and tell you what I heard"


def do(*words: str, fails: bool = False) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode and not fails:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")


@dataclass
class Process:
    """One web process, and what its readers were answered."""

    host: int
    port: int
    running: kill.Kept
    said: list[tuple[float, str]] = field(
        default_factory=list
    )  # when it was asked, and the status or why there was none

    @property
    def name(self) -> str:
        return f"host {self.host}, port {self.port}"

    @property
    def address(self) -> str:
        return f"{READERS}.{10 + self.host}"

    def answers(self, path: str) -> tuple[str, bytes]:
        """Status and body, or that nothing came in time."""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=WAITING_SECONDS)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return str(answer.status), answer.read()
        except (OSError, http.client.HTTPException) as error:
            return f"nothing: {type(error).__name__}", b""
        finally:
            connection.close()

    def between(self, begin: float, end: float) -> Counter[str]:
        return Counter(status for at, status in list(self.said) if begin <= at < end)


@contextlib.contextmanager
def network(hosts: int) -> Iterator[None]:
    """Namespaces `pwhost1` and on; both networks meet in this one."""
    try:
        for net, letter in ((DATA, "d"), (READERS, "r")):
            do(
                "ip",
                "link",
                "add",
                f"{NAME}{letter}",
                "address",
                f"02:00:00:00:00:0{letter.replace('r', 'e')}",
                "type",
                "bridge",
            )
            do("ip", "address", "add", f"{net}.1/24", "dev", f"{NAME}{letter}")
            do("ip", "link", "set", f"{NAME}{letter}", "up")
        for host in range(1, hosts + 1):
            do("ip", "netns", "add", f"{NAME}{host}")
            do("ip", "-n", f"{NAME}{host}", "link", "set", "lo", "up")
            for net, letter in ((DATA, "d"), (READERS, "r")):
                cable, end = f"{NAME}{letter}{host}", f"eth{letter}"
                do("ip", "link", "add", cable, "type", "veth", "peer", "name", end, "netns", f"{NAME}{host}")
                do("ip", "link", "set", cable, "master", f"{NAME}{letter}", "up")
                do("ip", "-n", f"{NAME}{host}", "address", "add", f"{net}.{10 + host}/24", "dev", end)
                do("ip", "-n", f"{NAME}{host}", "link", "set", end, "up")
        yield
    finally:
        for host in range(1, hosts + 1):
            do("ip", "netns", "delete", f"{NAME}{host}", fails=True)
            for letter in "dr":
                do("ip", "link", "delete", f"{NAME}{letter}{host}", fails=True)
        for letter in "dr":
            do("ip", "link", "delete", f"{NAME}{letter}", fails=True)


@contextlib.contextmanager
def stores() -> Iterator[tuple[str, str]]:
    """Addresses of a database and a Redis that the other hosts reach."""
    postgres = PostgresServer(listen_addresses=f"{DATA}.1", max_connections="300")
    redis = None
    try:
        with (postgres.folder / "data" / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {DATA}.0/24 trust\n")
        with psycopg.connect(host=str(postgres.folder), user="postgres", dbname="postgres", autocommit=True) as one:
            one.execute("SELECT pg_reload_conf()")
        name = postgres.fresh().split("?")[0].rsplit("/", 1)[1]
        redis = RedisServer(f"{DATA}.1")
        yield f"postgresql+psycopg://postgres@{DATA}.1:5432/{name}", redis.url
    finally:
        if redis is not None:
            redis.stop()
        postgres.stop()


def started(host: int, port: int, environment: dict[str, str], folder: Path) -> Process:
    (folder / f"{host}-{port}").mkdir()
    own = {
        "WALL_INSTANCE": str(folder / f"{host}-{port}"),
        "WALL_HOST": f"{READERS}.{10 + host}",
        "WALL_PORT": str(port),
    }
    settings = Settings(instance=folder, host=own["WALL_HOST"], port=port)
    command = ["ip", "netns", "exec", f"{NAME}{host}", *server_command(settings)]
    return Process(host, port, kill.Kept(command, environment | own, folder / f"{host}-{port}.log"))


class Senders(kill.Senders):
    """People who send promises to whichever process answers."""

    def __init__(self, processes: list[Process], submissions: int) -> None:
        super().__init__(0, submissions)
        self._processes = processes
        self._turn = 0

    def _ask(self, method: str, body: str | None) -> tuple[int, str]:
        self._turn += 1
        to = self._processes[self._turn % len(self._processes)]
        connection = http.client.HTTPConnection(to.address, to.port, timeout=WAITING_SECONDS)
        try:
            headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
            connection.request(method, f"/{SLUG}/promise", body, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
            return answer.status, answer.getheader("Location") or page
        finally:
            connection.close()


class Readers:
    """One a process, who asks for the wall again and again; what nobody approved is looked for in each answer."""

    def __init__(self, processes: list[Process]) -> None:
        self.unapproved = 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._read, args=(each,), daemon=True) for each in processes]
        for each in self._threads:
            each.start()

    def stop(self) -> None:
        self._stop.set()
        for each in self._threads:
            each.join()

    def _read(self, process: Process) -> None:
        while not self._stop.wait(0.05):
            at = time.monotonic()
            status, body = process.answers(f"/{SLUG}")
            process.said.append((at, status))
            self.unapproved += b"Promise 0" in body  # what the senders send, and nobody reads


def takes_down(wall: Wall, sent: Sent, from_all: list[Process]) -> dict[str, float]:
    """By process, how many seconds after its author was answered the promise was still told of there."""
    page = f"/api/v1/pledges/{sent.public_id}"
    for each in from_all:
        status, _ = each.answers(page)
        if status != "200":
            raise RuntimeError(f"{each.name} answers {status} before anything was taken down")
    begun = time.monotonic()
    if wall.acts(sent, "withdraw").status_code != 303:
        raise RuntimeError("it was not taken down")
    gone: dict[str, float] = {}

    def look(process: Process) -> None:
        gone[process.name] = 0.0
        while process.answers(page)[0] == "200" and gone[process.name] < 2 * TRUSTED_SECONDS:
            gone[process.name] = time.monotonic() - begun

    threads = [threading.Thread(target=look, args=(each,)) for each in from_all]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return gone


def run(hosts: int, at_each: int, submissions: int) -> list[str]:
    """What was measured, printed; what is wrong."""
    wrong: list[str] = []

    def told(what: str, good: bool) -> None:
        print(f"{'  ' if good else '! '}{what}", flush=True)
        wrong.extend([] if good else [what])

    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wall-hosts-")))
        stack.enter_context(network(hosts))
        database, redis = stack.enter_context(stores())
        opened(database)
        app = make_app(database, folder / "desk", secret_key=SecretStr(SECRET), redis_url=redis)
        wall = Wall(app)
        desk = wall.moderator()
        environment = os.environ | {
            "WALL_DATABASE_URL": database, "WALL_REDIS_URL": redis, "WALL_SECRET_KEY": SECRET, "AKISMET_API_KEY": "",
            "WALL_BASE_URL": "http://wall.example", "WALL_ENV": "development", "WALL_LIMIT_PROMISES": kill.OFTEN,
            "WALL_LIMIT_CAMPAIGN": kill.OFTEN, "WALL_LIMIT_API": kill.OFTEN,
        }  # fmt: skip
        environment.pop("WALL_WORKER_INSIDE", None)
        processes = [
            started(host, PORT + number, environment, folder)
            for host in range(1, hosts + 1)
            for number in range(at_each)
        ]
        for process in processes:
            stack.callback(process.running.stop)
        _wait(processes)
        shown = [_approved(wall, desk, f"{WORDS}, number {number}") for number in range(8)]

        readers, senders = Readers(processes), Senders(processes, submissions)
        senders.start()
        delays = [takes_down(wall, sent, processes) for sent in shown[:5]]
        slowest = max(max(each.values()) for each in delays)
        told(
            f"5 take-downs under load reached {len(processes)} processes within {slowest:.2f} s",
            slowest <= WITHIN_SECONDS,
        )

        killed, cut = (
            next(each for each in processes if each.host == 2),
            [each for each in processes if each.host == hosts],
        )
        rest = [each for each in processes if each not in (killed, *cut)]
        killed_at = time.monotonic()
        killed.running.stop()
        time.sleep(5)
        others = [each for each in processes if each is not killed]
        told(*_read_on("one process killed", others, killed_at, time.monotonic()))
        killed.running.start()
        _wait([killed])
        told(
            f"the one that was killed answers again: {killed.answers(f'/{SLUG}')[0]}",
            killed.answers(f"/{SLUG}")[0] == "200",
        )

        do(
            "ip", "link", "set", f"{NAME}d{hosts}", "nomaster"
        )  # silently: what it sends is lost, and its own end looks well
        cut_at = time.monotonic()
        gone = takes_down(wall, shown[5], [*rest, killed])
        told(
            f"a take-down while host {hosts} is cut off reached the others within {max(gone.values()):.2f} s",
            max(gone.values()) <= WITHIN_SECONDS,
        )
        time.sleep(max(0.0, cut_at + TRUSTED_SECONDS + 14 - time.monotonic()))
        now = time.monotonic()
        told(*_read_on(f"host {hosts} cut off for {now - cut_at:.0f} s", [*rest, killed], cut_at, now))
        for each in cut:
            kept = each.between(cut_at, cut_at + TRUSTED_SECONDS - SLACK_SECONDS)
            told(
                f"{each.name}, cut off, in its first {TRUSTED_SECONDS - SLACK_SECONDS:.0f} s: {dict(kept)}",
                set(kept) == {"200"},
            )
            after = each.between(cut_at + TRUSTED_SECONDS + SLACK_SECONDS, now)
            told(
                f"{each.name}, after {TRUSTED_SECONDS + SLACK_SECONDS:.0f} s: {dict(after)}",
                "200" not in after and "503" in after,
            )
            status, _ = each.answers(f"/api/v1/pledges/{shown[5].public_id}")
            told(f"{each.name}: what was taken down meanwhile answers {status}", status != "200")
        do("ip", "link", "set", f"{NAME}d{hosts}", "master", f"{NAME}d")
        healed_at = time.monotonic()
        for each in cut:
            while each.answers(f"/{SLUG}")[0] != "200" and time.monotonic() - healed_at < 60:
                time.sleep(0.2)
            status, _ = each.answers(f"/api/v1/pledges/{shown[5].public_id}")
            told(
                f"{each.name} is back {time.monotonic() - healed_at:.1f} s after its cable; what was taken down: {status}",
                status == "404",
            )
        delay = max(takes_down(wall, shown[6], processes).values())
        told(f"a take-down reached all {len(processes)} again within {delay:.2f} s", delay <= WITHIN_SECONDS)

        senders.wait()
        readers.stop()
        found = kill.compare(database, senders.receipts)
        told(f"{len(senders.receipts)} promises acknowledged of {submissions}, {senders.retries} tries again: {found['lost']} lost, {found['duplicates']} twice, "
             f"{found['without_review']} without a review", len(senders.receipts) == submissions and not found["lost"] + found["duplicates"] + found["without_review"])  # fmt: skip
        read = sum(len(each.said) for each in processes)
        told(f"{read} walls read: {readers.unapproved} with words that nobody approved, {found['published_without_decision']} published without a decision",
             not readers.unapproved + found["published_without_decision"])  # fmt: skip
    return wrong


def _approved(wall: Wall, desk: AtTheDesk, words: str) -> Sent:
    sent = wall.promises(words)
    desk.approves(sent)
    return sent


def _wait(processes: list[Process]) -> None:
    until = time.monotonic() + 90
    for each in processes:
        while each.answers(f"/{SLUG}")[0] != "200":
            if time.monotonic() > until:
                raise RuntimeError(f"{each.name} does not answer")
            time.sleep(0.2)


def _read_on(when: str, processes: list[Process], begin: float, end: float) -> tuple[str, bool]:
    found: Counter[str] = sum((each.between(begin, end) for each in processes), Counter())
    return f"{when}: the other {len(processes)} answered {dict(found)}", set(found) == {"200"}


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--hosts", type=int, default=3, help="network namespaces, 3 at least")
    words.add_argument("--each", type=int, default=2, help="web processes on each")
    words.add_argument("--submissions", type=int, default=1500)
    chosen = words.parse_args()
    if sys.platform != "linux" or os.geteuid() != 0:
        print("This needs Linux, and root to make network namespaces.")
        return 2
    print(f"commit {commit()}; {chosen.hosts} hosts with {chosen.each} web processes each, one PostgreSQL, one Redis")
    wrong = run(chosen.hosts, chosen.each, chosen.submissions)
    print("all as it should be" if not wrong else f"{len(wrong)} not as it should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
