"""What an organisation is, and how many people it has, as its author chose them; lists can be narrowed by the first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INDEX = "ix_organisations_on_walls_sector"


def upgrade() -> None:
    op.add_column("organisations", sa.Column("sector", sa.String(length=24), nullable=True))
    op.add_column("organisations", sa.Column("size", sa.String(length=24), nullable=True))
    op.add_column("organisations", sa.Column("described_by_id", ID, nullable=True))
    op.add_column("organisations_on_walls", sa.Column("sector", sa.String(length=24), nullable=True))
    op.create_index(INDEX, "organisations_on_walls", ["campaign_id", "sector", "order_key", "organisation_id"])
    op.execute(  # those alone that stand under their names, as the list does
        "UPDATE counters SET value = (SELECT count(*) FROM organisations_on_walls"
        " WHERE organisations_on_walls.campaign_id = counters.campaign_id) WHERE name = 'organisations'"
    )


def downgrade() -> None:
    op.drop_index(INDEX, "organisations_on_walls")
    op.drop_column("organisations_on_walls", "sector")
    op.drop_column("organisations", "described_by_id")
    op.drop_column("organisations", "size")
    op.drop_column("organisations", "sector")
    op.execute("DELETE FROM counters WHERE name LIKE 'sector:%'")
