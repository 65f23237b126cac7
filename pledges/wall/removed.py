"""What was taken down, for those who keep copies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from pledges.models import Campaign, Contribution, Progress, Step
from pledges.web.paging import Cursor, Page


@dataclass(frozen=True)
class Removed:
    """What was taken down, and when."""

    public_id: str
    at: datetime


REMOVED = 1_000  # ids of one answer


Placed = tuple[
    datetime, int, list[str]
]  # when, and a number of its own: even for what was written, odd for what was told


def removed(
    session: Session, campaign: Campaign, since: datetime | None, after: Cursor | None, limit: int = REMOVED
) -> Page[Removed]:
    """What once stood on the wall and has been taken down, oldest first: since then, and after the last one seen.

    A comment under a promise that was taken down is told too, with the moment at which it went; so is what an author told
    of how it goes, where that or the words with it went.
    """
    every = sorted([*_written(session, campaign, since, after, limit), *_told(session, campaign, since, after, limit)])
    last = every[limit - 1] if len(every) > limit else None
    items = [Removed(each, at) for at, _number, ids in every[:limit] for each in ids]
    return Page(items, str(Cursor(last[0], last[1])) if last is not None else None)


def _written(
    session: Session, campaign: Campaign, since: datetime | None, after: Cursor | None, limit: int
) -> list[Placed]:
    above = aliased(Contribution)
    gone_at = func.coalesce(Contribution.hidden_at, above.hidden_at)
    wanted = (
        select(Contribution.public_id, Contribution.id, gone_at, Step.public_id)
        .outerjoin(above, and_(above.id == Contribution.parent_id, above.shown_at.is_(None)))
        .outerjoin(Step, Step.update_id == Contribution.id)  # by whose id the words of an update are known
        .where(
            Contribution.campaign_id == campaign.id,
            Contribution.published_at.is_not(None),
            or_(Contribution.shown_at.is_(None), above.id.is_not(None)),
            gone_at.is_not(None),
        )
    )
    if since is not None:
        wanted = wanted.where(gone_at >= since)
    if after is not None:
        wanted = wanted.where(or_(gone_at > after.at, and_(gone_at == after.at, Contribution.id > after.id // 2)))
    found = session.execute(wanted.order_by(gone_at, Contribution.id).limit(limit + 1))
    return [(at, 2 * number, [own, step] if step else [own]) for own, number, at, step in found]


def _told(
    session: Session, campaign: Campaign, since: datetime | None, after: Cursor | None, limit: int
) -> list[Placed]:
    """Steps that were shown once; of a promise that has changed, when its new words were."""
    words = aliased(Contribution)
    wanted = (
        select(Step.public_id, Step.id, Step.hidden_at)
        .join(Contribution, Contribution.id == Step.pledge_id)
        .outerjoin(words, words.id == Step.update_id)
        .where(
            Contribution.campaign_id == campaign.id,
            Contribution.published_at.is_not(None),
            Step.hidden_at.is_not(None),
            Step.action.is_(None),  # those are told of in no list
            Step.held.is_(False),
            or_(Step.status != Progress.CHANGED, words.published_at.is_not(None)),
        )
    )
    if since is not None:
        wanted = wanted.where(Step.hidden_at >= since)
    if after is not None:
        later = and_(Step.hidden_at == after.at, Step.id > (after.id - 1) // 2)
        wanted = wanted.where(or_(Step.hidden_at > after.at, later))
    found = session.execute(wanted.order_by(Step.hidden_at, Step.id).limit(limit + 1))
    return [(at, 2 * number + 1, [own]) for own, number, at in found if at is not None]
