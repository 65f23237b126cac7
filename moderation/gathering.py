"""What waited before items were gathered is looked at again by our own checks, and stands with its like.

The migration that marks them names a campaign each; the worker goes on from the place it had reached, a few at a time
and each in a transaction of its own. No service is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.db import transaction, until_stored

from . import clusters, decisions, lanes, screening
from .models import Review, ReviewCluster, Shared
from .workflow import State

OWED = "gather:"  # + campaign id, of the shared facts: what waits there is to be gathered
GATHERED = 300  # items of a minute's sweep; the next minute goes on
AT_ONCE = 50


def gather_owed(now: datetime, most: int = GATHERED) -> int:
    """At most `most` items that belong to no cluster have been looked at; answers how many."""
    done = 0
    while done < most:
        with transaction() as session:
            owed = _next_owed(session)
            if owed is None:
                return done
            name, ids = owed.name, _waiting(session, owed, min(AT_ONCE, most - done))
        for review_id in ids:
            until_stored(partial(_gather, review_id, now))
        _reached(name, ids, now)
        done += len(ids)
    return done


def _next_owed(session: Session) -> Shared | None:
    owed = select(Shared).where(Shared.name.startswith(OWED, autoescape=True))
    return session.scalars(owed.order_by(Shared.name).limit(1)).first()


def _waiting(session: Session, owed: Shared, limit: int) -> Sequence[int]:
    member = select(ReviewCluster.review_id).where(ReviewCluster.review_id == Review.id)
    return session.scalars(
        select(Review.id)
        .where(
            Review.campaign_id == int(owed.name.removeprefix(OWED)),
            Review.state == State.WAITING,
            Review.id > owed.value["after"],
            ~member.exists(),
        )
        .order_by(Review.id)
        .limit(limit)
    ).all()


def _reached(name: str, ids: Sequence[int], now: datetime) -> None:
    """The place is kept, so that a worker that dies loses nothing; the note goes when none was left."""
    with transaction() as session:
        owed = session.get(Shared, name, with_for_update=True, populate_existing=True)
        if owed is not None and ids:
            owed.value, owed.changed_at = {"after": max(ids[-1], owed.value["after"])}, now
        elif owed is not None:
            session.delete(owed)


def _gather(review_id: int, now: datetime) -> None:
    with transaction() as session:
        review = decisions.locked(session, review_id)
        if review.state is not State.WAITING or review.revision.erased_at is not None:
            return
        if screening.complete(session, review, now):
            lanes.put_in(session, review)
        clusters.settled(session, review, now)
