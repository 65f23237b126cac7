"""In which lanes of the queue an item stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, false, func, insert, select, update
from sqlalchemy.orm import Session

from pledges.figures import counters
from pledges.models import EVERY_DAY, Type
from pledges.organisations import matters

from .models import Appeal, Cluster, Lane, Report, Review, ReviewCluster, ReviewLane
from .workflow import WAITS, State

HARSH = {Lane.SPAM, Lane.ABUSE, Lane.PERSONAL_DATA}


COUNTER = counters.LANES  # + lane: how many rows of it a campaign has


def put_in(session: Session, review: Review) -> None:
    """The lanes of an item are those that its kind, its newest findings and its reports call for, while it waits.

    What is laid aside stands in the lane of that alone. The item is locked by whoever calls.
    """
    session.flush()
    session.expire(review, ["findings"])
    if review.parked_until is not None and review.state in WAITS:
        _stand(session, review, {Lane.PARKED: review.parked_until})
    elif review.state is State.WAITING:
        _stand(session, review, dict.fromkeys([Lane.ALL, *lanes_of(session, review)], review.waiting_since))
    else:
        take_out(session, review)


def take_out(session: Session, review: Review) -> None:
    """The item stands in no lane."""
    session.flush()
    _stand(session, review, {})


def _stand(session: Session, review: Review, wanted: dict[Lane, datetime]) -> None:
    """Rows and counters change together, here and nowhere else; counters in one order, so that nobody waits in a circle."""
    rows = select(ReviewLane.lane, ReviewLane.waiting_since).where(ReviewLane.review_id == review.id)
    stood = {lane: since for lane, since in session.execute(rows)}
    gone = [lane for lane, since in stood.items() if wanted.get(lane) != since]
    come = [lane for lane, since in wanted.items() if stood.get(lane) != since]
    if gone:
        session.execute(delete(ReviewLane).where(ReviewLane.review_id == review.id, ReviewLane.lane.in_(gone)))
    if come:
        values = {"review_id": review.id, "campaign_id": review.campaign_id}
        behind = _behind_in(session, review)
        session.execute(
            insert(ReviewLane),
            [{**values, "lane": lane, "waiting_since": wanted[lane], "behind": lane in behind} for lane in come],
        )
    for lane in sorted({*gone, *come}):
        counters.add(session, review.campaign_id, f"{COUNTER}{lane}", (lane in come) - (lane in gone))
    session.expire(review, ["lanes"])


def _behind_in(session: Session, review: Review) -> set[str]:
    """The lanes in which a cluster's row stands for this item, as it is committed or ours."""
    mine = select(Review.behind).where(Review.id == review.id).with_for_update(key_share=True)
    if not session.scalar(mine):
        return set()
    told = select(Cluster.lanes).join(ReviewCluster, ReviewCluster.cluster_id == Cluster.id)
    return set(session.scalar(told.where(ReviewCluster.review_id == review.id, ReviewCluster.folds.is_(True))) or ())


def stand_behind(session: Session, review_ids: Sequence[int], among: Iterable[str]) -> None:
    """In the lanes `among` a row of the queue stands for these items, in all others they stand by themselves.

    They are counted wherever they stand, behind a row or not. The items are locked by whoever calls.
    """
    those = [Lane(lane) for lane in among]
    behind = ReviewLane.lane.in_(those) if those else false()
    session.execute(
        update(ReviewLane)
        .where(ReviewLane.review_id.in_(review_ids), ReviewLane.behind != behind)
        .values(behind=behind)
        .execution_options(synchronize_session=False)
    )


def returning(session: Session, now: datetime, limit: int) -> list[int]:
    """What was laid aside until by now, the longest due first."""
    due = select(ReviewLane.review_id).where(ReviewLane.lane == Lane.PARKED, ReviewLane.waiting_since <= now)
    return list(session.scalars(due.order_by(ReviewLane.waiting_since).limit(limit)))


def recount(session: Session, campaign_id: int) -> dict[tuple[str, str], tuple[int, int]]:
    """Set the counters of the lanes right from their rows; answers what had drifted: (name, day) -> (was, is)."""
    was = counters.hold(session, campaign_id, [f"{COUNTER}{lane}" for lane in sorted(Lane)])
    rows = select(ReviewLane.lane, func.count()).where(ReviewLane.campaign_id == campaign_id)
    right = {f"{COUNTER}{lane}": count for lane, count in session.execute(rows.group_by(ReviewLane.lane))}
    matter_lane = f"{COUNTER}{Lane.ORGANISATIONS}"
    right[matter_lane] = right.get(matter_lane, 0) + matters.waiting(session, campaign_id)
    drift = {}
    for name, value in was.items():
        if value != right.get(name, 0):
            drift[(name, EVERY_DAY)] = (value, right.get(name, 0))
            counters.add(session, campaign_id, name, right.get(name, 0) - value)
    return drift


def lanes_of(
    session: Session, review: Review, *, is_reported: bool | None = None, appealed: bool | None = None
) -> set[Lane]:
    """What kind of item it is, what the newest round of checks said, and who complained; looked up where not given."""
    contribution = review.contribution
    lanes = {Lane(finding.lane) for finding in review.findings if finding.lane and finding.round == review.round}
    if review.revision.lang == "cy":
        lanes.add(Lane.WELSH)
    if contribution.type is Type.UPDATE:
        lanes.add(Lane.UPDATES)
    if contribution.type is Type.ANSWER:
        lanes.add(Lane.ANSWERS)
    if reported(session, review) if is_reported is None else is_reported:
        lanes.add(Lane.REPORTED)
    if open_appeal(session, review) if appealed is None else appealed:
        lanes.add(Lane.APPEALS)
    shown = contribution.published_revision_id
    if shown is not None and shown != review.revision_id:
        lanes.add(Lane.CHANGED)
    elif not lanes & (HARSH | {Lane.REPORTED, Lane.APPEALS}):
        lanes.add(Lane.NEW)
    return lanes


def reported(session: Session, review: Review) -> bool:
    """Whether a complaint about this contribution has no outcome yet."""
    return (
        session.scalars(
            select(Report.id)
            .where(Report.contribution_id == review.contribution_id, Report.closed_by_id.is_(None))
            .limit(1)
        ).first()
        is not None
    )


def open_appeal(session: Session, review: Review) -> bool:
    """Whether the author asked for another pair of eyes, and nobody has looked yet."""
    return (
        session.scalars(
            select(Appeal.id).where(Appeal.review_id == review.id, Appeal.closed_by_id.is_(None)).limit(1)
        ).first()
        is not None
    )
