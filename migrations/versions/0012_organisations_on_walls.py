"""Which organisations stand on a wall under their names is kept, with how many promises of theirs, and how many kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pledges.text import fold

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLE = "organisations_on_walls"
AT_ONCE = 500


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("campaign_id", BIG, nullable=False),
        sa.Column("organisation_id", BIG, nullable=False),
        sa.Column("order_key", sa.String(length=400), nullable=False),
        sa.Column("promises", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=f"fk_{TABLE}_campaign_id_campaigns", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=f"fk_{TABLE}_organisation_id_organisations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", "organisation_id", name=f"pk_{TABLE}"),
    )
    op.create_index(f"ix_{TABLE}_order", TABLE, ["campaign_id", "order_key", "organisation_id"])
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT campaign_id, organisation_id, organisations.name AS name, count(*) AS promises,"
            " sum(CASE WHEN progress = 'kept' THEN 1 ELSE 0 END) AS kept"
            " FROM contributions JOIN organisations ON organisations.id = organisation_id"
            " WHERE type = 'pledge' AND kind = 'organisation' AND shown_at IS NOT NULL"
            " AND show_name <> 'anonymous' AND NOT example"
            " GROUP BY campaign_id, organisation_id, organisations.name"
        )
    ).all()
    made = [
        {
            "campaign_id": row.campaign_id,
            "organisation_id": row.organisation_id,
            "order_key": fold(row.name)[:400],
            "promises": row.promises,
            "kept": row.kept,
        }
        for row in rows
    ]
    for start in range(0, len(made), AT_ONCE):
        connection.execute(
            sa.text(
                "INSERT INTO organisations_on_walls (campaign_id, organisation_id, order_key, promises, kept)"
                " VALUES (:campaign_id, :organisation_id, :order_key, :promises, :kept)"
            ),
            made[start : start + AT_ONCE],
        )


def downgrade() -> None:
    op.drop_table(TABLE)
