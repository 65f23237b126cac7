"""Which row of a cluster stands in front, and which lie behind it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from moderation import lanes
from moderation.models import Cluster, Lane, Review, ReviewCluster, ReviewLane

FEW = 3  # so many that fold, and one row stands for them
CARE = (Lane.SPAM, Lane.ABUSE, Lane.PERSONAL_DATA)  # lanes that a check puts an item into
AT_ONCE = 500  # items of one statement
CANDIDATES = 20  # the oldest of a cluster, of whom one carries its row


def unfold(session: Session, row: ReviewCluster, cluster: Cluster, review: Review) -> None:
    row.folds = False
    free = select(Review.id).where(Review.id == review.id).with_for_update(skip_locked=True, key_share=True)
    _mark(session, cluster, session.scalars(free).all(), False)
    cluster.folding -= 1
    carried = cluster.example_id == review.id
    if carried:
        cluster.example_id = None
    session.flush()
    arrange(session, cluster, passes_on=carried)


def arrange(session: Session, cluster: Cluster, newcomer: Review | None = None, *, passes_on: bool = False) -> None:
    """One member carries the row and the others stand behind it, as long as there are enough of them.

    `passes_on`: who carried it has just left, so the others stand behind it already and none of them is looked at.
    """
    enough = 1 if cluster.decided_by_id is not None else FEW
    if cluster.folding < enough:
        if cluster.example_id is not None or newcomer is None:
            _set_behind(session, cluster, False)
            cluster.example_id = None
            cluster.lanes = []
    elif cluster.example_id is not None:
        if newcomer is not None and newcomer.id != cluster.example_id:
            stays_behind = newcomer.id
            if _is_warned_of_more(session, newcomer.id, cluster.example_id):
                stays_behind, cluster.example_id = cluster.example_id, newcomer.id
                _mark(session, cluster, [newcomer.id], False)
                if cluster.folding <= AT_ONCE:
                    stand_in_lanes(session, cluster)
            _set_behind(session, cluster, True, only=stays_behind)
    else:
        cluster.example_id = _oldest(session, cluster)
        if cluster.folding <= AT_ONCE:  # of more the worker tells them, a portion at a time
            stand_in_lanes(session, cluster)
        if not passes_on or cluster.example_id is None:
            _set_behind(session, cluster, True)
    session.flush()


def _is_warned_of_more(session: Session, newcomer: int, example: int) -> bool:
    """Whether it stands in lanes of care where who carries the row does not: there its like would stand one by one.

    The first copies of a flood are like any other words; only later ones does a check speak against.
    """
    rows = session.execute(
        select(ReviewLane.review_id, ReviewLane.lane).where(
            ReviewLane.review_id.in_((newcomer, example)), ReviewLane.lane.in_(CARE)
        )
    )
    stands: dict[int, set[Lane]] = {newcomer: set(), example: set()}
    for review_id, lane in rows:
        stands[review_id].add(lane)
    return stands[newcomer] > stands[example]


def stand_in_lanes(session: Session, cluster: Cluster) -> None:
    """The members are told where their row stands, if it stands elsewhere than they were told: `AT_ONCE` of them."""
    standing = select(ReviewLane.lane).where(ReviewLane.review_id == cluster.example_id)
    stands = sorted(session.scalars(standing))
    told = [str(lane) for lane in stands]
    if told == cluster.lanes:
        return
    wrong = select(ReviewLane.review_id).where(
        ReviewLane.review_id == Review.id,
        ReviewLane.lane.in_([Lane(lane) for lane in {*told} ^ {*cluster.lanes}]),
        ReviewLane.behind != ReviewLane.lane.in_(stands),
    )
    members = folding(cluster).where(Review.behind.is_(True), wrong.exists()).limit(AT_ONCE)
    ids = session.scalars(members.with_for_update(skip_locked=True, key_share=True, of=Review)).all()
    lanes.stand_behind(session, ids, told)
    if len(ids) < AT_ONCE:
        cluster.lanes = told
    session.flush()


def folding(cluster: Cluster) -> Select[int]:
    return (
        select(Review.id)
        .join(ReviewCluster, ReviewCluster.review_id == Review.id)
        .where(ReviewCluster.cluster_id == cluster.id, ReviewCluster.waits.is_(True), ReviewCluster.folds.is_(True))
    )


def _oldest(session: Session, cluster: Cluster) -> int | None:
    """Who carries the row: one of the oldest, standing where the row stood if one does.

    Not an item that somebody decides at this moment; `mend` sees to what is left over.
    """
    oldest = session.scalars(folding(cluster).order_by(ReviewCluster.review_id).limit(CANDIDATES)).all()
    rows = session.execute(select(ReviewLane.review_id, ReviewLane.lane).where(ReviewLane.review_id.in_(oldest)))
    stands: dict[int, set[str]] = {}
    for review_id, lane in rows:
        stands.setdefault(review_id, set()).add(str(lane))
    told = {*cluster.lanes}
    for review_id in sorted(oldest, key=lambda each: (bool(told) and stands.get(each) != told, each)):
        free = select(Review.id).where(Review.id == review_id).with_for_update(skip_locked=True, key_share=True)
        if session.scalar(free) is not None:
            _mark(session, cluster, [review_id], False)
            return review_id
    return None


def _set_behind(session: Session, cluster: Cluster, behind: bool, *, only: int | None = None) -> None:
    query = folding(cluster).where(Review.behind.is_(not behind), Review.id != (cluster.example_id or 0))
    if only is not None:
        query = query.where(Review.id == only)
    ids = session.scalars(query.with_for_update(skip_locked=True, key_share=True, of=Review)).all()
    _mark(session, cluster, ids, behind)


def _mark(session: Session, cluster: Cluster, ids: Sequence[int], behind: bool) -> None:
    """These items, which are locked, stand behind the cluster's row in its lanes, or by themselves."""
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        session.execute(update(Review).where(Review.id.in_(some)).values(behind=behind))
        lanes.stand_behind(session, some, cluster.lanes if behind else ())
