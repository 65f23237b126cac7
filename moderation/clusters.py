"""Items that belong together: nearly the same words, one network, one domain; gathered as they come and go.

One row of the queue stands for a cluster's waiting members, but never for an item that no check spoke against and that
differs from the others: it stays visible by itself. An item stands behind one row at most, so it is decided once.

- *Words*: near-identical ones are found by fingerprint (`likeness.bands`) and then compared letter by letter. The row
  stands for members of which some check said something, if only that it read nearly the same before, and for copies
  that are equal but for their disguise.
- *Domain* (of links, and of mail addresses but for the big free providers) and *network* (IPv4 /24, IPv6 /64): the row
  stands for members that some check wants looked at for another reason than likeness.

What is kept of a network, a domain or words is a keyed hash; the network's goes with the evidence, the words' when they
are erased. Counts are kept in the same transaction as what they count; whoever changes them holds the campaign's
clusters (`_hold`), as the last lock but that of the record.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Integer, Select, cast, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from pledges import networks
from pledges.db import transaction
from pledges.tokens import secret_for

from . import lanes, likeness
from .checks import links, repeats
from .checks.base import Verdict
from .models import (
    Act,
    Cluster,
    ClusterBand,
    ClusterKind,
    Decision,
    Evidence,
    Finding,
    Lane,
    Review,
    ReviewCluster,
    ReviewLane,
)
from .workflow import State

FEW = 3  # so many that fold, and one row stands for them
CARE = (Lane.SPAM, Lane.ABUSE, Lane.PERSONAL_DATA)  # lanes that a check puts an item into
COMPARED_CLUSTERS, COMPARED_MEMBERS = 8, 4  # candidates by fingerprint, and texts of each that are read
SPEAK_FOR_IT = 8  # members whose fingerprint a cluster has after one was erased
STRAYS = 3  # earlier members that join a row when their like arrives
DOMAINS = 3  # of one item
MENDED = 50
AT_ONCE = 500  # items of one statement
CANDIDATES = 20  # the oldest of a cluster, of whom one carries its row
_FREE_MAIL = """
    gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk live.com live.co.uk msn.com yahoo.com yahoo.co.uk
    ymail.com icloud.com me.com mac.com aol.com aol.co.uk proton.me protonmail.com gmx.com gmx.net gmx.co.uk mail.com
    btinternet.com sky.com talktalk.net virginmedia.com ntlworld.com tiscali.co.uk zoho.com fastmail.com hey.com
    tutanota.com web.de mail.ru yandex.ru qq.com 163.com
