"""An organisation proves who it is: what was asked and decided, whose promises speak for it, and domains that many share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("contributions", sa.Column("vouched_at", MOMENT, nullable=True))
    op.add_column("contributions", sa.Column("holds_badge", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(  # whoever stood under a badge until now bore it
        "UPDATE contributions SET vouched_at = (SELECT verified_at FROM organisations"
        " WHERE organisations.id = contributions.organisation_id) WHERE organisation_id IN"
        " (SELECT id FROM organisations WHERE verified_at IS NOT NULL)"
    )
    op.create_index(op.f("ix_organisations_verified_until"), "organisations", ["verified_until"])
    op.create_table(
        "organisation_matters",
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("campaign_id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("contribution_id", ID, nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("take_over", sa.Boolean(), nullable=False),
        sa.Column("lang", sa.String(length=20), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("waiting_since", MOMENT, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("how", sa.String(length=24), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_organisation_matters_campaign_id_campaigns"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_organisation_matters_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contribution_id"],
            ["contributions.id"],
            name=op.f("fk_organisation_matters_contribution_id_contributions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_matters")),
        sa.UniqueConstraint("public_id", name=op.f("uq_organisation_matters_public_id")),
    )
    op.create_index("ix_organisation_matters_waiting", "organisation_matters", ["waiting_since", "id"])
    op.create_index("ix_organisation_matters_organisation", "organisation_matters", ["organisation_id", "id"])
    op.create_index("ix_organisation_matters_contribution", "organisation_matters", ["contribution_id", "id"])
    op.create_table(
        "shared_domains",
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_shared_domains")),
    )


def downgrade() -> None:
    op.drop_table("shared_domains")
    op.drop_table("organisation_matters")
    op.drop_index(op.f("ix_organisations_verified_until"), "organisations")
    op.drop_column("contributions", "holds_badge")
    op.drop_column("contributions", "vouched_at")
