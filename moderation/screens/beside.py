"""What stands together with a row, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext, ngettext
from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased, joinedload

from moderation.clusters import arranging, joining
from moderation.models import Cluster, ClusterKind, Decision, Moderator, Review, ReviewCluster
from moderation.workflow import Move

LISTED = 50  # members of a cluster on one page
NETWORKS_COUNTED = 1000  # members whose networks are told apart


@dataclass(frozen=True)
class Together:
    """What a row of the queue says of its like."""

    cluster_id: int
    words: str
    stands_for: bool  # this row stands for the others; else it stands by itself and only points to them


def beside(session: Session, reviews: Sequence[Review], by: Moderator) -> dict[int, Together]:
    """For each of these rows of the queue what it has in common with others that wait, if it has."""
    ids = [review.id for review in reviews]
    rows = session.execute(
        select(ReviewCluster.review_id, Cluster, case((_stands_for_its_like(), _networks_of(Cluster)), else_=0))
        .join(Cluster, Cluster.id == ReviewCluster.cluster_id)
        .where(
            ReviewCluster.review_id.in_(ids),
            ReviewCluster.waits.is_(True),
            or_(Cluster.example_id == ReviewCluster.review_id, Cluster.waiting >= arranging.FEW),
        )
    ).all()
    order = list(joining.ORDER)
    chosen: dict[int, Cluster] = {}
    for review_id, cluster, _ in sorted(rows, key=lambda row: (row[1].example_id != row[0], order.index(row[1].kind))):
        if cluster.example_id == review_id or cluster.kind is ClusterKind.WORDS:
            chosen.setdefault(review_id, cluster)
    for_others = {review_id for review_id, cluster in chosen.items() if cluster.example_id == review_id}
    networks = {cluster.id: count for _, cluster, count in rows if count}
    words = rows_words(session, [chosen[review_id] for review_id in for_others], networks, by)
    return {
        review_id: Together(cluster.id, words[cluster.id], True)
        if review_id in for_others
        else Together(cluster.id, _like_words(cluster), False)
        for review_id, cluster in chosen.items()
    }


def rows_words(session: Session, some: Sequence[Cluster], networks: Mapping[int, int], by: Moderator) -> dict[int, str]:
    """What one row says for all it stands for, of each of these clusters, and from how many networks they came."""
    of_place = [
        each for each in some if each.kind is not ClusterKind.WORDS
    ]  # whatever was decided of others from there
    alike = [each for each in some if each.kind is ClusterKind.WORDS and each.decided_by_id is None]
    again = {each.id: each.decided_by_id for each in some if each.kind is ClusterKind.WORDS and each.decided_by_id}
    lead = _leading(session, of_place)
    made = select(Decision).where(Decision.id.in_(again.values())).options(joinedload(Decision.moderator))
    decided = {each.id: each for each in session.scalars(made)} if again else {}
    told = {each.id: _place_words(each, each.folding, lead[each.id]) for each in of_place}
    told |= {each.id: _alike_words(each.folding, networks.get(each.id, 0)) for each in alike}
    return told | {
        each.id: _again_words(decided[again[each.id]], each.folding, by) for each in some if each.id in again
    }


def _alike_words(count: int, networks: int) -> str:
    if networks < 2:
        return ngettext("%(num)s nearly the same", "%(num)s nearly the same", count)
    return ngettext(
        "%(num)s nearly the same, from %(networks)s networks",
        "%(num)s nearly the same, from %(networks)s networks",
        count,
        networks=networks,
    )


def _leading(session: Session, some: Iterable[Cluster]) -> dict[int, set[bool]]:
    """Of each cluster, whether its first members lead to the site that it is about: some, all or none of them."""
    lead: dict[int, set[bool]] = {each.id: set() for each in some}
    of_domains = {each.id: each for each in some if each.kind is ClusterKind.DOMAIN}
    if not of_domains:
        return lead
    firsts = (
        members_of(each)
        .with_only_columns(Review.id, literal(each.id).label("cluster_id"))
        .order_by(Review.id)
        .limit(LISTED)
        for each in of_domains.values()
    )
    parts = [first.subquery() for first in firsts]
    those = union_all(*(select(part.c.id, part.c.cluster_id) for part in parts)).subquery()
    read = select(Review, those.c.cluster_id).join(those, those.c.id == Review.id)
    for review, cluster_id in session.execute(read.options(joinedload(Review.revision))):
        lead[cluster_id].add(joining.leads_there(review, of_domains[cluster_id]))
    return lead


def _place_words(cluster: Cluster, count: int, lead: set[bool]) -> str:
    """What items from one place share: a network, or a domain in their links, their addresses, or here and there."""
    if cluster.kind is ClusterKind.NETWORK:
        return ngettext("%(num)s from one network", "%(num)s from one network", count)
    if lead == {True}:
        return ngettext("%(num)s that lead to one site", "%(num)s that lead to one site", count)
    if lead == {True, False}:
        return ngettext(
            "%(num)s with one domain in a link or an email address",
            "%(num)s with one domain in a link or an email address",
            count,
        )
    return ngettext("%(num)s with email addresses of one domain", "%(num)s with email addresses of one domain", count)


def members_of(cluster: Cluster) -> Select[Review]:
    """Those that a page of the cluster lists: all that wait and say alike; of one place, all that its row stands for."""
    query = (
        select(Review)
        .join(ReviewCluster, ReviewCluster.review_id == Review.id)
        .where(ReviewCluster.cluster_id == cluster.id, ReviewCluster.waits.is_(True))
    )
    by_row = cluster.kind is not ClusterKind.WORDS and cluster.folding > 0
    return query.where(ReviewCluster.folds.is_(True)) if by_row else query


def _again_words(decision: Decision, count: int, by: Moderator) -> str:
    mine, spam = decision.moderator_id == by.id, decision.move is Move.MARK_SPAM
    who = decision.moderator.name if decision.moderator else gettext("Checks")
    if mine and spam:
        return ngettext("%(num)s more like those you called spam", "%(num)s more like those you called spam", count)
    if mine:
        return ngettext("%(num)s more like those you declined", "%(num)s more like those you declined", count)
    if spam:
        return ngettext(
            "%(num)s more like those that %(who)s called spam",
            "%(num)s more like those that %(who)s called spam",
            count,
            who=who,
        )
    return ngettext(
        "%(num)s more like those that %(who)s declined",
        "%(num)s more like those that %(who)s declined",
        count,
        who=who,
    )


def _like_words(cluster: Cluster) -> str:
    return ngettext("Nearly the same as %(num)s other", "Nearly the same as %(num)s others", cluster.waiting - 1)


def _stands_for_its_like() -> ColumnElement[bool]:
    """Whether the row of the queue is a cluster's, and says from how many networks its like came."""
    return and_(
        Cluster.example_id == ReviewCluster.review_id,
        Cluster.kind == ClusterKind.WORDS,
        Cluster.decided_by_id.is_(None),
    )


