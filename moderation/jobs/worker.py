"""The worker: runs jobs as they come, sweeps each minute, and forgets each night, also while the queue is away."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time

from flask import Flask
from huey.consumer import Consumer
from redis import RedisError

from pledges.db import utcnow

from . import queue, tasks

log = logging.getLogger(__name__)

SLOWEST_POLL = 1.0  # seconds; an idle worker looks this often, so a promise is checked soon after it was sent
STAND_IN_SECONDS = 15.0  # this often the worker looks whether the queue has brought what it should
COMPLAINS_SECONDS, COMPLAINS_SECONDS_AT_MOST = 60.0, 15 * 60.0  # between two lines about a queue that is away
QUEUE_LOGS = ("huey.consumer", "huey.consumer.Worker", "huey.consumer.Scheduler")
SCREENED_AT_ONCE = 3  # slow answers of a service must not hold up letters


WITHOUT_QUEUE = "Until the queue answers, the worker takes up once a minute what is owed."


class _QuietConsumer(Consumer):
    """Beside a web server in one process the signals belong to the server."""

    def _set_signal_handlers(self) -> None:
        return None


def run(app: Flask) -> None:
    """Work until stopped by a signal."""
    _catch_up(app)
    _begin(app)
    Consumer(jobs_of(app).huey, workers=SCREENED_AT_ONCE, max_delay=SLOWEST_POLL).run()


def start_inside(app: Flask) -> None:
    """A worker's threads run in this process, and end with it; what they had begun is taken up by the next."""
    consumer = _QuietConsumer(jobs_of(app).huey, workers=2, max_delay=SLOWEST_POLL)
    threading.Thread(target=consumer.run, name="wall-worker", daemon=True).start()
    threading.Thread(target=_catch_up, args=(app,), name="wall-catch-up", daemon=True).start()
    _begin(app)


def _begin(app: Flask) -> None:
    """A clock of our own ticks beside the queue, and a queue that is away complains seldom."""
    for name in QUEUE_LOGS:
        queue_log = logging.getLogger(name)
        if not any(isinstance(each, Seldom) for each in queue_log.filters):
            queue_log.addFilter(Seldom())
    threading.Thread(target=_tick, args=(app,), name="wall-stand-in", daemon=True).start()


def _tick(app: Flask) -> None:
    while True:
        time.sleep(STAND_IN_SECONDS)
        try:
            with app.app_context():
                queue.stand_in(utcnow())
        except Exception:  # the next tick tries again
            log.exception("standing in for the queue failed")


class Seldom(logging.Filter):
    """The same complaint about the queue is written in one line, and again at growing distances while it lasts."""

    def __init__(self) -> None:
        super().__init__()
        self._quiet: dict[str, tuple[float, float]] = {}  # message -> until when, and how long it is then

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, RedisError | OSError | sqlite3.Error):
            return True
        now, said = time.monotonic(), str(record.msg)
        until, pause = self._quiet.get(said, (0.0, 0.0))
        if now < until:
            return False
        lasts = pause and now < until + pause
        pause = min(2 * pause, COMPLAINS_SECONDS_AT_MOST) if lasts else COMPLAINS_SECONDS
        self._quiet[said] = (now + pause, pause)
        record.msg, record.args = f"{record.getMessage()} {type(error).__name__}. %s", (WITHOUT_QUEUE,)
        record.exc_info = record.exc_text = None
        return True


def jobs_of(app: Flask) -> queue.Jobs:
    return app.extensions[queue.EXTENSION]


def _catch_up(app: Flask) -> None:
    """What was received while no worker ran is screened at once, not only with the next minute."""
    try:
        with app.app_context():
            tasks.sweep(utcnow())
    except Exception:  # the minute's sweep tries again
        log.exception("catching up failed")
