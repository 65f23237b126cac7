"""What the moderators' pages show of clusters, batches and sheets, as plain values for the templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from flask_babel import gettext, lazy_gettext, ngettext
from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, false, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased, joinedload

from pledges.models import Contribution
from pledges.settings import settings
from pledges.wall import Signature, signature

from . import acts, bulk, clusters, context, queue, screens, seeing
from .checks.folding import fold
from .models import Act, Appeal, Batch, BatchItem, Cluster, ClusterKind, Decision, Moderator, Review, ReviewCluster
from .screens import Signal
from .workflow import Move

LISTED = 50  # members of a cluster on one page
RESULTS = 200  # items of a batch on one page
NETWORKS_COUNTED = 1000  # members whose networks are told apart
_WORD = re.compile(r"\s*\S+\s*")

TITLES: dict[str, Any] = {
    bulk.REJECT: lazy_gettext("Decline together"),
    bulk.SPAM: lazy_gettext("Call spam together"),
    bulk.PARK: lazy_gettext("Lay aside together"),
    bulk.PASS: lazy_gettext("Pass on together"),
    bulk.APPROVE: lazy_gettext("Read and approved"),
}
WHY: dict[str, Any] = {
    "role": lazy_gettext("Your role does not allow it in this campaign."),
    "appeal": lazy_gettext("It is an appeal against your own decision: somebody else decides."),
    "second": lazy_gettext("Two people must agree on it: decide it by itself."),
    "theirs": lazy_gettext("Whom you named may not decide this one: somebody else has to."),
    "changed": lazy_gettext("It has changed since you saw it."),
    "unclear": lazy_gettext("A check found something since you saw it."),
    "stopped": lazy_gettext("Not decided: it was stopped before."),
    "told": lazy_gettext("Not undone: its author was told already."),
}


@dataclass(frozen=True)
class Together:
    """What a row of the queue says of its like."""

    cluster_id: int
    words: str
    stands_for: bool  # this row stands for the others; else it stands by itself and only points to them


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
    row: screens.Row
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


def beside(session: Session, reviews: Sequence[Review], by: Moderator) -> dict[int, Together]:
    """For each of these rows of the queue what it has in common with others that wait, if it has."""
    ids = [review.id for review in reviews]
    rows = session.execute(
        select(ReviewCluster.review_id, Cluster, case((_stands_for_its_like(), _networks_of(Cluster)), else_=0))
        .join(Cluster, Cluster.id == ReviewCluster.cluster_id)
        .where(
            ReviewCluster.review_id.in_(ids),
            ReviewCluster.waits.is_(True),
            or_(Cluster.example_id == ReviewCluster.review_id, Cluster.waiting >= clusters.FEW),
        )
    ).all()
    order = list(clusters.ORDER)
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
        _members(each)
        .with_only_columns(Review.id, literal(each.id).label("cluster_id"))
        .order_by(Review.id)
        .limit(LISTED)
        for each in of_domains.values()
    )
    parts = [first.subquery() for first in firsts]
    those = union_all(*(select(part.c.id, part.c.cluster_id) for part in parts)).subquery()
    read = select(Review, those.c.cluster_id).join(those, those.c.id == Review.id)
    for review, cluster_id in session.execute(read.options(joinedload(Review.revision))):
        lead[cluster_id].add(clusters.leads_there(review, of_domains[cluster_id]))
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


def _members(cluster: Cluster) -> Select[Review]:
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
    seen = bulk.newest_line(session)
    waiting = _members(cluster).order_by(Review.id).options(*queue.WHOLE)
    page = list(session.scalars(waiting.where(Review.id > after).limit(LISTED + 1)))
    more, page = len(page) > LISTED, page[:LISTED]
    first = session.scalars(waiting.limit(1)).first()
    example = session.get(Review, cluster.example_id) if cluster.example_id else first
    from_the_start = _from_the_start(cluster, by, now)
    ticked = set(session.scalars(from_the_start.where(Review.id.in_([review.id for review in page]))))
    members = [_member(review, example, now, show == "all", review.id in ticked) for review in page]
    return Gathering(
        cluster=cluster,
        title=_row_words(session, cluster, by) if cluster.folding else _title(session, cluster),
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


def _row_words(session: Session, cluster: Cluster, by: Moderator) -> str:
    counted = select(_networks_of(Cluster)).where(Cluster.id == cluster.id)
    networks = {cluster.id: session.scalar(counted) or 0}
    return rows_words(session, [cluster], networks, by)[cluster.id]


def _title(session: Session, cluster: Cluster) -> str:
    if cluster.kind is not ClusterKind.WORDS:
        return _place_words(cluster, cluster.waiting, _leading(session, [cluster])[cluster.id])
    return ngettext("%(num)s nearly the same", "%(num)s nearly the same", cluster.waiting)


def _member(review: Review, example: Review | None, now: datetime, shown: bool, ticked: bool) -> Member:
    words = review.revision.words
    same = [Piece(words, False)]
    return Member(
        review=review,
        pick=str(bulk.Pick(review.id, review.version)),
        row=screens.row_of(review, now, shown=shown),
        pieces=same if example is None or example.id == review.id else differences(example.revision.words, words),
        hidden=review.masked and not shown,
        ticked=ticked,
        signals=screens.signals_of(review),
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
        return query.where(clusters.is_spoken_against())
    is_copy = ReviewCluster.sketch.in_(_declined(cluster))
    return query.where(ReviewCluster.folds.is_(True), or_(clusters.is_spoken_against(), is_copy))  # else taken out


def _declined(cluster: Cluster) -> Select[str]:
    """What was declined here, by the keyed hash of the words."""
    gone, declined = aliased(ReviewCluster), aliased(Review)
    return (
        select(gone.sketch)
        .join(declined, declined.id == gone.review_id)
        .where(gone.cluster_id == cluster.id, declined.state.in_(clusters.GONE), gone.sketch != "")
    )


def chosen(
    session: Session,
    cluster: Cluster,
    ticked: Sequence[bulk.Pick],
    listed: Sequence[bulk.Pick],
    upto: int,
    by: Moderator,
    now: datetime,
) -> list[bulk.Pick]:
    """The ticked members, and of those that the page did not list all that it would have ticked.

    None that came after the page was made.
    """
    known = {pick.review_id for pick in (*listed, *ticked)}
    rest = session.execute(
        _from_the_start(cluster, by, now)
        .where(Review.id <= upto)
        .with_only_columns(Review.id, Review.version)
        .order_by(Review.id)
        .limit(bulk.MOST)
    )
    return [*ticked, *(bulk.Pick(number, version) for number, version in rest if number not in known)][: bulk.MOST]


def why_words(session: Session, cannot: bulk.Cannot) -> str:
    """Why an item is left out, for a person."""
    if cannot.line is not None:
        return _marked_words(session, cannot.line)
    if cannot.why == "held" and cannot.review.claimed_by is not None:
        return gettext("%(name)s has it open", name=cannot.review.claimed_by.name)
    if cannot.why == "decided":
        return screens.overtaken_words(cannot.other)
    return str(WHY[cannot.why])


def _marked_words(session: Session, line: Act) -> str:
    who, what = acts.who(session, line.actor), str(acts.WORDS[line.act])
    return gettext("%(who)s was quicker: %(what)s", who=who, what=what)


@dataclass(frozen=True)
class Result:
    """What came of one item of a batch."""

    review_id: int
    reference: str
    words: str
    good: bool


@dataclass(frozen=True)
class Progress:
    """A batch as its page shows it."""

    batch: Batch
    title: str
    total: int
    done: int
    finished: bool
    counts: dict[str, int]
    results: list[Result]
    next_after: int | None
    undoable: bool


def progress(session: Session, batch: Batch, by: Moderator, now: datetime, after: int = -1) -> Progress:
    """How far a batch is, and what came of each item; those that went otherwise than wished come first."""
    counts = bulk.counts(session, batch)
    query = (
        select(BatchItem)
        .where(BatchItem.batch_id == batch.id, BatchItem.outcome != "", BatchItem.place > after)
        .order_by(BatchItem.place)
        .limit(RESULTS + 1)
        .options(joinedload(BatchItem.review).joinedload(Review.contribution))
    )
    items = list(session.scalars(query))
    more, items = len(items) > RESULTS, items[:RESULTS]
    results = [_result(session, batch, item) for item in items]
    to_do = bulk.left(session, batch)
    return Progress(
        batch=batch,
        title=str(TITLES[batch.move]),
        total=batch.total,
        done=batch.total - to_do,
        finished=batch.done_at is not None and to_do == 0,
        counts=counts,
        results=sorted(results, key=lambda result: result.good),
        next_after=items[-1].place if more else None,
        undoable=bulk.undoable(batch, by, now, settings()),
    )


def _result(session: Session, batch: Batch, item: BatchItem) -> Result:
    return Result(
        item.review_id,
        item.review.contribution.public_id,
        _result_words(session, batch, item),
        item.outcome in (bulk.DONE, bulk.UNDONE) and not item.why,
    )


def _result_words(session: Session, batch: Batch, item: BatchItem) -> str:
    if item.outcome == bulk.UNDONE:
        return gettext("Undone")
    if item.outcome == bulk.DONE:
        return str(WHY["told"] if item.why == "told" else _CHANGED if item.why else screens.DONE[batch.move])
    other = session.get(Decision, item.decision_id) if item.decision_id else None
    line = session.get(Act, item.was["line"]) if item.was.get("line") else None
    if line is not None:
        return _marked_words(session, line)
    if item.outcome == bulk.OVERTAKEN:
        return screens.overtaken_words(other)
    return str(WHY.get(item.why, _HELD))


_HELD = lazy_gettext("A colleague has it open.")
_CHANGED = lazy_gettext("Not undone: something has happened to it since.")


@dataclass(frozen=True)
class Leaf:
    """One item of a reading sheet, in full."""

    review: Review
    row: screens.Row
    key: str
    by: Signature
    parent: Contribution | None
    parent_hidden: bool  # strong words are in it: they are read where they are asked for


def leaves(session: Session, reviews: Sequence[Review], by: Moderator, now: datetime) -> list[Leaf]:
    parents = [review.contribution.parent for review in reviews]
    masked = context.masked(session, [parent.published_revision_id for parent in parents if parent is not None])
    return [_leaf(review, by, now, masked) for review in reviews]


def _leaf(review: Review, by: Moderator, now: datetime, masked: set[int]) -> Leaf:
    revision, parent = review.revision, review.contribution.parent
    return Leaf(
        review=review,
        row=screens.row_of(review, now),
        key=f"{bulk.Pick(review.id, review.version)}.{seeing.proof(by, review)}",
        by=signature(revision, revision.level),
        parent=parent,
        parent_hidden=parent is not None and parent.published_revision_id in masked,
    )
