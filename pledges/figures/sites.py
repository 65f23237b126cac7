"""The sites that embed a wall, as they are kept: a counter for each of them and each day."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from pledges.db import rows_of
from pledges.models import Campaign, Counter

from . import counters

MOST_A_DAY = (
    200  # sites of one wall that are told apart, and as many besides that came before; all others are counted together
)
OTHERS = ""
KEPT_DAYS = 90


@dataclass(frozen=True)
class Site:
    """One that was seen, how often at least, and when last."""

    origin: str  # empty: others, together
    times: int
    last: date


def store(session: Session, seen: Mapping[tuple[str, str, str], int]) -> None:
    """These (slug, origin, day) were seen so often, besides what is kept already; what is no wall of ours is left out.

    Where there are more than are told apart, those have a name that were seen on another day, or are seen most.
    """
    slugs = {slug for slug, _origin, _day in seen}
    found = session.execute(select(Campaign.slug, Campaign.id).where(Campaign.slug.in_(slugs)))
    ids = {row.slug: row.id for row in found}
    names: dict[tuple[int, str], set[str]] = {}
    moved: Tally[tuple[int, str, str]] = Tally()
    for (slug, origin, day), times in sorted(seen.items(), key=lambda each: (-each[1], each[0])):
        if slug not in ids:
            continue
        place = ids[slug], day
        known = names[place] if place in names else names.setdefault(place, _names(session, *place))
        named = origin in known or (origin != OTHERS and _has_room(session, *place, known, origin))
        known |= {origin} if named else set()
        moved[(ids[slug], f"{counters.SITES}{origin if named else OTHERS}", day)] += times
    for (campaign_id, name, day), times in sorted(
        moved.items()
    ):  # in one order, so that none waits for another in a ring
        counters.add(session, campaign_id, name, times, day)


def _has_room(session: Session, campaign_id: int, day: str, known: set[str], origin: str) -> bool:
    """Whether one more may have a name. Sites that are invented come once; of those that came before there is a second lot."""
    if len(known) < MOST_A_DAY:
        return True
    before = select(Counter.day).where(
        Counter.campaign_id == campaign_id, Counter.name == f"{counters.SITES}{origin}", Counter.day < day
    )
    return len(known) < 2 * MOST_A_DAY and session.scalars(before.limit(1)).first() is not None


def _names(session: Session, campaign_id: int, day: str) -> set[str]:
    of_day = select(Counter.name).where(
        Counter.campaign_id == campaign_id, Counter.name.startswith(counters.SITES), Counter.day == day
    )
    found = session.scalars(of_day.limit(2 * MOST_A_DAY + 1))
    return {name.removeprefix(counters.SITES) for name in found} - {OTHERS}


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