"""
FREE_MAIL = frozenset(_FREE_MAIL.split())
ORDER = (ClusterKind.WORDS, ClusterKind.DOMAIN, ClusterKind.NETWORK)  # in which rows are locked, too
LOCK = 0x636C7573  # our number among the advisory locks of PostgreSQL
GONE = (State.REJECTED, State.SPAM)
SPEAKS = (Verdict.LOOK, Verdict.STOP)

Membership = tuple[ReviewCluster, Cluster]


def settled(session: Session, review: Review, now: datetime) -> None:
    """The checks have spoken: whether the item is clear is noted, and it stands with its like."""
    note_clear(session, review)
    session.flush()
    if review.state is not State.WAITING:
        return
    _hold(session, [review.campaign_id])
    _leave(session, review)
    _join(session, review, now)
    _enter(session, review, now)


def follow(session: Session, review: Review, now: datetime) -> None:
    """A move was made: an item that waits again counts again, and one that does not is counted out."""
    if review.state is State.WAITING:
        _enter(session, review, now)
    else:
        _leave(session, review)


def _hold(session: Session, campaigns: Iterable[int]) -> None:
    """Nobody else changes these campaigns' clusters until the transaction ends; SQLite has one writer anyway.

    One lock for many rows: items, clusters and networks cross in every order, and locking row by row would deadlock.
    """
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        for campaign_id in sorted(set(campaigns)):
            session.execute(select(func.pg_advisory_xact_lock(cast(LOCK, Integer), cast(campaign_id, Integer))))


def is_clear(review: Review) -> bool:
    """Every check of the newest round looked and found nothing; not asked by the campaign's choice is no finding.

    What a check could not tell is not clear.
    """
    said = _newest(review)
    return bool(said) and not review.masked and all(_quiet(finding) for finding in said)


def note_clear(session: Session, review: Review) -> None:
    """Whether it may come on a reading sheet is what the checks say now; what somebody took out of one comes on none."""
    review.clear = is_clear(review) and not _taken_out(session, review)


def _taken_out(session: Session, review: Review) -> bool:
    line = select(Act.id).where(Act.subject == f"review:{review.id}", Act.act == "review:set_aside")
    return session.scalars(line.limit(1)).first() is not None


def _quiet(finding: Finding) -> bool:
    return finding.verdict is Verdict.CLEAR or finding.detail.get("why") == "not_asked"


def spoken_against(review: Review) -> bool:
    """Whether a check wants it looked at for another reason than that it resembles others."""
    return any(finding.verdict in SPEAKS and finding.check != repeats.NAME for finding in _newest(review))


def is_spoken_against() -> ColumnElement[bool]:
    """The same as `spoken_against`, asked of the database for many items at once."""
    said = select(Finding.id).where(
        Finding.review_id == Review.id,
        Finding.round == Review.round,
        Finding.verdict.in_(SPEAKS),
        Finding.check != repeats.NAME,
    )
    return said.correlate(Review).exists()


def _newest(review: Review) -> list[Finding]:
    return [finding for finding in review.findings if finding.round == review.round]


# -- where an item belongs -------------------------------------------------------------------------


def _join(session: Session, review: Review, now: datetime) -> None:
    """The item is a member of the clusters that its words, domains and network call for; once only."""
    if session.scalars(select(ReviewCluster).where(ReviewCluster.review_id == review.id).limit(1)).first() is not None:
        return
    key = secret_for("clusters")
    bare = likeness.skeleton(review.revision.words)
    if len(bare) >= likeness.SHORTEST:
        _add(session, review, _by_words(session, review, key, bare, now), likeness.exact(key, review.revision.words))
    for domain in sorted(_keyed(key, "domain", name) for name in domains_of(review)):
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
            return _locked(session, [cluster_id])[0]
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


def domains_of(review: Review) -> list[str]:
    """The sites that the words lead to and the domain of the mail address, own site and free providers left out."""
    hosts, contact = _sites_of(review), review.contribution.contact
    domain = contact.email.rpartition("@")[2].lower() if contact else ""
    if domain and domain not in FREE_MAIL:
        hosts.append(domain)
    return list(dict.fromkeys(host for host in hosts if host))[:DOMAINS]


def leads_there(review: Review, cluster: Cluster) -> bool:
    """Whether the words lead to the site that this cluster of a domain is about; else the mail address is of it."""
    key = secret_for("clusters")
    return any(_keyed(key, "domain", host) == cluster.key for host in _sites_of(review))


def _sites_of(review: Review) -> list[str]:
    """The sites that the words lead to, but for the author's own."""
    revision = review.revision
    texts = {"words": revision.words, "more": revision.how_we_will_know, "name": revision.name}
    hosts = [link.host.removeprefix("www.") for name, text in texts.items() for link in links.links_in(name, text)]
    own = links.host_of(revision.website)
    return [host for host in hosts if not (own and links.same_site(host, own))]


def network_of(session: Session, review: Review) -> str:
    """The sender's IPv4 /24 or IPv6 /64; empty once the evidence is forgotten."""
    evidence = session.get(Evidence, review.id)
    address = networks.address_of(evidence.ip) if evidence is not None else None
    return str(networks.neighbours_of(address)) if address is not None else ""


# -- counts and rows -------------------------------------------------------------------------------


def memberships(session: Session, review_ids: Iterable[int]) -> list[Membership]:
    """The items' clusters, locked in one order for all."""
    ids = list(review_ids)
    rows = session.scalars(select(ReviewCluster).where(ReviewCluster.review_id.in_(ids))).all()
    by_id = {cluster.id: cluster for cluster in _locked(session, {row.cluster_id for row in rows})}
    for row in rows:
        session.refresh(row)
    return [(row, by_id[row.cluster_id]) for row in rows]


def _locked(session: Session, ids: Iterable[int]) -> list[Cluster]:
    session.flush()
    order = {kind: place for place, kind in enumerate(ORDER)}
    known = session.execute(
        select(Cluster.id, Cluster.kind, Cluster.campaign_id).where(Cluster.id.in_(list(ids)))
    ).all()
    _hold(session, {row.campaign_id for row in known})
    return [
        session.get_one(Cluster, cluster_id, with_for_update={"key_share": True}, populate_existing=True)
        for cluster_id, *_ in sorted(known, key=lambda row: (order[row.kind], row.id))
    ]


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
        _arrange(session, home, review)
        if home.kind is ClusterKind.WORDS and home.decided_by_id is None:  # else they were looked at and taken out
            _gather_strays(session, home)


