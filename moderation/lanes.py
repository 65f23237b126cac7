"""In which lanes of the queue an item stands."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pledges.models import Type

from .models import Appeal, Lane, Report, Review, ReviewLane

HARSH = {Lane.SPAM, Lane.ABUSE, Lane.PERSONAL_DATA}


def put_in(session: Session, review: Review) -> None:
    """The lanes of a waiting item are those that its kind, its newest findings and its reports call for."""
    session.flush()
    session.execute(delete(ReviewLane).where(ReviewLane.review_id == review.id))
    session.expire(review, ["lanes", "findings"])
    for lane in sorted(lanes_of(session, review)):
        add(session, review, lane)
    session.flush()


def add(session: Session, review: Review, lane: Lane) -> None:
    """The item stands in this lane too."""
    if session.get(ReviewLane, (review.id, lane)) is None:
        row = ReviewLane(
            review_id=review.id, lane=lane, campaign_id=review.campaign_id, waiting_since=review.waiting_since
        )
        session.add(row)


def lanes_of(session: Session, review: Review) -> set[Lane]:
    """What kind of item it is, what the newest round of checks said, and who complained."""
    contribution = review.contribution
    lanes = {Lane(finding.lane) for finding in review.findings if finding.lane and finding.round == review.round}
    if review.revision.lang == "cy":
        lanes.add(Lane.WELSH)
    if contribution.type is Type.UPDATE:
        lanes.add(Lane.UPDATES)
    if contribution.type is Type.ANSWER:
        lanes.add(Lane.ANSWERS)
    if reported(session, review):
        lanes.add(Lane.REPORTED)
    if open_appeal(session, review):
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
