"""Before an invitation sets anything: which of several counts, and that who holds the link reads the address's letters."""

from __future__ import annotations

import hmac
from datetime import datetime

from flask import session as browser
from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.letters import outbox
from moderation.models import Invitation, Letter, Role
from pledges.settings import Settings
from pledges.tokens import secret_for

PROVED = "proved"  # in the browser's session: the invitation whose address was proved there
DIGITS = 8
STRENGTH = {role: place for place, role in enumerate((Role.VIEWER, Role.MODERATOR, Role.LEAD, Role.OWNER))}


def gives_way(db: Session, invitation: Invitation, now: datetime) -> bool:
    """Whether a stronger invitation to the same address is open: that one sets the account up, and this adds its role."""
    others = select(Invitation).where(
        Invitation.email == invitation.email,
        Invitation.id != invitation.id,
        Invitation.used_at.is_(None),
        Invitation.expires_at > now,
    )
    return any(_strength(other) > _strength(invitation) for other in db.scalars(others))


def _strength(invitation: Invitation) -> tuple[int, bool]:
    return STRENGTH[invitation.role], invitation.campaign_id is None


def is_proved(invitation: Invitation, settings: Settings) -> bool:
    """Whether the link may set a password: a colleague who made it has seen it, too, so the address has to answer.

    Who runs the server holds everything anyway, and without a mail server no letter reaches anybody.
    """
    if invitation.invited_by_id is None or not settings.mail_url.get_secret_value():
        return True
    return browser.get(PROVED) == invitation.id


def send_code(db: Session, invitation: Invitation, lang: str, now: datetime) -> None:
    """A letter with the code is owed to the address: once a minute at most."""
    cause = f"invitation:{invitation.id}:{now:%Y-%m-%dT%H:%M}"
    known = select(Letter.id).where(Letter.kind == outbox.Kind.INVITATION, Letter.cause == cause)
    if db.scalars(known).first() is None:
        detail = {"invitation": invitation.id}
        kind = outbox.Kind.INVITATION
        db.add(Letter(kind=kind, cause=cause, detail=detail, lang=lang, due_at=now, queued_at=now))


def prove(invitation: Invitation, given: str) -> bool:
    """Whether this is the code of the letter; then this browser may go on."""
    good = hmac.compare_digest("".join(given.split()).encode(), code_of(invitation).encode())
    if good:
        browser[PROVED] = invitation.id
    return good


def code_of(invitation: Invitation) -> str:
    """The code that stands in the letter; it can be made again, so it is stored nowhere."""
    said = f"{invitation.id}:{invitation.token_hash}:{invitation.email}".encode()
    number = int.from_bytes(hmac.digest(secret_for("invitation"), said, "sha256")[:8], "big")
    return f"{number % 10**DIGITS:0{DIGITS}d}"
