"""What was taken down, for those who keep copies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from pledges.models import Campaign, Contribution
from pledges.web.paging import Cursor, Page


@dataclass(frozen=True)
class Removed:
    """What was taken down, and when."""

    public_id: str
    at: datetime


REMOVED = 1_000  # ids of one answer


def removed(
    session: Session, campaign: Campaign, since: datetime | None, after: Cursor | None, limit: int = REMOVED
) -> Page[Removed]:
    """What once stood on the wall and has been taken down, oldest first: since then, and after the last one seen.

    A comment under a promise that was taken down is told too, with the moment at which it went.
    """
    above = aliased(Contribution)
    gone_at = func.coalesce(Contribution.hidden_at, above.hidden_at)
    wanted = (
        select(Contribution, gone_at)
        .outerjoin(above, and_(above.id == Contribution.parent_id, above.shown_at.is_(None)))
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
        wanted = wanted.where(or_(gone_at > after.at, and_(gone_at == after.at, Contribution.id > after.id)))
    found = session.execute(wanted.order_by(gone_at, Contribution.id).limit(limit + 1)).all()
    items = [Removed(each.public_id, at) for each, at in found[:limit]]
    last = found[limit - 1] if len(found) > limit else None
    return Page(items, str(Cursor(last[1], last[0].id)) if last is not None else None)
