"""Letters are owed in the transaction of what they tell of, at most so many, and written out when they are sent."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from moderation.models import Decision, Letter, Moderator, Report, Review
from moderation.workflow import Move
from pledges.intake.sent import Stored
from pledges.limits.mailboxes import mailbox
from pledges.models import Contact, Contribution, Type
from pledges.models.rows import added, table_of
from pledges.settings import Settings
from pledges.tokens import hash_email, hashes_of_email


class Kind(StrEnum):
    RECEIPT = "receipt"  # asks to confirm the address, and brings the private link; the only letter to an address that nobody has proved
    LINK_AGAIN = "link_again"
    QUESTION = "question"  # how is your promise going?
    INVITE = "invite"  # to the next campaign, whoever agreed to that
    APPROVED = "approved"
    REJECTED = "rejected"
    REVISE = "revise"
    TAKEN_DOWN = "taken_down"
    REPORT_OUTCOME = "report_outcome"
    WITHDRAWN = "withdrawn"
    SLOWER = "slower"  # everybody who waits is told that it takes longer
    ALERT = "alert"  # to moderators: what happens at the desk, in numbers
    HELP = "help"
    DIGEST = "digest"
    REPORT_RECEIVED = "report_received"
    PROOF = "proof"  # to an address at an organisation's domain: its link proves that somebody there knows of it
    PROOF_OUTCOME = "proof_outcome"
    COLLEAGUE = "colleague"  # asks to speak for an organisation whose badge this author holds
    BADGE_ENDS = "badge_ends"  # soon, to who holds it: how it is proved anew
    INVITATION = "invitation"  # a code that proves an address, to whom a colleague has invited
    SECOND_NEEDED = "second_needed"  # to leads and owners: an appeal, and nobody else may decide it


UNPROVED = (Kind.RECEIPT, Kind.LINK_AGAIN)
FOR_ITSELF = {
    Kind.QUESTION: "follow_up",
    Kind.INVITE: "invite_again",
}  # letters that were agreed to by a box of their own
HASH_CHARS = 32  # of the keyed hash of an address, as a cause names it
NOT_SENT = ("overtaken", "reopened", "withdrawn")  # and sent after all where what it told of stands again
TAKEN_BACK = ("undone", *NOT_SENT)  # why a letter did not go: what it told of does not stand
BY_ITS_AUTHOR = (Kind.WITHDRAWN, Kind.LINK_AGAIN)  # anybody can give anybody's address, and then press and press
BY_ITS_AUTHOR_AN_HOUR = 3  # of each kind, to one address
TOO_MANY, UNPROVED_HERE = "too many", "unproved"
OUTCOMES_A_DAY = 5  # to an address that nobody has proved
# a letter to an address that nobody has proved, whatever it was typed in
_LETTERS, _CONTACTS = table_of(Letter), table_of(Contact)
_CONFIRMED = _CONTACTS.alias("confirmed")
_EMAIL_HASH: BindParameter[str] = bindparam("email_hash")
_HAD_ITS_LETTER = (
    select(_LETTERS.c.id)
    .join(_CONTACTS, _CONTACTS.c.contribution_id == _LETTERS.c.contribution_id)
    .where(
        _CONTACTS.c.email_hash == _EMAIL_HASH,
        _LETTERS.c.kind == Kind.RECEIPT,
        ~exists().where(_CONFIRMED.c.email_hash == _EMAIL_HASH, _CONFIRMED.c.proved_at.is_not(None)),
    )
    .limit(1)
)


def owe(
    session: Session,
    kind: Kind,
    cause: str,
    *,
    contribution: Contribution,
    now: datetime,
    due_at: datetime | None = None,
    decision: Decision | None = None,
) -> Letter | None:
    """A letter to the author is owed once for its cause; none where there is nobody to write to."""
    contact = contact_of(session, contribution)
    if contact is None or not (contact.letters_wanted or kind in UNPROVED or kind in FOR_ITSELF):
        return None
    letter = Letter(
        kind=kind,
        cause=cause,
        contribution_id=contribution.id,
        decision_id=decision.id if decision else None,
        lang=contribution.page_lang,
        due_at=due_at or now,
        queued_at=now,
    )
    if kind is Kind.WITHDRAWN and contact.proved_at is None:  # a stranger may have typed an address proved elsewhere
        letter.dropped_at, letter.dropped_why = now, UNPROVED_HERE
    elif kind in BY_ITS_AUTHOR and _caused(session, kind, contact.email_hash, now) >= BY_ITS_AUTHOR_AN_HOUR:
        letter.dropped_at, letter.dropped_why = now, TOO_MANY
    session.add(letter)
    session.flush()
    return letter


def owe_receipt(session: Session, stored: Stored, now: datetime) -> None:
    """Whoever sent these words is asked to confirm the address, unless nobody has proved it and it was written to before.

    Of an update nothing is written: it was sent from the private page of its promise.
    """
    if stored.email_hash is None or stored.type is Type.UPDATE:
        return
    if session.scalar(_HAD_ITS_LETTER, {"email_hash": stored.email_hash}) is not None:
        return
    added(
        session,
        Letter,
        kind=Kind.RECEIPT,
        cause=f"receipt:{stored.contribution_id}",
        contribution_id=stored.contribution_id,
        lang=stored.page_lang,
        due_at=now,
        queued_at=now,
    )


def contact_of(session: Session, contribution: Contribution) -> Contact | None:
    """How to write to its author; to that of an update by the address that was given with its promise."""
    if contribution.type is not Type.UPDATE:
        return contribution.contact
    return session.scalars(select(Contact).where(Contact.contribution_id == contribution.parent_id)).first()


def cause_of(kind: Kind, email_hash: str, what: str) -> str:
    """The cause of a letter that an act of whoever gave this address brings: its letters are counted by it."""
    return f"{kind}:{email_hash[:HASH_CHARS]}:{what}"


def _caused(session: Session, kind: Kind, email_hash: str, now: datetime) -> int:
    """How many letters of this kind acts of its author have brought to this address within an hour."""
    brought = select(func.count()).where(
        Letter.kind == kind,
        Letter.cause.startswith(cause_of(kind, email_hash, ""), autoescape=True),
        Letter.queued_at > now - timedelta(hours=1),
        Letter.dropped_at.is_(None),
    )
    return session.scalar(brought) or 0


def address_confirmed(session: Session, contribution: Contribution, now: datetime) -> None:
    """What was decided before its owner confirmed the address is told now, for whatever was sent with it.

    What no longer stands is left out when it is written, like all that has waited.
    """
    contact = session.scalars(select(Contact).where(Contact.contribution_id == contribution.id)).one()
    theirs = select(Contact.contribution_id).where(Contact.email_hash == contact.email_hash)
    session.execute(
        update(Letter)
        .where(
            Letter.contribution_id.in_(theirs),
            Letter.decision_id.is_not(None),
            Letter.sent_at.is_(None),
            Letter.dropped_why == UNPROVED_HERE,
        )
        .values(dropped_at=None, dropped_why="", due_at=now, queued_at=now)
    )


def proved(session: Session, *email_hashes: str) -> bool:
    """Whether the owner of this address has confirmed it, for whatever they sent; its hashes by secrets of now and before."""
    confirmed = select(Contact.id).where(Contact.email_hash.in_(email_hashes), Contact.proved_at.is_not(None))
    return session.scalars(confirmed.limit(1)).first() is not None


def proved_addresses() -> Select[str]:
    """The keyed hashes of all addresses that count as proved, as a part of a query."""
    return select(Contact.email_hash).where(Contact.proved_at.is_not(None))


def kind_for(session: Session, review: Review, move: Move, *, on_wall: bool, hidden: bool) -> Kind | None:
    """Which letter tells of this move on words that stand `on_wall`, or are only `hidden` until two have agreed.

    Of spam nobody is told, since that would train the spammer; nor of an approval that changes nothing, nor that a
    second person says what one had to decide alone.
    """
    if move is Move.APPROVE and on_wall and _has_heard(session, review):
        return None
    if move is Move.REJECT and _has_heard_of_one(session, review):
        return None
    kind = {Move.APPROVE: Kind.APPROVED, Move.REJECT: Kind.REJECTED, Move.REVISE: Kind.REVISE}.get(move)
    return Kind.TAKEN_DOWN if kind is Kind.REJECTED and (on_wall or hidden) else kind


def _has_heard(session: Session, review: Review) -> bool:
    """Whether the author knows that these words stand: nothing else was told since, and the letter was not held back."""
    told = (
        select(Letter.kind, Letter.dropped_why)
        .join(Decision, Decision.id == Letter.decision_id)
        .where(Decision.review_id == review.id, Letter.contribution_id.is_not(None))
        .order_by(Letter.id.desc())
    )
    letters = session.execute(told).all()
    gone = [kind for kind, why in letters if why not in TAKEN_BACK]
    return gone[0] == Kind.APPROVED if gone else not any(kind == Kind.APPROVED for kind, _ in letters)


def _has_heard_of_one(session: Session, review: Review) -> bool:
    """Whether the newest letter about these words told of a decline that one person made alone, for want of a second."""
    told = (
        select(Letter.dropped_why, Decision)
        .join(Decision, Decision.id == Letter.decision_id)
        .where(Decision.review_id == review.id, Letter.contribution_id.is_not(None))
        .order_by(Letter.id.desc())
    )
    gone = [decision for why, decision in session.execute(told).all() if why not in TAKEN_BACK]
    return bool(gone) and gone[0].alone and gone[0].move is Move.REJECT


def owe_decision(
    session: Session, review: Review, decision: Decision, now: datetime, settings: Settings, *, hidden: bool
) -> None:
    """The author is told after the undo window, of what is final; `hidden`: it stood on the wall until a proposal."""
    on_wall = decision.shown_before_id == review.revision_id
    kind = kind_for(session, review, decision.move, on_wall=on_wall, hidden=hidden)
    if kind is not None:
        due_at = now + timedelta(seconds=settings.undo_seconds)
        cause = f"decision:{decision.id}"
        owe(session, kind, cause, contribution=review.contribution, now=now, due_at=due_at, decision=decision)


def owe_thanks(session: Session, report: Report, now: datetime) -> None:
    """Who reported and left an address has it in writing, with the reference.

    Anybody can type anybody's address, so one that nobody has proved has one such letter a day, however many report.
    """
    if not report.email:
        return
    cause = f"report:{report.id}:received"
    if not proved(session, *hashes_of_email(report.email)):
        cause = f"report:{hash_email(mailbox(report.email))[:HASH_CHARS]}:{now:%Y-%m-%d}"
    kind = Kind.REPORT_RECEIVED
    with suppress(IntegrityError), session.begin_nested():  # today's letter is owed already
        session.add(Letter(kind=kind, cause=cause, report_id=report.id, lang=report.lang, due_at=now, queued_at=now))


def owe_call(
    session: Session,
    moderator_id: int,
    cause: str,
    now: datetime,
    *,
    due_at: datetime | None = None,
    decision: Decision | None = None,
) -> None:
    """This colleague is told once that an appeal, or this proposal, waits which nobody else at the desk may decide."""
    moderator = session.get_one(Moderator, moderator_id)
    session.add(
        Letter(
            kind=Kind.SECOND_NEEDED,
            cause=cause,
            moderator_id=moderator_id,
            decision_id=decision.id if decision else None,
            detail={"what": "proposal"} if decision else {},
            lang=moderator.lang,
            due_at=due_at or now,
            queued_at=now,
        )
    )


def owe_outcome(session: Session, report: Report, decision: Decision, now: datetime, settings: Settings) -> None:
    """Who reported and left an address learns what came of it: by one letter, however often they reported it."""
    if not report.email:
        return
    theirs = f"report:{hash_email(mailbox(report.email))[:HASH_CHARS]}:decision:"
    if not proved(session, *hashes_of_email(report.email)) and _outcomes(session, theirs, now) >= OUTCOMES_A_DAY:
        return
    letter = Letter(
        kind=Kind.REPORT_OUTCOME,
        cause=f"{theirs}{decision.id}",
        report_id=report.id,
        decision_id=decision.id,
        lang=report.lang,
        due_at=now + timedelta(seconds=settings.undo_seconds),
        queued_at=now,
    )
    with suppress(IntegrityError), session.begin_nested():  # told of this decision already
        session.add(letter)


def _outcomes(session: Session, theirs: str, now: datetime) -> int:
    """How many outcomes this address was told, or is to be told, within a day."""
    told = select(func.count()).where(
        Letter.kind == Kind.REPORT_OUTCOME,
        Letter.cause.startswith(theirs, autoescape=True),
        Letter.queued_at > now - timedelta(days=1),
        Letter.dropped_at.is_(None),
    )
    return session.scalar(told) or 0


def owe_staff(
    session: Session, kind: Kind, cause: str, moderator: Moderator, detail: dict[str, Any], now: datetime
) -> None:
    """A moderator is written to once for this cause; `detail` holds counts and ids, never words."""
    cause = f"{cause}:{moderator.id}"
    known = select(Letter.id).where(Letter.kind == kind, Letter.cause == cause)
    if session.scalars(known).first() is None:
        session.add(
            Letter(
                kind=kind,
                cause=cause,
                moderator_id=moderator.id,
                detail=detail,
                lang=moderator.lang,
                due_at=now,
                queued_at=now,
            )
        )
