"""The queue counts without reading rows, and words are found: lanes of everything and of what is laid aside, their counters,
and the full text of each database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pledges.search.index import insertion, words_of

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

AT_ONCE = 500


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TABLE revision_words (revision_id BIGINT NOT NULL CONSTRAINT pk_revision_words PRIMARY KEY"
            " CONSTRAINT fk_revision_words_revision_id_revisions REFERENCES revisions (id) ON DELETE CASCADE,"
            " words TSVECTOR NOT NULL)"
        )
        op.execute("CREATE INDEX ix_revision_words_words ON revision_words USING gin (words) WITH (fastupdate = off)")
    else:
        op.execute("CREATE VIRTUAL TABLE revision_words USING fts5(words, tokenize = 'unicode61 remove_diacritics 2')")
    _fill_words()
    op.execute("DELETE FROM review_lanes WHERE review_id IN (SELECT id FROM reviews WHERE parked_until IS NOT NULL)")
    op.execute("DELETE FROM review_lanes WHERE review_id IN (SELECT id FROM reviews WHERE state <> 'waiting')")
    op.execute(
        "INSERT INTO review_lanes (review_id, lane, campaign_id, waiting_since)"
        " SELECT id, 'parked', campaign_id, parked_until FROM reviews"
        " WHERE parked_until IS NOT NULL AND state IN ('received', 'waiting')"
    )
    op.execute(
        "INSERT INTO review_lanes (review_id, lane, campaign_id, waiting_since)"
        " SELECT id, 'all', campaign_id, waiting_since FROM reviews WHERE parked_until IS NULL AND state = 'waiting'"
    )
    op.execute(
        "INSERT INTO counters (campaign_id, name, day, value)"
        " SELECT campaign_id, 'lane:' || lane, '', count(*) FROM review_lanes GROUP BY campaign_id, lane"
    )


def _fill_words() -> None:
    connection = op.get_bind()
    postgresql = connection.dialect.name == "postgresql"
    last = 0
    while True:
        rows = connection.execute(
            sa.text(
                "SELECT id, words, how_we_will_know, name, role, organisation FROM revisions"
                " WHERE id > :last AND erased_at IS NULL ORDER BY id LIMIT :most"
            ),
            {"last": last, "most": AT_ONCE},
        ).all()
        if not rows:
            return
        said = [(row[0], words_of(" ".join(row[1:]))) for row in rows]
        found = [{"id": number, "words": words if postgresql else " ".join(words)} for number, words in said if words]
        if found:
            connection.execute(insertion(connection.dialect.name), found)
        last = rows[-1][0]


def downgrade() -> None:
    op.execute("DELETE FROM counters WHERE name LIKE 'lane:%'")
    op.execute(  # what was laid aside, or stood in the lane of everything alone, is found by its review there
        "DELETE FROM review_lanes WHERE lane IN ('all', 'parked')"
    )
    op.execute("DROP TABLE revision_words")
