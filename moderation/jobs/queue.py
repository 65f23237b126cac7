"""The queue of jobs: the rows are the queue; a job only fires."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import Flask, current_app
from huey import Huey, RedisHuey, SqliteHuey, crontab
from huey.serializer import SignedSerializer
from redis import ConnectionPool
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from moderation.akismet.service import SpamService
from moderation.bulk import batches, picks
from moderation.models import Review, Shared
from moderation.post import sending
from pledges.db import transaction, utcnow
from pledges.settings import Settings, settings

from . import retention
from .tasks import SPAM_SERVICE, answer_links, in_portions, screen, sweep

log = logging.getLogger(__name__)

EXTENSION = "wall.jobs"
SWEPT_BY, FORGOT_BY = "jobs:swept", "jobs:forgot"  # in `Shared`: when the two last ran, whoever fired them
FORGETTING, CLAIMED = "jobs:forgetting", timedelta(hours=1)  # who forgets has it alone for so long
SWEEP_IS_LATE = timedelta(seconds=75)  # the queue brings one each minute
NIGHT_IS_LATE = timedelta(hours=26)
REDIS_SECONDS = {"socket_connect_timeout": 2, "socket_timeout": 5}  # a silent server holds up nobody who sends


def init_app(app: Flask, settings: Settings) -> None:
    app.extensions[SPAM_SERVICE] = SpamService(settings)
    app.extensions[EXTENSION] = Jobs(app, settings)
    app.extensions.setdefault("wall.ready", {})["queue"] = state_of_queue


class Jobs:
    """The task queue of this application, in a file of its own or in Redis."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self.app = app
        self.huey = _open(settings)
        self.take_up = self.huey.task()(self._take_up)
        self.send_letters = self.huey.task()(self._send_letters)
        self.go_on = self.huey.task()(self._go_on)
        self.every_minute = self.huey.periodic_task(crontab())(self._sweep)
        self.every_night = self.huey.periodic_task(crontab(minute="20", hour="2"))(self._forget)

    def _take_up(self, contribution_id: int) -> None:
        with self.app.app_context():
            for review_id in owed_of(contribution_id):
                screen(review_id, utcnow())
        self._send_letters()

    def _send_letters(self) -> None:
        with self.app.app_context():
            in_portions(answer_links, utcnow())
            sending.send_due(settings(), utcnow())

    def _go_on(self, batch_id: int) -> None:
        with self.app.app_context():
            batches.go_on(batch_id, settings(), utcnow(), most=picks.MOST)

    def _sweep(self) -> None:
        with self.app.app_context():
            _is_late(SWEPT_BY, timedelta(), utcnow())
            sweep(utcnow())

    def _forget(self) -> None:
        with self.app.app_context():
            _forget(utcnow(), timedelta())


def _open(settings: Settings) -> Huey:
    secret = settings.secret_key.get_secret_value()
    serializer = SignedSerializer(secret=secret, salt="wall-jobs")
    if settings.redis_url:
        pool = ConnectionPool.from_url(settings.redis_url, **REDIS_SECONDS)
        return RedisHuey("wall", connection_pool=pool, results=False, serializer=serializer)
    settings.instance.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("wall", filename=str(settings.instance / "jobs.db"), results=False, serializer=serializer)


def state_of_queue() -> str:
    """`ok`, or `degraded` where the queue does not answer: then the worker sweeps by its own clock."""
    try:
        jobs().huey.pending_count()
    except Exception:  # whatever keeps it from answering; the worker's log tells it
        return "degraded"
    return "ok"


def jobs() -> Jobs:
    return current_app.extensions[EXTENSION]


def nudge(contribution_id: int) -> None:
    """Screening of what this contribution is owed starts soon, and its letter goes out: one job, since a visitor waits."""
    jobs().take_up(contribution_id)


def owed_of(contribution_id: int) -> Sequence[int]:
    """The reviews of this contribution that were not screened yet."""
    owed = (Review.contribution_id == contribution_id, Review.check_after.is_not(None))
    with transaction() as session:
        return session.scalars(select(Review.id).where(*owed).order_by(Review.id)).all()


def nudge_letters(seconds: int) -> None:
    """Letters that become due in `seconds` go out then, not only with the next minute."""
    try:
        jobs().send_letters.schedule(delay=seconds + 1)
    except Exception as error:  # the minute's sweep sends them
        log.warning("the job queue took no nudge: %s", type(error).__name__)


def nudge_batch(batch_id: int) -> None:
    """The worker goes on with a batch, so that it comes to its end though nobody looks at its page."""
    try:
        jobs().go_on(batch_id)
    except Exception as error:  # the minute's sweep goes on with it
        log.warning("the job queue took no nudge: %s", type(error).__name__)


def stand_in(now: datetime) -> None:
    """What the queue should have brought by now and has not runs here, in one process alone."""
    if _is_late(SWEPT_BY, SWEEP_IS_LATE, now):
        sweep(now)
    _forget(now, NIGHT_IS_LATE)


def _forget(now: datetime, late: timedelta) -> None:
    """What is old is forgotten, where that was done so long ago, and by one process at a time.

    It counts as done when it is: where it fails, it is tried again as soon as it is late, and the claim is over.
    """
    if _ran_since(FORGOT_BY, now - late, now) or not _is_late(FORGETTING, CLAIMED, now):
        return
    retention.forget(settings(), now)
    _is_late(FORGOT_BY, timedelta(), now)


def _ran_since(name: str, since: datetime, now: datetime) -> bool:
    """Whether this ran after that moment; what nobody has seen run counts as run now, where that is asked of the past."""
    with transaction() as session:
        ran = session.get(Shared, name)
    if ran is None and since < now:
        _is_late(name, now - since, now)
        return True
    return ran is not None and ran.changed_at > since


def _is_late(name: str, late: timedelta, now: datetime) -> bool:
    """Whether this ran so long ago, or never; then it counts as run now, so that nobody else runs it too."""
    try:
        with transaction() as session:
            ran = session.get(Shared, name, with_for_update=True, populate_existing=True)
            if ran is None:
                session.add(Shared(name=name, value={}, changed_at=now))
                return True
            if now - ran.changed_at < late:
                return False
            ran.changed_at = now
            return True
    except IntegrityError:  # another process was first
        return False
