"""One item, as the desk shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext, lazy_gettext
from markupsafe import Markup
from sqlalchemy.orm import Session

from moderation import claims, lanes, permissions, workflow
from moderation.claims import Claim
from moderation.decisions import open, second, seeing, undo
from moderation.models import Lane, Moderator, Reason, Review, Role, WordEffect
from moderation.permissions import Act
from moderation.queue import aside, waiting
from moderation.record.values import NAME_LEVELS
from moderation.rules import reasons
from moderation.workflow import WAITS, Move
from pledges.intake.forms.base import permitted_levels
from pledges.models import Contact, Contribution, Progress, Revision, ShowName
from pledges.organisations import facts
from pledges.settings import settings
from pledges.updates import actions, timeline
from pledges.wall.pieces import less_than

from . import changes, context, likenesses
from .checks import Check, check_of, doubts_of, loudest, marked, numbers_of
from .context import Context
from .likenesses import Likeness
from .rows import Row, Signal, calls_of, newest, row_of
from .story import Line, Past, past_of, story_of

ROLE_WORDS = {
    Role.VIEWER: lazy_gettext("reads, and decides nothing"),
    Role.MODERATOR: lazy_gettext("decides on what waits"),
    Role.LEAD: lazy_gettext("also reasons, word lists, people and the record"),
    Role.OWNER: lazy_gettext("everything"),
}


@dataclass(frozen=True)
class Item:
    """One item, whole."""

    row: Row
    calls: list[Signal]
    laid_aside_until: datetime | None
    review: Review
    contribution: Contribution
    revision: Revision
    parent: Contribution | None
    shown: bool  # whether strong words are in the page
    proof: str  # that these words were shown, where they were
    doubts: list[str]  # what the checks found, a sentence each
    named: str  # the same as a form carries it
    marked: dict[str, Markup]
    checks: list[Check]
    story: list[Line]
    beside: Context
    on_wall: bool  # these very words are shown now
    likely_spam: bool
    reject_reasons: list[Reason]
    revise_reasons: list[Reason]
    moves: list[Move]
    replaced: bool  # some of its moves are closed, since the author sent newer words
    may_decide: bool
    may_be_seconded: bool  # somebody else is there who could be the second of two
    undoable: bool
    claim: Claim | None  # of what waits, for somebody who may decide
    may_claim: bool
    may_lay_aside: bool  # and pass on
    mark_undoable: bool  # it was laid aside or passed on just now
    opened: int  # harsh texts that this session has shown
    colleagues: list[Moderator]
    approved: Revision | None  # what stands on the wall, or was sent before, where these words are a change of it
    approved_stands: bool
    approved_hidden: bool = False  # strong words are in it, and nobody asked for them
    parent_hidden: bool = False
    email: str = ""
    authoriser: str = ""
    facts: list[Any] = field(default_factory=list)  # what its author says the organisation is, in words
    name_level: str = ""
    told: list[timeline.Told] = field(default_factory=list)  # how its author says that it goes
    actions: dict[str, str] = field(default_factory=dict)  # words by key
    told_elsewhere: bool = False  # on the page of this item alone
    less: list[tuple[ShowName, str]] = field(default_factory=list)  # levels of its author's name that show less
    likeness: Likeness | None = None  # what is asked about its organisation, where its words are in the page


def item_of(
    session: Session,
    review: Review,
    me: Moderator,
    held: dict[int | None, Role],
    now: datetime,
    *,
    shown: bool,
    opened: int,
    in_queue: bool = False,
) -> Item:
    past = past_of(session, review)
    contribution, revision = review.contribution, review.revision
    findings = newest(review)
    numbers = numbers_of(findings)
    quotes = [quote for finding in findings for quote in finding.quotes]
    fields = {
        "words": revision.words,
        "more": revision.how_we_will_know,
        "actions": revision.actions_said,
        "name": revision.name,
        "first_name": revision.first_name,
        "role": revision.role,
        "organisation": revision.organisation,
        "link": revision.link,
    }
    readable = shown or not review.masked
    approved, parent = changes.compared_with(contribution, revision, past.revisions()), contribution.parent
    masked = changes.is_masked(session, approved, past.reviews)
    against = second.appealed_against(session, review) if past.appealed(session, review) else set()
    here = colleagues_for(session, review, me, against)
    aside = waiting.laid_aside(review, now)  # it stands in that lane alone
    stands = {row.lane for row in review.lanes}
    if aside:
        reported = any(each.still_open for each in past.reports)
        stands = lanes.lanes_of(session, review, is_reported=reported, appealed=bool(against))
    beside = context.of(
        session,
        review,
        me,
        findings,
        here,
        readable,
        now,
        held=held,
        reports=past.reports,
        against=against,
        approved=approved,
        masked=masked,
        pressed=shown,
    )
    contact = contribution.contact
    is_told = contribution.progress is not Progress.PROMISED or bool(revision.actions)
    offered = reasons.offered_by_use(session, review.campaign_id)
    return Item(
        **_what_may_be_done(session, review, me, held, beside, past, now, appealed=bool(against), seconded=bool(here)),
        row=row_of(review, now, me, shown=shown),
        calls=calls_of(review, stands),
        laid_aside_until=review.parked_until if aside else None,
        review=review,
        contribution=contribution,
        revision=revision,
        parent=parent,
        shown=readable,
        proof=seeing.proof(me, review) if readable else "",
        doubts=doubts_of(review),
        named=seeing.names(review),
        marked={name: marked(text, name, quotes, numbers) for name, text in fields.items()},
        checks=[check_of(finding, fields if readable else {}, numbers) for finding in sorted(findings, key=loudest)],
        story=story_of(session, review, past),
        beside=beside,
        on_wall=contribution.published_revision_id == revision.id,
        likely_spam=any(finding.check == "akismet" and finding.lane == Lane.SPAM for finding in findings),
        reject_reasons=offered.get(reasons.REJECT, []),
        revise_reasons=offered.get(reasons.REVISE, []),
        opened=opened,
        colleagues=here,
        approved=approved,
        approved_stands=approved is not None and approved.id == contribution.published_revision_id,
        approved_hidden=not shown and masked,
        parent_hidden=not shown and parent is not None and changes.is_masked(session, parent.published_revision),
        email=_half(contact) if contact else "",
        authoriser=contact.authoriser if contact else "",
        facts=facts.told(contact) if contact else [],
        name_level=str(NAME_LEVELS[revision.level]),
        less=[(level, str(NAME_LEVELS[level])) for level in less_of(session, review, held)],
        told=timeline.own(session, contribution, actions=True) if is_told and not in_queue else [],
        actions={each.key: each.words for each in actions.of_revision(contribution.published_revision)},
        told_elsewhere=is_told and in_queue,
        likeness=likenesses.of(session, revision, review.campaign_id, held) if readable else None,
    )


def less_of(session: Session, review: Review, held: dict[int | None, Role]) -> list[ShowName]:
    """The levels to which this person may take the name back: nothing that is not shown already is shown by it."""
    if not permissions.may(held, Act.TAKE_DOWN, review.campaign_id) or review.revision.erased_at is not None:
        return []
    contribution, revision = review.contribution, review.revision
    now_shown = contribution.show_name if contribution.published_revision_id is not None else revision.level
    most = min(now_shown, revision.level, key=lambda level: level.place)
    permitted = permitted_levels(review.campaign)
    return [level for level in less_than(revision, most, shown_already=True) if level in permitted]


def _what_may_be_done(
    session: Session,
    review: Review,
    me: Moderator,
    held: dict[int | None, Role],
    beside: Context,
    past: Past,
    now: datetime,
    *,
    appealed: bool,
    seconded: bool,
) -> dict[str, Any]:
    """Of an item's fields those that say which buttons this person has."""
    may_decide = permissions.may(held, Act.DECIDE, review.campaign_id)
    claim = claims.claim_of(review, me, now) if may_decide and review.state in WAITS else None
    elsewhere = claim is not None and claim.state == "other"
    old = past.outdated(session, review)
    moves = open.open_moves(review, old, appealed) if may_decide and not beside.barred and not elsewhere else []
    if appealed and not seconded:
        moves = [move for move in moves if move is not Move.PROPOSE]  # nobody is left to answer it
    may_lay_aside = claim is not None and not elsewhere and beside.barred != second.APPEAL
    return {
        "moves": moves,
        "replaced": bool(moves) and any(open.unwanted(review, move, old, appealed) for move in _back(review)),
        "may_decide": may_decide,
        "may_be_seconded": seconded,
        "undoable": undo.undoable(past.last_decision(session, review), me, now, settings()),
        "claim": claim,
        "may_claim": claim is not None and not beside.barred,
        "may_lay_aside": may_lay_aside,
        "mark_undoable": may_lay_aside
        and aside.is_undoable(past.last_mark(session, review), review, me, now, settings()),
    }


