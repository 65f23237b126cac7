"""Many example promises at once, to try a large wall: the rows that the road would leave, written some thousands at a time."""

from __future__ import annotations

import itertools
import random
import secrets
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Select, Table, func, select, text, update
from sqlalchemy.orm import Session, aliased

from moderation.models import Decision, Report, Review
from moderation.workflow import Move, State
from pledges.campaigns import versions
from pledges.db import Base, transaction
from pledges.figures import counters
from pledges.intake.consents import wording_id
from pledges.models import Campaign, Consent, Contribution, Kind, Progress, Revision, ShowName, Type
from pledges.models.rows import add_all, table_of
from pledges.organisations import naming
from pledges.revisions import digest_of, repeat_key
from pledges.search import index, merging
from pledges.search import wall as wall_index
from pledges.tokens import new_public_id
from pledges.wall import indexing

from . import demo
from .demo_data import PROMISES

AT_ONCE = 10_000  # promises in one transaction: others write between two of them
SPREAD = timedelta(days=60)
AGREED = "An example: nobody agreed to anything."
SHOWN = ("published_revision_id", "consent_id")
KINDS: tuple[type[Base], ...] = (Contribution, Revision, Consent, Review, Decision)


@dataclass
class Ground:
    """What all of them share."""

    campaign_id: int
    themes: dict[str, int]
    levels: set[str]
    wording: int
    organisations: dict[str, int]
    words: list[str]


def add(slug: str, count: int, now: datetime, told: Callable[[int], None]) -> int:
    """`count` more stand on the wall, each at a moment of its own; `told` hears after each transaction how many do."""
    with transaction() as session:
        campaign = demo.open_campaign(session, slug)
        campaign.examples_shown = True
        ground = _ground(session, campaign, now)
    chance = random.Random(count)
    step = SPREAD / (count + 1)
    begun = now - SPREAD
    for start in range(0, count, AT_ONCE):
        most = min(AT_ONCE, count - start)
        those = [(number, begun + step * (number + 1)) for number in range(start, start + most)]
        with transaction() as session:
            _write(session, ground, those, chance)
        told(start + most)
    with transaction() as session:  # the database looks how its tables are filled, and chooses its indexes by that
        session.execute(text("ANALYZE"))
    return count


def _ground(session: Session, campaign: Campaign, now: datetime) -> Ground:
    names = {row[2] for row in PROMISES if row[4] == Kind.ORGANISATION}
    return Ground(
        campaign.id,
        {theme.key: theme.id for theme in campaign.themes},
        set(campaign.show_names),
        wording_id(session, "public", "en", AGREED, now),
        {name: naming.known(session, name, now).id for name in names},
        sorted({word for row in PROMISES for word in row[1].split()}),
    )


def _write(session: Session, ground: Ground, those: list[tuple[int, datetime]], chance: random.Random) -> None:
    """Held and counted in one transaction, as a decision is."""
    versions.touch(session, ground.campaign_id)
    dialect = session.get_bind().dialect.name
    ids = {kind.__tablename__: _ids(session, table_of(kind), len(those)) for kind in KINDS}
    rows: dict[str, list[dict[str, Any]]] = {kind.__tablename__: [] for kind in KINDS}
    found: list[dict[str, Any]] = []
    on_wall: list[dict[str, Any]] = []
    tally: Tally[tuple[str, str]] = Tally()
    free = _places(session, ground.campaign_id, those)
    for (number, at), place in zip(those, free, strict=True):
        own = {name: next(each) for name, each in ids.items()}
        pledge, revision = _promise(ground, own, number, at, place, chance)
        rows["contributions"].append(_columns(pledge))
        rows["revisions"].append(_columns(revision, but=("actions_said",)))
        rows["consents"].append(
            {
                "id": own["consents"],
                "contribution_id": pledge.id,
                "purpose": "public",
                "wording_id": ground.wording,
                "given_at": at,
            }
        )
        rows["reviews"].append(_review(own, ground, at))
        rows["decisions"].append(_decision(own, at))
        said = [getattr(revision, name) for name in index.FIELDS]
        found.append({"id": revision.id, "kept": index.entry(dialect, *said)})
        words, marks = indexing.words_of(pledge, revision), indexing.marks_of(pledge)
        on_wall.append(wall_index.row(dialect, place, ground.campaign_id, words, marks))
        tally.update(counters.names_of(pledge))
    _insert(session, rows)
    index.put_all(session, found)
    wall_index.put_all(session, on_wall)
    counters.add_all(session, ground.campaign_id, tally)


