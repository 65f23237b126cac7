"""What stands on the wall is found by its words and by what it is, newest first, whatever the size of the wall.

Each promise that is shown has a row, whose number is its place: later promises have higher ones, so that both databases
answer the newest without sorting. Besides the tokens of its words, as the public reads them, a row holds marks: a theme,
a kind, how it stands. What is hidden has no row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import BigInteger, Subquery, bindparam, column, select, text
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.sql.selectable import TextualSelect

from . import terms
from .index import LAST_PLACE, phrase

TABLE = "wall_words"  # made by migration 0011; FTS5 keeps tables of its own beside it
WORDS_AT_MOST = 8  # of a question; a reader who types more has found it with these
BEGINNINGS = range(1, 9)  # letters: what is so short may be the beginning of a word; FTS5 holds lists for these
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


def mark(name: str, value: object) -> str:
    """The mark for what something is, as in `mark("kind", Kind.PERSON)`."""
    return f"{MARK}{name}{MARK}{''.join(sign if sign.isalnum() else MARK for sign in str(value).casefold())}"


def place_of(at: datetime, campaign_id: int) -> int:
    """The first place of this moment on this wall."""
    micros = round(at.timestamp() * 1_000_000)
    return micros * STEPS + campaign_id % STEPS


def moment_of(place: int) -> datetime:
    return datetime.fromtimestamp(place // STEPS / 1_000_000, UTC)


def put(session: Session, place: int, campaign_id: int, said: str, marks: Iterable[str]) -> None:
    """What stands in this place is found by these words and marks, and by nothing that it was found by before."""
    remove(session, place)
    dialect = session.get_bind().dialect.name
    session.execute(statement(dialect), row(dialect, place, campaign_id, said, marks))


def row(dialect: str, place: int, campaign_id: int, said: str, marks: Iterable[str]) -> dict[str, int | str]:
    """What `statement` binds."""
    tokens = terms.tokens_of(said)
    if dialect == "postgresql":
        placed = [f"'{token}':{min(at, LAST_PLACE)}" for at, token in enumerate(tokens, start=1)]
        return {"place": place, "campaign_id": campaign_id, "words": " ".join([*placed, *(f"'{m}'" for m in marks)])}
    return {"place": place, "words": " ".join([_of_campaign(campaign_id), *marks, *tokens])}


def statement(dialect: str) -> TextClause:
    if dialect == "postgresql":
        return text(
            "INSERT INTO wall_words (place, campaign_id, words) VALUES (:place, :campaign_id, CAST(:words AS tsvector))"
        )
    return text("INSERT INTO wall_words (rowid, words) VALUES (:place, :words)")


def remove(session: Session, place: int) -> None:
    """Nothing stands in this place for whoever searches."""
    key = "place" if session.get_bind().dialect.name == "postgresql" else "rowid"
    session.execute(text(f"DELETE FROM wall_words WHERE {key} = :place"), {"place": place})  # noqa: S608 (constants)


def forget(session: Session) -> None:
    """No word of what was removed is kept. FTS5 marks words as gone and keeps them until it merges its parts."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("INSERT INTO wall_words (wall_words) VALUES ('optimize')"))


def places(
    session: Session,
    wanted: Sequence[Wanted],
    most: int,
    *,
    below: tuple[int, int] = (0, LAST),
    above: tuple[int, int] | None = None,
) -> Subquery:
    """(part, place) of what is wanted: all of the first part before all of the second, the newest first in each.

    `below` and `above` are a part and a place in it: what comes after that, or before it, nearest first.
    """
    dialect = session.get_bind().dialect.name
    parts = []
    for part, each in enumerate(wanted):
        if above is not None:
            if part <= above[0]:
                parts.append(_part(dialect, part, each, most, above=above[1] if part == above[0] else -1))
        elif part >= below[0]:
            parts.append(_part(dialect, part, each, most, below=below[1] if part == below[0] else LAST))
    if above is not None:
        parts.reverse()
    every = [select(each.subquery(f"part_{number}")) for number, each in enumerate(parts)]
    joined = every[0] if len(every) == 1 else every[0].union_all(*every[1:])
    return joined.subquery("found")


def _part(
    dialect: str, part: int, wanted: Wanted, most: int, *, below: int = LAST, above: int | None = None
) -> TextualSelect:
    """The places of one part, the nearest first: the newest, or with `above` the oldest."""
    where, order = ("<", "DESC") if above is None else (">", "ASC")
    bound = below if above is None else above
    n = str(part)
    if dialect == "postgresql":
        asked = _tsquery(wanted)
        found = (
            f"SELECT {n} AS part, place FROM wall_words WHERE campaign_id = :campaign_{n} AND place {where} :bound_{n}"  # noqa: S608
        )
        if asked:  # in the statement itself: a plan made for any question would be one for a rare word
            found += f" AND words @@ CAST(:asked_{n} AS tsquery)"
    else:
        asked = _match(wanted)
        found = f"SELECT {n} AS part, rowid AS place FROM wall_words WHERE wall_words MATCH :asked_{n} AND rowid {where} :bound_{n}"  # noqa: S608
    statement = text(f"{found} ORDER BY {'place' if dialect == 'postgresql' else 'rowid'} {order} LIMIT :most_{n}")
    bound_to = [bindparam(f"bound_{n}", bound, BigInteger), bindparam(f"most_{n}", most)]
    if dialect == "postgresql":
        bound_to.append(bindparam(f"campaign_{n}", wanted.campaign_id))
    if asked:
        bound_to.append(bindparam(f"asked_{n}", asked, literal_execute=dialect == "postgresql"))
    return statement.bindparams(*bound_to).columns(column("part", BigInteger), column("place", BigInteger))


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
    asked = terms.asked_for(wanted.words)[:WORDS_AT_MOST]
    return [(tokens, begins and len(tokens[-1]) in BEGINNINGS) for tokens, begins in asked]


def says_something(words: str) -> bool:
    """Whether there is a word in it that can be searched for."""
    return bool(terms.asked_for(words))


def _of_campaign(campaign_id: int) -> str:
    return mark("campaign", campaign_id)
