"""What the moderators' pages show: rows, items and their story, as plain values for the templates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import get_locale, gettext, lazy_gettext, ngettext
from markupsafe import Markup, escape
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, joinedload, object_session

from pledges.forms import CATEGORIES
from pledges.models import Contact, Contribution, Revision, ShowName, Type
from pledges.settings import settings
from pledges.text import moment, number, opening

from . import (
    acts,
    claims,
    context,
    decisions,
    lanes,
    likenesses,
    permissions,
    queue,
    reasons,
    screening,
    seeing,
    workflow,
)
from .checks import akismet
from .checks.base import Verdict
from .claims import Claim
from .context import Context
from .likenesses import Likeness
from .models import Appeal, Decision, Finding, Lane, Moderator, Reason, Review, Role, WordEffect
from .permissions import Act
from .queue import Position
from .workflow import WAITS, Move, State

LANES: dict[str, Any] = {
    "all": lazy_gettext("Everything"),
    Lane.NEW: lazy_gettext("New"),
    Lane.CHANGED: lazy_gettext("Changes"),
    Lane.REPORTED: lazy_gettext("Reported"),
    Lane.APPEALS: lazy_gettext("Appeals"),
    Lane.UPDATES: lazy_gettext("Updates"),
    Lane.ANSWERS: lazy_gettext("Answers"),
    Lane.ORGANISATIONS: lazy_gettext("Organisations"),
    Lane.PERSONAL_DATA: lazy_gettext("Personal data"),
    Lane.SPAM: lazy_gettext("Likely spam"),
    Lane.ABUSE: lazy_gettext("Likely abuse"),
    Lane.WELSH: lazy_gettext("In Welsh"),
    "mine": lazy_gettext("Passed to me"),
    "hand": lazy_gettext("Handed to me"),
    "parked": lazy_gettext("Laid aside"),
}
CARE = (Lane.PERSONAL_DATA, Lane.SPAM, Lane.ABUSE, Lane.WELSH, "mine", "hand", "parked")
KINDS = {
    Type.PLEDGE: lazy_gettext("Promise"),
    Type.ANSWER: lazy_gettext("Answer"),
    Type.COMMENT: lazy_gettext("Comment"),
    Type.UPDATE: lazy_gettext("Update"),
}
CHECKS = {check.NAME: check.TITLE for check in (*screening.CHECKS, akismet)}
NAME_LEVELS = {
    ShowName.FULL: lazy_gettext("the full name"),
    ShowName.FIRST: lazy_gettext("the first name"),
    ShowName.ROLE: lazy_gettext("the role alone"),
    ShowName.ORGANISATION: lazy_gettext("the organisation"),
    ShowName.ANONYMOUS: lazy_gettext("no name"),
}
ROLE_WORDS = {
    Role.VIEWER: lazy_gettext("reads, and decides nothing"),
    Role.MODERATOR: lazy_gettext("decides on what waits"),
    Role.LEAD: lazy_gettext("also reasons, word lists, people and the record"),
    Role.OWNER: lazy_gettext("everything"),
}
SIGNS = {Verdict.STOP: "sig--stop", Verdict.LOOK: "sig--look", Verdict.CLEAR: "sig--ok"}
RECENT = 100
TOLD = 20  # revisions of one contribution whose story is told
DECISIONS_TOLD = 10 * TOLD


@dataclass(frozen=True)
class Signal:
    """A shape, a colour and a word."""

    css: str
    words: str


@dataclass(frozen=True)
class Row:
    """One line of the queue."""

    id: int
    version: int
    reference: str
    kind: str
    who: str
    words: str
    lang: str
    masked: bool
    age: str
    late: bool
    signals: list[Signal]
    holder: str


@dataclass(frozen=True)
class Caught:
    """The words that one rule caught, under the number that stands beside them in the text."""

    number: int
    rule: str
    words: list[str]


@dataclass(frozen=True)
class Check:
    """What one check said, for a person."""

    name: str
    words: str
    signal: Signal
    clear: bool
    caught: list[Caught] = field(default_factory=list)  # nothing where the text is kept hidden


@dataclass(frozen=True)
class Line:
    """One line of an item's story."""

    at: datetime
    who: str
    what: str
    note: str = ""  # what was written with it, to the author or to colleagues
    review_id: int | None = None  # of other words of the same author in this place, which the line leads to
    own: bool = True  # it happened to these very words


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
    name_level: str = ""
    likeness: Likeness | None = None  # what is asked about its organisation, where its words are in the page


