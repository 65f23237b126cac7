"""Answers that were taken back are found by when, since copies elsewhere are told of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    gone = sa.text("hidden_at IS NOT NULL")
    op.create_index("ix_steps_hidden", "steps", ["hidden_at", "id"], sqlite_where=gone, postgresql_where=gone)


def downgrade() -> None:
    op.drop_index("ix_steps_hidden", "steps")
