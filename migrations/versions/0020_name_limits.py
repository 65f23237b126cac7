"""Less of a name can be shown by any number of levels, by its author or by a moderator; what hid names so far counts on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pledges.db import BigId, Utc

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "name_limits",
        sa.Column("id", BigId, nullable=False),
        sa.Column("contribution_id", BigId, nullable=False),
        sa.Column("level", sa.String(24), nullable=False),
        sa.Column("by_author", sa.Boolean(), nullable=False),
        sa.Column("since", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_name_limits")),
        sa.ForeignKeyConstraint(
            ["contribution_id"],
            ["contributions.id"],
            name=op.f("fk_name_limits_contribution_id_contributions"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("ix_name_limits_contribution_id"), "name_limits", ["contribution_id"])
    op.add_column("contributions", sa.Column("name_lessened_at", Utc(), nullable=True))
    true = "true" if op.get_bind().dialect.name == "postgresql" else "1"
    op.execute(
        "INSERT INTO name_limits (contribution_id, level, by_author, since)"  # noqa: S608 (constants)
        f" SELECT contribution_id, 'anonymous', {true}, given_at FROM consents"
        " WHERE purpose = 'name_hidden' ORDER BY id"
    )


def downgrade() -> None:
    op.drop_column("contributions", "name_lessened_at")
    op.drop_index(op.f("ix_name_limits_contribution_id"), "name_limits")
    op.drop_table("name_limits")
