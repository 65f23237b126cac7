"""What stands on the wall is found by its words and by what it is, newest first, whatever the size of the wall.

Each promise that is shown has a row, whose number is its place: later promises have higher ones, so that both databases
answer the newest without sorting. Besides the tokens of its words, as the public reads them, a row holds marks: a theme,
a kind, how it stands. What is hidden has no row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import BindParameter, bindparam, text
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import TextClause

from pledges.models.rows import copy

from . import merging, terms
from .index import LAST_PLACE, phrase

TABLE = "wall_words"  # made by migration 0011; FTS5 keeps tables of its own beside it
WORDS_AT_MOST = 8  # of a question; a reader who types more has found it with these
MARK = "§"  # begins what is no word: no token of a text holds it
STEPS = 2048  # places in a microsecond, one for each campaign: few walls have ever that many
LAST = 2**63 - 1


@dataclass(frozen=True)
class Wanted:
    """What is asked for: of each group of marks one at least, no mark of `without`, and every word."""

    campaign_id: int
    marks: tuple[tuple[str, ...], ...] = ()
    words: str = ""
    without: tuple[str, ...] = ()

    def parted(self, mark: str) -> tuple[Wanted, Wanted]:
        """The same, of those with this mark, and of those without it."""
        return (
            Wanted(self.campaign_id, (*self.marks, (mark,)), self.words, self.without),
            Wanted(self.campaign_id, self.marks, self.words, (*self.without, mark)),
        )


@lru_cache(maxsize=4096)
def mark(name: str, value: object) -> str:
    """The mark for what something is, as in `mark("kind", Kind.PERSON)`."""
    return f"{MARK}{name}{MARK}{''.join(sign if sign.isalnum() else MARK for sign in str(value).casefold())}"


def place_of(at: datetime, campaign_id: int) -> int:
    """The first place of this moment on this wall."""
    micros = round(at.timestamp() * 1_000_000)
    return micros * STEPS + campaign_id % STEPS


def moment_of(place: int) -> datetime:
    return datetime.fromtimestamp(place // STEPS / 1_000_000, UTC)


def put(session: Session, place: int, campaign_id: int, said: Iterable[str], marks: Iterable[str]) -> None:
    """What stands in this place is found by these words and marks, and by nothing that it was found by before."""
    remove(session, place)
    dialect = session.get_bind().dialect.name
    session.execute(statement(dialect), row(dialect, place, campaign_id, said, marks))


def row(dialect: str, place: int, campaign_id: int, said: Iterable[str], marks: Iterable[str]) -> dict[str, int | str]:
    """What `statement` binds."""
    tokens = terms.tokens_of(*said)
    if dialect == "postgresql":
        placed = [f"'{token}':{min(at, LAST_PLACE)}" for at, token in enumerate(tokens, start=1)]
        kept = [*placed, *(f"'{each}'" for each in (_of_campaign(campaign_id), *marks))]
        return {"place": place, "campaign_id": campaign_id, "words": " ".join(kept)}
    return {"place": place, "words": " ".join([_of_campaign(campaign_id), *marks, *tokens])}


def statement(dialect: str) -> TextClause:
    if dialect == "postgresql":
        return text(
            "INSERT INTO wall_words (place, campaign_id, words) VALUES (:place, :campaign_id, CAST(:words AS tsvector))"
        )
    return text("INSERT INTO wall_words (rowid, words) VALUES (:place, :words)")


def put_all(session: Session, found: Sequence[dict[str, int | str]]) -> None:
    """Many at once in places that are free, each as `row` has it."""
    if session.get_bind().dialect.name == "postgresql":
        names = ("place", "campaign_id", "words")
        copy(session, TABLE, names, ([each[name] for name in names] for each in found))
    else:
        session.execute(statement("sqlite"), found)


def remove(session: Session, place: int) -> None:
    """Nothing stands in this place for whoever searches."""
    remove_many(session, [place])


def remove_many(session: Session, places: Sequence[int]) -> None:
    key = "place" if session.get_bind().dialect.name == "postgresql" else "rowid"
    if places:
        session.execute(
            text(f"DELETE FROM wall_words WHERE {key} = :place"),  # noqa: S608 (constants)
            [{"place": place} for place in places],
        )


def forget(session: Session) -> None:
    """No word of what was removed is kept, see `merging`."""
    merging.begin(session, TABLE)


@dataclass(frozen=True)
class Bound:
    """Up to where was read: a part of the list, and a place in it. On from there, or with `back` what comes before it."""

    part: int = 0
    place: int = LAST
    back: bool = False

    def of(self, part: int) -> tuple[int, bool] | None:
        """Where this part begins, and whether it is read back; none where nothing of it is wanted."""
        if part == self.part:
            return self.place, self.back
        if part > self.part:
            return None if self.back else (LAST, False)
        return (-1, True) if self.back else None


Part = tuple[int, Wanted, tuple[int, bool]]  # its number, what it holds, where it begins and whether it is read back


def places(session: Session, wanted: Sequence[Wanted], most: int, bound: Bound) -> list[tuple[int, int]]:
    """(part, place) of what is wanted: all of the first part before all of the second, the newest first in each.

    The nearest to the bound come first: read back, the list is in the other order.
    """
    every = ((part, each, bound.of(part)) for part, each in enumerate(wanted))
    parts: list[Part] = [(part, each, begins) for part, each, begins in every if begins is not None]
    if bound.back:
        parts.reverse()
    if session.get_bind().dialect.name == "sqlite":
        return _all_at_once(session, parts, most)
    found: list[tuple[int, int]] = []
    for part, each, (begins, back) in parts:
        if len(found) < most:
            found += [(part, place) for place in _in_postgresql(session, each, most - len(found), begins, back=back)]
    return found


def _all_at_once(session: Session, parts: Sequence[Part], most: int) -> list[tuple[int, int]]:
    """One statement: FTS5 reads each part in its order and stops when it has enough."""
    statements: list[str] = []
    given: dict[str, str | int] = {}
    for part, wanted, (begins, back) in parts:
        where, order = (">", "ASC") if back else ("<", "DESC")
        statements.append(
            f"SELECT * FROM (SELECT {int(part)} AS part, rowid AS place FROM wall_words"  # noqa: S608 (our own words)
            f" WHERE wall_words MATCH :asked_{part} AND rowid {where} :bound_{part} ORDER BY rowid {order} LIMIT :most)"
        )
        given |= {f"asked_{part}": _match(wanted), f"bound_{part}": begins}
    rows = session.execute(text(" UNION ALL ".join(statements)), {**given, "most": most})
    return [(part, place) for part, place in rows][:most]


NEAR, FURTHER = 2_500, 20_000  # rows that are read in their order before the index of words is asked
PROMISING = 8  # of a page in the near ones: what is so common is found sooner by reading on


def _in_postgresql(session: Session, wanted: Wanted, most: int, begins: int, *, back: bool) -> list[int]:
    """The nearest places. What is common stands among the near ones; what is not is found by the index of words, and few.

    PostgreSQL would choose by itself, and knows neither how rare a word is that it has not counted, nor which marks go
    together: it then reads the whole wall.
    """
    where, order = (">", "ASC") if back else ("<", "DESC")
    here = f"FROM wall_words WHERE campaign_id = :campaign AND place {where} :begins"
    asked = _tsquery(wanted)
    given: dict[str, int] = {"campaign": wanted.campaign_id, "begins": begins, "most": most}
    if not asked:
        found = text(f"SELECT place {here} ORDER BY place {order} LIMIT :most")
        return list(session.scalars(found, given))
    # in the statement itself: a plan made for any question is none for this one
    holds: BindParameter[str] = bindparam("asked", asked, literal_execute=True)
    for rows in (NEAR, FURTHER):
        near = text(
            f"SELECT place FROM (SELECT place, words {here} ORDER BY place {order} LIMIT {rows}) AS near"  # noqa: S608
            f" WHERE words @@ CAST(:asked AS tsquery) ORDER BY place {order} LIMIT :most"
        ).bindparams(holds)
        places = list(session.scalars(near, given))
        if len(places) >= most or _ends_within(session, here, rows, order, given):
            return places
        if len(places) < PROMISING:
            break
    session.execute(text("SET LOCAL enable_seqscan = off"))
    everywhere = text(
        "WITH holding AS MATERIALIZED (SELECT place, campaign_id FROM wall_words WHERE words @@ CAST(:asked AS tsquery))"  # noqa: S608 (our own words)
        f" SELECT place FROM holding WHERE campaign_id = :campaign AND place {where} :begins ORDER BY place {order} LIMIT :most"
    ).bindparams(bindparam("asked", f"'{_of_campaign(wanted.campaign_id)}' & {asked}", literal_execute=True))
    places = list(session.scalars(everywhere, given))
    session.execute(text("SET LOCAL enable_seqscan = on"))
    return places


def _ends_within(session: Session, here: str, rows: int, order: str, given: dict[str, int]) -> bool:
    """Whether there are fewer rows than these from there on, so that all were read."""
    some = text(f"SELECT count(*) FROM (SELECT place {here} ORDER BY place {order} LIMIT {rows}) AS near")  # noqa: S608
    return session.scalars(some, given).one() < rows


def _match(wanted: Wanted) -> str:
    """As FTS5 is asked."""
    groups = [(_of_campaign(wanted.campaign_id),), *wanted.marks]
    asked = [_either(group) for group in groups]
    asked += [phrase(tokens, '"', " + ", " *" if begins else "") for tokens, begins in _words(wanted)]
    found = " AND ".join(asked)
    return f"({found}) NOT {_either(wanted.without)}" if wanted.without else found


def _either(marks: Iterable[str]) -> str:
    return "(" + " OR ".join(f'"{each}"' for each in marks) + ")"


def _tsquery(wanted: Wanted) -> str:
    """As PostgreSQL is asked; nothing where all of the wall is wanted."""
    asked = ["(" + " | ".join(f"'{each}'" for each in group) + ")" for group in wanted.marks]
    asked += [phrase(tokens, "'", " <-> ", ":*" if begins else "") for tokens, begins in _words(wanted)]
    asked += [f"!'{each}'" for each in wanted.without]
    return " & ".join(asked)


def _words(wanted: Wanted) -> list[tuple[list[str], bool]]:
    return terms.asked_for(wanted.words)[:WORDS_AT_MOST]


def says_something(words: str) -> bool:
    """Whether there is a word in it that can be searched for."""
    return bool(terms.asked_for(words))


def _of_campaign(campaign_id: int) -> str:
    return mark("campaign", campaign_id)
