"""Who has an item open, or was passed one, is found by an index of those alone, however many were decided: few have either."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_reviews_passed": ["passed_to_id", "waiting_since", "id"],
    "ix_reviews_claimed": ["claimed_by_id", "claimed_until"],
}


def upgrade() -> None:
    for name, columns in INDEXES.items():
        there = sa.text(f"{columns[0]} IS NOT NULL")
        op.drop_index(name, table_name="reviews")
        op.create_index(name, "reviews", columns, sqlite_where=there, postgresql_where=there)


def downgrade() -> None:
    for name, columns in INDEXES.items():
        op.drop_index(name, table_name="reviews")
        op.create_index(name, "reviews", columns)
