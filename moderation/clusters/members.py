"""Items enter a cluster, leave it, and come back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from moderation import lanes
from moderation.models import Cluster, ClusterKind, Decision, Review, ReviewCluster
from moderation.workflow import State

from .arranging import arrange, folding, unfold
from .joining import ORDER, hold, join, locked
from .signs import note_clear, noticed, spoken_against

STRAYS = 3  # earlier members that join a row when their like arrives
GONE = (State.REJECTED, State.SPAM)

Membership = tuple[ReviewCluster, Cluster]


def settled(session: Session, review: Review, now: datetime) -> None:
    """The checks have spoken: whether the item is clear is noted, and it stands with its like."""
    note_clear(session, review)
    session.flush()
    if review.state is not State.WAITING:
        return
    hold(session, [review.campaign_id])
    leave(session, review)
    join(session, review, now)
    _enter(session, review, now)


def follow(session: Session, review: Review, now: datetime) -> None:
    """A move was made: an item that waits again counts again, and one that does not is counted out."""
    if review.state is State.WAITING:
        _enter(session, review, now)
    else:
        leave(session, review)


# -- counts and rows -------------------------------------------------------------------------------


def memberships(session: Session, review_ids: Iterable[int]) -> list[Membership]:
    """The items' clusters, locked in one order for all."""
    ids = list(review_ids)
    rows = session.scalars(select(ReviewCluster).where(ReviewCluster.review_id.in_(ids))).all()
    by_id = {cluster.id: cluster for cluster in locked(session, {row.cluster_id for row in rows})}
    for row in rows:
        session.refresh(row)
    return [(row, by_id[row.cluster_id]) for row in rows]


def _enter(session: Session, review: Review, now: datetime) -> None:
    """The item waits: its clusters count it, and one of them may stand for it."""
    rows = [pair for pair in memberships(session, [review.id]) if not pair[0].waits]
    if not rows:
        return
    home = _home(session, review, rows)
    for row, cluster in rows:
        row.waits, row.folds = True, cluster is home
        cluster.waiting += 1
    session.flush()
    if home is not None:
        home.folding += 1
        arrange(session, home, review)
        if home.kind is ClusterKind.WORDS and home.decided_by_id is None:  # else they were looked at and taken out
            _gather_strays(session, home)


def leave(session: Session, review: Review) -> None:
    """The item does not wait: its clusters count it no longer, and a row that it carried passes to the next."""
    for row, cluster in memberships(session, [review.id]):
        if row.waits:
            row.waits = False
            cluster.waiting -= 1
            if row.folds:
                unfold(session, row, cluster, review)


def stand_alone(session: Session, review: Review) -> None:
    """The item was laid aside or passed on: no row stands for it any more, and it carries none."""
    for row, cluster in memberships(session, [review.id]):
        if row.folds:
            unfold(session, row, cluster, review)


def come_back(session: Session, review: Review) -> None:
    """The item is laid aside or passed on no more: a row may stand for it as when it came."""
    rows = [pair for pair in memberships(session, [review.id]) if pair[0].waits]
    if not rows or any(row.folds for row, _ in rows):
        return
    home = _home(session, review, rows, others_from=1)  # it is counted itself
    if home is None:
        return
    for row, cluster in rows:
        row.folds = cluster is home
    session.flush()
    home.folding += 1
    arrange(session, home, review)


def _home(session: Session, review: Review, rows: list[Membership], others_from: int = 0) -> Cluster | None:
    """The one cluster whose row may stand for this item: words before domain before network.

    `others_from`: a cluster in which more than this many wait holds others than the item itself.
    """
    if review.contribution.published_revision_id is not None or lanes.open_appeal(session, review):
        return None  # a change, a report or an appeal is looked at by itself
    if _laid_aside(review):
        return None
    by_kind = {kind: [pair for pair in rows if pair[1].kind is kind] for kind in ORDER}
    spoken = spoken_against(review)
    for row, cluster in by_kind[ClusterKind.WORDS]:
        others = cluster.waiting > others_from or cluster.decided_by_id is not None
        if others and (noticed(review) or _has_twin(session, row, cluster)):
            return cluster
    if not spoken:
        return None
    for kind in (ClusterKind.DOMAIN, ClusterKind.NETWORK):
        shared = [cluster for _, cluster in by_kind[kind] if cluster.waiting > others_from]
        if shared:
            return max(shared, key=lambda cluster: cluster.waiting)
    return None


def _laid_aside(review: Review) -> bool:
    """Whether somebody laid it aside or passed it on, so that it stands by itself (`stand_alone`)."""
    return review.parked_until is not None or review.passed_to_id is not None


def _has_twin(session: Session, row: ReviewCluster, cluster: Cluster) -> bool:
    """Whether another member says the same but for its disguise: waiting, or among those that were declined."""
    twins = _twins(row).where(ReviewCluster.waits.is_(True))
    if cluster.decided_by_id is not None:
        twins = _twins(row).where(Review.state.in_(GONE))
    return session.scalars(twins.limit(1)).first() is not None


def _twins(row: ReviewCluster) -> Select[ReviewCluster]:
    return (
        select(ReviewCluster)
        .join(Review, Review.id == ReviewCluster.review_id)
        .where(
            ReviewCluster.cluster_id == row.cluster_id,
            ReviewCluster.review_id != row.review_id,
            ReviewCluster.sketch == row.sketch,
        )
    )


def _gather_strays(session: Session, cluster: Cluster) -> None:
    """Members that waited alone, or with their network, when their like arrived, stand behind the same row now."""
    waiting = select(ReviewCluster).where(
        ReviewCluster.cluster_id == cluster.id, ReviewCluster.waits.is_(True), ReviewCluster.folds.is_(False)
    )
    strays = session.scalars(waiting.order_by(ReviewCluster.review_id.desc()).limit(STRAYS)).all()
    reviews = {row.review_id: session.get_one(Review, row.review_id) for row in strays}
    coming = [
        row
        for row in strays
        if not _laid_aside(reviews[row.review_id])
        and (spoken_against(reviews[row.review_id]) or _has_twin(session, row, cluster))
    ]
    if not coming:
        return
    for row, other in memberships(session, [row.review_id for row in coming]):
        if row.folds and other is not cluster:
            unfold(session, row, other, reviews[row.review_id])
    for row in coming:
        row.folds = True
        cluster.folding += 1
        session.flush()
        arrange(session, cluster, reviews[row.review_id])


def decided(session: Session, cluster_id: int, decision: Decision | None, *, seen: int = 0) -> None:
    """Later copies of what this decision declined gather in one row; none: the cluster is like any other again.

    Members up to the id `seen` that still wait were looked at and taken out, so they stand in the queue by themselves.
    """
    for cluster in locked(session, [cluster_id]):
        cluster.decided_by_id = decision.id if decision is not None else None
        session.flush()
        kept = session.scalars(folding(cluster).where(Review.id <= seen)).all()
        for row, _ in memberships(session, kept):
            if row.cluster_id == cluster.id:
                unfold(session, row, cluster, session.get_one(Review, row.review_id))
        arrange(session, cluster)
