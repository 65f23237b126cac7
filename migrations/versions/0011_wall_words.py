"""What stands on the wall is found by its words and by what it is: a table of tokens, and each promise's place in it.

Readers find what they can read: names stand in it as far as their authors show them. How many promises there are of a
language and of an audience is counted from now on.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from pledges.search import wall as index
from pledges.text import first_name

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

AT_ONCE = 500
PLACE = "ix_contributions_wall_place"
SHOWN = "contributions.type = 'pledge' AND contributions.shown_at IS NOT NULL"


def upgrade() -> None:
    op.add_column("contributions", sa.Column("wall_place", sa.BigInteger(), nullable=True))
    op.create_index(PLACE, "contributions", ["wall_place"], unique=True)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TABLE wall_words (place BIGINT NOT NULL CONSTRAINT pk_wall_words PRIMARY KEY,"
            " campaign_id BIGINT NOT NULL, words TSVECTOR NOT NULL)"
        )
        op.execute("CREATE INDEX ix_wall_words_campaign_id ON wall_words (campaign_id, place)")
        op.execute("CREATE INDEX ix_wall_words_words ON wall_words USING gin (words) WITH (fastupdate = off)")
    else:  # spaces alone part words, and short beginnings of them have lists of their own
        op.execute("CREATE VIRTUAL TABLE wall_words USING fts5(words, tokenize = 'ascii', prefix = '1 2 3 4 5 6 7 8')")
    _fill()
    _count()


def _fill() -> None:
    """Every promise that is shown has a place and is found, some hundred at a time, the oldest first."""
    connection, taken = op.get_bind(), set[int]()
    dialect = connection.dialect.name
    ids = (
        connection.execute(
            sa.text(f"SELECT contributions.id FROM contributions WHERE {SHOWN} ORDER BY shown_at, id")  # noqa: S608 (constants)
        )
        .scalars()
        .all()
    )
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        query = sa.text(
            "SELECT contributions.id, campaign_id, shown_at, contributions.kind, progress, contributions.lang,"
            " contributions.theme_id, contributions.audience_id, contributions.show_name, revisions.words,"
            " revisions.how_we_will_know, revisions.name, revisions.role, revisions.organisation,"
            " revisions.kind AS of_kind FROM contributions JOIN revisions"
            " ON revisions.id = contributions.published_revision_id WHERE contributions.id IN :ids"
            " ORDER BY shown_at, contributions.id"
        ).bindparams(sa.bindparam("ids", expanding=True))
        rows, places = [], []
        for each in connection.execute(query, {"ids": some}).all():
            place = index.place_of(_moment(each.shown_at), each.campaign_id)
            while place in taken:
                place += index.STEPS
            taken.add(place)
            said = (each.words, each.how_we_will_know, _signature(each))
            rows.append(index.row(dialect, place, each.campaign_id, said, _marks(each)))
            places.append({"place": place, "id": each.id})
        connection.execute(index.statement(dialect), rows)
        connection.execute(sa.text("UPDATE contributions SET wall_place = :place WHERE id = :id"), places)


def _moment(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _signature(row: Any) -> str:
    """The name, as far as it is shown."""
    of_person = {
        "full": f"{row.name} {row.role}",
        "first": first_name(row.name),
        "role": row.role,
        "organisation": "" if row.of_kind == "organisation" else row.organisation,
    }.get(row.show_name, "")
    shown = row.show_name != "anonymous" and row.of_kind == "organisation"
    return f"{row.organisation} {of_person}" if shown else of_person


def _marks(row: Any) -> list[str]:
    found = [index.mark("kind", row.kind), index.mark("status", row.progress), index.mark("lang", row.lang)]
    found += [index.mark("theme", row.theme_id)] if row.theme_id is not None else []
    return found + ([index.mark("audience", row.audience_id)] if row.audience_id is not None else [])


def _count() -> None:
    """How many there are of a language and an audience, and of everything how many are examples of ours."""
    for name, column in (("lang:", "lang"), ("audience:", "audience_id")):
        _count_by(name, column, f"{SHOWN} AND {column} IS NOT NULL")
    examples = f"{SHOWN} AND example = {'true' if op.get_bind().dialect.name == 'postgresql' else '1'}"
    for name, column in (("theme:", "coalesce(theme_id, 0)"), ("kind:", "kind"), ("lang:", "lang")):
        _count_by(f"examples:{name}", column, examples)
    _count_by("examples:audience:", "audience_id", f"{examples} AND audience_id IS NOT NULL")


def _count_by(name: str, column: str, where: str) -> None:
    op.execute(
        f"INSERT INTO counters (campaign_id, name, day, value) SELECT campaign_id, '{name}' || {column}, '', count(*)"  # noqa: S608 (constants)
        f" FROM contributions WHERE {where} GROUP BY campaign_id, {column}"
    )


def downgrade() -> None:
    for name in (
        "lang:%",
        "audience:%",
        "examples:theme:%",
        "examples:kind:%",
        "examples:lang:%",
        "examples:audience:%",
    ):
        op.execute(sa.text("DELETE FROM counters WHERE name LIKE :name").bindparams(name=name))
    op.execute("DROP TABLE wall_words")
    op.drop_index(PLACE, "contributions")
    op.drop_column("contributions", "wall_place")
