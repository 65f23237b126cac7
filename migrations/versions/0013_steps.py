"""How a promise goes: dated steps, who was asked, when an address has served, and what a campaign hopes for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pledges.db import BigId, Utc

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "steps",
        sa.Column("id", BigId, nullable=False),
        sa.Column("public_id", sa.String(16), nullable=False),
        sa.Column("pledge_id", BigId, nullable=False),
        sa.Column("update_id", BigId, nullable=True),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("said_at", Utc(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("hidden_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_steps")),
        sa.ForeignKeyConstraint(
            ["pledge_id"], ["contributions.id"], name=op.f("fk_steps_pledge_id_contributions"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["update_id"], ["contributions.id"], name=op.f("fk_steps_update_id_contributions"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_steps_public_id")),
        sa.UniqueConstraint("update_id", name=op.f("uq_steps_update_id")),
    )
    op.create_index("ix_steps_pledge", "steps", ["pledge_id", "said_at", "id"])
    op.create_index("ix_steps_held", "steps", ["id"], sqlite_where=sa.text("held"), postgresql_where=sa.text("held"))
    op.add_column("contributions", sa.Column("asked_at", Utc(), nullable=True))
    op.add_column("contacts", sa.Column("forget_after", Utc(), nullable=True))
    op.create_index(op.f("ix_contacts_next_question_at"), "contacts", ["next_question_at"])
    op.create_index(op.f("ix_contacts_forget_after"), "contacts", ["forget_after"])
    op.add_column("campaigns", sa.Column("target", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("campaigns", "target")
    op.drop_index(op.f("ix_contacts_forget_after"), "contacts")
    op.drop_index(op.f("ix_contacts_next_question_at"), "contacts")
    op.drop_column("contacts", "forget_after")
    op.drop_column("contributions", "asked_at")
    op.drop_table("steps")
