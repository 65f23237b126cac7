"""To which clusters an item belongs: by its words, its network, the sites it links to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from moderation.checks import links
from moderation.models import Cluster, ClusterBand, ClusterKind, Evidence, Review, ReviewCluster
from pledges import networks
from pledges.organisations import domains
from pledges.tokens import secret_for

from . import likeness

COMPARED_CLUSTERS, COMPARED_MEMBERS = 8, 4  # candidates by fingerprint, and texts of each that are read
DOMAINS = 3  # of one item
ORDER = (ClusterKind.WORDS, ClusterKind.DOMAIN, ClusterKind.NETWORK)  # in which rows are locked, too
LOCK = 0x636C7573  # our number among the advisory locks of PostgreSQL


def hold(session: Session, campaigns: Iterable[int]) -> None:
    """Nobody else changes these campaigns' clusters until the transaction ends; SQLite has one writer anyway.

    One lock for many rows: items, clusters and networks cross in every order, and locking row by row would deadlock.
    """
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        for campaign_id in sorted(set(campaigns)):
            session.execute(select(func.pg_advisory_xact_lock(cast(LOCK, Integer), cast(campaign_id, Integer))))


# -- where an item belongs -------------------------------------------------------------------------


def join(session: Session, review: Review, now: datetime) -> None:
    """The item is a member of the clusters that its words, domains and network call for; once only."""
    if session.scalars(select(ReviewCluster).where(ReviewCluster.review_id == review.id).limit(1)).first() is not None:
        return
    key = secret_for("clusters")
    bare = likeness.skeleton(review.revision.words)
    if len(bare) >= likeness.SHORTEST:
        _add(session, review, _by_words(session, review, key, bare, now), likeness.exact(key, review.revision.words))
    for domain in sorted(_keyed(key, "domain", name) for name in domains_of(session, review)):
        _add(session, review, _named(session, review, ClusterKind.DOMAIN, domain, now))
    network = network_of(session, review)
    if network:
        _add(session, review, _named(session, review, ClusterKind.NETWORK, _keyed(key, "network", network), now))
    session.flush()


def _add(session: Session, review: Review, cluster: Cluster, sketch: str = "") -> None:
    session.add(ReviewCluster(review_id=review.id, cluster_id=cluster.id, sketch=sketch))
    cluster.total += 1
    cluster.last_at = max(cluster.last_at, review.waiting_since)
    session.flush()


def _keyed(key: bytes, kind: str, text: str) -> str:
    return likeness.keyed(key, f"{kind}:{text}")


def _by_words(session: Session, review: Review, key: bytes, bare: str, now: datetime) -> Cluster:
    """The cluster whose members say nearly this; a new one where there is none. Its fingerprint grows with them."""
    place = f"{review.campaign_id}".encode()
    found = likeness.bands(key + place, bare)
    cluster = _nearest(session, review, found, bare)
    if cluster is None:
        cluster = _named(session, review, ClusterKind.WORDS, _keyed(key, "words", bare), now)
    known = set(
        session.scalars(
            select(ClusterBand.band).where(ClusterBand.cluster_id == cluster.id, ClusterBand.band.in_(found))
        )
    )
    session.add_all(ClusterBand(band=band, cluster_id=cluster.id) for band in set(found) - known)
    session.flush()
    return cluster


def _nearest(session: Session, review: Review, found: list[int], bare: str) -> Cluster | None:
    shared = func.count().label("shared")
    candidates = session.scalars(
        select(ClusterBand.cluster_id)
        .where(ClusterBand.band.in_(found))
        .group_by(ClusterBand.cluster_id)
        .order_by(shared.desc(), ClusterBand.cluster_id)
        .limit(COMPARED_CLUSTERS)
    ).all()
    for cluster_id in candidates:
        members = session.scalars(
            select(Review)
            .join(ReviewCluster, ReviewCluster.review_id == Review.id)
            .where(ReviewCluster.cluster_id == cluster_id)
            .order_by(ReviewCluster.review_id.desc())
            .limit(COMPARED_MEMBERS)
        )
        if any(likeness.near(bare, likeness.skeleton(member.revision.words)) for member in members):
            return locked(session, [cluster_id])[0]
    return None


def _named(session: Session, review: Review, kind: ClusterKind, key: str, now: datetime) -> Cluster:
    """The cluster of this key, made where it is missing, and locked; two at once find the same one."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    values = {
        "campaign_id": review.campaign_id, "kind": kind, "key": key, "waiting": 0, "folding": 0, "total": 0,
        "last_at": now,
    }  # fmt: skip
    session.execute(dialect.insert(Cluster).values(**values).on_conflict_do_nothing())
    return session.scalars(
        select(Cluster)
        .where(Cluster.campaign_id == review.campaign_id, Cluster.kind == kind, Cluster.key == key)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def domains_of(session: Session, review: Review) -> list[str]:
    """The sites that the words lead to and the domain of the mail address, own site and domains that many share left out."""
    hosts, contact = _sites_of(review), review.contribution.contact
    domain = domains.host_of(contact.email) if contact else ""
    if domain and not domains.is_shared(session, domain):
        hosts.append(domain)
    return list(dict.fromkeys(host for host in hosts if host))[:DOMAINS]


def leads_there(review: Review, cluster: Cluster) -> bool:
    """Whether the words lead to the site that this cluster of a domain is about; else the mail address is of it."""
    key = secret_for("clusters")
    return any(_keyed(key, "domain", host) == cluster.key for host in _sites_of(review))


def _sites_of(review: Review) -> list[str]:
    """The sites that the words lead to, but for the author's own."""
    revision = review.revision
    texts = {
        "words": revision.words,
        "more": revision.how_we_will_know,
        "actions": revision.actions_said,
        "name": revision.name,
    }
    hosts = [link.host.removeprefix("www.") for name, text in texts.items() for link in links.links_in(name, text)]
    own = links.host_of(revision.website)
    return [host for host in hosts if not (own and links.same_site(host, own))]


def network_of(session: Session, review: Review) -> str:
    """The sender's IPv4 /24 or IPv6 /64; empty once the evidence is forgotten."""
    evidence = session.get(Evidence, review.id)
    address = networks.address_of(evidence.ip) if evidence is not None else None
    return str(networks.neighbours_of(address)) if address is not None else ""


def locked(session: Session, ids: Iterable[int]) -> list[Cluster]:
    session.flush()
    order = {kind: place for place, kind in enumerate(ORDER)}
    known = session.execute(
        select(Cluster.id, Cluster.kind, Cluster.campaign_id).where(Cluster.id.in_(list(ids)))
    ).all()
    hold(session, {row.campaign_id for row in known})
    return [
        session.get_one(Cluster, cluster_id, with_for_update={"key_share": True}, populate_existing=True)
        for cluster_id, *_ in sorted(known, key=lambda row: (order[row.kind], row.id))
    ]
