"""Numbers that are kept as things change, so that no page counts rows."""

from __future__ import annotations

from collections import Counter as Bag
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Row, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledges.models import EVERY_DAY, Contribution, Counter, Progress, Type

from . import dyes

PLEDGES = "pledges"
ORGANISATIONS = "organisations"  # that stand there under their names; counted again where they are
TALLIES = "akismet:"  # what was counted as it happened, and stands nowhere else
LANES = "lane:"  # + lane: how many wait there; counted again where the queue is
SITES = "site:"  # + origin, by day: how often a page of theirs showed the wall; counted as it happened, too
SECTORS = "sector:"  # + sector: the organisations of it that stand here; counted again where they are
EXAMPLES = "examples:"  # + the name of a counter: how many of it are examples of ours
CLOTH = "cloth:"  # + theme id, by day: the blocks of the picture
ASKED = "keeping:asked"  # promises whose authors had a letter that asked how they go
ANSWERED = "keeping:answered"  # of these
UNASKED = "keeping:unasked"  # told by authors who had no such letter
LOOSE = f"{CLOTH}loose:"  # + dye, by day: the blocks of promises without a theme


_DAYS = (  # built once: that costs more than asking
    select(Counter.day, Counter.name, Counter.value)
    .where(Counter.campaign_id == bindparam("campaign_id"), Counter.name.startswith(CLOTH), Counter.day != EVERY_DAY)
    .order_by(Counter.day, Counter.name)
)
_EVERY_DAY = select(Counter.name, Counter.value).where(
    Counter.campaign_id == bindparam("campaign_id"), Counter.day == EVERY_DAY
)


def add(session: Session, campaign_id: int, name: str, change: int, day: str = EVERY_DAY) -> None:
    """The counter has moved by `change`; one statement, so two at once both count."""
    if not change:
        return
    _write(session, [{"campaign_id": campaign_id, "name": name, "day": day, "value": change}])


def add_all(session: Session, campaign_id: int, changes: Mapping[tuple[str, str], int]) -> None:
    """Every counter, by name and day, has moved by its change; held in their order, so that nobody waits in a circle."""
    rows: list[dict[str, str | int]] = [
        {"campaign_id": campaign_id, "name": name, "day": day, "value": change}
        for (name, day), change in sorted(changes.items())
        if change
    ]
    if rows:
        _write(session, rows)


def _write(session: Session, rows: list[dict[str, str | int]]) -> None:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    row = dialect.insert(Counter).values(rows)
    session.execute(
        row.on_conflict_do_update(
            index_elements=[Counter.campaign_id, Counter.name, Counter.day],
            set_={"value": Counter.value + row.excluded.value},
        )
    )


def read(session: Session, campaign_id: int, names: Iterable[str] | None = None) -> dict[str, int]:
    """The counters over all days, by name; what never moved is absent."""
    query = _EVERY_DAY if names is None else _EVERY_DAY.where(Counter.name.in_(list(names)))
    return {name: value for name, value in session.execute(query, {"campaign_id": campaign_id})}


def read_each(session: Session, campaign_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """The counters of each of these campaigns, as `read` answers them."""
    query = select(Counter.campaign_id, Counter.name, Counter.value)
    found: dict[int, dict[str, int]] = {campaign_id: {} for campaign_id in campaign_ids}
    for campaign_id, name, value in session.execute(
        query.where(Counter.campaign_id.in_(found), Counter.day == EVERY_DAY)
    ):
        found[campaign_id][name] = value
    return found


def without_examples(counts: dict[str, int]) -> dict[str, int]:
    """The counters of what people promised; those of the examples for as long as nothing else stands."""
    if counts.get(PLEDGES, 0) <= counts.get(f"{EXAMPLES}{PLEDGES}", 0):
        return counts
    return {name: value - counts.get(f"{EXAMPLES}{name}", 0) for name, value in counts.items()}


def hold(session: Session, campaign_id: int, names: Iterable[str]) -> dict[str, int]:
    """What these counters stand at; until the transaction ends nobody else changes them."""
    _write(session, [{"campaign_id": campaign_id, "name": name, "day": EVERY_DAY, "value": 0} for name in names])
    return {name: value for name, value in read(session, campaign_id, names).items()}


def days(session: Session, campaign_id: int) -> list[Row[str, str, int]]:
    """(day, counter name, value) of the cloth, oldest day first."""
    return list(session.execute(_DAYS, {"campaign_id": campaign_id}))


def names_of(pledge: Contribution) -> list[tuple[str, str]]:
    """(name, day) of every counter that a pledge on the wall counts in."""
    if pledge.type is not Type.PLEDGE or pledge.published_at is None:
        return []
    theme = pledge.theme_id or 0
    every = [
        PLEDGES,
        f"theme:{theme}",
        f"kind:{pledge.kind}",
        f"progress:{pledge.progress}",
        f"lang:{pledge.lang}",
        *([f"audience:{pledge.audience_id}"] if pledge.audience_id else []),
    ]
    return [
        *((f"{EXAMPLES}{name}", EVERY_DAY) for name in every if pledge.example),
        *((name, EVERY_DAY) for name in [*every, *_keeping(pledge)]),
        (
            f"{CLOTH}{theme}" if theme else f"{LOOSE}{dyes.of_key(pledge.public_id)}",
            pledge.published_at.date().isoformat(),
        ),
    ]


def _keeping(pledge: Contribution) -> list[str]:
    """The counters of keeping that it counts in; an example keeps nothing."""
    if pledge.example:
        return []
    told = pledge.progress is not Progress.PROMISED
    if pledge.asked_at is None:
        return [UNASKED] if told else []
    return [ASKED, ANSWERED] if told else [ASKED]


@contextmanager
def moving(session: Session, pledge: Contribution) -> Iterator[None]:
    """What changes of this promise within the block changes in its counters, if it stands on the wall."""
    shown = pledge.shown_at is not None
    before = Bag(names_of(pledge) if shown else [])
    yield
    after = Bag(names_of(pledge) if shown else [])
    for name, day in sorted((before - after) + (after - before)):
        add(session, pledge.campaign_id, name, after[name, day] - before[name, day], day)


def recount(session: Session, campaign_id: int) -> dict[tuple[str, str], tuple[int, int]]:
    """Set every counter right from the rows; answers what had drifted: (name, day) -> (was, is)."""
    right: dict[tuple[str, str], int] = {}
    shown = select(Contribution).where(
        Contribution.campaign_id == campaign_id, Contribution.type == Type.PLEDGE, Contribution.shown_at.is_not(None)
    )
    for pledge in session.scalars(shown.execution_options(yield_per=1000)):
        for key in names_of(pledge):
            right[key] = right.get(key, 0) + 1
    drift = {}
    for row in session.scalars(select(Counter).where(Counter.campaign_id == campaign_id).with_for_update()):
        if row.name == ORGANISATIONS or row.name.startswith((TALLIES, LANES, SITES, SECTORS)):
            continue
        is_now = right.pop((row.name, row.day), 0)
        if row.value != is_now:
            drift[(row.name, row.day)] = (row.value, is_now)
            row.value = is_now
    for (name, day), value in right.items():
        drift[(name, day)] = (0, value)
        session.add(Counter(campaign_id=campaign_id, name=name, day=day, value=value))
    return drift


KEPT, UNDER_WAY = f"progress:{Progress.KEPT}", f"progress:{Progress.UNDER_WAY}"
