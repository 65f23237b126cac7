"""Authors who agreed to it are asked how their promise goes, and invited to the next campaign: each once for one date."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.models import Letter
from pledges.models import Campaign, Consent, Contact, Contribution
from pledges.updates import actions, asking

from . import outbox
from .outbox import HASH_CHARS, Kind

AT_ONCE = 50


def ask(session: Session, now: datetime) -> int:
    """Some of those whose next question is due are owed it, and look forward to the one after; 0 when all are.

    Whose promise does not stand on the wall now is left alone this time.
    """
    due = select(Contact).where(Contact.next_question_at.is_not(None), Contact.next_question_at <= now)
    contacts = session.scalars(
        due.order_by(Contact.next_question_at, Contact.id).limit(AT_ONCE).with_for_update(skip_locked=True)
    ).all()
    for contact in contacts:
        pledge = contact.contribution
        assert contact.next_question_at is not None  # noqa: S101 (selected by it)
        day = asking.day_of(pledge, contact.next_question_at)
        if pledge.shown_at is not None and contact.follow_up:
            letter = _owe_once(session, Kind.QUESTION, f"question:{pledge.id}:{day}", pledge, now)
            if letter is not None:
                letter.detail = {"day": day.isoformat()}
        asking.plan(session, pledge, now, asked=True)
    session.flush()
    return len(contacts)


def invite(session: Session, to: Campaign, before: Campaign, now: datetime) -> int:
    """Whose promise still stands there, who agreed, and who proved an address is owed an invitation, once however often; how many were."""
    agreed = (
        select(Contribution)
        .join(Consent, Consent.contribution_id == Contribution.id)
        .join(Contact, Contact.contribution_id == Contribution.id)
        .where(
            Contribution.campaign_id == before.id,
            Contribution.withdrawn_at.is_(None),
            Contribution.erased_at.is_(None),
            Contribution.shown_at.is_not(None),
            Consent.purpose == asking.INVITE_AGAIN,
            Consent.withdrawn_at.is_(None),
            Contact.undeliverable_at.is_(None),
            Contact.email_hash.in_(outbox.proved_addresses()),
        )
        .order_by(Contribution.id)
    )
    owed = 0
    for pledge in session.scalars(agreed).all():
        assert pledge.contact is not None  # noqa: S101 (selected by it)
        cause = f"invite:{to.id}:{pledge.contact.email_hash[:HASH_CHARS]}"
        letter = _owe_once(session, Kind.INVITE, cause, pledge, now)
        if letter is not None:
            letter.detail = {"to": to.id}
            owed += 1
    return owed


def _owe_once(session: Session, kind: Kind, cause: str, pledge: Contribution, now: datetime) -> Letter | None:
    known = select(Letter.id).where(Letter.kind == kind, Letter.cause == cause)
    if session.scalars(known).first() is not None:
        return None
    return outbox.owe(session, kind, cause, contribution=pledge, now=now)


def said(letter: Letter, pledge: Contribution) -> dict[str, object]:
    """Which of the actions of its promise this question is about, by number, and where the author answers.

    Not in their words: who proved this address need not have written them.
    """
    day = letter.detail.get("day")
    every = enumerate(actions.of_revision(pledge.published_revision), start=1)
    due = [(number, each) for number, each in every if each.by is not None and each.by.isoformat() == day]
    return {
        "actions_due": [number for number, _each in due],
        "due_on": due[0][1].by if due else None,
        "answer_at": f"action-{due[0][1].key}" if due else "going",
    }


def sent(session: Session, letter: Letter, now: datetime) -> None:
    """What follows from a letter of these that has gone: somebody has been asked, or is not to be invited by it again."""
    pledge = session.get(Contribution, letter.contribution_id) if letter.contribution_id else None
    if pledge is None:
        return
    if letter.kind == Kind.QUESTION:
        asking.asked(session, pledge, now)
    elif letter.kind == Kind.INVITE:
        asking.invited(session, pledge, now)