def lane_links(
    counts: dict[str, int], current: str, oldest: dict[str, datetime], now: datetime
) -> dict[str, list[dict[str, Any]]]:
    """The lanes in two groups, empty ones left out but for those that always stand."""

    def link(lane: str) -> dict[str, Any]:
        age = age_words(minutes_since(oldest[lane], now)) if lane in oldest and counts.get(lane) else ""
        shown = {"lane": lane, "name": LANES[lane], "count": counts.get(lane, 0), "current": lane == current}
        return {**shown, "oldest": age}

    always = {"all", Lane.NEW, Lane.REPORTED, Lane.PERSONAL_DATA, Lane.SPAM, Lane.ABUSE}
    seen = [lane for lane in LANES if lane in always or counts.get(lane) or lane == current]
    return {
        "waiting": [link(lane) for lane in seen if lane not in CARE],
        "care": [link(lane) for lane in seen if lane in CARE],
    }


def read_position(text: str) -> Position | None:
    """The place in the queue that a link names; none where it names none."""
    since, _, review_id = text.partition("_")
    waiting_since, which = moment(since), number(review_id)
    return Position(waiting_since, which) if waiting_since is not None and which is not None else None


def write_position(place: Position) -> str:
    return f"{place.waiting_since.isoformat()}_{place.review_id}"


def row_of(review: Review, now: datetime, me: Moderator | None = None, *, shown: bool = False) -> Row:
    """`shown`: somebody asked for the words, where they are kept hidden; the name is hidden and shown with them."""
    contribution, revision = review.contribution, review.revision
    name = revision.organisation or revision.name or revision.role
    hidden = bool(name) and review.masked and not shown
    minutes = minutes_since(review.waiting_since, now)
    holder = claims.holder(review, now)
    return Row(
        id=review.id,
        version=review.version,
        reference=contribution.public_id,
        kind=str(_kind(review)),
        who=gettext("Name kept hidden") if hidden else name or gettext("Name not shown"),
        words=revision.words,
        lang=revision.lang,
        masked=review.masked,
        age=age_words(minutes),
        late=minutes > review.campaign.wait_target_minutes,
        signals=signals_of(review),
        holder=holder.name if holder is not None and holder != me else "",
    )


def _kind(review: Review) -> Any:
    shown = review.contribution.published_revision_id
    if shown is not None and shown != review.revision_id:
        return gettext("Change")
    return KINDS[review.contribution.type]


