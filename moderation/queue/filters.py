"""What a lane is narrowed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select
from sqlalchemy.orm import Session

from moderation.models import Review, ReviewLane
from pledges.models import Campaign, Contribution, Kind, Revision, Theme, Type


@dataclass(frozen=True)
class Filters:
    """What a page is narrowed to; empty: to nothing."""

    campaign: str = ""  # slug
    lang: str = ""
    kind: str = ""  # a kind of sender, a type of contribution, or "change"
    theme: str = ""  # key
    age: str = ""  # over | half | under: against the campaign's own target

    def more(self) -> bool:
        """Whether it is narrowed to less than whole lanes of campaigns, which alone are counted as they change."""
        return any((self.lang, self.kind, self.theme, self.age))


AGES = ("over", "half", "under")
CHANGE = "change"
NONE = Filters()


def by_target(campaigns: Sequence[Campaign], filters: Filters) -> dict[int, list[int]]:
    """The ids of campaigns by the minutes after which an item waits too long; all under 0 where no age is asked for."""
    found: dict[int, list[int]] = {}
    for campaign in campaigns:
        found.setdefault(campaign.wait_target_minutes if filters.age else 0, []).append(campaign.id)
    return found


def asked_campaigns(
    session: Session, campaigns: list[int] | None, filters: Filters, among: Sequence[Campaign] | None = None
) -> list[Campaign]:
    if among is not None:
        chosen = (each for each in among if filters.campaign in ("", each.slug))
        return sorted(chosen, key=lambda campaign: campaign.id)
    query = select(Campaign).order_by(Campaign.id)
    if campaigns is not None:
        query = query.where(Campaign.id.in_(campaigns))
    if filters.campaign:
        query = query.where(Campaign.slug == filters.campaign)
    return list(session.scalars(query))


def campaign_ids(
    session: Session, campaigns: list[int] | None, filters: Filters, among: Sequence[Campaign] | None = None
) -> list[int] | None:
    """The campaigns that are left when narrowed to one; none: all there are. `among` as for `page`."""
    if not filters.campaign:
        return campaigns
    return [campaign.id for campaign in asked_campaigns(session, campaigns, filters, among)]


def narrowed(query: Select[Review], key: Any, target: int, filters: Filters, now: datetime) -> Select[Review]:
    """`target`: the minutes after which an item waits too long."""
    if filters.age:
        since = key if key is ReviewLane.waiting_since else Review.waiting_since
        query = query.where(_aged(filters.age, since, target, now))
    return of_kind(query, filters)


def of_kind(query: Select[Review], filters: Filters) -> Select[Review]:
    """Only what is of the kind, language and theme that were asked for, whatever its campaign and age."""
    if filters.kind == CHANGE or filters.kind in set(Type):
        shown = Contribution.published_revision_id
        changes = and_(shown.is_not(None), shown != Review.revision_id)
        query = query.join(Contribution, Contribution.id == Review.contribution_id)
        query = query.where(changes if filters.kind == CHANGE else and_(Contribution.type == filters.kind, ~changes))
    if filters.lang or filters.theme or filters.kind in set(Kind):
        query = query.join(Revision, Revision.id == Review.revision_id)
    if filters.lang:
        query = query.where(Revision.lang == filters.lang)
    if filters.kind in set(Kind):
        query = query.where(Revision.kind == filters.kind)
    if filters.theme:
        query = query.join(Theme, Theme.id == Revision.theme_id).where(Theme.key == filters.theme)
    return query


def _aged(age: str, since: Any, target: int, now: datetime) -> ColumnElement[bool]:
    over, half = now - timedelta(minutes=target), now - timedelta(minutes=target) / 2
    if age == "over":
        return since <= over
    return and_(since > over, since <= half) if age == "half" else since > half


def aged(
    session: Session, query: Select[Any], filters: Filters, campaigns: list[int] | None, now: datetime
) -> Select[Any]:
    """Only what is of the age that was asked for, each against the target of its own campaign."""
    if not filters.age:
        return query
    each = [
        and_(
            Review.campaign_id == campaign.id,
            _aged(filters.age, Review.waiting_since, campaign.wait_target_minutes, now),
        )
        for campaign in asked_campaigns(session, campaigns, filters)
    ]
    return query.where(or_(false(), *each))
