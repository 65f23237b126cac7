"""Kill the web server and the worker while promises are sent, then count: `python -m bench.kill --database sqlite`.

A promise counts as acknowledged when its sender was led to the receipt. Senders do what people do: where the answer
does not come, they send the same form again.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bench import commit
from moderation.cli.server import server_command
from moderation.models import Decision, Review
from moderation.record import chain
from moderation.workflow import Move, State
from pledges.db import open_engine
from pledges.models import Contribution, Revision
from pledges.settings import HERE, Settings
from tests.servers.ports import free_port
from tests.servers.postgres import PostgresServer
from tests.wall import SLUG, opened

TOKEN = re.compile(r'name="token" value="([^"]+)"')
OFTEN = "10000000/minute"
SENDERS = 6
GIVE_UP_SECONDS = 120.0  # for one promise, over all retries
ANSWER_SECONDS = 20.0


@dataclass(frozen=True)
class Report:
    """What was done, and what came of it."""

    database: str
    submissions: int
    kills: int
    seed: int
    acknowledged: int = 0
    never_acknowledged: int = 0
    retries: int = 0
    killed: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    duplicates: int = 0
    without_review: int = 0
    published_without_decision: int = 0
    screened: int = 0
    record_faults: int = 0
    damage: str = ""
    seconds: float = 0.0
    commit: str = ""

    @property
    def good(self) -> bool:
        wrong = self.lost + self.duplicates + self.without_review + self.published_without_decision
        return not (wrong + self.record_faults + self.never_acknowledged or self.damage)

    def __str__(self) -> str:
        return (
            f"{self.database}: {self.acknowledged} of {self.submissions} promises acknowledged with {self.retries} "
            f"retries, while web server and worker were killed {sum(self.killed.values())} times "
            f"({', '.join(f'{name} {count}' for name, count in sorted(self.killed.items()))}): "
            f"{self.lost} lost, {self.duplicates} duplicates, {self.without_review} without a review, "
            f"{self.published_without_decision} published without a decision, {self.screened} screened so far; "
            f"{self.seconds:.0f} s, seed {self.seed}, commit {self.commit}"
        )


class Kept:
    """A program that runs again whenever it was killed."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self._command, self._environment, self._log = command, environment, log
        self._running = self._start()

    def kill(self) -> None:
        """It and its children are gone at once, and it has been started anew."""
        self.stop()
        self.start()

    def start(self) -> None:
        """It runs again, after `stop`."""
        self._running = self._start()

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._running.pid, signal.SIGKILL)  # the group that we made for it, no other
        self._running.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command, cwd=HERE, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )


