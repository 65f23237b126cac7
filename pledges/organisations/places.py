"""Which organisations stand on a wall under their names, and with how many promises: written with each change, read by its list."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload

from pledges.figures import counters
from pledges.models import (
    WORD_CHARS,
    Contribution,
    Kind,
    Organisation,
    OrganisationOnWall,
    OrganisationWord,
    Progress,
    Sector,
    ShowName,
    Type,
)
from pledges.text import fold

KEY_CHARS = 400
WORDS_AT_MOST = 8  # of a question
WORDS_OF_A_NAME = 20
HIGHEST = "\U0010ffff"  # after whatever begins alike
FEW = 400  # that are looked up one by one


@dataclass(frozen=True)
class Place:
    """Where a page of the list ends: an organisation's key and id."""

    key: str
    id: int

    def __str__(self) -> str:
        return urlsafe_b64encode(f"{self.id:x}.{self.key}".encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Place | None:
        """The place that this text stands for; none where it is not one of ours."""
        try:
            number, dot, key = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(".")
            id = int(number, 16)
        except ValueError:
            return None
        return cls(key[:KEY_CHARS], id) if dot and 0 <= id < 2**63 and "\0" not in key else None


def campaigns_of(session: Session, *rows: Organisation) -> set[int]:
    """The campaigns in which something stands under these."""
    ids = [row.id for row in rows]
    return set(
        session.scalars(select(Contribution.campaign_id).where(Contribution.organisation_id.in_(ids)).distinct())
    )


def is_listed(pledge: Contribution) -> bool:
    """Whether readers see that it is this organisation's."""
    return (
        pledge.type is Type.PLEDGE
        and pledge.kind is Kind.ORGANISATION
        and pledge.organisation_id is not None
        and pledge.shown_at is not None
        and pledge.show_name is not ShowName.ANONYMOUS
        and not pledge.example
    )


def moved(session: Session, pledge: Contribution, change: int) -> None:
    """It has come onto the wall under its organisation's name, or gone from there; asked while it is listed."""
    if is_listed(pledge) and pledge.organisation_id is not None:
        _add(session, pledge.campaign_id, pledge.organisation_id, change, change * (pledge.progress is Progress.KEPT))


def kept(session: Session, pledge: Contribution, before: Progress) -> None:
    """How it goes has changed."""
    change = (pledge.progress is Progress.KEPT) - (before is Progress.KEPT)
    if change and is_listed(pledge) and pledge.organisation_id is not None:
        _add(session, pledge.campaign_id, pledge.organisation_id, 0, change)


def _add(session: Session, campaign_id: int, organisation_id: int, promises: int, kept: int) -> None:
    here = (OrganisationOnWall.campaign_id == campaign_id, OrganisationOnWall.organisation_id == organisation_id)
    if promises > 0:
        organisation = session.get_one(Organisation, organisation_id)
        if session.scalars(select(OrganisationOnWall.promises).where(*here)).first() is None:
            _stands(session, campaign_id, organisation.sector, +1)
            _name(session, campaign_id, organisation)
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        row = dialect.insert(OrganisationOnWall).values(
            campaign_id=campaign_id,
            organisation_id=organisation_id,
            order_key=order_key(organisation.name),
            sector=organisation.sector,
            promises=promises,
            kept=kept,
        )
        session.execute(
            row.on_conflict_do_update(
                index_elements=[OrganisationOnWall.campaign_id, OrganisationOnWall.organisation_id],
                set_={
                    "promises": OrganisationOnWall.promises + promises,
                    "kept": OrganisationOnWall.kept + kept,
                },
            )
        )
        return
    session.execute(
        update(OrganisationOnWall)
        .where(*here)
        .values(promises=OrganisationOnWall.promises + promises, kept=OrganisationOnWall.kept + kept)
        .execution_options(synchronize_session=False)
    )
    gone = (
        delete(OrganisationOnWall)
        .where(*here, OrganisationOnWall.promises <= 0)
        .returning(OrganisationOnWall.sector)
        .execution_options(synchronize_session=False)
    )
    for sector in session.scalars(gone).all():
        _stands(session, campaign_id, sector, -1)
        _unname(session, campaign_id, organisation_id)


def _stands(session: Session, campaign_id: int, sector: Sector | None, change: int) -> None:
    """One more stands here, or one less."""
    counters.add(session, campaign_id, counters.ORGANISATIONS, change)
    _count(session, campaign_id, sector, change)


def _name(session: Session, campaign_id: int, organisation: Organisation) -> None:
    """It is found here by how each word of its name begins."""
    words = {word[:WORD_CHARS] for word in order_key(organisation.name).split()[:WORDS_OF_A_NAME]}
    known = select(OrganisationWord.word).where(
        OrganisationWord.campaign_id == campaign_id, OrganisationWord.organisation_id == organisation.id
    )
    for word in sorted(words - set(session.scalars(known))):
        session.add(OrganisationWord(campaign_id=campaign_id, word=word, organisation_id=organisation.id))
    session.flush()


def _unname(session: Session, campaign_id: int, organisation_id: int) -> None:
    session.execute(
        delete(OrganisationWord)
        .where(OrganisationWord.campaign_id == campaign_id, OrganisationWord.organisation_id == organisation_id)
        .execution_options(synchronize_session=False)
    )


def _count(session: Session, campaign_id: int, sector: Sector | None, change: int) -> None:
    if sector is not None:
        counters.add(session, campaign_id, f"{counters.SECTORS}{sector}", change)


def described(session: Session, organisation: Organisation) -> None:
    """Its author has said what it is: on every wall its row and the numbers say so; their campaigns are held already."""
    rows = select(OrganisationOnWall).where(OrganisationOnWall.organisation_id == organisation.id)
    for row in session.scalars(rows.order_by(OrganisationOnWall.campaign_id)).all():
        if row.sector != organisation.sector:
            _count(session, row.campaign_id, row.sector, -1)
            _count(session, row.campaign_id, organisation.sector, +1)
            row.sector = organisation.sector
    session.flush()


def by_sector(counts: dict[str, int]) -> dict[Sector, int]:
    """How many organisations of each sector stand here, of counters that were read; those of which none does left out."""
    found = ((sector, counts.get(f"{counters.SECTORS}{sector}", 0)) for sector in Sector)
    return {sector: number for sector, number in found if number > 0}


def order_key(name: str) -> str:
    return fold(name)[:KEY_CHARS]


def recount(session: Session, campaign_id: int, organisation_ids: Iterable[int] | None = None) -> int:
    """Set right from the rows, of these organisations or of all; answers how many had drifted."""
    of = None if organisation_ids is None else list(organisation_ids)
    shown = (
        select(
            Contribution.organisation_id,
            func.count(),
            func.count().filter(Contribution.progress == Progress.KEPT),
        )
        .where(
            Contribution.campaign_id == campaign_id,
            Contribution.type == Type.PLEDGE,
            Contribution.kind == Kind.ORGANISATION,
            Contribution.organisation_id.is_not(None),
            Contribution.shown_at.is_not(None),
            Contribution.show_name != ShowName.ANONYMOUS,
            Contribution.example.is_(False),
        )
        .group_by(Contribution.organisation_id)
    )
    rows = select(OrganisationOnWall).where(OrganisationOnWall.campaign_id == campaign_id)
    if of is not None:
        shown = shown.where(Contribution.organisation_id.in_(of))
        rows = rows.where(OrganisationOnWall.organisation_id.in_(of))
    right = {row[0]: (row[1], row[2]) for row in session.execute(shown) if row[0] is not None}
    drifted = 0
    for row in session.scalars(rows).all():
        now = right.pop(row.organisation_id, (0, 0))
        drifted += (row.promises, row.kept) != now
        row.promises, row.kept = now
        if not row.promises:
            _stands(session, campaign_id, row.sector, -1)
            _unname(session, campaign_id, row.organisation_id)
            session.delete(row)
    for organisation_id, (promises, kept_ones) in right.items():
        _add(session, campaign_id, organisation_id, promises, kept_ones)
    session.flush()
    return drifted + len(right) + (_recount_numbers(session, campaign_id) if of is None else 0)


def _recount_numbers(session: Session, campaign_id: int) -> int:
    """How many stand here, and of each sector, set right from the rows; answers how many numbers had drifted."""
    rows = select(OrganisationOnWall).where(OrganisationOnWall.campaign_id == campaign_id)
    right = dict.fromkeys([counters.ORGANISATIONS, *(f"{counters.SECTORS}{sector}" for sector in Sector)], 0)
    for row in session.scalars(rows.options(joinedload(OrganisationOnWall.organisation))).all():
        row.sector = row.organisation.sector
        _name(session, campaign_id, row.organisation)
        right[counters.ORGANISATIONS] += 1
        if row.sector is not None:
            right[f"{counters.SECTORS}{row.sector}"] += 1
    session.flush()
    was = counters.read(session, campaign_id, right)
    changes = {name: number - was.get(name, 0) for name, number in right.items()}
    for name, change in changes.items():
        counters.add(session, campaign_id, name, change)
    return sum(change != 0 for change in changes.values())


def page(
    session: Session,
    campaign_id: int,
    asked: str,
    after: Place | None,
    limit: int,
    sector: Sector | None = None,
) -> tuple[list[OrganisationOnWall], Place | None]:
    """By name, those whose names have words that begin like each word of `asked`; and where the rest begins."""
    row = OrganisationOnWall
    query = select(row).where(row.campaign_id == campaign_id).options(joinedload(row.organisation, innerjoin=True))
    if sector is not None:
        query = query.where(row.sector == sector)
    few: set[int] | None = None  # that have a rare word of what was asked: they are read first and put in order then
    for word in (each[:WORD_CHARS] for each in fold(asked).split()[:WORDS_AT_MOST]):
        named = _few(session, campaign_id, word)
        if named is None:
            query = query.where(_begins(word))
        else:
            few = named if few is None else few & named
    by_name: ColumnElement[str] = row.order_key  # type: ignore[assignment]
    if few is not None:
        query, by_name = query.where(row.organisation_id.in_(few)), row.order_key.concat("")
    if after is not None:
        query = query.where(
            (row.order_key > after.key) | ((row.order_key == after.key) & (row.organisation_id > after.id))
        )
    found = list(session.scalars(query.order_by(by_name, row.organisation_id).limit(limit + 1)))
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], Place(last.order_key, last.organisation_id) if last is not None else None


