"""Lines of the record in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from moderation.models import Act, Moderator, Reason, Review
from pledges.models import Campaign

from .values import WORDS, campaign, values_told, who, zone_of

STORY = (
    "review:park",
    "review:back",
    "review:unmark",
    "review:pass",
    "review:take-over",
    "review:second",
    "review:set_aside",
    "step:hide",
    "name:lessen",
    "note:write",
    "note:remove",
)
MOST_MARKS = 200  # that the story of an item tells


def marks_of(session: Session, review_ids: list[int]) -> Sequence[Act]:
    """What people did with these items besides deciding them, newest first, MOST_MARKS at most."""
    subjects = [f"review:{review_id}" for review_id in review_ids]
    lines = select(Act).where(Act.subject.in_(subjects), Act.act.in_(STORY))
    return session.scalars(lines.order_by(Act.id.desc()).limit(MOST_MARKS)).all()


def beside_decisions(session: Session, lines: Sequence[Act]) -> list[tuple[datetime, str, str]]:
    """(when, who, what) of such lines, oldest first."""
    people = {number for line in lines if (number := _number(line.actor, "moderator")) is not None}
    # held, so that each line finds whom it names in the session
    known = session.scalars(select(Moderator).where(Moderator.id.in_(people))).all() if people else []
    told = [(line.at, who(session, line.actor), str(WORDS[line.act])) for line in reversed(lines)]
    del known
    return told


@dataclass(frozen=True)
class Told:
    """One line of the record as a person reads it."""

    id: int
    at: datetime
    who: str
    what: str
    subject: str
    review_id: int | None
    reference: str
    before: str
    after: str
    hash: str


def told(session: Session, lines: Sequence[Act]) -> list[Told]:
    """Lines in words; an act that has none yet stands as it is written. A few queries, however many lines."""
    known = _named_by(session, lines)  # held, so that each line finds what it names in the session
    found = [_told(session, line) for line in lines]
    del known
    return found


def _named_by(session: Session, lines: Sequence[Act]) -> list[Any]:
    """Items, people, reasons and campaigns that these lines name."""
    reviews = [number for line in lines if (number := _number(line.subject, "review")) is not None]
    people = {_number(each, "moderator") for line in lines for each in (line.actor, line.subject)}
    reasons: set[int] = set()
    campaigns: set[int] = set()
    for line in lines:
        for values in (line.before, line.after):
            people |= {values.get(name) for name in ("to", "holder")}
            reasons |= {values.get("reason") or 0, *(values.get("more_reasons") or [])}
            campaigns |= {values.get("campaign") or 0, _number(line.subject, "campaign") or 0, line.campaign_id or 0}
    found: list[Any] = []
    if reviews:
        query = select(Review).where(Review.id.in_(reviews)).options(joinedload(Review.contribution))
        found += session.scalars(query).all()
    named: list[tuple[Any, set[Any]]] = [(Moderator, people), (Reason, reasons), (Campaign, campaigns)]
    for model, ids in named:
        if ids - {None, 0}:
            found += session.scalars(select(model).where(model.id.in_(ids - {None, 0}))).all()
    return found


def _told(session: Session, line: Act) -> Told:
    review, zone = _review(session, line.subject), zone_of(session, line.campaign_id)
    return Told(
        line.id,
        line.at,
        who(session, line.actor),
        str(WORDS.get(line.act, line.act)),
        line.subject,
        review.id if review is not None else None,
        review.contribution.public_id if review is not None else _subject(session, line.subject),
        values_told(session, line.before, zone),
        values_told(session, line.after, zone),
        line.hash,
    )


def _number(name: str, of: str) -> int | None:
    """The id in `moderator:7`, where the name is of that kind."""
    kind, _, number = name.partition(":")
    return int(number) if kind == of and number.isdigit() else None


def _review(session: Session, subject: str) -> Review | None:
    number = _number(subject, "review")
    return session.get(Review, number) if number is not None else None


def _subject(session: Session, subject: str) -> str:
    """What a line is about, where that is no item: a person, a campaign, or a numbered thing by its kind."""
    kind, _, number = subject.partition(":")
    if kind == "campaign" and number.isdigit():
        return campaign(session, int(number))
    if kind in THINGS and number:
        return f"{THINGS[kind]} {number}"
    return who(session, subject)


THINGS: dict[str, Any] = {
    "batch": lazy_gettext("decision on many"),
    "cluster": lazy_gettext("group"),
    "reason": lazy_gettext("reason"),
    "house_rule": lazy_gettext("house rule"),
    "word_rule": lazy_gettext("listed word"),
    "hold": lazy_gettext("entry"),
    "invitation": lazy_gettext("invitation"),
    "surge": lazy_gettext("surge mode"),
    "event": lazy_gettext("event code"),
    "report": lazy_gettext("report"),
    "organisation": lazy_gettext("organisation"),
}