def _leave(session: Session, review: Review) -> None:
    """The item does not wait: its clusters count it no longer, and a row that it carried passes to the next."""
    for row, cluster in memberships(session, [review.id]):
        if row.waits:
            row.waits = False
            cluster.waiting -= 1
            if row.folds:
                _unfold(session, row, cluster, review)


def stand_alone(session: Session, review: Review) -> None:
    """The item was laid aside or passed on: no row stands for it any more, and it carries none."""
    for row, cluster in memberships(session, [review.id]):
        if row.folds:
            _unfold(session, row, cluster, review)


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
    _arrange(session, home, review)


def _unfold(session: Session, row: ReviewCluster, cluster: Cluster, review: Review) -> None:
    row.folds = False
    free = select(Review.id).where(Review.id == review.id).with_for_update(skip_locked=True, key_share=True)
    _mark(session, cluster, session.scalars(free).all(), False)
    cluster.folding -= 1
    carried = cluster.example_id == review.id
    if carried:
        cluster.example_id = None
    session.flush()
    _arrange(session, cluster, passes_on=carried)


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
        if others and (_noticed(review) or _has_twin(session, row, cluster)):
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


def _noticed(review: Review) -> bool:
    """Whether any check had a word against it, if only that it read nearly the same before."""
    return any(
        finding.verdict in SPEAKS or (finding.check == repeats.NAME and finding.verdict is Verdict.NOTICE)
        for finding in _newest(review)
    )


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
            _unfold(session, row, other, reviews[row.review_id])
    for row in coming:
        row.folds = True
        cluster.folding += 1
        session.flush()
        _arrange(session, cluster, reviews[row.review_id])


def _arrange(session: Session, cluster: Cluster, newcomer: Review | None = None, *, passes_on: bool = False) -> None:
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
                    _stand_in_lanes(session, cluster)
            _set_behind(session, cluster, True, only=stays_behind)
    else:
        cluster.example_id = _oldest(session, cluster)
        if cluster.folding <= AT_ONCE:  # of more the worker tells them, a portion at a time
            _stand_in_lanes(session, cluster)
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


def _stand_in_lanes(session: Session, cluster: Cluster) -> None:
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
    members = _folding(cluster).where(Review.behind.is_(True), wrong.exists()).limit(AT_ONCE)
    ids = session.scalars(members.with_for_update(skip_locked=True, key_share=True, of=Review)).all()
    lanes.stand_behind(session, ids, told)
    if len(ids) < AT_ONCE:
        cluster.lanes = told
    session.flush()


def _folding(cluster: Cluster) -> Select[int]:
    return (
        select(Review.id)
        .join(ReviewCluster, ReviewCluster.review_id == Review.id)
        .where(ReviewCluster.cluster_id == cluster.id, ReviewCluster.waits.is_(True), ReviewCluster.folds.is_(True))
    )


def _oldest(session: Session, cluster: Cluster) -> int | None:
    """Who carries the row: one of the oldest, standing where the row stood if one does.

    Not an item that somebody decides at this moment; `mend` sees to what is left over.
    """
    oldest = session.scalars(_folding(cluster).order_by(ReviewCluster.review_id).limit(CANDIDATES)).all()
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
    query = _folding(cluster).where(Review.behind.is_(not behind), Review.id != (cluster.example_id or 0))
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


def decided(session: Session, cluster_id: int, decision: Decision | None, *, seen: int = 0) -> None:
    """Later copies of what this decision declined gather in one row; none: the cluster is like any other again.

    Members up to the id `seen` that still wait were looked at and taken out, so they stand in the queue by themselves.
    """
    for cluster in _locked(session, [cluster_id]):
        cluster.decided_by_id = decision.id if decision is not None else None
        session.flush()
        kept = session.scalars(_folding(cluster).where(Review.id <= seen)).all()
        for row, _ in memberships(session, kept):
            if row.cluster_id == cluster.id:
                _unfold(session, row, cluster, session.get_one(Review, row.review_id))
        _arrange(session, cluster)


