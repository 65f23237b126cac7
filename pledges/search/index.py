"""Words are found by the database's own full text: FTS5 of SQLite, text vectors of PostgreSQL.

Both hold the tokens of `terms` alone, as they are, so that both answer alike; a token has no syntax of either.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, TextClause, column, select, text
from sqlalchemy.orm import Session

from pledges.models.rows import copy
from pledges.text import fold

from . import merging, terms

TABLE = "revision_words"  # made by migration 0006; FTS5 keeps tables of its own beside it
AT_MOST = 32  # words of a question that count
LAST_PLACE = 16_383  # that a text vector of PostgreSQL knows
FIELDS = ("words", "how_we_will_know", "actions_said", "name", "first_name", "role", "organisation")


def put(session: Session, revision_id: int, revision: Any) -> None:
    """The words, names and organisation of this revision are found; `revision` names its `FIELDS`."""
    dialect = session.get_bind().dialect.name
    kept = entry(dialect, *(getattr(revision, name) for name in FIELDS))
    if kept:
        session.execute(statement(dialect), {"id": revision_id, "kept": kept})


def entry(dialect: str, *said: str) -> str:
    """What the database keeps of texts; nothing where there is no word in them."""
    tokens = terms.tokens_of(*said)
    if dialect == "postgresql":
        return " ".join(f"'{token}':{min(place, LAST_PLACE)}" for place, token in enumerate(tokens, start=1))
    return " ".join(tokens)


@cache
def statement(dialect: str) -> TextClause:
    """Binds `id` and `kept`, an entry for this database."""
    if dialect == "postgresql":
        return text("INSERT INTO revision_words (revision_id, words) VALUES (:id, CAST(:kept AS tsvector))")
    return text("INSERT INTO revision_words (rowid, words) VALUES (:id, :kept)")


def put_all(session: Session, found: Sequence[dict[str, Any]]) -> None:
    """Many at once, each as `statement` binds it."""
    if _is_postgresql(session):
        copy(session, TABLE, ("revision_id", "words"), ((each["id"], each["kept"]) for each in found))
    else:
        session.execute(statement("sqlite"), found)


def words_of(said: str) -> list[str]:
    """The words of a text as the first index, of migration 0003, held them."""
    return list(dict.fromkeys(word[:40] for word in fold(said).split()))


def insertion(dialect: str) -> TextClause:
    """For the first index: binds `id`, and `words`, a list on PostgreSQL, one text on SQLite."""
    if dialect == "postgresql":
        return text(
            "INSERT INTO revision_words (revision_id, words) VALUES (:id, array_to_tsvector(CAST(:words AS text[])))"
        )
    return text("INSERT INTO revision_words (rowid, words) VALUES (:id, :words)")


def forget(session: Session, revision_ids: Sequence[int]) -> None:
    """Nothing of these revisions is found any more, and none of their words is kept, see `merging`."""
    forget_many(session, revision_ids)
    merging.begin(session, TABLE)


def forget_many(session: Session, revision_ids: Sequence[int]) -> None:
    """Nothing of these is found; whoever calls this calls `forget` once at the end, for no more of them."""
    key = "revision_id" if _is_postgresql(session) else "rowid"
    if revision_ids:
        session.execute(
            text(f"DELETE FROM revision_words WHERE {key} = :id"),  # noqa: S608 (constants)
            [{"id": each} for each in revision_ids],
        )


def matching(session: Session, asked: str) -> Select[int] | None:
    """Ids of the revisions that hold every word of `asked`, or a word that begins so; none: nothing was asked."""
    wanted = terms.asked_for(asked)[:AT_MOST]
    if not wanted:
        return None
    revision_id = column("revision_id", BigInteger)
    if _is_postgresql(session):
        found = text("SELECT revision_id FROM revision_words WHERE words @@ CAST(:asked AS tsquery)")
        asked = " & ".join(phrase(tokens, "'", " <-> ", ":*" if begins else "") for tokens, begins in wanted)
    else:
        found = text("SELECT rowid AS revision_id FROM revision_words WHERE revision_words MATCH :asked")
        asked = " AND ".join(phrase(tokens, '"', " + ", " *" if begins else "") for tokens, begins in wanted)
    return select(found.bindparams(asked=asked).columns(revision_id).subquery().c.revision_id)


def phrase(tokens: list[str], quote: str, followed_by: str, beginning: str) -> str:
    """Tokens that follow each other, as an engine is asked for them."""
    return "(" + followed_by.join(f"{quote}{token}{quote}" for token in tokens) + beginning + ")"


def no_part_of_it(_item: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """For comparing the schema with the models: the tables of words stand in no model."""
    return not (kind == "table" and name is not None and name.startswith((TABLE, "wall_words")))


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
