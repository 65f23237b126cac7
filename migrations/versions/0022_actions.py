"""An organisation can put several dated actions into one promise, and tells how each of them goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("revisions", sa.Column("actions", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("steps", sa.Column("action", sa.String(16), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM steps WHERE action IS NOT NULL")  # of the whole promise they would say something else
    op.drop_column("steps", "action")
    op.drop_column("revisions", "actions")