def mend(session: Session) -> int:
    """Items that stand behind a row which nobody carries come to the front again; answers how many clusters.

    And members whose row stands in other lanes than they were told, since it passed on or a check spoke again of the
    one that carries it, are told anew, a portion at a time.
    """
    lost = session.scalars(
        select(Cluster.id)
        .join(ReviewCluster, ReviewCluster.cluster_id == Cluster.id)
        .join(Review, Review.id == ReviewCluster.review_id)
        .where(Cluster.example_id.is_(None), ReviewCluster.folds.is_(True), Review.behind.is_(True))
        .distinct()
        .limit(MENDED)
    ).all()
    for cluster in _locked(session, lost):
        _arrange(session, cluster)
    moved = _moved(session)
    for cluster in _locked(session, moved):
        _stand_in_lanes(session, cluster)
    return len(lost) + len(moved)


def _moved(session: Session) -> list[int]:
    """Clusters whose row stands elsewhere than their members were told."""
    rows = session.execute(
        select(Cluster.id, Cluster.lanes, ReviewLane.lane).join(ReviewLane, ReviewLane.review_id == Cluster.example_id)
    )
    told: dict[int, set[str]] = {}
    stands: dict[int, set[str]] = {}
    for cluster_id, known, lane in rows:
        told[cluster_id] = set(known)
        stands.setdefault(cluster_id, set()).add(str(lane))
    return [cluster_id for cluster_id in stands if stands[cluster_id] != told[cluster_id]][:MENDED]


# -- forgetting ------------------------------------------------------------------------------------


def forget(session: Session, review: Review) -> None:
    """Nothing is kept of what these words, their domains and their network have in common with others."""
    _leave(session, review)
    for row, cluster in memberships(session, [review.id]):
        if _drop(session, row, cluster) and cluster.kind is ClusterKind.WORDS:
            _say_anew(session, cluster)


def _say_anew(session: Session, cluster: Cluster) -> None:
    """The cluster's fingerprint and key tell of members that are still there, and of none that was erased.

    Which member a part of it came from is not kept, so the fingerprint is made anew of the newest. The key was that of
    whichever words came first; those that equal it are found by the fingerprint.
    """
    members = session.scalars(
        select(Review)
        .join(ReviewCluster, ReviewCluster.review_id == Review.id)
        .where(ReviewCluster.cluster_id == cluster.id)
        .order_by(ReviewCluster.review_id.desc())
        .limit(SPEAK_FOR_IT)
    ).all()
    key = secret_for("clusters") + f"{cluster.campaign_id}".encode()
    told = {band for member in members for band in likeness.bands(key, likeness.skeleton(member.revision.words))}
    cluster.key = secrets.token_hex(32)
    session.execute(delete(ClusterBand).where(ClusterBand.cluster_id == cluster.id))
    session.add_all(ClusterBand(band=band, cluster_id=cluster.id) for band in told)
    session.flush()


def forget_networks(at_once: int) -> None:
    """Where the evidence is forgotten, so is the network's hash."""
    known = aliased(Evidence)
    with transaction() as session:
        orphans = session.scalars(
            select(ReviewCluster.review_id)
            .join(Cluster, Cluster.id == ReviewCluster.cluster_id)
            .where(
                Cluster.kind == ClusterKind.NETWORK,
                ~select(known.review_id).where(known.review_id == ReviewCluster.review_id).exists(),
            )
        ).all()
    for start in range(0, len(orphans), at_once):
        with transaction() as session:
            for row, cluster in memberships(session, orphans[start : start + at_once]):
                if cluster.kind is ClusterKind.NETWORK:
                    _forget_network(session, row, cluster)


def _forget_network(session: Session, row: ReviewCluster, cluster: Cluster) -> None:
    if row.waits:
        cluster.waiting -= 1
        if row.folds:
            _unfold(session, row, cluster, session.get_one(Review, row.review_id))
    _drop(session, row, cluster)


def _drop(session: Session, row: ReviewCluster, cluster: Cluster) -> bool:
    """The item is no member any more; whether the cluster is still there."""
    session.delete(row)
    cluster.total -= 1
    session.flush()
    if cluster.total <= 0:
        session.execute(delete(ClusterBand).where(ClusterBand.cluster_id == cluster.id))
        session.delete(cluster)
        session.flush()
    return cluster.total > 0
