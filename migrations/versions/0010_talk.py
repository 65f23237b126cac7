"""A comment that comes or goes moves a version of its own, so that it does not make every kept page of the wall stale."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INDEX = "ix_contributions_campaign_id_talk_version"


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("talk_version", sa.Integer(), server_default="0", nullable=False))
    op.add_column("contributions", sa.Column("talk_version", sa.Integer(), server_default="0", nullable=False))
    op.create_index(
        INDEX,
        "contributions",
        ["campaign_id", "talk_version"],
        sqlite_where=sa.text("talk_version > 0"),
        postgresql_where=sa.text("talk_version > 0"),
    )


def downgrade() -> None:
    op.drop_index(INDEX, "contributions")
    op.drop_column("contributions", "talk_version")
    op.drop_column("campaigns", "talk_version")
