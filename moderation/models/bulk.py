"""Clusters of items, and batches of them decided by one act."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pledges.db import Base, BigId, text_enum

from .people import Moderator
from .reviews import Review
from .rules import Reason


class Batch(Base):
    """Many items decided by one act: in bulk, by a cluster, or from a reading sheet."""

    __tablename__ = "batches"
    __table_args__ = (Index(None, "moderator_id", "made_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="RESTRICT"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    cluster_id: Mapped[int | None] = mapped_column(ForeignKey("clusters.id", ondelete="SET NULL"))
    move: Mapped[str] = mapped_column(String(24))  # reject | spam | park | pass | approve (a reading sheet alone)
    reason_id: Mapped[int | None] = mapped_column(ForeignKey("reasons.id", ondelete="RESTRICT"))
    to_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    tell: Mapped[bool] = mapped_column(default=True)
    note: Mapped[str] = mapped_column(Text, default="")
    total: Mapped[int]
    made_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]

    items: Mapped[list[BatchItem]] = relationship(back_populates="batch", order_by="BatchItem.place")
    moderator: Mapped[Moderator] = relationship(foreign_keys=[moderator_id])
    reason: Mapped[Reason | None] = relationship()


class BatchItem(Base):
    """One item of a batch: the revision that was looked at, by its review's version, and what came of it."""

    __tablename__ = "batch_items"
    __table_args__ = (UniqueConstraint("batch_id", "review_id"), Index(None, "batch_id", "place"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"))
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"), index=True)
    version: Mapped[int]
    place: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(24), default="")  # '' (to do) | done | overtaken | refused | undone
    why: Mapped[str] = mapped_column(String(24), default="")  # it was refused, or was not undone with the others
    was: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the marks that parking or passing on has changed
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id", ondelete="SET NULL"))

    batch: Mapped[Batch] = relationship(back_populates="items")
    review: Mapped[Review] = relationship()


class ClusterKind(StrEnum):
    """What the items of a cluster have in common."""

    WORDS = "words"
    NETWORK = "network"
    DOMAIN = "domain"


class Cluster(Base):
    """Waiting items that are near-identical, come from one network, or carry links to one domain."""

    __tablename__ = "clusters"
    __table_args__ = (
        UniqueConstraint("campaign_id", "kind", "key"),
        Index("ix_clusters_waiting", "campaign_id", "waiting"),
        Index("ix_clusters_example", "example_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    kind: Mapped[ClusterKind] = mapped_column(text_enum(ClusterKind))
    key: Mapped[str] = mapped_column(String(64))  # keyed hash: it tells neither words nor network
    waiting: Mapped[int] = mapped_column(default=0)  # members that wait, kept as they come and go
    folding: Mapped[int] = mapped_column(default=0)  # of these, those that one row of the queue may stand for
    example_id: Mapped[int | None] = mapped_column(ForeignKey("reviews.id", ondelete="SET NULL"))  # and its row
    lanes: Mapped[list[Any]] = mapped_column(JSON, default=list)  # where that row stands, as its members were told
    total: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id", ondelete="SET NULL"))  # its example


class ReviewCluster(Base):
    """An item belongs to a cluster."""

    __tablename__ = "review_clusters"
    __table_args__ = (
        Index("ix_review_clusters_newest", "cluster_id", "review_id"),
        Index("ix_review_clusters_waiting", "cluster_id", "waits", "folds", "review_id"),
    )

    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"), primary_key=True)
    cluster_id: Mapped[int] = mapped_column(ForeignKey("clusters.id", ondelete="CASCADE"), primary_key=True)
    sketch: Mapped[str] = mapped_column(String(1024), default="")  # keyed hash of the words without their disguise
    waits: Mapped[bool] = mapped_column(default=False)
    folds: Mapped[bool] = mapped_column(default=False)  # the cluster's row may stand for it; in one cluster at most

    cluster: Mapped[Cluster] = relationship()


class ClusterBand(Base):
    """A part of the fingerprint of a cluster's words: near-identical words share at least one, and are found by it."""

    __tablename__ = "cluster_bands"

    band: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)  # keyed hash
    cluster_id: Mapped[int] = mapped_column(ForeignKey("clusters.id", ondelete="CASCADE"), primary_key=True, index=True)
