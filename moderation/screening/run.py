"""Runs the checks on what was received and proposes a move; whatever fails, the item waits for a person."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from moderation import lanes
from moderation.akismet.circuit import GIVE_UP_AFTER, retry_seconds
from moderation.akismet.service import Asked, SpamService
from moderation.checks import links, lists, personal, repeats, signed, trap, words
from moderation.checks.base import Earlier, Listing, Outcome, Subject, Verdict
from moderation.clusters import members
from moderation.decisions import decide
from moderation.decisions import move as decisions_move
from moderation.models import Evidence, Finding, Hold, Review, WordRule
from moderation.workflow import WAITS, Move, State
from pledges.db import rows_of
from pledges.models import Contribution, Kind, Organisation, Revision, Type
from pledges.settings import Settings
from pledges.wall.pieces import signature

log = logging.getLogger(__name__)

CHECKS = (trap, links, repeats, words, personal, lists, signed)  # that need nobody else; `spam_service` asks Akismet
QUICK: tuple[tuple[str, Callable[[Subject], Outcome]], ...] = tuple((check.NAME, check.check) for check in CHECKS)
BADGES = 5_000  # organisations with one that a signature is compared with
COMPARED = 300  # earlier texts of the same campaign
LEASE = timedelta(minutes=3)  # longer than one screening takes; a killed worker's item is taken up after it


@dataclass(frozen=True)
class Work:
    """One screening, taken by this worker alone."""

    review_id: int
    revision_id: int
    attempt: int
    reason: str  # '' | edit | recheck | retry
    subject: Subject


def take(session: Session, review_id: int, now: datetime) -> Work | None:
    """The item is this worker's for a few minutes; none where nothing is owed or another worker has it."""
    taken = session.execute(
        update(Review)
        .where(Review.id == review_id, Review.check_after.is_not(None), Review.check_after <= now)
        .values(check_after=now + LEASE, attempts=Review.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    if rows_of(taken) != 1:
        return None
    review = session.get(Review, review_id, populate_existing=True)
    if review is None or review.state not in WAITS or review.revision.erased_at is not None:
        session.execute(update(Review).where(Review.id == review_id).values(check_after=None))
        return None
    return Work(review.id, review.revision_id, review.attempts, review.check_reason, subject_of(session, review))


def subject_of(session: Session, review: Review, *, compared: bool = True) -> Subject:
    """The revision and what is still known of its sender, as plain values; `compared`: with what was sent before."""
    revision, contribution, campaign = review.revision, review.contribution, review.campaign
    evidence = session.get(Evidence, review.id)
    contact = contribution.contact
    lang = campaign.languages[0] if campaign.languages else "en"
    return Subject(
        kind=str(contribution.type),
        reply=contribution.reply_to_id is not None,
        words=revision.words,
        more=revision.how_we_will_know,
        link=revision.link,
        first_name=revision.first_name,
        actions=revision.actions_said,
        name=revision.name,
        role=revision.role,
        organisation=revision.organisation,
        website=revision.website,
        email=contact.email if contact else "",
        lang=revision.lang,
        campaign_langs=list(campaign.languages),
        title=campaign.title.in_(lang),
        context=[revision.theme.title.in_(lang)] if revision.theme else [],
        edited=review.check_reason == "edit",
        recheck=review.check_reason == "recheck",
        submitted_at=revision.submitted_at,
        ip=evidence.ip if evidence else "",
        user_agent=evidence.user_agent if evidence else "",
        referrer=evidence.referrer if evidence else "",
        permalink=evidence.permalink if evidence else "",
        accept_language=evidence.accept_language if evidence else "",
        seconds_on_form=evidence.seconds_on_form if evidence else None,
        trap_name=evidence.trap_name if evidence else "",
        trap_value=evidence.trap_value if evidence else None,
        akismet_mode=campaign.akismet.value,
        from_child=campaign.through_teacher,
        from_organisation=revision.kind is Kind.ORGANISATION,
        lists=_lists(session, campaign.id, revision.submitted_at),
        earlier=_earlier(session, contribution, revision) if compared else [],
        listed=listed(session, campaign.id),
        by_author=contribution.by_author,
        signers=signers_of(session, contribution, revision.submitted_at),
    )


def listed(session: Session, campaign_id: int) -> list[tuple[str, str]]:
    """The campaign's own words and what each does, as plain values."""
    rules = select(WordRule.words, WordRule.effect).where(
        WordRule.campaign_id == campaign_id, WordRule.retired_at.is_(None)
    )
    return [(words, str(effect)) for words, effect in session.execute(rules.order_by(WordRule.id))]


def _earlier(session: Session, contribution: Contribution, revision: Revision) -> list[Earlier]:
    """Exact copies wherever they stand in the campaign, and the latest other texts of the same type."""
    others = (
        select(Contribution.public_id, Revision.words)
        .join(Revision, Revision.contribution_id == Contribution.id)
        .where(
            Contribution.campaign_id == contribution.campaign_id,
            Contribution.id != contribution.id,
            Contribution.type.in_((Type.PLEDGE, Type.ANSWER, Type.COMMENT)),
            Revision.erased_at.is_(None),
            Revision.id < revision.id,
        )
        .order_by(Revision.id.desc())
    )
    copies = session.execute(others.where(Revision.repeat_key == revision.repeat_key).limit(50)).all()
    latest = session.execute(others.limit(COMPARED)).all()
    return [Earlier(public_id, text) for public_id, text in dict.fromkeys([tuple(row) for row in (*copies, *latest)])]


def signers_of(session: Session, comment: Contribution, now: datetime) -> list[tuple[str, str]]:
    """Who may be taken for the one who wrote a comment: whoever made the promise, and organisations with a badge."""
    parent = comment.parent
    if comment.type is not Type.COMMENT or comment.by_author or parent is None:
        return []
    made = parent.published_revision or parent.latest
    names = [made.name, made.first_name, signature(made, parent.show_name).name]
    names += [made.organisation] if made.kind is Kind.ORGANISATION else []
    badges = (
        select(Organisation.name)
        .where(Organisation.verified_at.is_not(None))
        .where(or_(Organisation.verified_until.is_(None), Organisation.verified_until > now))
    )
    verified = session.scalars(badges.order_by(Organisation.id.desc()).limit(BADGES)).all()
    return [("author", name) for name in dict.fromkeys(names) if name] + [("organisation", name) for name in verified]


def _lists(session: Session, campaign_id: int, now: datetime) -> tuple[Listing, ...]:
    """The entries of the campaign's lists that held when the words were sent, or were made since."""
    held = select(Hold).where(Hold.campaign_id == campaign_id, Hold.ended_at.is_(None), Hold.ends_at > now)
    return tuple(Listing(hold.kind.value, hold.value, hold.effect.value) for hold in session.scalars(held))


@dataclass(frozen=True)
class Seen:
    """What the checks said, and what was asked of Akismet (none: it was not, since all was clear already)."""

    outcomes: list[Outcome]
    asked: Asked | None


def examine(work: Work, spam_service: SpamService, now: datetime) -> Seen:
    """Every check's word. Runs outside any transaction, since a service may take its time."""
    outcomes = [_ask(name, check, work.subject) for name, check in QUICK]
    if any(outcome.blatant for outcome in outcomes):
        return Seen(outcomes, None)  # a flood of these must not spend the quota
    asked = spam_service.check(work.subject, now)
    return Seen([*outcomes, asked.outcome], asked)


def _ask(name: str, check: Callable[[Subject], Outcome], subject: Subject) -> Outcome:
    try:
        return check(subject)
    except Exception:  # a check of ours that breaks must not keep the item from a person
        log.exception("the check %s failed", name)
        return Outcome(name, Verdict.UNKNOWN, detail={"why": "failed"})


def settle(session: Session, work: Work, seen: Seen, now: datetime, settings: Settings) -> None:
    """The findings are kept and the item waits, or is spam where it is blatant; a late word changes no decision."""
    if session.get(Review, work.review_id) is None:
        return
    review = decisions_move.locked(session, work.review_id)
    if review.revision_id != work.revision_id or review.revision.erased_at is not None:
        return
    if review.attempts != work.attempt:
        return  # another worker took it up meanwhile, and its word counts
    outcomes = seen.outcomes
    review.round += 1
    for outcome in outcomes:
        session.add(_finding(review, outcome, now))
    _keep_answer(session, review, seen.asked)
    review.masked = any(outcome.mask for outcome in outcomes)
    review.not_checked = any(outcome.verdict is Verdict.UNKNOWN and not asked_not(outcome) for outcome in outcomes)
    review.check_after, review.check_reason = _next_check(review, seen.asked, now)
    session.flush()
    session.expire(review, ["findings"])
    if review.state is State.RECEIVED:
        blatant = any(outcome.blatant for outcome in outcomes)
        move = Move.MARK_SPAM if blatant else Move.HOLD
        decide.decide(session, review.id, move, by=None, version=review.version, now=now, settings=settings)
        if blatant:
            review.check_after = None
    elif review.state is State.WAITING:
        lanes.put_in(session, review)
    else:
        review.check_after = None
    members.settled(session, review, now)


def lists_changed(session: Session, work: Work) -> bool:
    """Whether the lists say something else now than when these words were taken to be checked."""
    review = session.get(Review, work.review_id)
    if review is None:
        return False
    now_held = _lists(session, review.campaign_id, review.revision.submitted_at)
    return (now_held, listed(session, review.campaign_id)) != (work.subject.lists, work.subject.listed)


def asked_not(outcome: Outcome) -> bool:
    """Whether the campaign chose not to ask this check: then nothing is missing."""
    return outcome.detail.get("why") == "not_asked"


def _finding(review: Review, outcome: Outcome, now: datetime) -> Finding:
    return Finding(
        review_id=review.id,
        check=outcome.check,
        round=review.round,
        verdict=outcome.verdict,
        lane=outcome.lane,
        detail=dict(outcome.detail),
        quotes=[[quote.field, quote.start, quote.end, quote.rule] for quote in outcome.quotes],
        found_at=now,
    )


def _keep_answer(session: Session, review: Review, asked: Asked | None) -> None:
    """What feedback will need: the fields as first sent, and what was answered."""
    evidence = session.get(Evidence, review.id)
    if evidence is None or asked is None or asked.answer.verdict is None:
        return
    evidence.akismet_said = "true" if asked.answer.verdict == "spam" else "false"
    evidence.akismet_guid = (asked.answer.guid or "")[:100] or None
    evidence.akismet_fields = evidence.akismet_fields or asked.fields


def _next_check(review: Review, asked: Asked | None, now: datetime) -> tuple[datetime | None, str]:
    """When to ask again: where the service said so, or gave no verdict; never once the sender is forgotten."""
    if asked is None:
        return None, ""
    if asked.answer.recheck_after_seconds:
        return now + timedelta(seconds=asked.answer.recheck_after_seconds), "recheck"
    if asked.answer.worth_a_retry and now - review.revision.submitted_at < GIVE_UP_AFTER:
        refused = asked.answer.why == "key_refused"
        return now + timedelta(seconds=retry_seconds(review.attempts, key_refused=refused)), "retry"
    return None, ""