def _few(session: Session, campaign_id: int, word: str) -> set[int] | None:
    """Those here with a word that begins so; none where they are many."""
    begins = OrganisationWord.word.between(word, word + HIGHEST)
    found = select(OrganisationWord.organisation_id).where(OrganisationWord.campaign_id == campaign_id, begins)
    ids = set(session.scalars(found.limit(FEW + 1)))
    return ids if len(ids) <= FEW else None


def _begins(word: str) -> ColumnElement[bool]:
    """Whether a word of its name begins so: of many the first are met soon in the order of the list."""
    of_this = select(OrganisationWord.word).where(
        OrganisationWord.organisation_id == OrganisationOnWall.organisation_id,
        OrganisationWord.word.between(word, word + HIGHEST),
    )
    return of_this.correlate(OrganisationOnWall).exists()


def on_wall(session: Session, campaign_id: int, public_id: str) -> OrganisationOnWall | None:
    """The organisation of this id, where it stands on this wall under its name."""
    query = select(OrganisationOnWall).join(OrganisationOnWall.organisation)
    return session.scalars(
        query.where(OrganisationOnWall.campaign_id == campaign_id, Organisation.public_id == public_id).options(
            joinedload(OrganisationOnWall.organisation, innerjoin=True)
        )
    ).first()


def newest(session: Session, row: OrganisationOnWall) -> str | None:
    """The public id of what was promised last in this name here; none where it has just gone."""
    query = select(Contribution.public_id).where(
        Contribution.organisation_id == row.organisation_id,
        Contribution.campaign_id == row.campaign_id,
        Contribution.kind == Kind.ORGANISATION,
        Contribution.shown_at.is_not(None),
        Contribution.show_name != ShowName.ANONYMOUS,
    )
    return session.scalars(query.order_by(Contribution.shown_at.desc(), Contribution.id.desc()).limit(1)).first()
