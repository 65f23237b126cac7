"""Whom to write to, and what was agreed, in the words that were shown."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pledges.models import Consent, Contact, Contribution, Wording
from pledges.tokens import hashes_of_email

from .sent import Sent


def contact_of(session: Session, sent: Sent, now: datetime) -> Contact:
    """How to write to whoever sent this; not stored yet."""
    email_hash = _known_hash(session, sent.email)
    return Contact(
        email=sent.email,
        email_hash=email_hash,
        follow_up=sent.follow_up,
        authoriser=sent.authoriser,
        sector=sent.sector,
        size=sent.size,
        created_at=now,
    )


def _known_hash(session: Session, email: str) -> str:
    """The hash under which this address is stored already, so that a change of the secret makes it nobody else's."""
    hashes = hashes_of_email(email)
    if len(hashes) == 1:  # the secret was never changed
        return hashes[0]
    known = session.scalars(select(Contact.email_hash).where(Contact.email_hash.in_(hashes[1:])).limit(1)).first()
    return known or hashes[0]


def consents_of(session: Session, sent: Sent, now: datetime) -> list[Consent]:
    """What was agreed to with these words; not stored yet."""
    with session.no_autoflush:
        return [
            Consent(purpose=purpose, wording_id=wording_id(session, purpose, sent.page_lang, text, now), given_at=now)
            for purpose, text in sent.consents.items()
        ]


def keep_consent(
    session: Session, contribution: Contribution, purpose: str, text: str, now: datetime, *, lang: str | None = None
) -> None:
    """What the author agreed to or asked for is kept, with the very words that stood beside the button."""
    wording = wording_id(session, purpose, lang or contribution.page_lang, text, now)
    session.add(Consent(contribution_id=contribution.id, purpose=purpose, wording_id=wording, given_at=now))


def wording_id(session: Session, purpose: str, lang: str, text: str, now: datetime) -> int:
    """The row of this text, made where it is the first time that somebody agrees to it."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    same = (Wording.purpose == purpose, Wording.lang == lang, Wording.digest == digest)
    known = session.scalars(select(Wording.id).where(*same)).first()
    if known is None:
        try:
            with session.begin_nested():
                session.add(Wording(purpose=purpose, lang=lang, text=text, digest=digest, since=now))
        except IntegrityError:
            pass  # two first submissions at once: the other one made the row
        known = session.scalars(select(Wording.id).where(*same)).one()
    return known
