"""'Send me my link again': the page notes what was asked, and the worker looks whose address that is.

So the page does the same work for every address, and how long it takes tells nobody who has sent something here.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.models import Letter, Shared
from pledges.models import Contact, Contribution

from . import outbox

ASKED = "links:"  # + chance, of the shared facts: by which hashes somebody asked for links, and in which language
AT_ONCE = 20


def ask(session: Session, email_hashes: list[str], lang: str, now: datetime) -> None:
    """What was asked is noted; of the address only its keyed hashes."""
    asked = {"hashes": email_hashes, "lang": lang}
    session.add(Shared(name=f"{ASKED}{secrets.token_hex(16)}", value=asked, changed_at=now))


def answer(session: Session) -> int:
    """The letters that were asked for are owed; answers how many requests there were, some at a time."""
    noted = select(Shared).where(Shared.name.startswith(ASKED, autoescape=True)).order_by(Shared.changed_at)
    asked = session.scalars(noted.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    for each in asked:
        for own in _of_address(session, each.value["hashes"]):
            _owe(session, own, each.value["lang"], each.changed_at)
        session.delete(each)
    session.flush()
    return len(asked)


def _of_address(session: Session, email_hashes: list[str]) -> list[Contribution]:
    return list(
        session.scalars(
            select(Contribution)
            .join(Contact, Contact.contribution_id == Contribution.id)
            .where(Contact.email_hash.in_(email_hashes), Contribution.erased_at.is_(None))
            .order_by(Contribution.id)
        )
    )


def _owe(session: Session, own: Contribution, lang: str, asked_at: datetime) -> None:
    """The author is sent the private links again, in this language: one letter a minute at most, with all of them."""
    if own.contact is None:
        return
    once = outbox.cause_of(outbox.Kind.LINK_AGAIN, own.contact.email_hash, f"{asked_at:%Y-%m-%dT%H:%M}")
    known = select(Letter.id).where(Letter.kind == outbox.Kind.LINK_AGAIN, Letter.cause == once)
    if session.scalars(known).first() is None:
        letter = outbox.owe(session, outbox.Kind.LINK_AGAIN, once, contribution=own, now=asked_at)
        if letter is not None:
            letter.lang = lang
