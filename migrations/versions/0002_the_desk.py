"""What the desk needs for an evening: batches, clusters, house rules, word lists, surges, passkeys, and care."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("value", sa.String(length=100), nullable=False),
        sa.Column("effect", sa.String(24), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_holds_campaign_id_campaigns"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["moderators.id"], name=op.f("fk_holds_made_by_id_moderators"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index(op.f("ix_holds_campaign_id_ends_at"), "holds", ["campaign_id", "ends_at"], unique=False)
    op.create_table(
        "house_rules",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("allowed", sa.JSON(), nullable=False),
        sa.Column("declined", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_house_rules_campaign_id_campaigns"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["moderators.id"], name=op.f("fk_house_rules_made_by_id_moderators"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_house_rules")),
    )
    op.create_index(op.f("ix_house_rules_campaign_id_number"), "house_rules", ["campaign_id", "number"], unique=False)
    op.create_table(
        "passkeys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("moderator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(length=1024), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("transports", sa.Text(), nullable=True),
        sa.Column("extensions", sa.String(length=255), nullable=True),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("usage", sa.String(length=64), nullable=False),
        sa.Column("device_type", sa.String(length=64), nullable=False),
        sa.Column("backup_state", sa.Boolean(), nullable=False),
        sa.Column("create_datetime", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lastuse_datetime", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["moderator_id"], ["moderators.id"], name=op.f("fk_passkeys_moderator_id_moderators"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
    )
    op.create_index(op.f("ix_passkeys_credential_id"), "passkeys", ["credential_id"], unique=True)
    op.create_index(op.f("ix_passkeys_moderator_id"), "passkeys", ["moderator_id"], unique=False)
    op.create_table(
        "surges",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("why", sa.String(length=40), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("promises", sa.Boolean(), nullable=False),
        sa.Column("comments", sa.Boolean(), nullable=False),
        sa.Column("letters", sa.Boolean(), nullable=False),
        sa.Column("screens", sa.Boolean(), nullable=False),
        sa.Column("slower", sa.Boolean(), nullable=False),
        sa.Column("asked_for_help_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_surges_campaign_id_campaigns"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["moderators.id"], name=op.f("fk_surges_ended_by_id_moderators"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["started_by_id"], ["moderators.id"], name=op.f("fk_surges_started_by_id_moderators"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surges")),
    )
    op.create_index(op.f("ix_surges_campaign_id_ends_at"), "surges", ["campaign_id", "ends_at"], unique=False)
    op.create_table(
        "word_rules",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.String(length=100), nullable=False),
        sa.Column("effect", sa.String(24), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_word_rules_campaign_id_campaigns"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["moderators.id"], name=op.f("fk_word_rules_made_by_id_moderators"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_word_rules")),
    )
    op.create_index(
        op.f("ix_word_rules_campaign_id_retired_at"), "word_rules", ["campaign_id", "retired_at"], unique=False
    )
    op.create_table(
        "clusters",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("folding", sa.Integer(), nullable=False),
        sa.Column("example_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_clusters_campaign_id_campaigns"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["decisions.id"], name=op.f("fk_clusters_decided_by_id_decisions"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["example_id"], ["reviews.id"], name=op.f("fk_clusters_example_id_reviews"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clusters")),
        sa.UniqueConstraint("campaign_id", "kind", "key", name=op.f("uq_clusters_campaign_id_kind_key")),
    )
    op.create_index("ix_clusters_waiting", "clusters", ["campaign_id", "waiting"], unique=False)
    op.create_table(
        "batches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("moderator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("cluster_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("move", sa.String(length=24), nullable=False),
        sa.Column("reason_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("to_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("tell", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_batches_campaign_id_campaigns"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["cluster_id"], ["clusters.id"], name=op.f("fk_batches_cluster_id_clusters"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["moderator_id"], ["moderators.id"], name=op.f("fk_batches_moderator_id_moderators"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["reason_id"], ["reasons.id"], name=op.f("fk_batches_reason_id_reasons"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["to_id"], ["moderators.id"], name=op.f("fk_batches_to_id_moderators"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    op.create_index(op.f("ix_batches_moderator_id_made_at"), "batches", ["moderator_id", "made_at"], unique=False)
    op.create_table(
        "cluster_bands",
        sa.Column("band", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cluster_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["cluster_id"], ["clusters.id"], name=op.f("fk_cluster_bands_cluster_id_clusters"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("band", "cluster_id", name=op.f("pk_cluster_bands")),
    )
    op.create_index(op.f("ix_cluster_bands_cluster_id"), "cluster_bands", ["cluster_id"], unique=False)
    op.create_table(
        "review_clusters",
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cluster_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sketch", sa.String(length=1024), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.Column("folds", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cluster_id"], ["clusters.id"], name=op.f("fk_review_clusters_cluster_id_clusters"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["reviews.id"], name=op.f("fk_review_clusters_review_id_reviews"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("review_id", "cluster_id", name=op.f("pk_review_clusters")),
    )
    op.create_index(op.f("ix_review_clusters_cluster_id"), "review_clusters", ["cluster_id"], unique=False)
    op.create_table(
        "batch_items",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("why", sa.String(length=24), nullable=False),
        sa.Column("was", sa.JSON(), nullable=False),
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_batch_items_batch_id_batches"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_batch_items_decision_id_decisions"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["reviews.id"], name=op.f("fk_batch_items_review_id_reviews"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_items")),
        sa.UniqueConstraint("batch_id", "review_id", name=op.f("uq_batch_items_batch_id_review_id")),
    )
    op.create_index(op.f("ix_batch_items_batch_id_place"), "batch_items", ["batch_id", "place"], unique=False)
    op.create_index(op.f("ix_batch_items_review_id"), "batch_items", ["review_id"], unique=False)
    op.add_column("acts", sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
    op.create_index("ix_acts_campaign", "acts", ["campaign_id", "id"], unique=False)
    op.add_column("campaigns", sa.Column("guard", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("campaigns", sa.Column("guard_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("decisions", sa.Column("more_reasons", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("decisions", sa.Column("proposes", sa.String(24), nullable=True))
    op.add_column("decisions", sa.Column("waited_seconds", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_decisions_decided_at"), "decisions", ["decided_at"], unique=False)
    op.create_index(op.f("ix_evidence_ip"), "evidence", ["ip"], unique=False)
    op.add_column("letters", sa.Column("detail", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("moderators", sa.Column("skips", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("moderators", sa.Column("quiet_text", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("moderators", sa.Column("on_call", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("moderators", sa.Column("alerts", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("moderators", sa.Column("digest", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("moderators", sa.Column("fs_webauthn_user_handle", sa.String(length=64), nullable=True))
    op.create_index("ix_moderators_fs_webauthn_user_handle", "moderators", ["fs_webauthn_user_handle"], unique=True)
    op.add_column("notes", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("reports", sa.Column("network", sa.String(length=64), nullable=True))
    op.add_column("reviews", sa.Column("handed_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("reviews", sa.Column("clear", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("reviews", sa.Column("behind", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_reviews_claimed", "reviews", ["claimed_by_id", "claimed_until"], unique=False)
    op.create_index(
        "ix_reviews_clear", "reviews", ["campaign_id", "clear", "state", "waiting_since", "id"], unique=False
    )
    op.create_index("ix_reviews_passed", "reviews", ["passed_to_id", "waiting_since", "id"], unique=False)
    op.add_column("sign_ins", sa.Column("harsh_opened", sa.Integer(), server_default="0", nullable=False))
    op.add_column("sign_ins", sa.Column("rested_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sign_ins", sa.Column("harsh_at_rest", sa.Integer(), server_default="0", nullable=False))
    # ### end Alembic commands ###


def downgrade() -> None:
    op.drop_column("sign_ins", "harsh_at_rest")
    op.drop_column("sign_ins", "rested_at")
    op.drop_column("sign_ins", "harsh_opened")
    op.drop_index("ix_reviews_passed", table_name="reviews")
    op.drop_index("ix_reviews_clear", table_name="reviews")
    op.drop_index("ix_reviews_claimed", table_name="reviews")
    op.drop_column("reviews", "behind")
    op.drop_column("reviews", "clear")
    op.drop_column("reviews", "handed_until")
    op.drop_column("reports", "network")
    op.drop_column("notes", "changed_at")
    op.drop_index("ix_moderators_fs_webauthn_user_handle", table_name="moderators")
    op.drop_column("moderators", "fs_webauthn_user_handle")
    op.drop_column("moderators", "digest")
    op.drop_column("moderators", "alerts")
    op.drop_column("moderators", "on_call")
    op.drop_column("moderators", "quiet_text")
    op.drop_column("moderators", "skips")
    op.drop_column("letters", "detail")
    op.drop_index(op.f("ix_evidence_ip"), table_name="evidence")
    op.drop_index(op.f("ix_decisions_decided_at"), table_name="decisions")
    op.drop_column("decisions", "waited_seconds")
    op.drop_column("decisions", "proposes")
    op.drop_column("decisions", "more_reasons")
    op.drop_column("campaigns", "guard_until")
    op.drop_column("campaigns", "guard")
    op.drop_index("ix_acts_campaign", table_name="acts")
    op.drop_column("acts", "campaign_id")
    op.drop_index(op.f("ix_batch_items_review_id"), table_name="batch_items")
    op.drop_index(op.f("ix_batch_items_batch_id_place"), table_name="batch_items")
    op.drop_table("batch_items")
    op.drop_index(op.f("ix_review_clusters_cluster_id"), table_name="review_clusters")
    op.drop_table("review_clusters")
    op.drop_index(op.f("ix_cluster_bands_cluster_id"), table_name="cluster_bands")
    op.drop_table("cluster_bands")
    op.drop_index(op.f("ix_batches_moderator_id_made_at"), table_name="batches")
    op.drop_table("batches")
    op.drop_index("ix_clusters_waiting", table_name="clusters")
    op.drop_table("clusters")
    op.drop_index(op.f("ix_word_rules_campaign_id_retired_at"), table_name="word_rules")
    op.drop_table("word_rules")
    op.drop_index(op.f("ix_surges_campaign_id_ends_at"), table_name="surges")
    op.drop_table("surges")
    op.drop_index(op.f("ix_passkeys_moderator_id"), table_name="passkeys")
    op.drop_index(op.f("ix_passkeys_credential_id"), table_name="passkeys")
    op.drop_table("passkeys")
    op.drop_index(op.f("ix_house_rules_campaign_id_number"), table_name="house_rules")
    op.drop_table("house_rules")
    op.drop_index(op.f("ix_holds_campaign_id_ends_at"), table_name="holds")
    op.drop_table("holds")
    # ### end Alembic commands ###
