"""Decisions that want a second person have an index of their own, and days on which much is expected a table.

Each minute asks whether a second person has come. Few decisions say what they propose, so the index holds few rows
however long the list of decisions is. A launch that was told in advance is no flood. Letters and addresses keep what a
mail server answered, so that an address at which nothing arrives ends, and letters are kept where we are refused.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

PROPOSES = sa.text("proposes IS NOT NULL")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_index(
        "ix_decisions_proposes",
        "decisions",
        ["review_id"],
        unique=False,
        sqlite_where=PROPOSES,
        postgresql_where=PROPOSES,
    )
    op.create_table(
        "expected_days",
        sa.Column("id", ID, nullable=False),
        sa.Column("campaign_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("about", sa.Integer(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by_id", ID, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_expected_days_campaign_id_campaigns"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["moderators.id"], name=op.f("fk_expected_days_made_by_id_moderators"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expected_days")),
    )
    op.create_index(op.f("ix_expected_days_campaign_id_day"), "expected_days", ["campaign_id", "day"], unique=False)

    with op.batch_alter_table("contacts") as contacts:
        contacts.add_column(sa.Column("undeliverable_at", MOMENT, nullable=True))
        contacts.add_column(sa.Column("undeliverable_code", sa.String(length=40), server_default="", nullable=False))
    with op.batch_alter_table("letters") as letters:
        letters.add_column(sa.Column("failed_how", sa.String(length=20), server_default="", nullable=False))
        letters.add_column(sa.Column("failed_code", sa.String(length=40), server_default="", nullable=False))
    op.create_index(op.f("ix_letters_failed_how"), "letters", ["failed_how"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_letters_failed_how"), table_name="letters")
    for table, names in (
        ("letters", ("failed_code", "failed_how")),
        ("contacts", ("undeliverable_code", "undeliverable_at")),
    ):
        for name in names:
            op.drop_column(table, name)
    op.drop_table("expected_days")
    op.drop_index("ix_decisions_proposes", table_name="decisions")
