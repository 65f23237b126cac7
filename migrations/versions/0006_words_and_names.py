"""Organisations that one lossy fold had made one stand for themselves again, and search holds tokens of our own.

Each name is told by compatibility forms, case and white space alone. A badge stays with the row whose name it was given
to. What looks alike is kept beside it, for people to judge, and so is what they say.
"""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

from pledges.organisations.naming import key_of, likeness_of
from pledges.revisions import repeat_key
from pledges.search import index

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

AT_ONCE = 500
SAID = "words, how_we_will_know, name, role, organisation"
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("organisations", sa.Column("likeness", sa.String(length=400), server_default="", nullable=False))
    op.create_index("ix_organisations_likeness", "organisations", ["likeness"])
    op.create_table(
        "merged_organisations",
        sa.Column("organisation_id", BIG, nullable=False),
        sa.Column("into_id", BIG, nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        _points("merged_organisations", "organisation_id", "organisations"),
        _points("merged_organisations", "into_id", "organisations"),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_merged_organisations"),
    )
    op.create_index("ix_merged_organisations_into_id", "merged_organisations", ["into_id"])
    op.create_table(
        "merged_contributions",
        sa.Column("contribution_id", BIG, nullable=False),
        sa.Column("organisation_id", BIG, nullable=False),
        _points("merged_contributions", "contribution_id", "contributions"),
        _points("merged_contributions", "organisation_id", "organisations"),
        sa.PrimaryKeyConstraint("contribution_id", name="pk_merged_contributions"),
    )
    op.create_index("ix_merged_contributions_organisation_id", "merged_contributions", ["organisation_id"])
    _name_organisations()
    _part_organisations()
    op.execute("DROP TABLE revision_words")
    if op.get_bind().dialect.name == "postgresql":
        _text_vectors()
    else:  # whose tokens are ours: what is no ASCII is a letter to this one, and spaces alone part words
        op.execute("CREATE VIRTUAL TABLE revision_words USING fts5(words, tokenize = 'ascii')")
    _fill(index.entry, index.statement)
    _renew_repeats()


def _points(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}_{to}", ondelete="CASCADE")


def _text_vectors() -> None:
    op.execute(
        "CREATE TABLE revision_words (revision_id BIGINT NOT NULL CONSTRAINT pk_revision_words PRIMARY KEY"
        " CONSTRAINT fk_revision_words_revision_id_revisions REFERENCES revisions (id) ON DELETE CASCADE,"
        " words TSVECTOR NOT NULL)"
    )
    op.execute("CREATE INDEX ix_revision_words_words ON revision_words USING gin (words) WITH (fastupdate = off)")


# -- organisations -------------------------------------------------------------------------------------


def _name_organisations() -> None:
    """Keys differ wherever the folded ones did, so none meets another, but for the moment of changing."""
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, name FROM organisations")).all()
    for row in rows:
        connection.execute(
            sa.text("UPDATE organisations SET name_key = :key WHERE id = :id"), {"key": f"\n{row.id}", "id": row.id}
        )
    for row in rows:
        connection.execute(
            sa.text("UPDATE organisations SET name_key = :key, likeness = :likeness WHERE id = :id"),
            {"key": key_of(row.name), "likeness": likeness_of(row.name), "id": row.id},
        )


def _part_organisations() -> None:
    """Whatever names another organisation than the one it stands under has that one's row, made without a badge."""
    connection = op.get_bind()
    own = {row.name_key: row.id for row in connection.execute(sa.text("SELECT id, name_key FROM organisations"))}
    under = connection.execute(
        sa.text(
            "SELECT contributions.id, contributions.campaign_id, contributions.organisation_id, contributions.created_at,"
            " revisions.organisation AS name FROM contributions JOIN revisions ON revisions.id = coalesce("
            "contributions.published_revision_id, (SELECT max(newest.id) FROM revisions newest"
            " WHERE newest.contribution_id = contributions.id AND newest.organisation <> ''))"
            " WHERE contributions.organisation_id IS NOT NULL ORDER BY contributions.id"
        )
    ).all()
    changed = set()
    for row in under:
        key = key_of(row.name)
        if row.name.strip() == "" or own.get(key) == row.organisation_id:
            continue
        if key not in own:
            own[key] = _make(row, key)
        connection.execute(
            sa.text("UPDATE contributions SET organisation_id = :to WHERE id = :id"), {"to": own[key], "id": row.id}
        )
        changed.add(row.campaign_id)
    for campaign_id in changed:
        _count_again(campaign_id)


def _make(row: Any, key: str) -> int:
    connection = op.get_bind()
    made = {
        "public_id": hashlib.sha256(f"{key}\n{row.id}".encode()).hexdigest()[:16],
        "name": row.name.strip(),
        "key": key,
        "likeness": likeness_of(row.name),
        "at": row.created_at,
    }
    connection.execute(
        sa.text(
            "INSERT INTO organisations (public_id, name, name_key, likeness, created_at)"
            " VALUES (:public_id, :name, :key, :likeness, :at)"
        ),
        made,
    )
    return connection.execute(sa.text("SELECT id FROM organisations WHERE name_key = :key"), {"key": key}).scalar_one()


def _count_again(campaign_id: int) -> None:
    """The campaign's count of organisations is right, and no kept page of it is shown any more."""
    connection = op.get_bind()
    known = {"campaign": campaign_id}
    connection.execute(
        sa.text(
            "UPDATE counters SET value = (SELECT count(DISTINCT organisation_id) FROM contributions"
            " WHERE campaign_id = :campaign AND type = 'pledge' AND kind = 'organisation' AND shown_at IS NOT NULL)"
            " WHERE campaign_id = :campaign AND name = 'organisations'"
        ),
        known,
    )
    connection.execute(sa.text("UPDATE campaigns SET wall_version = wall_version + 1 WHERE id = :campaign"), known)


# -- words ---------------------------------------------------------------------------------------------


def _fill(entry: Any, statement: Any) -> None:
    """Every revision that has words is found again, some hundred at a time."""
    connection = op.get_bind()
    dialect, last = connection.dialect.name, 0
    while rows := _some(f"id, {SAID}", last):
        kept = [{"id": row[0], "kept": said} for row in rows if (said := entry(dialect, " ".join(row[1:])))]
        if kept:
            connection.execute(statement(dialect), kept)
        last = rows[-1][0]


def _renew_repeats() -> None:
    """Copies of words that are not of plain letters alone are told by the new fold; all others had this key already."""
    connection, last = op.get_bind(), 0
    while rows := _some("id, words", last):
        changed = [{"id": row.id, "key": repeat_key(row.words)} for row in rows if not row.words.isascii()]
        if changed:
            connection.execute(sa.text("UPDATE revisions SET repeat_key = :key WHERE id = :id"), changed)
        last = rows[-1][0]


def _some(columns: str, last: int) -> Any:
    query = f"SELECT {columns} FROM revisions WHERE id > :last AND erased_at IS NULL ORDER BY id LIMIT :most"  # noqa: S608 (constants)
    return op.get_bind().execute(sa.text(query), {"last": last, "most": AT_ONCE}).all()


def downgrade() -> None:
    op.execute("DROP TABLE revision_words")
    if op.get_bind().dialect.name == "postgresql":
        _text_vectors()
    else:
        op.execute("CREATE VIRTUAL TABLE revision_words USING fts5(words, tokenize = 'unicode61 remove_diacritics 2')")
    _fill(_folded, _first_index)
    _fold_keys()
    op.drop_table("merged_contributions")
    op.drop_table("merged_organisations")
    op.drop_index("ix_organisations_likeness", table_name="organisations")
    op.drop_column("organisations", "likeness")


def _first_index(dialect: str) -> sa.TextClause:
    if dialect == "postgresql":
        return sa.text(
            "INSERT INTO revision_words (revision_id, words) VALUES (:id, array_to_tsvector(CAST(:kept AS text[])))"
        )
    return sa.text("INSERT INTO revision_words (rowid, words) VALUES (:id, :kept)")


def _folded(dialect: str, said: str) -> Any:
    words = list(dict.fromkeys(word[:40] for word in _old_fold(said).split()))
    return words if dialect == "postgresql" else " ".join(words)


def _fold_keys() -> None:
    """The oldest of several has the folded key, under which the older program finds it; the others keep keys of their own."""
    connection, taken = op.get_bind(), set()
    for row in connection.execute(sa.text("SELECT id, name, name_key FROM organisations ORDER BY id")).all():
        key = _old_fold(row.name)[:400] or row.name
        if key not in taken and key != row.name_key:
            taken.add(key)
            connection.execute(
                sa.text(
                    "UPDATE organisations SET name_key = :key WHERE id = :id AND NOT EXISTS"
                    " (SELECT 1 FROM organisations other WHERE other.name_key = :key)"
                ),
                {"key": key, "id": row.id},
            )


def _old_fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(letter if letter.isalnum() else " " for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(kept.split())
