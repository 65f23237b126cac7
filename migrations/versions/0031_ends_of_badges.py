"""Whoever holds an organisation's badge is told once, some weeks before it ends: for which end that was done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pledges.db import Utc

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organisations", sa.Column("told_until", Utc(), nullable=True))


def downgrade() -> None:
    op.drop_column("organisations", "told_until")
