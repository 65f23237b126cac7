"""The reading sheet: ten items that every check found clear, each in full, and approved together by one press.

Which ten, so that nobody can keep others from it: each campaign that has clear items gets its turn, the one with the
longest wait first, and within a campaign it is the oldest first, but at most `OF_A_NETWORK` from one network as long
as other networks wait. So an item waits for older ones of its campaign alone, or for those of its own network: a
thousand that arrive later never come before it, wherever they come from, and a thousand that came earlier from one
network take two places of ten. Senders whose network is forgotten count each by themselves.

Clear means that every check of the newest round looked and found nothing (`clusters.is_clear`). What a check could
not tell is not clear, nor is what was reported, appealed, or is a change of what stands on the wall; and what a
cluster's row stands for is looked at there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from pledges.models import AkismetUse, Campaign, Contribution
from pledges.text import number

from . import claims, permissions, record, seeing
from .bulk import Pick
from .models import Cluster, ClusterKind, Lane, Moderator, Review, ReviewCluster, ReviewLane
from .permissions import Act
from .workflow import State

TEN = 10
OF_A_NETWORK = 2  # of one sheet, as long as others wait
LOOKED_AT = 50  # rows of one query
LONE = 3  # so many nearly the same that wait, and an item is looked at with them
NOT_HERE = (Lane.REPORTED, Lane.APPEALS, Lane.CHANGED, Lane.SPAM, Lane.ABUSE, Lane.PERSONAL_DATA, Lane.ORGANISATIONS)


@dataclass(frozen=True)
class Shown:
    """An item of a sheet as it was shown."""

    pick: Pick
    proof: str


def ten(session: Session, by: Moderator, campaigns: list[int] | None, now: datetime) -> list[Review]:
    """The items of the next sheet, oldest first: those this person holds already, then others that nobody holds."""
    chosen: list[Review] = []
    waiting = {campaign: _fair(session, by, campaign, now) for campaign in _campaigns(session, by, campaigns, now)}
    while len(chosen) < TEN and any(waiting.values()):
        for reviews in waiting.values():
            if reviews and len(chosen) < TEN:
                chosen.append(reviews.pop(0))
    return sorted(chosen, key=lambda review: (review.waiting_since, review.id))


def wants_spam_check(session: Session, campaigns: list[int] | None) -> bool:
    """Whether a campaign of these wants the spam check asked: where that does not run, nothing of it is clear."""
    asks = select(Campaign.id).where(Campaign.akismet != AkismetUse.DO_NOT_ASK)
    if campaigns is not None:
        asks = asks.where(Campaign.id.in_(campaigns))
    return session.scalars(asks.limit(1)).first() is not None


def claim(session: Session, reviews: Iterable[Review], by: Moderator, now: datetime) -> None:
    """The sheet is this person's for the time of a lease, so that two do not read the same ten."""
    for review in sorted(reviews, key=lambda review: review.id):
        claims.take(session, review, by, now)


def set_aside(session: Session, reviews: Iterable[Review], by: Moderator, now: datetime) -> None:
    """What was taken out comes on no sheet again: it waits in the queue, free for anybody, to be thought about."""
    held = permissions.roles(session, by)
    for review in sorted(reviews, key=lambda review: review.id):
        if review.clear and permissions.may(held, Act.DECIDE, review.campaign_id):
            review.clear = False
            session.flush()
            claims.release(session, review, by)
            record.add(
                session,
                record.actor(by),
                "review:set_aside",
                f"review:{review.id}",
                campaign_id=review.campaign_id,
                now=now,
            )


def read_shown(texts: Iterable[str]) -> list[Shown]:
    """The items that a sheet's form names as `id.version.proof`, each once and ten at most; the rest is left out."""
    found: dict[int, Shown] = {}
    for text in texts:
        first, _, rest = text.partition(".")
        second, _, proof = rest.partition(".")
        which, version = number(first), number(second)
        if which is not None and version is not None and proof:
            found.setdefault(which, Shown(Pick(which, version), proof))
    return list(found.values())[:TEN]