def _back(review: Review) -> list[Move]:
    """The moves of the table that would bring these words back."""
    return [move for move in workflow.open_moves(review.state) if move in workflow.BRINGS_BACK]


def _half(contact: Contact) -> str:
    """An address as a moderator needs it: whose provider, whether it is proved, and whether anything arrives there."""
    local, _, domain = contact.email.partition("@")
    state = gettext("confirmed") if contact.proved_at is not None else gettext("not confirmed")
    if contact.undeliverable_at is not None:
        state = gettext("no letter arrives there (%(code)s)", code=contact.undeliverable_code)
    return f"{local[:1]}…@{domain}, {state}"


def colleagues(session: Session, campaign_id: int) -> list[Moderator]:
    """Who may decide in this campaign."""
    return [person for person, _role in permissions.deciding(session, campaign_id)]


def colleagues_for(
    session: Session, review: Review, me: Moderator, against: set[int | None] | None = None
) -> list[Moderator]:
    """Others who may decide this item: to whom it can be passed; `against` as for `second.barred`."""
    barred = {me.id, *second.barred_people(session, review, against)}
    return [person for person in colleagues(session, review.campaign_id) if person.id not in barred]


EFFECTS: dict[WordEffect, Any] = {
    WordEffect.RAISE: lazy_gettext("A moderator sees it marked"),
    WordEffect.MASK: lazy_gettext("The text stays hidden until asked for"),
    WordEffect.HOLD: lazy_gettext("Hidden, and kept apart in the lane of likely abuse"),
    WordEffect.ALLOW: lazy_gettext("It means nothing here, even where the common list has it"),
}
