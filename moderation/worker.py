"""The worker: runs jobs as they come, sweeps each minute, and forgets each night."""

from __future__ import annotations

import logging
import threading

from flask import Flask
from huey.consumer import Consumer

from pledges.db import utcnow

from . import jobs

log = logging.getLogger(__name__)

SLOWEST_POLL = 1.0  # seconds; an idle worker looks this often, so a promise is checked soon after it was sent
SCREENED_AT_ONCE = 3  # slow answers of a service must not hold up letters


class _QuietConsumer(Consumer):
    """Beside a web server in one process the signals belong to the server."""

    def _set_signal_handlers(self) -> None:
        return None


def run(app: Flask) -> None:
    """Work until stopped by a signal."""
    _catch_up(app)
    Consumer(jobs_of(app).huey, workers=SCREENED_AT_ONCE, max_delay=SLOWEST_POLL).run()


def start_inside(app: Flask) -> None:
    """A worker's threads run in this process, and end with it; what they had begun is taken up by the next."""
    consumer = _QuietConsumer(jobs_of(app).huey, workers=2, max_delay=SLOWEST_POLL)
    threading.Thread(target=consumer.run, name="wall-worker", daemon=True).start()
    threading.Thread(target=_catch_up, args=(app,), name="wall-catch-up", daemon=True).start()


def jobs_of(app: Flask) -> jobs.Jobs:
    return app.extensions[jobs.EXTENSION]


def _catch_up(app: Flask) -> None:
    """What was received while no worker ran is screened at once, not only with the next minute."""
    try:
        with app.app_context():
            jobs.sweep(utcnow())
    except Exception:  # the minute's sweep tries again
        log.exception("catching up failed")
