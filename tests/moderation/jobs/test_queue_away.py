"""The queue of jobs is only a nudge: while it is away, the worker goes on by its own clock and the wall stays open."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import redis

from moderation.jobs import queue as jobs_queue
from moderation.jobs import retention, worker
from moderation.workflow import State
from pledges.db import utcnow
from pledges.settings import HERE
from tests.clock import stands_at
from tests.servers.redis import RedisServer
from tests.wall import Wall

SECONDS = 30
WORKER = """
from datetime import datetime, timedelta
from app import create_app
from moderation.jobs import queue, worker
queue.SWEEP_IS_LATE = timedelta(seconds=1)
worker.STAND_IN_SECONDS = 0.2
worker.run(create_app())
"""


@contextmanager
def working(wall: Wall, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own, in a hurry."""
    given = wall.settings
    env = os.environ | {
        "WALL_INSTANCE": str(given.instance),
        "WALL_DATABASE_URL": given.database_url,
        "WALL_REDIS_URL": given.redis_url or "",
        "WALL_SECRET_KEY": given.secret_key.get_secret_value(),
        "WALL_BASE_URL": given.base_url,
    }
    with log.open("wb") as written:
        process = subprocess.Popen([sys.executable, "-c", WORKER], cwd=HERE, env=env, stdout=written, stderr=written)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def comes_true(what: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + SECONDS
    while time.monotonic() < give_up:
        if what():
            return True
        time.sleep(0.1)
    return False


def test_without_redis_what_is_sent_is_screened_and_its_letter_goes_and_the_log_stays_short(
    walls: Callable[..., Wall], own_redis: RedisServer, tmp_path: Path
) -> None:
    wall = walls(redis_url=own_redis.url)
    readyz = lambda: wall.app.test_client().get("/readyz")  # noqa: E731
    assert "queue ok" in readyz().text
    log = tmp_path / "worker.log"
    with working(wall, log) as process:
        first = wall.promises("I will be here while all is well", email="ben@example.org")
        assert comes_true(lambda: wall.review(first.review_id).state is State.WAITING), log.read_text()
        own_redis.stop()
        sent = wall.promises("I will stand by my word", email="amina@example.org")
        assert comes_true(lambda: wall.review(sent.review_id).state is State.WAITING), log.read_text()
        assert comes_true(lambda: any("amina@example.org" in letter for letter in wall.letters())), log.read_text()
        answer = readyz()
        assert (answer.status_code, "queue degraded" in answer.text) == (200, True)
        time.sleep(3)
        assert process.poll() is None
    lines = log.read_text().splitlines()
    assert any("Until the queue answers" in line for line in lines)
    assert len(lines) < 20, lines


def swept(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    done: list[str] = []
    monkeypatch.setattr(jobs_queue, "sweep", lambda now: done.append("sweep"))
    monkeypatch.setattr(retention, "forget", lambda settings, now: done.append("night"))
    return done


def test_one_process_stands_in_and_only_where_the_queue_is_late(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    done, now = swept(monkeypatch), utcnow()
    with wall.app.app_context():
        jobs_queue.stand_in(now)
        jobs_queue.stand_in(now + timedelta(seconds=60))
        assert done == ["sweep"]
        jobs_queue.stand_in(now + timedelta(seconds=80))
        assert done == ["sweep"] * 2
        jobs_queue.stand_in(now + timedelta(hours=27))
        jobs_queue.stand_in(now + timedelta(hours=27, seconds=1))
        assert done == ["sweep"] * 3 + ["night"]


@pytest.mark.parametrize("by", ["the queue", "the worker's own clock"])
def test_a_night_whose_forgetting_failed_is_made_up_for_and_not_run_twice_at_once(
    wall: Wall, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    done, now = swept(monkeypatch), utcnow()
    queue: jobs_queue.Jobs = wall.app.extensions[jobs_queue.EXTENSION]

    def fails(_settings: object, now: datetime) -> None:
        jobs_queue.stand_in(now)  # another process looks while this one is at it
        done.append("failed")
        raise OSError

    def nights() -> list[str]:
        return [each for each in done if each != "sweep"]

    with wall.app.app_context():
        jobs_queue.stand_in(now)
        night = now + timedelta(hours=27)
        with monkeypatch.context() as patched, pytest.raises(OSError):
            patched.setattr(retention, "forget", fails)
            stands_at(patched, lambda: night, "moderation.jobs")
            queue._forget() if by == "the queue" else jobs_queue.stand_in(night)
        jobs_queue.stand_in(night + timedelta(minutes=5))
        assert nights() == ["failed"]
        for minute in (61, 62, 130):
            jobs_queue.stand_in(night + timedelta(minutes=minute))
        assert nights() == ["failed", "night"]


def test_what_the_queue_has_fired_is_not_done_twice(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    done = swept(monkeypatch)
    queue: jobs_queue.Jobs = wall.app.extensions[jobs_queue.EXTENSION]
    queue.huey.immediate = True
    queue.every_minute()
    with wall.app.app_context():
        jobs_queue.stand_in(utcnow())
    assert done == ["sweep"]


def complaint(error: Exception) -> logging.LogRecord:
    return logging.LogRecord("huey", logging.ERROR, "", 0, "Error", (), (type(error), error, None))


def test_a_lasting_complaint_comes_seldom_and_more_seldom_and_faults_of_ours_always(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = 1000.0
    monkeypatch.setattr(worker.time, "monotonic", lambda: seconds)
    seldom, told = worker.Seldom(), []
    for _ in range(3600):
        seconds += 1
        if seldom.filter(complaint(redis.ConnectionError())):
            told.append(seconds)
        assert seldom.filter(complaint(ValueError()))
    gaps = [int(later - earlier) for earlier, later in pairwise(told)]
    assert gaps == [60, 120, 240, 480, 900, 900]
