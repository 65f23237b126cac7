"""The sites that embed a wall, as they are kept: a counter for each of them and each day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from pledges.db import rows_of
from pledges.models import Campaign, Counter

from . import counters

MOST_A_DAY = 200  # sites of one wall that are told apart; all others are counted together
OTHERS = ""
KEPT_DAYS = 90


@dataclass(frozen=True)
class Site:
    """One that was seen, how often at least, and when last."""

    origin: str  # empty: others, together
    times: int
    last: date


def store(session: Session, seen: Mapping[tuple[str, str, str], int]) -> None:
    """These (slug, origin, day) were seen so often, besides what is kept already; what is no wall of ours is left out."""
    slugs = {slug for slug, _origin, _day in seen}
    found = session.execute(select(Campaign.slug, Campaign.id).where(Campaign.slug.in_(slugs)))
    ids = {row.slug: row.id for row in found}
    known: dict[tuple[int, str], set[str]] = {}
    for (slug, origin, day), times in sorted(seen.items()):
        if slug not in ids:
            continue
        campaign_id = ids[slug]
        if (campaign_id, day) not in known:
            known[campaign_id, day] = _names(session, campaign_id, day)
        names = known[campaign_id, day]
        name = f"{counters.SITES}{origin}"
        if name not in names and len(names) >= MOST_A_DAY:
            name = f"{counters.SITES}{OTHERS}"
        names.add(name)
        counters.add(session, campaign_id, name, times, day)


def _names(session: Session, campaign_id: int, day: str) -> set[str]:
    of_day = select(Counter.name).where(
        Counter.campaign_id == campaign_id, Counter.name.startswith(counters.SITES), Counter.day == day
    )
    return set(session.scalars(of_day.limit(MOST_A_DAY + 1)))


def seen(session: Session, campaign_id: int, since: date) -> list[Site]:
    """The sites that were seen since then, the one that was seen most first."""
    rows = session.execute(
        select(Counter.name, func.sum(Counter.value), func.max(Counter.day))
        .where(
            Counter.campaign_id == campaign_id,
            Counter.name.startswith(counters.SITES),
            Counter.day >= since.isoformat(),
        )
        .group_by(Counter.name)
    )
    found = [Site(name.removeprefix(counters.SITES), int(times), date.fromisoformat(day)) for name, times, day in rows]
    return sorted(found, key=lambda each: (-each.times, each.origin))


def forget(session: Session, today: date) -> int:
    """What is older than we say is gone; how many counters."""
    end = (today - timedelta(days=KEPT_DAYS)).isoformat()
    old = delete(Counter).where(Counter.name.startswith(counters.SITES), Counter.day < end, Counter.day != "")
    return rows_of(session.execute(old))
