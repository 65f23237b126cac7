"""Whom to write to, and what was agreed, in the words that were shown."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pledges.models import Consent, Contact, Contribution, Wording
from pledges.models.rows import added, run, table_of
from pledges.tokens import hashes_of_email

from .sent import Sent

_TEXTS, _CONSENTS = table_of(Wording).c, table_of(Consent)
_SAME = [_TEXTS[name] == bindparam(name) for name in ("purpose", "lang", "digest")]
_SAME_TEXT = select(_TEXTS.id).where(*_SAME)
_AGREED = (
    insert(_CONSENTS)
    .from_select(
        ["contribution_id", "purpose", "wording_id", "given_at"],
        select(
            bindparam("own", type_=_CONSENTS.c.contribution_id.type),
            _TEXTS.purpose,
            _TEXTS.id,
            bindparam("now", type_=_CONSENTS.c.given_at.type),
        ).where(*_SAME),
    )
    .execution_options(preserve_rowcount=True)
)


def keep_contact(session: Session, contribution_id: int, sent: Sent, now: datetime) -> str | None:
    """How to write to whoever sent this is stored; answers the hash of the address, none where there is none."""
    if not sent.email:
        return None
    email_hash = _known_hash(session, sent.email)
    added(
        session,
        Contact,
        contribution_id=contribution_id,
        email=sent.email,
        email_hash=email_hash,
        follow_up=sent.follow_up,
        authoriser=sent.authoriser,
        sector=sent.sector,
        size=sent.size,
        created_at=now,
    )
    return email_hash


def _known_hash(session: Session, email: str) -> str:
    """The hash under which this address is stored already, so that a change of the secret makes it nobody else's."""
    hashes = hashes_of_email(email)
    if len(hashes) == 1:  # the secret was never changed
        return hashes[0]
    known = session.scalars(select(Contact.email_hash).where(Contact.email_hash.in_(hashes[1:])).limit(1)).first()
    return known or hashes[0]


def keep_consents(session: Session, contribution_id: int, sent: Sent, now: datetime) -> None:
    """What was agreed to with these words is stored, with the row of each text, which is there but for the first time."""
    for purpose, text in sent.consents.items():
        given = {"own": contribution_id, "now": now, **_told_by(purpose, sent.page_lang, text)}
        if not run(session, _AGREED, given).rowcount:
            wording_id(session, purpose, sent.page_lang, text, now)
            run(session, _AGREED, given)


def keep_consent(
    session: Session, contribution: Contribution, purpose: str, text: str, now: datetime, *, lang: str | None = None
) -> None:
    """What the author agreed to or asked for is kept, with the very words that stood beside the button."""
    wording = wording_id(session, purpose, lang or contribution.page_lang, text, now)
    session.add(Consent(contribution_id=contribution.id, purpose=purpose, wording_id=wording, given_at=now))


def wording_id(session: Session, purpose: str, lang: str, text: str, now: datetime) -> int:
    """The row of this text, made where it is the first time that somebody agrees to it."""
    same = _told_by(purpose, lang, text)
    known = session.scalar(_SAME_TEXT, same)
    if known is None:
        try:
            with session.begin_nested():
                added(session, Wording, **same, text=text, since=now)
        except IntegrityError:
            pass  # two first submissions at once: the other one made the row
        known = session.scalars(_SAME_TEXT, same).one()
    return known


def _told_by(purpose: str, lang: str, text: str) -> dict[str, str]:
    """By what the row of a text is found."""
    return {"purpose": purpose, "lang": lang, "digest": hashlib.sha256(text.encode()).hexdigest()}
