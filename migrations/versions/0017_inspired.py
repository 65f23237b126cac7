"""How many promises on the wall began from another one is kept with that one; a comment can be its author's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contributions", sa.Column("inspired_shown", sa.Integer(), server_default="0", nullable=False))
    op.add_column("contributions", sa.Column("by_author", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(op.f("ix_contributions_inspired_by_id"), "contributions", ["inspired_by_id"])
    op.execute(
        "UPDATE contributions SET inspired_shown = (SELECT count(*) FROM contributions AS others"
        " WHERE others.inspired_by_id = contributions.id AND others.type = 'pledge'"
        " AND others.shown_at IS NOT NULL AND NOT others.example)"
        " WHERE id IN (SELECT inspired_by_id FROM contributions WHERE inspired_by_id IS NOT NULL)"
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_contributions_inspired_by_id"), "contributions")
    op.drop_column("contributions", "by_author")
    op.drop_column("contributions", "inspired_shown")
