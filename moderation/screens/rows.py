"""The rows of a lane, and the lanes themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import get_locale, gettext, lazy_gettext, ngettext

from moderation import claims
from moderation.checks.base import Verdict
from moderation.models import Finding, Lane, Moderator, Review
from moderation.queue.order import Position
from moderation.workflow import State
from pledges.models import Type
from pledges.text import moment, number

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
SIGNS = {Verdict.STOP: "sig--stop", Verdict.LOOK: "sig--look", Verdict.CLEAR: "sig--ok"}


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
        kind=str(kind(review)),
        who=gettext("Name kept hidden") if hidden else name or gettext("Name not shown"),
        words=revision.words,
        lang=revision.lang,
        masked=review.masked,
        age=age_words(minutes),
        late=minutes > review.campaign.wait_target_minutes,
        signals=signals_of(review),
        holder=holder.name if holder is not None and holder != me else "",
    )


def kind(review: Review) -> Any:
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


def lang() -> str:
    """The language of whoever is at the desk."""
    return str(get_locale() or "en")
