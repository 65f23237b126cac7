"""Clusters are mended and forgotten."""

from __future__ import annotations

import secrets

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, aliased

from moderation.models import Cluster, ClusterBand, ClusterKind, Evidence, Review, ReviewCluster, ReviewLane
from pledges.db import transaction
from pledges.tokens import secret_for

from . import likeness
from .arranging import arrange, stand_in_lanes, unfold
from .joining import locked
from .members import leave, memberships

SPEAK_FOR_IT = 8  # members whose fingerprint a cluster has after one was erased
MENDED = 50


def mend(session: Session) -> int:
    """Items that stand behind a row which nobody carries come to the front again; answers how many clusters.

    And members whose row stands in other lanes than they were told, since it passed on or a check spoke again of the
    one that carries it, are told anew, a portion at a time.
    """
    lost = session.scalars(
        select(Cluster.id)
        .join(ReviewCluster, ReviewCluster.cluster_id == Cluster.id)
        .join(Review, Review.id == ReviewCluster.review_id)
        .where(Cluster.example_id.is_(None), ReviewCluster.folds.is_(True), Review.behind.is_(True))
        .distinct()
        .limit(MENDED)
    ).all()
    for cluster in locked(session, lost):
        arrange(session, cluster)
    moved = _moved(session)
    for cluster in locked(session, moved):
        stand_in_lanes(session, cluster)
    return len(lost) + len(moved)


def _moved(session: Session) -> list[int]:
    """Clusters whose row stands elsewhere than their members were told."""
    rows = session.execute(
        select(Cluster.id, Cluster.lanes, ReviewLane.lane).join(ReviewLane, ReviewLane.review_id == Cluster.example_id)
    )
    told: dict[int, set[str]] = {}
    stands: dict[int, set[str]] = {}
    for cluster_id, known, lane in rows:
        told[cluster_id] = set(known)
        stands.setdefault(cluster_id, set()).add(str(lane))
    return [cluster_id for cluster_id in stands if stands[cluster_id] != told[cluster_id]][:MENDED]


# -- forgetting ------------------------------------------------------------------------------------


def forget(session: Session, review: Review) -> None:
    """Nothing is kept of what these words, their domains and their network have in common with others."""
    leave(session, review)
    for row, cluster in memberships(session, [review.id]):
        if _drop(session, row, cluster) and cluster.kind is ClusterKind.WORDS:
            _say_anew(session, cluster)


def _say_anew(session: Session, cluster: Cluster) -> None:
    """The cluster's fingerprint and key tell of members that are still there, and of none that was erased.

    Which member a part of it came from is not kept, so the fingerprint is made anew of the newest. The key was that of
    whichever words came first; those that equal it are found by the fingerprint.
    """
    members = session.scalars(
        select(Review)
        .join(ReviewCluster, ReviewCluster.review_id == Review.id)
        .where(ReviewCluster.cluster_id == cluster.id)
        .order_by(ReviewCluster.review_id.desc())
        .limit(SPEAK_FOR_IT)
    ).all()
    key = secret_for("clusters") + f"{cluster.campaign_id}".encode()
    told = {band for member in members for band in likeness.bands(key, likeness.skeleton(member.revision.words))}
    cluster.key = secrets.token_hex(32)
    session.execute(delete(ClusterBand).where(ClusterBand.cluster_id == cluster.id))
    session.add_all(ClusterBand(band=band, cluster_id=cluster.id) for band in told)
    session.flush()


def forget_networks(at_once: int) -> None:
    """Where the evidence is forgotten, so is the network's hash."""
    known = aliased(Evidence)
    with transaction() as session:
        orphans = session.scalars(
            select(ReviewCluster.review_id)
            .join(Cluster, Cluster.id == ReviewCluster.cluster_id)
            .where(
                Cluster.kind == ClusterKind.NETWORK,
                ~select(known.review_id).where(known.review_id == ReviewCluster.review_id).exists(),
            )
        ).all()
    for start in range(0, len(orphans), at_once):
        with transaction() as session:
            for row, cluster in memberships(session, orphans[start : start + at_once]):
                if cluster.kind is ClusterKind.NETWORK:
                    _forget_network(session, row, cluster)


def _forget_network(session: Session, row: ReviewCluster, cluster: Cluster) -> None:
    if row.waits:
        cluster.waiting -= 1
        if row.folds:
            unfold(session, row, cluster, session.get_one(Review, row.review_id))
    _drop(session, row, cluster)


def _drop(session: Session, row: ReviewCluster, cluster: Cluster) -> bool:
    """The item is no member any more; whether the cluster is still there."""
    session.delete(row)
    cluster.total -= 1
    session.flush()
    if cluster.total <= 0:
        session.execute(delete(ClusterBand).where(ClusterBand.cluster_id == cluster.id))
        session.delete(cluster)
        session.flush()
    return cluster.total > 0