class Senders:
    """A few people at once, each sending promise after promise."""

    def __init__(self, port: int, submissions: int) -> None:
        self.port = port
        self.receipts: dict[int, str] = {}  # number of the promise -> token of its receipt
        self.retries = 0
        self._left = iter(range(submissions))
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._send_all, daemon=True) for _ in range(SENDERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        for thread in self._threads:
            thread.join()

    @property
    def busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def _send_all(self) -> None:
        while (number := self._next()) is not None:
            receipt = self._send(number)
            if receipt:
                with self._lock:
                    self.receipts[number] = receipt

    def _next(self) -> int | None:
        with self._lock:
            return next(self._left, None)

    def _send(self, number: int) -> str | None:
        """One promise by one form, sent until it was acknowledged."""
        give_up = time.monotonic() + GIVE_UP_SECONDS
        page = self._until("GET", None, 200, give_up)
        token = TOKEN.search(page) if page else None
        if token is None:
            return None
        fields = {"token": token[1], "promise": words_of(number), "company_url": "", "consent": "yes"}
        location = self._until("POST", urlencode(fields), 303, give_up)
        return location.split("?")[0].rsplit("/", 1)[1] if location else None

    def _until(self, method: str, body: str | None, wanted: int, give_up: float) -> str | None:
        while time.monotonic() < give_up:
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, answer = self._ask(method, body)
                if status == wanted:
                    return answer
            with self._lock:
                self.retries += 1
            time.sleep(0.25)
        return None

    def _ask(self, method: str, body: str | None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        try:
            headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
            connection.request(method, f"/{SLUG}/promise", body, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
            return answer.status, answer.getheader("Location") or page
        finally:
            connection.close()


def words_of(number: int) -> str:
    return f"Promise {number:06d}: I will listen before I speak, and ask what would help."


def run(database: str, submissions: int, kills: int, seed: int) -> Report:
    """The whole trial on a database of its own, gone afterwards."""
    began = time.monotonic()
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="wall-kill-") as folder, fresh(database, Path(folder)) as url:
        opened(url)
        port = free_port()
        environment = os.environ | {
            "WALL_INSTANCE": folder,
            "WALL_DATABASE_URL": url,
            "WALL_HOST": "127.0.0.1",
            "WALL_PORT": str(port),
            "WALL_BASE_URL": f"http://127.0.0.1:{port}",
            "WALL_SECRET_KEY": "k" * 64,
            "WALL_LIMIT_PROMISES": OFTEN,
            "WALL_LIMIT_CAMPAIGN": OFTEN,
            "WALL_ENV": "development",
            "AKISMET_API_KEY": "",
        }
        environment.pop("WALL_WORKER_INSIDE", None)
        settings = Settings(instance=Path(folder), database_url=url, host="127.0.0.1", port=port)
        programs = {
            "web": Kept(server_command(settings), environment, Path(folder) / "web.log"),
            "worker": Kept(
                [sys.executable, "-m", "flask", "--app", "app", "worker"], environment, Path(folder) / "worker.log"
            ),
        }
        senders = Senders(port, submissions)
        try:
            senders.start()
            killed = kill_at_random(programs, senders, submissions, kills, chance)
            senders.wait()
        finally:
            for program in programs.values():
                program.stop()
        found = compare(url, senders.receipts)
    return Report(
        database=database,
        submissions=submissions,
        kills=kills,
        seed=seed,
        acknowledged=len(senders.receipts),
        never_acknowledged=submissions - len(senders.receipts),
        retries=senders.retries,
        killed=dict(killed),
        seconds=round(time.monotonic() - began, 1),
        commit=commit(),
        **found,
    )


@contextlib.contextmanager
def fresh(database: str, folder: Path) -> Iterator[str]:
    """The address of an empty database of this kind."""
    if database == "sqlite":
        yield f"sqlite:///{folder / 'wall.db'}"
        return
    server = PostgresServer()
    try:
        yield server.fresh()
    finally:
        server.stop()


def kill_at_random(
    programs: Mapping[str, Kept], senders: Senders, submissions: int, kills: int, chance: random.Random
) -> Counter[str]:
    """Each kill comes once a random number of promises is acknowledged, and a random moment later."""
    killed: Counter[str] = Counter()
    names = [sorted(programs)[number % len(programs)] for number in range(kills)]
    chance.shuffle(names)
    for point, name in zip(sorted(chance.sample(range(submissions), kills)), names, strict=True):
        moment = chance.random() * 0.1
        while len(senders.receipts) < point and senders.busy:
            time.sleep(0.002)
        time.sleep(moment)
        programs[name].kill()
        killed[name] += 1
    return killed


def compare(url: str, receipts: Mapping[int, str]) -> dict[str, Any]:
    """What the database holds, against what was acknowledged."""
    engine = open_engine(url)
    try:
        with Session(engine) as session:
            stored = session.execute(
                select(Contribution.receipt_hash, Revision.words).join(
                    Revision, Revision.contribution_id == Contribution.id
                )
            ).all()
            by_receipt = {receipt: words for receipt, words in stored}
            times = Counter(words for _, words in stored)
            reviewed = set(session.scalars(select(Review.contribution_id)))
            return {
                "lost": sum(by_receipt.get(hash_of(token)) != words_of(n) for n, token in receipts.items()),
                "duplicates": sum(count - 1 for count in times.values()),
                "without_review": len(set(session.scalars(select(Contribution.id))) - reviewed),
                "published_without_decision": published_without_decision(session),
                "screened": session.scalars(select(func.count(Review.id)).where(Review.state != State.RECEIVED)).one(),
                "record_faults": len(list(chain.verify(session))),
                "damage": damage(session),
            }
    finally:
        engine.dispose()


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def published_without_decision(session: Session) -> int:
    decided = (
        select(Review.revision_id)
        .join(Decision, Decision.review_id == Review.id)
        .where(Decision.move == Move.APPROVE, Decision.moderator_id.is_not(None))
    )
    shown = select(func.count(Contribution.id)).where(
        Contribution.published_revision_id.is_not(None), Contribution.published_revision_id.not_in(decided)
    )
    return session.scalars(shown).one()


def damage(session: Session) -> str:
    """What SQLite finds wrong with its file; nothing elsewhere."""
    if session.get_bind().dialect.name != "sqlite":
        return ""
    said = session.execute(text("PRAGMA integrity_check")).scalar_one()
    return "" if said == "ok" else str(said)


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--submissions", type=int, default=2000)
    words.add_argument("--kills", type=int, default=50)
    words.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    words.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    chosen = words.parse_args()
    report = run(chosen.database, chosen.submissions, chosen.kills, chosen.seed)
    print(json.dumps(asdict(report)))
    print(report)
    return 0 if report.good else 1


if __name__ == "__main__":
    raise SystemExit(main())