def _networks_of(cluster: type[Cluster]) -> ScalarSelect[int]:
    """From how many networks those came that a row stands for; those whose network is forgotten are not counted."""
    member = aliased(ReviewCluster)
    members = (
        select(member.review_id)
        .where(member.cluster_id == cluster.id, member.waits.is_(True), member.folds.is_(True))
        .limit(NETWORKS_COUNTED)
        .correlate(cluster)
    )
    place, network = aliased(ReviewCluster), aliased(Cluster)
    return (
        select(func.count(func.distinct(place.cluster_id)))
        .join(network, network.id == place.cluster_id)
        .where(place.review_id.in_(members), network.kind == ClusterKind.NETWORK)
        .correlate(cluster)
        .scalar_subquery()
    )


def row_words(session: Session, cluster: Cluster, by: Moderator) -> str:
    counted = select(_networks_of(Cluster)).where(Cluster.id == cluster.id)
    networks = {cluster.id: session.scalar(counted) or 0}
    return rows_words(session, [cluster], networks, by)[cluster.id]


def title(session: Session, cluster: Cluster) -> str:
    if cluster.kind is not ClusterKind.WORDS:
        return _place_words(cluster, cluster.waiting, _leading(session, [cluster])[cluster.id])
    return ngettext("%(num)s nearly the same", "%(num)s nearly the same", cluster.waiting)
