"""Words are found by the database's own full text: FTS5 of SQLite, text vectors of PostgreSQL.

Both hold folded words, so that case, marks and accents do not matter, and both are asked in words that have no syntax.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Select, TextClause, column, select, text
from sqlalchemy.orm import Session

from .models import Revision
from .text import fold

TABLE = "revision_words"  # made by migration 0003; FTS5 keeps tables of its own beside it
WORD_CHARS = 40
AT_MOST = 8  # words of a question that count


def words_of(said: str) -> list[str]:
    """The words of a text as they are compared."""
    return list(dict.fromkeys(word[:WORD_CHARS] for word in fold(said).split()))


def put(session: Session, revision: Revision) -> None:
    """The words, names and organisation of this revision are found."""
    words = words_of(
        " ".join((revision.words, revision.how_we_will_know, revision.name, revision.role, revision.organisation))
    )
    if words:
        given: Any = words if _is_postgresql(session) else " ".join(words)
        session.execute(insertion(session.get_bind().dialect.name), {"id": revision.id, "words": given})


def insertion(dialect: str) -> TextClause:
    """Binds `id`, and `words`: a list on PostgreSQL, one text on SQLite."""
    if dialect == "postgresql":
        return text(
            "INSERT INTO revision_words (revision_id, words) VALUES (:id, array_to_tsvector(CAST(:words AS text[])))"
        )
    return text("INSERT INTO revision_words (rowid, words) VALUES (:id, :words)")


def forget(session: Session, revision_ids: Sequence[int]) -> None:
    """Nothing of these revisions is found any more, and none of their words is kept.

    FTS5 marks words as gone and keeps them until it merges its parts, so they are merged now.
    """
    key = "revision_id" if _is_postgresql(session) else "rowid"
    for revision_id in revision_ids:
        session.execute(text(f"DELETE FROM revision_words WHERE {key} = :id"), {"id": revision_id})  # noqa: S608 (constants)
    if not _is_postgresql(session):
        session.execute(text("INSERT INTO revision_words (revision_words) VALUES ('optimize')"))


def matching(session: Session, asked: str) -> Select[int] | None:
    """Ids of the revisions that hold every word of `asked`, or a word that begins so; none: nothing was asked."""
    words = words_of(asked)[:AT_MOST]
    if not words:
        return None
    revision_id = column("revision_id", BigInteger)
    if _is_postgresql(session):
        found = text("SELECT revision_id FROM revision_words WHERE words @@ CAST(:asked AS tsquery)")
        asked = " & ".join(f"'{word}':*" for word in words)  # folded: letters and digits alone
    else:
        found = text("SELECT rowid AS revision_id FROM revision_words WHERE revision_words MATCH :asked")
        asked = " AND ".join(f'"{word}"*' for word in words)
    return select(found.bindparams(asked=asked).columns(revision_id).subquery().c.revision_id)


def no_part_of_it(_item: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """For comparing the schema with the models: the table of words stands in no model."""
    return not (kind == "table" and name is not None and name.startswith(TABLE))


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
