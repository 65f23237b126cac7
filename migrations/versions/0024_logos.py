"""The logo of an organisation, looked at by a moderator before it is shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("organisations", sa.Column("logo_hash", sa.String(length=64), nullable=True))
    op.add_column("organisations", sa.Column("logo_alt", sa.String(length=120), server_default="", nullable=False))
    op.add_column("organisations", sa.Column("logo_width", sa.Integer(), server_default="0", nullable=False))
    op.add_column("organisations", sa.Column("logo_height", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "logos",
        sa.Column("id", ID, nullable=False),
        sa.Column("matter_id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("alt", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"],
            ["organisation_matters.id"],
            name=op.f("fk_logos_matter_id_organisation_matters"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_logos_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logos")),
        sa.UniqueConstraint("matter_id", name=op.f("uq_logos_matter_id")),
    )
    op.create_index(op.f("ix_logos_organisation_id_hash"), "logos", ["organisation_id", "hash"])


def downgrade() -> None:
    op.drop_table("logos")
    op.execute("DELETE FROM organisation_matters WHERE kind = 'logo'")
    for name in ("logo_height", "logo_width", "logo_alt", "logo_hash"):
        op.drop_column("organisations", name)
