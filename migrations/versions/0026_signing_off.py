"""Organisations: who has agreed to a promise, drafts for whoever must, and links by which colleagues come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pledges.db import BigId, Utc

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("campaign_id", BigId, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("made_at", Utc(), nullable=False),
        sa.Column("ends_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_drafts_campaign_id_campaigns"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("token_hash", name=op.f("uq_drafts_token_hash")),
    )
    op.create_index(op.f("ix_drafts_ends_at"), "drafts", ["ends_at"])
    op.add_column("contacts", sa.Column("authoriser", sa.String(100), server_default="", nullable=False))
    op.add_column("event_codes", sa.Column("organisation", sa.String(100), server_default="", nullable=False))
    op.add_column("event_codes", sa.Column("pledge_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("event_codes", "pledge_id")
    op.drop_column("event_codes", "organisation")
    op.drop_column("contacts", "authoriser")
    op.drop_table("drafts")
