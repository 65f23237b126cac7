"""What the worker does: screening, and each minute whatever is still owed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.akismet.service import SpamService
from moderation.bulk import batches
from moderation.clusters import upkeep
from moderation.decisions import seconding, show
from moderation.letters import alerts, link_requests, organisations, questions
from moderation.models import Review
from moderation.post import sending
from moderation.queue import aside
from moderation.rules import word_lists
from moderation.screening import run
from moderation.surge import held, switching
from pledges.db import transaction, until_stored
from pledges.errors import WordsChanged
from pledges.limits.counting import limits_of
from pledges.organisations import badges
from pledges.search import merging
from pledges.settings import settings

from . import webhooks

log = logging.getLogger(__name__)

SPAM_SERVICE = "wall.spam_service"
PORTIONS = 50  # of long work in one sweep
STEPS = 2_000  # that a surge held and one sweep shows: each in a transaction of its own
SWEPT = 200  # items a minute's sweep takes up at most; the next minute takes the rest


def spam_service() -> SpamService:
    return current_app.extensions[SPAM_SERVICE]


def screen(review_id: int, now: datetime) -> bool:
    """One item is screened; False where nothing was owed. Killed in between, it is taken up again."""
    with transaction() as session:
        work = run.take(session, review_id, now)
    if work is None:
        return False
    seen = run.examine(work, spam_service(), now)
    until_stored(lambda: _settle(work, seen, now))
    return True


def _settle(work: run.Work, seen: run.Seen, now: datetime) -> None:
    with transaction() as session:
        run.settle(session, work, seen, now, settings())
        if run.lists_changed(session, work):  # while a service was waited for: the lists of now count
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
    in_portions(aside.bring_back, now)
    in_portions(lambda session, now: aside.ask_again(session, now, settings()), now)
    in_portions(lambda session, now: seconding.ask(session, now, settings()), now)
    done = sum(screen(review_id, now) for review_id in due)
    with transaction() as session:
        switching.watch(session, now, limits_of(current_app).refusals)
    with transaction() as session:
        alerts.watch(session, now)
    _thaw(now)
    in_portions(held.show_step, now, most=STEPS)
    in_portions(held.tell_waiting, now)
    word_lists.recheck_owed()
    batches.resume(settings(), now)
    in_portions(lambda session, _now: upkeep.mend(session), now)
    spam_service().send_feedback(now)
    in_portions(badges.expire, now)
    in_portions(organisations.tell_of_ends, now)
    in_portions(answer_links, now)
    in_portions(questions.ask, now)
    in_portions(lambda session, _now: merging.go_on(session), now)
    sending.send_due(settings(), now)
    webhooks.send_due(now)
    return done


def _thaw(now: datetime) -> None:
    """What was held back is shown, each item in a transaction of its own; one that cannot be stops no other."""
    for _ in range(PORTIONS):
        with transaction() as session:
            ids = held.held_back(session)
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
        return show.show_held_back(session, review_id, now, settings())


def answer_links(session: Session, _now: datetime) -> int:
    return link_requests.answer(session)


def in_portions(work: Callable[[Session, datetime], int], now: datetime, *, most: int = PORTIONS) -> None:
    """Long work in short transactions, so that nobody waits for it; what is left the next minute takes up."""
    for _ in range(most):
        if not until_stored(lambda: _portion(work, now)):
            return


def _portion(work: Callable[[Session, datetime], int], now: datetime) -> int:
    with transaction() as session:
        return work(session, now)