def _insert(session: Session, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Promises and their words point to each other, so promises are hidden until both are there."""
    shown = [{each: row[each] for each in ("id", *SHOWN)} for row in rows["contributions"]]
    for row in rows["contributions"]:
        row.update(dict.fromkeys((*SHOWN, "shown_at")))
    for kind in KINDS:
        add_all(session, kind, rows[kind.__tablename__])
        if kind is Consent:
            _show(session, shown)


def _show(session: Session, those: list[dict[str, int]]) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            text(
                "UPDATE contributions SET published_revision_id = given.revision, consent_id = given.consent,"
                " shown_at = published_at FROM unnest(CAST(:id AS bigint[]), CAST(:published_revision_id AS bigint[]),"
                " CAST(:consent_id AS bigint[])) AS given (id, revision, consent) WHERE contributions.id = given.id"
            ),
            {name: [row[name] for row in those] for name in ("id", *SHOWN)},
        )
        return
    session.connection().exec_driver_sql(
        "UPDATE contributions SET published_revision_id = ?, consent_id = ?, shown_at = published_at WHERE id = ?",
        [(row["published_revision_id"], row["consent_id"], row["id"]) for row in those],
    )


def _ids(session: Session, table: Table, count: int) -> Iterator[int]:
    """Numbers that nobody else takes: of the sequence, or those after the last, which nobody else writes now."""
    if session.get_bind().dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(table.name, "id")
        return iter(session.scalars(select(func.nextval(sequence)).select_from(func.generate_series(1, count))).all())
    last = session.scalar(select(func.max(table.c.id))) or 0
    return iter(range(last + 1, last + 1 + count))


def _places(session: Session, campaign_id: int, those: list[tuple[int, datetime]]) -> list[int]:
    """A place of its own for each, where the moment's first is taken the next."""
    first = [wall_index.place_of(at, campaign_id) for _, at in those]
    query = select(Contribution.wall_place).where(Contribution.wall_place.between(first[0], first[-1]))
    taken = set(session.scalars(query))
    places = []
    for place in first:
        while place in taken:
            place += wall_index.STEPS
        taken.add(place)
        places.append(place)
    return places


def _promise(
    ground: Ground, own: dict[str, int], number: int, at: datetime, place: int, chance: random.Random
) -> tuple[Contribution, Revision]:
    theme, words, name, role, kind, lang, progress, level = PROMISES[number % len(PROMISES)]
    of_organisation = kind == Kind.ORGANISATION
    level = level if level in ground.levels else ShowName.ANONYMOUS.value
    themes = itertools.cycle(ground.themes.values() or [None])
    theme_id = ground.themes.get(theme) or next(itertools.islice(themes, number % 7, None))
    revision: Any = SimpleNamespace(  # a row without its object, which would cost more than writing it
        id=own["revisions"],
        contribution_id=own["contributions"],
        number=1,
        words=f"{words} {' '.join(chance.choices(ground.words, k=3))} {number}",
        how_we_will_know="",
        link="",
        name="" if of_organisation else name,
        first_name="",
        actions=[],
        actions_said="",
        organisation=name if of_organisation else "",
        role=role,
        website="",
        show_name=ShowName(level),
        kind=Kind(kind),
        theme_id=theme_id,
        lang=lang,
        audience_id=None,
        by_when=None,
        status=None,
        salt=secrets.token_hex(16),
        submitted_at=at,
    )
    revision.repeat_key = repeat_key(revision.words)
    revision.digest = digest_of(revision)
    pledge: Any = SimpleNamespace(
        id=own["contributions"],
        campaign_id=ground.campaign_id,
        type=Type.PLEDGE,
        public_id=new_public_id(),
        kind=revision.kind,
        theme_id=theme_id,
        audience_id=None,
        lang=lang,
        progress=Progress(progress),
        show_name=revision.show_name,
        organisation_id=ground.organisations[name] if of_organisation else None,
        published_revision_id=revision.id,
        consent_id=own["consents"],
        published_at=at,
        shown_at=at,
        wall_place=place,
        page_lang="en",
        created_at=at,
        example=True,
    )
    return pledge, revision


def _columns(made: Any, *, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """What was said of it, by column; all else has its default."""
    return {name: value for name, value in made.__dict__.items() if name not in but}


def _review(own: dict[str, int], ground: Ground, at: datetime) -> dict[str, Any]:
    return {
        "id": own["reviews"],
        "revision_id": own["revisions"],
        "contribution_id": own["contributions"],
        "campaign_id": ground.campaign_id,
        "state": State.APPROVED,
        "version": 2,
        "waiting_since": at,
    }


def _decision(own: dict[str, int], at: datetime) -> dict[str, Any]:
    return {
        "id": own["decisions"],
        "review_id": own["reviews"],
        "move": Move.APPROVE,
        "from_state": State.WAITING,
        "to_state": State.APPROVED,
        "version": 2,
        "shown_after_id": own["revisions"],
        "decided_at": at,
    }


def clear(now: datetime, told: Callable[[int], None]) -> int:
    """Of no example under which nothing stands is a word left; answers how many there were. Empty rows stay, as of all that is erased."""
    gone, last = 0, 0
    while True:
        with transaction() as session:
            some = list(session.scalars(_clearable(last)))
            if not some:
                break
            last = some[-1].id
            _empty(session, some, now)
        gone += len(some)
        told(gone)
    with transaction() as session:
        wall_index.forget(session)
        index.forget(session, [])
    while _merged():
        pass
    return gone


def _merged() -> int:
    with transaction() as session:
        return merging.go_on(session)


def _clearable(last: int) -> Select[Contribution]:
    under = aliased(Contribution)
    return (
        select(Contribution)
        .where(
            Contribution.id > last,
            Contribution.example.is_(True),
            Contribution.type == Type.PLEDGE,
            Contribution.erased_at.is_(None),
            ~select(under.id).where(under.parent_id == Contribution.id).exists(),
            ~select(Report.id).where(Report.contribution_id == Contribution.id).exists(),
        )
        .order_by(Contribution.id)
        .limit(AT_ONCE)
    )


def _empty(session: Session, some: list[Contribution], now: datetime) -> None:
    """As `receipt.acts.erase` leaves each."""
    ids, places = [each.id for each in some], [each.wall_place for each in some if each.wall_place is not None]
    tally: Tally[tuple[int, str, str]] = Tally()
    for campaign_id in sorted({each.campaign_id for each in some}):
        versions.touch(session, campaign_id)
    for each in some:
        if each.shown_at is not None:
            tally.update((each.campaign_id, name, day) for name, day in counters.names_of(each))
    of_these = Revision.contribution_id.in_(ids)
    index.forget_many(session, list(session.scalars(select(Revision.id).where(of_these))))
    wall_index.remove_many(session, places)
    words = dict.fromkeys(
        ("words", "how_we_will_know", "link", "salt", "name", "first_name", "role", "organisation", "website"), ""
    )
    emptied: dict[str, Any] = {
        **words,
        "by_when": None,
        "actions": [],
        "repeat_key": None,
        "show_name": ShowName.ANONYMOUS,
        "erased_at": now,
    }
    hidden = dict.fromkeys(("published_revision_id", "consent_id", "shown_at", "organisation_id", "form_digest"))
    gone = {"show_name": ShowName.ANONYMOUS, "hidden_at": now, "withdrawn_at": now, "erased_at": now}
    for statement in (
        update(Contribution).where(Contribution.id.in_(ids)).values(**hidden, **gone),
        update(Revision).where(of_these).values(**emptied),
        update(Review).where(Review.contribution_id.in_(ids)).values(state=State.WITHDRAWN, version=Review.version + 1),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
    session.expunge_all()
    for (campaign_id, name, day), change in sorted(tally.items()):
        counters.add(session, campaign_id, name, -change, day)