def minutes_since(moment: datetime, now: datetime) -> int:
    return max(0, int((now - moment).total_seconds() // 60))


def age_words(minutes: int) -> str:
    """How long it waits, as people say it."""
    if minutes < 60:
        return gettext("%(count)s min", count=minutes)
    if minutes < 48 * 60:
        return gettext("%(hours)s h %(minutes)s", hours=minutes // 60, minutes=f"{minutes % 60:02d}")
    return ngettext("%(num)s day", "%(num)s days", minutes // 1440)


def newest(review: Review) -> list[Finding]:
    """What the last round of checks said."""
    return [finding for finding in review.findings if finding.round == review.round]


def signals_of(review: Review) -> list[Signal]:
    findings = newest(review)
    signals = [_signal(finding) for finding in findings if finding.verdict in (Verdict.STOP, Verdict.LOOK)]
    if review.state is State.RECEIVED or not findings:
        signals.append(Signal("", gettext("Not checked yet")))
    elif review.not_checked:
        signals.append(Signal("", gettext("Spam not checked")))
    signals += [_signal(finding) for finding in findings if finding.verdict is Verdict.NOTICE]
    signals = calls_of(review, {row.lane for row in review.lanes}) + signals
    if any(lane.lane is Lane.WELSH for lane in review.lanes):
        signals.append(Signal("sig--look", gettext("Needs a Welsh reader")))
    return signals or [Signal("sig--ok", gettext("Nothing found"))]


def calls_of(review: Review, stands: set[Lane]) -> list[Signal]:
    """Why a person has to look at it once more: said in the list and at its head."""
    said = [
        (Lane.APPEALS in stands, gettext("Appeal")),
        (Lane.REPORTED in stands, gettext("Reported")),
        (review.needs_second, gettext("Second opinion")),
    ]
    return [Signal("sig--look", words) for called, words in said if called]


SIGNALS = {
    "personal": lazy_gettext("Personal data"),
    "words": lazy_gettext("Listed word"),
    "akismet": lazy_gettext("Likely spam"),
    "links": lazy_gettext("Links"),
    "repeats": lazy_gettext("Like others"),
    "trap": lazy_gettext("Form trap"),
    "lists": lazy_gettext("On a list"),
}


def _signal(finding: Finding) -> Signal:
    return Signal(SIGNS.get(finding.verdict, ""), str(SIGNALS.get(finding.check, finding.check)))


VERDICTS = {
    Verdict.CLEAR: lazy_gettext("Clear"),
    Verdict.NOTICE: lazy_gettext("Note"),
    Verdict.LOOK: lazy_gettext("Look"),
    Verdict.STOP: lazy_gettext("Stop"),
    Verdict.UNKNOWN: lazy_gettext("Not checked"),
}


def check_of(finding: Finding, texts: dict[str, str], numbers: dict[str, int]) -> Check:
    """What a check said; `texts` (none while they are kept hidden) hold the words that it caught."""
    signal = Signal(SIGNS.get(finding.verdict, ""), str(VERDICTS[finding.verdict]))
    return Check(
        str(CHECKS.get(finding.check, finding.check)),
        _detail_words(finding),
        signal,
        finding.verdict is Verdict.CLEAR,
        _caught(finding, texts, numbers),
    )


def _caught(finding: Finding, texts: dict[str, str], numbers: dict[str, int]) -> list[Caught]:
    found: dict[str, dict[str, None]] = {}
    for name, start, end, rule in finding.quotes:
        if text := texts.get(name, "")[start:end]:
            found.setdefault(rule, {})[text] = None
    return [
        Caught(numbers.get(rule, 0), str(RULES.get(rule, rule.replace("_", " "))), list(words))
        for rule, words in found.items()
    ]


def numbers_of(findings: list[Finding]) -> dict[str, int]:
    """A number for each rule that caught words, the loudest check first."""
    rules = [quote[3] for finding in sorted(findings, key=_loudest) for quote in finding.quotes]
    return {rule: number for number, rule in enumerate(dict.fromkeys(rules), start=1)}


def _detail_words(finding: Finding) -> str:
    if finding.verdict is Verdict.CLEAR:
        return gettext("Nothing found")
    if finding.verdict is Verdict.UNKNOWN:
        return _why_unknown(str(finding.detail.get("why", "")))
    if finding.check == "repeats":
        return _repeats_words(finding)
    rules = [str(rule) for rule in finding.detail.get("rules", [])] or sorted({quote[3] for quote in finding.quotes})
    named = ", ".join(str(RULES.get(rule, rule.replace("_", " "))) for rule in rules)
    return named or gettext("See the marked words")


def doubts_of(review: Review) -> list[str]:
    """What the checks found, a sentence each, without quoting it."""
    return [_doubt_words(finding) for finding in seeing.doubts(review)]


def _doubt_words(finding: Finding) -> str:
    what = _detail_words(finding)
    if finding.check == "personal":
        return gettext("Shows %(what)s.", what=what)
    if finding.check in ("words", "links"):
        return gettext("Has %(what)s.", what=what)
    return f"{CHECKS.get(finding.check, finding.check)}: {what}."


def _repeats_words(finding: Finding) -> str:
    """Which earlier items say the same, by their references."""
    parts = []
    if equal := finding.detail.get("equal"):
        parts.append(gettext("the same words as %(ids)s", ids=", ".join(equal)))
    if similar := finding.detail.get("similar"):
        parts.append(gettext("almost the same words as %(ids)s", ids=", ".join(similar)))
    return "; ".join(parts)


RULES = {
    "discard": lazy_gettext("the spam service is sure that it is spam, and would have thrown it away unread"),
    "spam": lazy_gettext("the spam service calls it spam, and would have kept it for a person to read"),
    "hasty": lazy_gettext("sent within three seconds"),
    "trap_filled": lazy_gettext("the hidden field was filled in"),
    "trap_missing": lazy_gettext("the hidden field was missing"),
    "no_clock": lazy_gettext("nobody knows how long the form was open"),
    "link": lazy_gettext("a link"),
    "many_links": lazy_gettext("many links"),
    "hidden_link": lazy_gettext("a link that hides where it leads"),
    "spelled_link": lazy_gettext("a link spelled out in words"),
    "link_markup": lazy_gettext("the markup of a link"),
    "word_1": lazy_gettext("a word of the list that may hurt"),
    "word_2": lazy_gettext("a strong word of the list"),
    "listed_raise": lazy_gettext("a word of this campaign’s list"),
    "listed_mask": lazy_gettext("a word of this campaign’s list that is hidden until asked for"),
    "listed_hold": lazy_gettext("a word of this campaign’s list that is kept apart"),
    "child_and_class": lazy_gettext("a child’s name with a class"),
    "class_beside_name": lazy_gettext("a class beside a name"),
    "age": lazy_gettext("an age"),
    "phone": lazy_gettext("a telephone number"),
    "email": lazy_gettext("an email address"),
    "postcode": lazy_gettext("a postcode"),
    "address": lazy_gettext("a home address"),
    "handle": lazy_gettext("a name on a social network"),
    "profile": lazy_gettext("a profile on a social network"),
    "national_insurance": lazy_gettext("a National Insurance number"),
    "nhs_number": lazy_gettext("an NHS number"),
    "listed_network": lazy_gettext("a network on the list"),
    "listed_domain": lazy_gettext("a mail domain on the list"),
    "listed_phrase": lazy_gettext("a phrase on the list"),
    "car_plate": lazy_gettext("a number plate"),
}


def _why_unknown(why: str) -> str:
    return {
        "no_key": gettext("No key is set for the spam service: not checked"),
        "forgotten": gettext("The sender’s details have been forgotten: not checked again"),
        "provisional": gettext("The spam service is still looking"),
        "circuit_open": gettext("The spam service does not answer at the moment: not checked yet"),
        "budget_spent": gettext("Today’s checks are used up: not checked yet"),
    }.get(why, gettext("The check gave no answer: not checked yet"))


def marked(text: str, name: str, quotes: Iterable[Any], numbers: dict[str, int]) -> Markup:
    """`text` with what the checks caught marked, each with the number of its rule; everything else escaped."""
    spans = sorted((start, end, rule) for field_name, start, end, rule in quotes if field_name == name)
    parts, at = [], 0
    for start, end, rule in spans:
        if start < at or end > len(text):
            continue
        number = Markup("<sup>{}</sup>").format(numbers[rule]) if rule in numbers else ""
        parts += [escape(text[at:start]), Markup("<mark>{}{}</mark>").format(text[start:end], number)]
        at = end
    return Markup("").join([*parts, escape(text[at:])])


def item_of(
    session: Session,
    review: Review,
    me: Moderator,
    held: dict[int | None, Role],
    now: datetime,
    *,
    shown: bool,
    opened: int,
) -> Item:
    past = _past(session, review)
    contribution, revision = review.contribution, review.revision
    findings = newest(review)
    numbers = numbers_of(findings)
    quotes = [quote for finding in findings for quote in finding.quotes]
    fields = {
        "words": revision.words,
        "more": revision.how_we_will_know,
        "name": revision.name,
        "role": revision.role,
        "organisation": revision.organisation,
    }
    readable = shown or not review.masked
    approved, parent = context.compared_with(contribution, revision, past.revisions()), contribution.parent
    masked = context.is_masked(session, approved, past.reviews)
    against = decisions.appealed_against(session, review) if past.appealed(session, review) else set()
    here = colleagues_for(session, review, me, against)
    aside = queue.laid_aside(review, now)  # it stands in that lane alone
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
        checks=[check_of(finding, fields if readable else {}, numbers) for finding in sorted(findings, key=_loudest)],
        story=_story(session, review, past),
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
        parent_hidden=not shown and parent is not None and context.is_masked(session, parent.published_revision),
        email=_half(contact) if contact else "",
        name_level=str(NAME_LEVELS[revision.level]),
        likeness=likenesses.of(session, revision, review.campaign_id, held) if readable else None,
    )


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
    moves = decisions.open_moves(review, old, appealed) if may_decide and not beside.barred and not elsewhere else []
    if appealed and not seconded:
        moves = [move for move in moves if move is not Move.PROPOSE]  # nobody is left to answer it
    may_lay_aside = claim is not None and not elsewhere and beside.barred != decisions.APPEAL
    return {
        "moves": moves,
        "replaced": bool(moves) and any(decisions.unwanted(review, move, old, appealed) for move in _back(review)),
        "may_decide": may_decide,
        "may_be_seconded": seconded,
        "undoable": decisions.undoable(past.last_decision(session, review), me, now, settings()),
        "claim": claim,
        "may_claim": claim is not None and not beside.barred,
        "may_lay_aside": may_lay_aside,
        "mark_undoable": may_lay_aside
        and queue.is_undoable(past.last_mark(session, review), review, me, now, settings()),
    }


def _back(review: Review) -> list[Move]:
    """The moves of the table that would bring these words back."""
    return [move for move in workflow.open_moves(review.state) if move in workflow.BRINGS_BACK]


def _loudest(finding: Finding) -> int:
    return [Verdict.STOP, Verdict.LOOK, Verdict.NOTICE, Verdict.UNKNOWN, Verdict.CLEAR].index(finding.verdict)


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
    """Others who may decide this item: to whom it can be passed; `against` as for `decisions.barred`."""
    barred = {me.id, *decisions.barred_people(session, review, against)}
    return [person for person in colleagues(session, review.campaign_id) if person.id not in barred]


EFFECTS: dict[WordEffect, Any] = {
    WordEffect.RAISE: lazy_gettext("A moderator sees it marked"),
    WordEffect.MASK: lazy_gettext("The text stays hidden until asked for"),
    WordEffect.HOLD: lazy_gettext("Hidden, and kept apart in the lane of likely abuse"),
    WordEffect.ALLOW: lazy_gettext("It means nothing here, even where the common list has it"),
}
MARKED = {
    "park": lazy_gettext("Laid aside until tomorrow"),
    "pass": lazy_gettext("Passed on"),
    "back": lazy_gettext("It stands in its lanes again"),
}
MOVED: dict[str, Any] = {
    Move.HOLD: lazy_gettext("The checks are done. It waits for a person."),
    Move.MARK_SPAM: lazy_gettext("Called spam"),
    Move.APPROVE: lazy_gettext("Approved"),
    Move.REJECT: lazy_gettext("Declined"),
    Move.REVISE: lazy_gettext("Asked for a change"),
    Move.REOPEN: lazy_gettext("Waits again"),
    Move.WITHDRAW: lazy_gettext("Taken back by the author"),
    Move.RESTORE: lazy_gettext("Put back by the author"),
    Move.SUPERSEDE: lazy_gettext("Newer words take its place"),
    Move.UNDO: lazy_gettext("The last decision was undone"),
    Move.PROPOSE: lazy_gettext("Asked for a second opinion"),
}
DONE = {**MOVED, **MARKED}


@dataclass(frozen=True)
class Past:
    """What was sent in an item's place, and what people did with it: each newest first, of very much the newest.

    Where the item is older than all of it, it is looked up.
    """

    reviews: Sequence[Review]  # with all that an item shows of their contribution
    in_appeal: set[int]  # those of which an appeal is open
    decisions: Sequence[Decision]
    marks: Sequence[acts.Act]
    reports: list[context.Reports]

    def revisions(self) -> list[Revision] | None:
        """All that was sent in this place; none: not all of it is here."""
        return [each.revision for each in self.reviews] if len(self.reviews) < TOLD else None

    def appealed(self, session: Session, review: Review) -> bool:
        return review.id in self.in_appeal if review in self.reviews else lanes.open_appeal(session, review)

    def last_decision(self, session: Session, review: Review) -> Decision | None:
        last = next((each for each in self.decisions if each.review_id == review.id), None)
        whole = review in self.reviews and len(self.decisions) < DECISIONS_TOLD
        return last if last is not None or whole else decisions.last_decision(session, review)

    def last_mark(self, session: Session, review: Review) -> acts.Act | None:
        subject, marks = f"review:{review.id}", (*queue.MARKS, *queue.BACKS)
        last = next((each for each in self.marks if each.subject == subject and each.act in marks), None)
        whole = review in self.reviews and len(self.marks) < acts.MOST_MARKS
        return last if last is not None or whole else queue.last_mark(session, review)

    def outdated(self, session: Session, review: Review) -> set[int]:
        """This item, where newer words of its author could be shown; see `decisions.outdated`."""
        if len(self.reviews) == TOLD:
            return decisions.outdated(session, [review.id])
        newer = (each for each in self.reviews if each.revision.number > review.revision.number)
        could = any(each.state not in (State.REJECTED, State.SPAM) for each in newer)
        return {review.id} if could else set()


def _past(session: Session, review: Review) -> Past:
    of_item = joinedload(Review.contribution)
    appealed = select(Appeal.id).where(Appeal.review_id == Review.id, Appeal.closed_by_id.is_(None)).exists()
    rows = session.execute(
        select(Review, appealed)
        .where(Review.contribution_id == review.contribution_id)
        .order_by(Review.id.desc())
        .limit(TOLD)
        .options(
            joinedload(Review.revision).joinedload(Revision.theme),
            joinedload(Review.evidence),
            joinedload(Review.campaign),
            of_item.joinedload(Contribution.contact),
            of_item.joinedload(Contribution.published_revision),
            of_item.joinedload(Contribution.parent).joinedload(Contribution.published_revision),
            of_item.joinedload(Contribution.consents),
        )
    )
    found = rows.unique().all()
    every, ids = [each for each, _ in found], [each.id for each, _ in found]
    made = select(Decision).where(Decision.review_id.in_(ids)).order_by(Decision.id.desc()).limit(DECISIONS_TOLD)
    made = made.options(joinedload(Decision.moderator), joinedload(Decision.reason))
    in_appeal = {each.id for each, is_open in found if is_open}
    reports = context.reports_of(session, review.contribution_id)
    return Past(every, in_appeal, session.scalars(made).all(), acts.marks_of(session, ids), reports)


def _story(session: Session, review: Review, past: Past) -> list[Line]:
    """What happened to these words, and to those that stood in their place, newest first.

    Nobody can change or remove a line.
    """
    lines = [_sent(each, review) for each in past.reviews]
    lines += [_reported(each.at, each.category, each.count) for each in past.reports]
    for decision in past.decisions:
        own = decision.review_id == review.id
        lines.append(Line(decision.decided_at, _who(decision), _what(decision), decision.note, own=own))
    lines += [Line(*told) for told in acts.beside_decisions(session, past.marks)]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _sent(each: Review, shown: Review) -> Line:
    """The coming of these words; of others a line that leads to them."""
    what = gettext("Sent from the form") if each.revision.number == 1 else gettext("Changed by the author")
    own = each.id == shown.id
    return Line(each.revision.submitted_at, gettext("Sender"), what, review_id=None if own else each.id, own=own)


def _reported(at: datetime, category: str, count: int) -> Line:
    kind = CATEGORIES.get(category, category)
    if count == 1:
        return Line(at, gettext("Reader"), gettext("Reported: %(category)s", category=kind))
    words = gettext("Reported %(count)s times: %(category)s", count=count, category=kind)
    return Line(at, gettext("Readers"), words)


def lang() -> str:
    """The language of whoever is at the desk."""
    return str(get_locale() or "en")


def _who(decision: Decision) -> str:
    if decision.moderator is not None:
        return decision.moderator.name
    return gettext("Sender") if decision.by_author else gettext("Checks")


PROPOSED = {
    Move.REJECT: lazy_gettext("Proposed to a second moderator to decline"),
    Move.REVISE: lazy_gettext("Proposed to a second moderator to ask for a change"),
}


def _what(decision: Decision) -> str:
    words = str(MOVED[decision.move])
    if decision.proposes is not None and not decision.alone:
        words = str(PROPOSED.get(decision.proposes, words))
    if decision.move is Move.REOPEN and decision.by_author:
        return gettext("Asked for a second moderator to look at it")
    session = object_session(decision)
    chosen = reasons.chosen(session, decision) if session is not None else []
    names = ", ".join(reason.name.in_(lang()) for reason in chosen)
    words = f"{words}: {names}" if names else words
    return gettext("%(what)s (nobody to second it)", what=words) if decision.alone else words


def overtaken_words(other: Decision | None) -> str:
    """Who was quicker, and with what."""
    if other is None:
        return gettext("This has changed since you opened it. Look at it again.")
    return gettext("%(who)s was quicker: %(what)s", who=_who(other), what=_what(other))


def toast_of(decision: Decision, *, undoable: bool) -> dict[str, Any]:
    what = _what(decision) if decision.proposes else str(MOVED[decision.move])
    told = {"what": what, "undoable": undoable, "undo": Move.UNDO.value, **_of_toast(decision.review)}
    return {**told, "doubts": doubts_of(decision.review) if decision.move is Move.APPROVE else []}


def toast_of_mark(marked: str, review: Review | None) -> dict[str, Any]:
    """What was laid aside, passed on or put back; `review`: whose mark can be undone, if any can."""
    told = {"what": str(MARKED[marked]), "words": "", "undoable": review is not None, "undo": "back"}
    return told if review is None else {**told, **_of_toast(review)}


def _of_toast(review: Review) -> dict[str, Any]:
    words = review.revision.words
    start = words if len(words) <= 60 else words[:59] + "…"
    return {
        "which": f"{_kind(review)} {review.contribution.public_id}",
        "words": "" if review.masked else start,
        "review_id": review.id,
        "version": review.version,
        "seconds": settings().undo_seconds,
    }


def recent(
    session: Session,
    campaigns: list[int] | None,
    by: Moderator | None,
    before: int | None = None,
    *,
    of_checks: bool = False,
) -> tuple[list[dict[str, Any]], int | None]:
    """The latest decisions of people before this one (none: of all), newest first; and where the next page begins.

    `of_checks`: instead what the program called spam by itself, so that people find what it was wrong about.
    """
    made_by: ColumnElement[bool] = Decision.moderator_id.is_not(None)
    if of_checks:
        made_by = and_(Decision.moderator_id.is_(None), Decision.move == Move.MARK_SPAM)
    query = (
        select(Decision)
        .join(Review, Review.id == Decision.review_id)
        .where(made_by)
        .options(joinedload(Decision.review).joinedload(Review.contribution), joinedload(Decision.moderator))
        .options(joinedload(Decision.review).joinedload(Review.revision))
        .order_by(Decision.id.desc())
        .limit(RECENT + 1)
    )
    if before is not None:
        query = query.where(Decision.id < before)
    if campaigns is not None:
        query = query.where(Review.campaign_id.in_(campaigns))
    if by is not None:
        query = query.where(Decision.moderator_id == by.id)
    found = session.scalars(query).all()
    made, more = found[:RECENT], len(found) > RECENT
    review_ids = [decision.review_id for decision in made]
    newest, old = _newest_of_people(session, review_ids), decisions.outdated(session, review_ids)
    lines = [
        {
            "at": decision.decided_at,
            "who": _who(decision),
            "what": _what(decision),
            "reference": decision.review.contribution.public_id,
            "opening": "" if decision.review.masked else opening(decision.review.revision.words),
            "review_id": decision.review_id,
            "version": decision.review.version,
            "campaign_id": decision.review.campaign_id,
            "fate": str(context.FATES[decision.review.state]),
            # only the newest decision of an item can be opened again, and what is told has to be what stands
            "reopens": decision.id == newest.get(decision.review_id)
            and decision.to_state == decision.review.state
            and Move.REOPEN in decisions.open_moves(decision.review, old),
        }
        for decision in made
    ]
    return lines, made[-1].id if more else None


def _newest_of_people(session: Session, review_ids: list[int]) -> dict[int, int]:
    """The newest decision of a person on each of these items, whatever its author or the program did since."""
    newest = select(Decision.review_id, func.max(Decision.id)).where(
        Decision.review_id.in_(review_ids), Decision.moderator_id.is_not(None)
    )
    return {review_id: decision_id for review_id, decision_id in session.execute(newest.group_by(Decision.review_id))}