def proved(session: Session, shown: Sequence[Shown], by: Moderator) -> tuple[list[Pick], list[Review]]:
    """Those whose words this person was shown, and the reviews of all others."""
    same, other = [], []
    for item in shown:
        review = session.get(Review, item.pick.review_id)
        if review is None:
            continue
        if seeing.proves(item.proof, by, review, item.pick.version):
            same.append(item.pick)
        else:
            other.append(review)
    return same, other


def _campaigns(session: Session, by: Moderator, campaigns: list[int] | None, now: datetime) -> list[int]:
    """Where clear items wait, the campaign with the longest wait first."""
    every = select(Campaign.id) if campaigns is None else select(Campaign.id).where(Campaign.id.in_(campaigns))
    oldest = []
    for campaign_id in session.scalars(every):
        first = session.scalars(_clear(by, campaign_id, now).limit(1)).first()
        if first is not None:
            oldest.append((first.waiting_since, first.id, campaign_id))
    return [campaign_id for _, _, campaign_id in sorted(oldest)]


def _fair(session: Session, by: Moderator, campaign_id: int, now: datetime) -> list[Review]:
    """The oldest clear items of a campaign, no more than two of a network unless nobody else waits."""
    chosen: list[Review] = []
    taken: Counter[int] = Counter()
    while len(chosen) < TEN:
        full = [network for network, count in taken.items() if count >= OF_A_NETWORK]
        query = _clear(by, campaign_id, now).where(Review.id.not_in([review.id for review in chosen]))
        if full:
            query = query.where(Review.id.not_in(_of_networks(full)))
        found = list(session.scalars(query.limit(LOOKED_AT)))
        if not found:
            break
        networks = _networks(session, found)
        for review in found:
            network = networks.get(review.id)
            if len(chosen) < TEN and (network is None or taken[network] < OF_A_NETWORK):
                chosen.append(review)
                taken.update([] if network is None else [network])
    if len(chosen) < TEN:
        known = {review.id for review in chosen}
        rest = session.scalars(_clear(by, campaign_id, now).where(Review.id.not_in(known)).limit(TEN - len(chosen)))
        chosen.extend(rest)
    return chosen


def _clear(by: Moderator, campaign_id: int, now: datetime) -> Select[Review]:
    """Clear items that wait, oldest first, that nobody else holds and this person is willing to read."""
    skipped = [Lane(lane) for lane in by.skips if lane in set(Lane)]
    lanes = select(ReviewLane.review_id).where(
        ReviewLane.review_id == Review.id, ReviewLane.lane.in_({*NOT_HERE, *skipped})
    )
    gathered = (
        select(Cluster.id)
        .join(ReviewCluster, ReviewCluster.cluster_id == Cluster.id)
        .where(
            ReviewCluster.review_id == Review.id,
            ReviewCluster.waits.is_(True),
            Cluster.kind == ClusterKind.WORDS,
            Cluster.waiting >= LONE,
        )
    )
    return (
        select(Review)
        .where(
            Review.campaign_id == campaign_id,
            Review.clear.is_(True),
            Review.masked.is_(False),
            Review.state == State.WAITING,
            Review.behind.is_(False),
            Review.passed_to_id.is_(None) | (Review.passed_to_id == by.id),
            or_(Review.parked_until.is_(None), Review.parked_until <= now),
            claims.free(now, by),
            Review.needs_second.is_(False),
            ~lanes.exists(),
            ~gathered.exists(),
        )
        .order_by(Review.waiting_since, Review.id)
        .options(
            joinedload(Review.revision),
            joinedload(Review.contribution).joinedload(Contribution.parent),
            joinedload(Review.campaign),
            joinedload(Review.claimed_by),
            selectinload(Review.findings),
            selectinload(Review.lanes),
        )
    )


def _of_networks(networks: list[int]) -> Select[int]:
    return select(ReviewCluster.review_id).where(ReviewCluster.cluster_id.in_(networks))


def _networks(session: Session, reviews: list[Review]) -> dict[int, int]:
    rows = session.execute(
        select(ReviewCluster.review_id, ReviewCluster.cluster_id)
        .join(Cluster, Cluster.id == ReviewCluster.cluster_id)
        .where(ReviewCluster.review_id.in_([review.id for review in reviews]), Cluster.kind == ClusterKind.NETWORK)
    )
    return {review_id: cluster_id for review_id, cluster_id in rows}
