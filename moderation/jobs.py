"""What runs later: screening, letters, feedback, nightly work. The rows are the queue; a job only fires.

So where the queue of jobs is away, nothing stops: the worker sweeps by its own clock, see `stand_in`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask, current_app
from huey import Huey, RedisHuey, SqliteHuey, crontab
from huey.serializer import SignedSerializer
from redis import ConnectionPool
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pledges.db import transaction, until_stored, utcnow
from pledges.errors import WordsChanged
from pledges.limits import limits_of
from pledges.settings import Settings, settings

from . import (
    alerts,
    bulk,
    clusters,
    decisions,
    link_requests,
    notices,
    queue,
    retention,
    screening,
    seconding,
    surge,
    word_lists,
)
from .models import Review, Shared
from .spam_service import SpamService

log = logging.getLogger(__name__)

EXTENSION = "wall.jobs"
SPAM_SERVICE = "wall.spam_service"
PORTIONS = 50  # of long work in one sweep
SWEPT_BY, FORGOT_BY = "jobs:swept", "jobs:forgot"  # in `Shared`: when the two last ran, whoever fired them
FORGETTING, CLAIMED = "jobs:forgetting", timedelta(hours=1)  # who forgets has it alone for so long
SWEEP_IS_LATE = timedelta(seconds=75)  # the queue brings one each minute
NIGHT_IS_LATE = timedelta(hours=26)
REDIS_SECONDS = {"socket_connect_timeout": 2, "socket_timeout": 5}  # a silent server holds up nobody who sends
SWEPT = 200  # items a minute's sweep takes up at most; the next minute takes the rest


def init_app(app: Flask, settings: Settings) -> None:
    app.extensions[SPAM_SERVICE] = SpamService(settings)
    app.extensions[EXTENSION] = Jobs(app, settings)
    app.extensions.setdefault("wall.ready", {})["queue"] = state_of_queue


class Jobs:
    """The task queue of this application, in a file of its own or in Redis."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self.app = app
        self.huey = _open(settings)
        self.screen = self.huey.task()(self._screen)
        self.send_letters = self.huey.task()(self._send_letters)
        self.go_on = self.huey.task()(self._go_on)
        self.every_minute = self.huey.periodic_task(crontab())(self._sweep)
        self.every_night = self.huey.periodic_task(crontab(minute="20", hour="2"))(self._forget)

    def _screen(self, review_id: int) -> None:
        with self.app.app_context():
            screen(review_id, utcnow())

    def _send_letters(self) -> None:
        with self.app.app_context():
            _in_portions(_answer_links, utcnow())
            notices.send_due(settings(), utcnow())

    def _go_on(self, batch_id: int) -> None:
        with self.app.app_context():
            bulk.go_on(batch_id, settings(), utcnow(), most=bulk.MOST)

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


def spam_service() -> SpamService:
    return current_app.extensions[SPAM_SERVICE]


def nudge(contribution_id: int) -> None:
    """Screening of what this contribution is owed starts soon, and its letter goes out."""
    with transaction() as session:
        ids = session.scalars(
            select(Review.id).where(Review.contribution_id == contribution_id, Review.check_after.is_not(None))
        ).all()
    for review_id in ids:
        jobs().screen(review_id)
    jobs().send_letters()


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


def screen(review_id: int, now: datetime) -> bool:
    """One item is screened; False where nothing was owed. Killed in between, it is taken up again."""
    with transaction() as session:
        work = screening.take(session, review_id, now)
    if work is None:
        return False
    seen = screening.examine(work, spam_service(), now)
    until_stored(lambda: _settle(work, seen, now))
    return True


def _settle(work: screening.Work, seen: screening.Seen, now: datetime) -> None:
    with transaction() as session:
        screening.settle(session, work, seen, now, settings())
        if screening.lists_changed(session, work):  # while a service was waited for: the lists of now count
            word_lists.recheck(session, work.review_id)


def sweep(now: datetime) -> int:
    """All that is owed and was not done yet is done now; answers how many items were screened."""
    with transaction() as session:
        due = session.scalars(
            select(Review.id)
            .where(Review.check_after.is_not(None), Review.check_after <= now)
            .order_by(Review.check_after, Review.id)
            .limit(SWEPT)
        ).all()
    _in_portions(queue.bring_back, now)
    _in_portions(lambda session, now: queue.ask_again(session, now, settings()), now)
    _in_portions(lambda session, now: seconding.ask(session, now, settings()), now)
    done = sum(screen(review_id, now) for review_id in due)
    with transaction() as session:
        surge.watch(session, now, limits_of(current_app).refusals)
    with transaction() as session:
        alerts.watch(session, now)
    _thaw(now)
    _in_portions(surge.tell_waiting, now)
    word_lists.recheck_owed()
    bulk.resume(settings(), now)
    _in_portions(lambda session, _now: clusters.mend(session), now)
    spam_service().send_feedback(now)
    _in_portions(_answer_links, now)
    notices.send_due(settings(), now)
    return done


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


def _thaw(now: datetime) -> None:
    """What was held back is shown, each item in a transaction of its own; one that cannot be stops no other."""
    for _ in range(PORTIONS):
        with transaction() as session:
            ids = surge.held_back(session)
        if not any([_show_held_back(review_id, now) for review_id in ids]):
            return


def _show_held_back(review_id: int, now: datetime) -> bool:
    try:
        return until_stored(lambda: _show(review_id, now))
    except WordsChanged:
        log.error("review %s: these are not the words that were sent, so they are not shown", review_id)
        return False


def _show(review_id: int, now: datetime) -> bool:
    with transaction() as session:
        return decisions.show_held_back(session, review_id, now, settings())


def _answer_links(session: Session, _now: datetime) -> int:
    return link_requests.answer(session)


def _in_portions(work: Callable[[Session, datetime], int], now: datetime) -> None:
    """Long work in short transactions, so that nobody waits for it; what is left the next minute takes up."""
    for _ in range(PORTIONS):
        with transaction() as session:
            if not work(session, now):
                return
