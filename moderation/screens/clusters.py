"""What belongs together, as the desk shows it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from sqlalchemy import Select, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from moderation.bulk import batches, picks
from moderation.checks.folding import fold
from moderation.clusters import members, signs
from moderation.models import Appeal, Cluster, ClusterKind, Decision, Moderator, Review, ReviewCluster
from moderation.queue import order
from pledges.models import Contribution

from . import rows
from .beside import LISTED, members_of, row_words, title
from .rows import Signal

_WORD = re.compile(r"\s*\S+\s*")


@dataclass(frozen=True)
class Piece:
    """A stretch of words, and whether the example says something else there."""

    words: str
    differs: bool


@dataclass(frozen=True)
class Member:
    """An item of a cluster, beside its example."""

    review: Review
    pick: str
    row: rows.Row
    pieces: list[Piece]
    hidden: bool
    ticked: bool
    signals: list[Signal]


@dataclass(frozen=True)
class Gathering:
    """A cluster, whole: its members that wait, page by page."""

    cluster: Cluster
    title: str
    count: int  # of its pages
    alone: int  # of them so many stand in the queue by themselves, and the row for the others
    example: Member | None
    members: list[Member]
    rest: int  # that are not on this page and would be chosen from the start if they were
    upto: int  # the newest member, as this page was made
    seen: int  # the newest line of the record, as this page was made
    harsh: bool
    decided: Decision | None
    again: list[str]  # what one press declines again: copies of what was declined, and what a check spoke against
    next_after: int | None

    @property
    def harsh_shown(self) -> int:
        """How many harsh texts this page shows, for the count of those that were opened."""
        every = {member.review.id: member for member in [*([self.example] if self.example else []), *self.members]}
        return sum(1 for member in every.values() if member.review.masked and not member.hidden)


def differences(example: str, words: str) -> list[Piece]:
    """`words` in stretches, those marked that the example does not have; disguise and case are no difference."""
    mine, theirs = _WORD.findall(words), _WORD.findall(example)
    matcher = SequenceMatcher(None, [_bare(word) for word in theirs], [_bare(word) for word in mine], autojunk=False)
    pieces = []
    for tag, _, _, start, end in matcher.get_opcodes():
        text = "".join(mine[start:end])
        if text:
            bare = text.rstrip()
            pieces += [Piece(bare, tag != "equal"), Piece(text[len(bare) :], False)]
    return [piece for piece in pieces if piece.words]


def _bare(word: str) -> str:
    return fold(word.rstrip()).text


def gathering(
    session: Session, cluster: Cluster, by: Moderator, now: datetime, *, after: int = 0, show: str = ""
) -> Gathering:
    """A page of the cluster: the oldest members first. Harsh texts are in it only where they are asked for.

    `show` is `example` for one of them, `all` for all on this page.
    """
    seen = batches.newest_line(session)
    waiting = members_of(cluster).order_by(Review.id).options(*order.WHOLE)
    page = list(session.scalars(waiting.where(Review.id > after).limit(LISTED + 1)))
    more, page = len(page) > LISTED, page[:LISTED]
    first = session.scalars(waiting.limit(1)).first()
    example = session.get(Review, cluster.example_id) if cluster.example_id else first
    from_the_start = _from_the_start(cluster, by, now)
    ticked = set(session.scalars(from_the_start.where(Review.id.in_([review.id for review in page]))))
    members = [_member(review, example, now, show == "all", review.id in ticked) for review in page]
    return Gathering(
        cluster=cluster,
        title=row_words(session, cluster, by) if cluster.folding else title(session, cluster),
        count=cluster.folding if cluster.kind is not ClusterKind.WORDS and cluster.folding else cluster.waiting,
        alone=cluster.waiting - cluster.folding if cluster.kind is ClusterKind.WORDS and cluster.folding else 0,
        example=_member(example, None, now, show in ("example", "all"), True) if example is not None else None,
        members=members,
        rest=(session.scalar(select(func.count()).select_from(from_the_start.subquery())) or 0) - len(ticked),
        upto=session.scalar(waiting.with_only_columns(func.max(Review.id)).order_by(None)) or 0,
        seen=seen,
        harsh=any(member.review.masked for member in members),
        decided=session.get(Decision, cluster.decided_by_id) if cluster.decided_by_id else None,
        again=[member.pick for member in members if member.ticked],
        next_after=page[-1].id if more else None,
    )


def _member(review: Review, example: Review | None, now: datetime, shown: bool, ticked: bool) -> Member:
    words = review.revision.words
    same = [Piece(words, False)]
    return Member(
        review=review,
        pick=str(picks.Pick(review.id, review.version)),
        row=rows.row_of(review, now, shown=shown),
        pieces=same if example is None or example.id == review.id else differences(example.revision.words, words),
        hidden=review.masked and not shown,
        ticked=ticked,
        signals=rows.signals_of(review),
    )


def _from_the_start(cluster: Cluster, by: Moderator, now: datetime) -> Select[int]:
    """Members chosen from the start: a check spoke against them, or they are copies of what was declined here.

    Who only says nearly the same as others is read and chosen by hand: honest people promise alike. So is all that
    only comes from one network or shares a domain, since nothing makes it alike; so is what stands on the wall, is a change of that or an appeal, and what somebody laid aside or passed to somebody else.
    """
    appealed = select(Appeal.id).where(Appeal.review_id == Review.id, Appeal.closed_by_id.is_(None))
    query = (
        select(Review.id)
        .join(ReviewCluster, ReviewCluster.review_id == Review.id)
        .join(Contribution, Contribution.id == Review.contribution_id)
        .where(
            ReviewCluster.cluster_id == cluster.id,
            ReviewCluster.waits.is_(True),
            Contribution.published_revision_id.is_(None),
            ~appealed.exists(),
            or_(Review.passed_to_id.is_(None), Review.passed_to_id == by.id),
            or_(Review.parked_until.is_(None), Review.parked_until <= now),
        )
    )
    if cluster.kind is not ClusterKind.WORDS:
        return query.where(false())
    if cluster.decided_by_id is None:
        return query.where(signs.is_spoken_against())
    is_copy = ReviewCluster.sketch.in_(_declined(cluster))
    return query.where(ReviewCluster.folds.is_(True), or_(signs.is_spoken_against(), is_copy))  # else taken out


def _declined(cluster: Cluster) -> Select[str]:
    """What was declined here, by the keyed hash of the words."""
    gone, declined = aliased(ReviewCluster), aliased(Review)
    return (
        select(gone.sketch)
        .join(declined, declined.id == gone.review_id)
        .where(gone.cluster_id == cluster.id, declined.state.in_(members.GONE), gone.sketch != "")
    )


def chosen(
    session: Session,
    cluster: Cluster,
    ticked: Sequence[picks.Pick],
    listed: Sequence[picks.Pick],
    upto: int,
    by: Moderator,
    now: datetime,
) -> list[picks.Pick]:
    """The ticked members, and of those that the page did not list all that it would have ticked.

    None that came after the page was made.
    """
    known = {pick.review_id for pick in (*listed, *ticked)}
    rest = session.execute(
        _from_the_start(cluster, by, now)
        .where(Review.id <= upto)
        .with_only_columns(Review.id, Review.version)
        .order_by(Review.id)
        .limit(picks.MOST)
    )
    return [*ticked, *(picks.Pick(number, version) for number, version in rest if number not in known)][: picks.MOST]
