"""Letters about who speaks for an organisation: the link that proves it, what came of it, and what a colleague asks."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation.models import Letter
from pledges import tokens
from pledges.limits.mailboxes import mailbox
from pledges.models import Contribution, Matter, MatterKind
from pledges.organisations import badges, matters
from pledges.settings import Settings

from . import outbox
from .outbox import TOO_MANY, Kind

PROOFS_A_DAY = 3  # to one address: anybody can type anybody's
ABOUT_MATTERS = (Kind.PROOF, Kind.PROOF_OUTCOME, Kind.COLLEAGUE)
ABOUT_ORGANISATIONS = (*ABOUT_MATTERS, Kind.BADGE_ENDS)


def owe_link(session: Session, matter: Matter, now: datetime) -> None:
    """The link is owed to the address at the organisation's domain; not where it has had several today."""
    theirs = outbox.cause_of(Kind.PROOF, tokens.hash_email(mailbox(matter.email)), "")
    today = select(func.count()).where(
        Letter.kind == Kind.PROOF,
        Letter.cause.startswith(theirs, autoescape=True),
        Letter.queued_at > now - timedelta(days=1),
        Letter.dropped_at.is_(None),
    )
    many = (session.scalar(today) or 0) >= PROOFS_A_DAY
    session.add(
        Letter(
            kind=Kind.PROOF,
            cause=f"{theirs}{matter.id}",
            contribution_id=matter.contribution_id,
            detail={"matter": matter.id},
            lang=matter.lang,
            due_at=now,
            queued_at=now,
            dropped_at=now if many else None,
            dropped_why=TOO_MANY if many else "",
        )
    )
    session.flush()


def owe_outcome(session: Session, matter: Matter, now: datetime) -> None:
    """Whoever asked is told what was decided."""
    if matter.contribution is not None:
        cause = f"proof:{matter.id}:decided"
        letter = outbox.owe(session, Kind.PROOF_OUTCOME, cause, contribution=matter.contribution, now=now)
        if letter is not None:
            letter.detail = {"matter": matter.id}


def tell_holder(session: Session, matter: Matter, now: datetime) -> None:
    """Whoever holds the badge is told that a colleague asks to speak for the organisation too."""
    holder = badges.holder(session, matter.organisation, now)
    if holder is not None and matters.by_colleague(matter.organisation, matter.contribution, now):
        letter = outbox.owe(session, Kind.COLLEAGUE, f"proof:{matter.id}:colleague", contribution=holder, now=now)
        if letter is not None:
            letter.detail = {"matter": matter.id}


def tell_of_ends(session: Session, now: datetime) -> int:
    """Some who hold a badge that soon ends are told, once for each end; answers how many ends were looked at."""
    found = badges.ending(session, now)
    for organisation in found:
        organisation.told_until = organisation.verified_until
        holder = badges.holder(session, organisation, now)
        if holder is not None and holder.shown_at is not None:
            cause = f"badge:{organisation.id}:{organisation.verified_until:%Y-%m-%dT%H:%M}"
            outbox.owe(session, Kind.BADGE_ENDS, cause, contribution=holder, now=now)
    session.flush()
    return len(found)


def addressee(session: Session, letter: Letter) -> str:
    """Where the link goes; empty once it was pressed, decided or forgotten."""
    matter = session.get(Matter, letter.detail.get("matter", 0))
    return matter.email if matter is not None and matter.waiting_since is None and matter.decided_at is None else ""


def said(session: Session, letter: Letter, settings: Settings) -> dict[str, object]:
    """What such a letter tells, beside what all do: no word of the public, so no name either."""
    if letter.kind == Kind.BADGE_ENDS:
        organisation = session.get_one(Contribution, letter.contribution_id).organisation
        return {"until": organisation.verified_until if organisation is not None else None}
    matter = session.get(Matter, letter.detail.get("matter", 0))
    if matter is None:
        return {"domain": "", "accepted": False, "until": None, "proof_link": ""}
    token = tokens.matter_token(matter.public_id)
    return {
        "domain": matter.domain,
        "accepted": bool(matter.accepted),
        "until": matter.organisation.verified_until,
        "proof_link": f"{settings.base_url}/{letter.lang}/proofs/{token}",
        "take_over": matter.take_over,
        "logo": matter.kind is MatterKind.LOGO,
        "link_until": matter.asked_at + matters.LINK_HOLDS,
    }


def untrue(session: Session, letter: Letter, now: datetime) -> str:
    """Why nobody is told this any more."""
    if letter.kind == Kind.BADGE_ENDS:
        return "" if _ends_soon(session, letter, now) else "overtaken"
    matter = session.get(Matter, letter.detail.get("matter", 0))
    if matter is None:
        return "forgotten"
    if letter.kind == Kind.COLLEAGUE and matter.decided_at is not None:
        return "overtaken"
    return ""


def _ends_soon(session: Session, letter: Letter, now: datetime) -> bool:
    """Whether its reader still holds the badge, and it was not proved anew."""
    pledge = session.get(Contribution, letter.contribution_id)
    return pledge is not None and pledge.shown_at is not None and matters.may_renew(pledge, now)
