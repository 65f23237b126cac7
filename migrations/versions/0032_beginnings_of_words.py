"""Long words of scripts in which marks make words are found by how they begin: each beginning is kept as a token of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pledges.search import terms

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

AT_ONCE = 500
KEYS = {"revision_words": "revision_id", "wall_words": "place"}


def upgrade() -> None:
    """What is kept of texts already is told how its words begin; other scripts need nothing."""
    connection = op.get_bind()
    postgresql = connection.dialect.name == "postgresql"
    for table, key in KEYS.items():
        key, words = (key, "words::text") if postgresql else ("rowid", "words")
        lexemes = "tsvector_to_array(words)" if postgresql else "words"
        some = sa.text(
            f"SELECT {key} AS number, {lexemes} AS kept FROM {table}"  # noqa: S608 (constants)
            f" WHERE {key} > :last AND {words} LIKE :marked ORDER BY {key} LIMIT {AT_ONCE}"
        )
        added = "words || array_to_tsvector(CAST(:more AS text[]))" if postgresql else "words || ' ' || :more"
        change = sa.text(f"UPDATE {table} SET words = {added} WHERE {key} = :number")  # noqa: S608
        last = -(2**63)
        while rows := connection.execute(some, {"last": last, "marked": f"%{terms.BOUNDARY}%"}).all():
            last = rows[-1].number
            for row in rows:
                kept = row.kept if postgresql else row.kept.split()
                more = sorted({each for token in kept for each in terms.beginnings_of(token)} - set(kept))
                if more:
                    connection.execute(change, {"number": row.number, "more": more if postgresql else " ".join(more)})


def downgrade() -> None:
    """More is found than before, and nothing that is not there."""
