"""How a first name stands is written by who bears it, where it was guessed from the whole name before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("revisions", sa.Column("first_name", sa.String(100), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("revisions", "first_name")
