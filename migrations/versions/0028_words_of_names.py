"""The list of a wall's organisations is searched by an index of the words of their names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORD = sa.String(60).with_variant(sa.String(60, collation="C"), "postgresql")


def upgrade() -> None:
    words = op.create_table(
        "organisation_words",
        sa.Column("campaign_id", ID, nullable=False),
        sa.Column("word", WORD, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_organisation_words_campaign_id_campaigns"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_organisation_words_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", "word", "organisation_id", name=op.f("pk_organisation_words")),
    )
    op.create_index(op.f("ix_organisation_words_organisation_id"), "organisation_words", ["organisation_id"])
    rows = op.get_bind().execute(sa.text("SELECT campaign_id, organisation_id, order_key FROM organisations_on_walls"))
    found = [
        {"campaign_id": row.campaign_id, "word": word, "organisation_id": row.organisation_id}
        for row in rows.all()
        for word in sorted({word[:60] for word in row.order_key.split()[:20]})
    ]
    if found:
        op.bulk_insert(words, found)


def downgrade() -> None:
    op.drop_table("organisation_words")
