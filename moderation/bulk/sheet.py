"""The reading sheet: ten items that every check found clear, each in full, and approved together by one press.

Which ten, so that nobody can keep others from it: each campaign that has clear items gets its turn, the one with the
longest wait first, and within a campaign it is the oldest first, but at most `OF_A_NETWORK` from one network as long
as other networks wait. So an item waits for older ones of its campaign alone, or for those of its own network: a
thousand that arrive later never come before it, wherever they come from, and a thousand that came earlier from one
network take two places of ten. Senders whose network is forgotten count each by themselves.

Clear means that every check of the newest round looked and found nothing (`signs.is_clear`). What a check could
not tell is not clear, nor is what was reported, appealed, or is a change of what stands on the wall; and what a
cluster's row stands for is looked at there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, or_, select, union_all
from sqlalchemy.orm import Session, joinedload

from moderation import claims, permissions
from moderation.decisions import seeing
from moderation.models import Cluster, ClusterKind, Lane, Moderator, Review, ReviewCluster, ReviewLane
from moderation.permissions import Act
from moderation.queue import order
from moderation.record import chain
from moderation.workflow import State
from pledges.models import AkismetUse, Campaign, Contribution
from pledges.text import number

from .picks import Pick

TEN = 10
OF_A_NETWORK = 2  # of one sheet, as long as others wait
LOOKED_AT = 50  # rows of one query
LONE = 3  # so many nearly the same that wait, and an item is looked at with them
WHOLE = (  # with all that a sheet shows of an item
    *order.WHOLE,
    joinedload(Review.contribution).joinedload(Contribution.parent).joinedload(Contribution.published_revision),
    joinedload(Review.contribution).selectinload(Contribution.name_limits),
)
NOT_HERE = (Lane.REPORTED, Lane.APPEALS, Lane.CHANGED, Lane.SPAM, Lane.ABUSE, Lane.PERSONAL_DATA, Lane.ORGANISATIONS)


@dataclass(frozen=True)
class Shown:
    """An item of a sheet as it was shown."""

    pick: Pick
    proof: str


def ten(session: Session, by: Moderator, campaigns: list[int] | None, now: datetime) -> list[Review]:
    """The items of the next sheet, oldest first: those this person holds already, then others that nobody holds."""
    chosen: list[int] = []
    turns = _turns(session, by, campaigns, now)
    while len(chosen) < TEN and any(turns):
        for turn in turns:
            if turn and len(chosen) < TEN:
                chosen.append(turn.pop(0))
    if not chosen:
        return []
    whole = select(Review).where(Review.id.in_(chosen)).order_by(Review.waiting_since, Review.id)
    return list(session.scalars(whole.options(*WHOLE)))


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
            chain.add(
                session,
                chain.actor(by),
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


@dataclass
class _Turn:
    """What of a campaign's clear items may stand on this sheet, oldest first."""

    chosen: list[int] = field(default_factory=list)
    taken: Counter[int] = field(default_factory=Counter)  # by network
    passed_over: bool = False

    def take(self, review_id: int, network: int | None) -> None:
        if network is not None and self.taken[network] >= OF_A_NETWORK:
            self.passed_over = True
        elif len(self.chosen) < TEN:
            self.chosen.append(review_id)
            self.taken.update([] if network is None else [network])

    @property
    def full(self) -> list[int]:
        """The networks that have their share."""
        return [network for network, count in self.taken.items() if count >= OF_A_NETWORK]


def _turns(session: Session, by: Moderator, campaigns: list[int] | None, now: datetime) -> list[list[int]]:
    """For each campaign that has its turn, the one with the longest wait first, its oldest clear items by their ids.

    No more than two of a network are among them unless nobody else waits. All campaigns are asked for at once.
    """
    turns = {campaign_id: _Turn() for campaign_id in _campaigns(session, by, campaigns, now)}
    asked = dict(turns)
    while asked:
        found = _oldest(session, by, asked, now)
        for campaign_id, rows in found.items():
            for review_id, network in rows:
                asked[campaign_id].take(review_id, network)
        asked = {
            campaign_id: turn
            for campaign_id, turn in asked.items()
            if len(turn.chosen) < TEN and len(found.get(campaign_id, [])) == LOOKED_AT
        }
    short = {each: turn for each, turn in turns.items() if len(turn.chosen) < TEN and turn.passed_over}
    if short:
        for campaign_id, rows in _oldest(session, by, short, now, of_full=True).items():
            chosen = short[campaign_id].chosen
            chosen += [review_id for review_id, _ in rows][: TEN - len(chosen)]
    return [turn.chosen for turn in turns.values()]


def _campaigns(session: Session, by: Moderator, campaigns: list[int] | None, now: datetime) -> list[int]:
    """Where clear items wait, the campaign with the longest wait first; no more than a sheet has items."""
    first = _clear(by, now).where(Review.campaign_id == Campaign.id).limit(1).correlate(Campaign)
    since, which = (first.with_only_columns(each).scalar_subquery() for each in (Review.waiting_since, Review.id))
    query = select(Campaign.id, since.label("since"), which.label("which"))
    if campaigns is not None:
        query = query.where(Campaign.id.in_(campaigns))
    oldest = query.subquery()
    found = select(oldest.c.id).where(oldest.c.which.is_not(None)).order_by(oldest.c.since, oldest.c.which)
    return list(session.scalars(found.limit(TEN)))


def _oldest(
    session: Session, by: Moderator, turns: Mapping[int, _Turn], now: datetime, *, of_full: bool = False
) -> dict[int, list[tuple[int, int | None]]]:
    """The next clear items of each campaign, each with its network; `of_full`: of networks that have their share too."""
    network = (
        select(ReviewCluster.cluster_id)
        .join(Cluster, Cluster.id == ReviewCluster.cluster_id)
        .where(ReviewCluster.review_id == Review.id, Cluster.kind == ClusterKind.NETWORK)
        .limit(1)
        .correlate(Review)
        .scalar_subquery()
    )
    parts = []
    for campaign_id, turn in turns.items():
        query = _clear(by, now).where(Review.campaign_id == campaign_id, Review.id.not_in(turn.chosen))
        if turn.full and not of_full:
            query = query.where(Review.id.not_in(_of_networks(turn.full)))
        few = query.with_only_columns(Review.id, Review.campaign_id, Review.waiting_since, network.label("network"))
        parts.append(few.limit(LOOKED_AT).subquery())
    whole = union_all(*(select(part) for part in parts)).subquery()
    rows = session.execute(select(whole).order_by(whole.c.waiting_since, whole.c.id))
    found: dict[int, list[tuple[int, int | None]]] = {}
    for row in rows:
        found.setdefault(row.campaign_id, []).append((row.id, row.network))
    return found


def _clear(by: Moderator, now: datetime) -> Select[Review]:
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
    )


def _of_networks(networks: list[int]) -> Select[int]:
    return select(ReviewCluster.review_id).where(ReviewCluster.cluster_id.in_(networks))
