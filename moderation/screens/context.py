"""What a moderator sees beside the words: how they will look, who complained, and what came before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from moderation import permissions
from moderation.decisions import second
from moderation.models import Decision, Evidence, Finding, HouseRule, Moderator, Note, Reason, Report, Review, Role
from moderation.record import notes
from moderation.rules import house_rules, reasons, word_lists
from moderation.screening import run
from moderation.workflow import FATES, Move, State
from pledges import networks
from pledges.models import Contact, Contribution, Revision
from pledges.wall import pieces

from .changes import Change, changes_in

EARLIER, SAID, CONNECTED = 5, 20, 500
CLIP = 80  # characters of earlier words
DECLINED = (State.REJECTED, State.SPAM)
_OTHER = aliased(Report)


@dataclass(frozen=True)
class Before:
    """Something that was sent before, and what became of it."""

    review_id: int
    reference: str
    words: str  # empty where they are kept hidden
    fate: str
    same: bool = False  # the very same words


@dataclass(frozen=True)
class Complaints:
    """Reports of one kind, counted."""

    category: str
    count: int
    networks: int
    still_open: int


@dataclass(frozen=True)
class Reports:
    """Reports of one kind that one decision closed, or none."""

    at: datetime  # of the newest
    category: str
    count: int
    networks: int  # of the whole kind
    still_open: bool


@dataclass(frozen=True)
class Proposal:
    """What somebody put to a second person."""

    who: str
    mine: bool
    move: Move | None  # none: a second opinion, without a word of one's own
    reasons: list[Reason]
    note: str
    hidden: bool  # it stood on the wall, and does not while this waits
    alone: bool  # it was decided, since nobody was there to second it


@dataclass(frozen=True)
class Context:
    """All that stands beside the words of one item."""

    look: pieces.Piece | None
    changes: list[Change]
    complaints: list[Complaints]
    said: list[str]  # what reporters wrote
    said_hidden: int  # so many more have strong words, and nobody asked for them
    earlier: list[Before]
    similar: list[Before]
    nearby: list[Before]  # from the same network, where no address tells who sent it: perhaps by somebody else
    others: int  # from the same connection
    others_declined: int
    lists_network: bool  # where it came from is known, and this person may put it on a list
    notes: list[Note]  # colleagues'
    note: str  # one's own
    rules: list[HouseRule]
    proposal: Proposal | None
    barred: str  # why somebody else has to decide: '' | appeal | second
    alone: bool  # and nobody else is there


def of(
    session: Session,
    review: Review,
    me: Moderator,
    findings: list[Finding],
    colleagues: list[Moderator],
    shown: bool,
    now: datetime,
    *,
    held: dict[int | None, Role],
    reports: list[Reports],
    against: set[int | None],
    approved: Revision | None,
    masked: bool,
    pressed: bool = False,
) -> Context:
    """`shown`: these words are in the page; `pressed`: because somebody asked for all that is kept hidden.

    `masked`: what they are compared with, `approved`, is kept hidden; `against` as for `second.barred`.
    """
    contribution, revision = review.contribution, review.revision
    said = _said(session, contribution) if reports else []
    mild = said if pressed else _mild(session, review.campaign_id, said)
    compared = shown and (pressed or not masked)
    noted = notes.of(session, review)
    mine = notes.newest_of(noted, review, me)
    sent = _from_there(session, review, now)
    barred = second.barred(session, review, me, against)
    return Context(
        look=pieces.piece(contribution, revision) if shown and not revision.erased_at else None,
        changes=changes_in(approved, revision) if compared and approved is not None else [],
        complaints=_complaints(reports),
        said=mild,
        said_hidden=len(said) - len(mild),
        earlier=_earlier(session, contribution),
        similar=_similar(session, review, findings),
        nearby=_newest_of(session, sent) if sent and contribution.contact is None else [],
        others=len(sent),
        others_declined=sum(state in DECLINED for state in sent.values()),
        lists_network=may_list_network(session, review, held, now),
        notes=[note for note in noted if mine is None or note.id != mine.id],
        note=mine.words if mine is not None else "",
        rules=house_rules.rules_of(session, review.campaign_id),
        proposal=_proposal(session, review, me),
        barred=barred,
        alone=bool(barred) and not colleagues,
    )


# -- who complained ------------------------------------------------------------------------------------


def reports_of(session: Session, contribution_id: int) -> list[Reports]:
    """Reports by kind and by the decision that closed them, so that a thousand make few lines."""
    networks = (
        select(func.count(_OTHER.network.distinct()))
        .where(_OTHER.contribution_id == contribution_id, _OTHER.category == Report.category)
        .correlate(Report)
        .scalar_subquery()
    )
    rows = session.execute(
        select(func.max(Report.made_at), Report.category, func.count(), networks, Report.closed_by_id.is_(None))
        .where(Report.contribution_id == contribution_id)
        .group_by(Report.category, Report.closed_by_id)
    )
    return [Reports(*row) for row in rows]


def _complaints(reports: Iterable[Reports]) -> list[Complaints]:
    """By kind, the most frequent first."""
    kinds: dict[str, list[Reports]] = {}
    for each in reports:
        kinds.setdefault(each.category, []).append(each)
    found = [
        Complaints(
            category,
            sum(each.count for each in some),
            some[0].networks,
            sum(each.count for each in some if each.still_open),
        )
        for category, some in kinds.items()
    ]
    return sorted(found, key=lambda kind: (-kind.count, kind.category))


def _said(session: Session, contribution: Contribution) -> list[str]:
    """What reporters wrote, newest first, each text once."""
    texts = session.scalars(
        select(Report.note)
        .where(Report.contribution_id == contribution.id, Report.note != "")
        .group_by(Report.note)
        .order_by(func.max(Report.id).desc())
        .limit(SAID)
    )
    return list(texts)


def _mild(session: Session, campaign_id: int, texts: list[str]) -> list[str]:
    """Those in which the word lists find nothing that keeps a text hidden."""
    listed = run.listed(session, campaign_id) if texts else []
    return [text for text in texts if not word_lists.keeps_hidden(listed, text)]


# -- what came before ----------------------------------------------------------------------------------


def _earlier(session: Session, contribution: Contribution) -> list[Before]:
    """What the same mail address sent, newest first; nothing where no address was given."""
    contact = contribution.contact
    if contact is None:
        return []
    query = (
        _newest_reviews()
        .join(Contact, Contact.contribution_id == Contribution.id)
        .where(
            Contact.email_hash == contact.email_hash,
            Contribution.id != contribution.id,
            Contribution.campaign_id == contribution.campaign_id,
        )
        .order_by(Review.id.desc())
        .limit(EARLIER)
    )
    return [_before(review) for review in session.scalars(query)]


def _similar(session: Session, review: Review, findings: list[Finding]) -> list[Before]:
    """What the check for repeats named, with its fate."""
    found = next((finding.detail for finding in findings if finding.check == "repeats"), {})
    same = list(found.get("equal", []))
    named = [*same, *found.get("similar", [])]
    if not named:
        return []
    query = _newest_reviews().where(Contribution.public_id.in_(named), Contribution.campaign_id == review.campaign_id)
    known = {each.contribution.public_id: each for each in session.scalars(query)}
    return [_before(known[public_id], public_id in same) for public_id in named if public_id in known]


def _newest_reviews() -> Any:
    """One review a contribution: that of its newest words."""
    newest = select(func.max(Review.id)).where(Review.contribution_id == Contribution.id).correlate(Contribution)
    return (
        select(Review).join(Contribution, Contribution.id == Review.contribution_id)
        .where(Review.id == newest.scalar_subquery())
        .options(joinedload(Review.revision), joinedload(Review.contribution))
    )  # fmt: skip


def _before(review: Review, same: bool = False) -> Before:
    words = review.revision.words
    clipped = words if len(words) <= CLIP else words[: CLIP - 1] + "…"
    return Before(
        review.id,
        review.contribution.public_id,
        "" if review.masked else clipped,
        str(FATES[review.state]),
        same,
    )


def _sender_of(session: Session, review: Review, now: datetime) -> networks.Address | None:
    """Where it was sent from, while that may be known: after its term nobody asks, swept or not."""
    evidence = session.get(Evidence, review.id)
    if evidence is None or evidence.forget_after <= now:
        return None
    return networks.address_of(evidence.ip)


def _from_there(session: Session, review: Review, now: datetime) -> dict[int, State]:
    """What else came from this connection to this campaign, while that is known: contributions and their newest fate.

    The newest first, `CONNECTED` at most.
    """
    sender = _sender_of(session, review, now)
    if sender is None:
        return {}
    rows = session.execute(
        select(Evidence.ip, Review.contribution_id, Review.state)
        .join(Evidence, Evidence.review_id == Review.id)
        .where(
            _may_be(sender),
            Evidence.forget_after > now,
            Review.campaign_id == review.campaign_id,
            Review.contribution_id != review.contribution_id,
        )
        .order_by(Evidence.review_id.desc())
        .limit(CONNECTED)
    )
    newest: dict[int, State] = {}
    for ip, contribution_id, state in rows:
        other = networks.address_of(ip)
        if other is not None and networks.key_of(other) == networks.key_of(sender):
            newest.setdefault(contribution_id, state)
    return newest


def _newest_of(session: Session, sent: Iterable[int]) -> list[Before]:
    """A row for each of the newest of these, erased ones left out."""
    query = _newest_reviews().where(Contribution.id.in_(sent), Contribution.erased_at.is_(None))
    return [_before(each) for each in session.scalars(query.order_by(Review.id.desc()).limit(EARLIER))]


def may_list_network(session: Session, review: Review, held: dict[int | None, Role], now: datetime) -> bool:
    """Whether it is known where the item came from, and whoever holds these roles may put that on a list."""
    known = _sender_of(session, review, now) is not None
    return known and permissions.may(held, permissions.Act.START_SURGE, review.campaign_id)


def _may_be(sender: networks.Address) -> ColumnElement[bool]:
    """Evidence whose address, by its text, may be one of this sender's; whether it is `key_of` says."""
    begins = networks.begins_of(sender)
    return Evidence.ip == begins if sender.version == 4 else Evidence.ip.startswith(begins, autoescape=True)


# -- two who must agree --------------------------------------------------------------------------------


def _proposal(session: Session, review: Review, me: Moderator) -> Proposal | None:
    made: Decision | None = second.proposal(session, review)
    if made is None:
        return None
    return Proposal(
        who=made.moderator.name if made.moderator is not None else "",
        mine=made.moderator_id == me.id,
        move=made.proposes,
        reasons=reasons.chosen(session, made),
        note=made.note,
        hidden=made.shown_before_id is not None and made.shown_after_id is None,
        alone=made.alone,
    )
