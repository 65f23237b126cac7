"""What an author's private page says of the organisation that the promise was made for: what is proved, and what can be asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from pledges.errors import NotNow
from pledges.intake.door import ReviewDesk
from pledges.models import Contribution, How, Kind, Matter, MatterKind, Organisation, Sector, Size, Type
from pledges.models.turns import hold, hold_by_ids
from pledges.organisations import badges, facts, logos, matters
from pledges.organisations.pictures import Picture


@dataclass(frozen=True)
class Standing:
    """How far it is proved that this author speaks for the organisation."""

    organisation: Organisation
    verified: bool  # it has a badge, whoever proved it
    speaks: bool  # and this author speaks for it
    holds: bool  # and says which colleagues do
    asked: Matter | None = None  # and not answered yet
    declined: bool = False  # so the last was answered
    can_ask: bool = False
    colleagues: list[Matter] = field(default_factory=list)  # who ask the holder
    logo: logos.Shown | None = None
    logo_waits: bool = False
    may_say: bool = False  # what the organisation is
    people: list[Contribution] = field(default_factory=list)  # who speak for it, beside the holder


def of(session: Session, own: Contribution, now: datetime) -> Standing | None:
    """None where no organisation stands behind the promise on the wall."""
    if own.type is not Type.PLEDGE or own.kind is not Kind.ORGANISATION or own.shown_at is None or own.example:
        return None
    organisation = own.organisation
    if organisation is None:
        return None
    asked, last = matters.newest_of(session, own.id, now)
    holds = badges.holds(own, now)
    return Standing(
        organisation,
        verified=badges.is_verified(organisation, now),
        speaks=badges.vouched(own, now),
        holds=holds,
        asked=asked,
        declined=last is not None and last.accepted is False,
        can_ask=asked is None and matters.can_ask(own, now),
        logo=logos.of(organisation) if holds else None,
        logo_waits=holds and logos.waiting(session, organisation.id) is not None,
        may_say=facts.may_say(session, own, now),
        colleagues=asking(session, own, now) if holds else [],
        people=[each for each in badges.people(session, organisation, now) if each.id != own.id] if holds else [],
    )


def describe(session: Session, own: Contribution, sector: Sector | None, size: Size | None, now: datetime) -> None:
    """Its page says what it is and how many people it has; raises NotNow where that is not theirs to say."""
    hold(session, own)
    facts.say(session, own, sector, size, now)


def send_logo(session: Session, own: Contribution, picture: Picture, alt: str, lang: str, now: datetime) -> None:
    """The logo waits for a moderator; raises NotNow for who holds no badge."""
    logos.send(session, own, picture, alt, lang, now)


def take_logo_away(session: Session, own: Contribution, now: datetime) -> None:
    """No logo of the organisation is shown, and none waits; raises NotNow for who holds no badge."""
    hold(session, own)
    if not badges.holds(own, now) or own.organisation_id is None:
        raise NotNow
    waits = logos.waiting(session, own.organisation_id)
    if waits is not None:
        matters.drop(session, [waits])
    logos.take_away(session, badges.lock(session, own.organisation_id), now)


def asking(session: Session, own: Contribution, now: datetime) -> list[Matter]:
    """Colleagues who wait for a yes of whoever holds the badge."""
    if own.organisation_id is None:
        return []
    found = matters.waiting_at(session, own.organisation_id)
    return [
        each
        for each in found
        if each.kind is MatterKind.PROOF
        and each.contribution is not None
        and matters.by_colleague(each.organisation, each.contribution, now)
    ]


def answer(
    session: Session, own: Contribution, public_id: str, accepted: bool, desk: ReviewDesk, now: datetime
) -> None:
    """The holder has said whether this colleague speaks for it; raises NotNow where that is not theirs to say, or over."""
    session.refresh(own)
    matter = next((each for each in asking(session, own, now) if each.public_id == public_id), None)
    if matter is None or not badges.holds(own, now):
        raise NotNow
    matters.decide(session, matter, accepted, How.COLLEAGUE, now, by_holder=own.id)
    desk.proof_decided(session, matter, now)


def hand_over(session: Session, own: Contribution, public_id: str, now: datetime) -> None:
    """A colleague who speaks for it holds the badge from now on; raises NotNow."""
    to = colleague(session, own, public_id, now)
    badges.hand_over(session, badges.lock(session, to.organisation_id or 0), to)


def dismiss(session: Session, own: Contribution, public_id: str, now: datetime) -> None:
    """A colleague speaks for it no longer; raises NotNow."""
    who = colleague(session, own, public_id, now)
    badges.dismiss(session, badges.lock(session, who.organisation_id or 0), who, now)


def colleague(session: Session, own: Contribution, public_id: str, now: datetime) -> Contribution:
    """Somebody else who speaks for the organisation whose badge this author holds, as both rows stand now; raises NotNow."""
    found = badges.people(session, own.organisation, now) if own.organisation is not None else []
    who = next((each for each in found if each.public_id == public_id and each.id != own.id), None)
    if who is None:
        raise NotNow
    hold_by_ids(session, own.id, who.id)
    if not badges.holds(own, now) or not badges.vouched(who, now):
        raise NotNow
    return who
