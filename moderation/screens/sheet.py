"""A leaf of the reading sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from moderation.bulk import picks
from moderation.decisions import seeing
from moderation.models import Moderator, Review
from pledges.models import Contribution
from pledges.wall.pieces import Signature, signature

from . import changes, rows


@dataclass(frozen=True)
class Leaf:
    """One item of a reading sheet, in full."""

    review: Review
    row: rows.Row
    key: str
    by: Signature
    parent: Contribution | None
    parent_hidden: bool  # strong words are in it: they are read where they are asked for


def leaves(session: Session, reviews: Sequence[Review], by: Moderator, now: datetime) -> list[Leaf]:
    parents = [review.contribution.parent for review in reviews]
    masked = changes.masked(session, [parent.published_revision_id for parent in parents if parent is not None])
    return [_leaf(review, by, now, masked) for review in reviews]


def _leaf(review: Review, by: Moderator, now: datetime, masked: set[int]) -> Leaf:
    revision, parent = review.revision, review.contribution.parent
    return Leaf(
        review=review,
        row=rows.row_of(review, now),
        key=f"{picks.Pick(review.id, review.version)}.{seeing.proof(by, review)}",
        by=signature(revision, revision.level),
        parent=parent,
        parent_hidden=parent is not None and parent.published_revision_id in masked,
    )
