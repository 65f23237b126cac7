"""What an organisation is and how many people it has can be said with its promise, and waits beside the address until readers see it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contacts", sa.Column("sector", sa.String(length=24), nullable=True))
    op.add_column("contacts", sa.Column("size", sa.String(length=24), nullable=True))


def downgrade() -> None:
    op.drop_column("contacts", "size")
    op.drop_column("contacts", "sector")
