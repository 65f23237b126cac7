"""What is due is sent at least once, and what became of it is kept."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import make_msgid
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from moderation.letters import organisations, questions, still_true
from moderation.letters.dropping import forget_reporters, of_erased
from moderation.letters.outbox import Kind
from moderation.models import Decision, Letter, Report
from pledges.campaigns import guarding
from pledges.db import Values, transaction, until_stored
from pledges.models import Campaign, Contact, Contribution
from pledges.settings import Settings

from . import answers
from .answers import Fate, Outcome
from .writing import UNDELIVERABLE, addressee, write

log = logging.getLogger(__name__)

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)
ABANDON = timedelta(days=5)
AT_ONCE = 50
CODE_CHARS = 40
ENDED = {Fate.NO_SUCH_ADDRESS: UNDELIVERABLE, Fate.REFUSED: "refused"}


@dataclass(frozen=True)
class Envelope:
    """A letter ready to go; `to` is one address."""

    letter_id: int
    to: str
    message: EmailMessage


def send_due(settings: Settings, now: datetime, *, most: int = AT_ONCE) -> int:
    """Letters that are due have gone out, `most` of them; answers how many. What can pass is tried again later.

    Where the server refuses us, those behind would fare alike: they are tried with the next round.
    """
    sent = 0
    for _ in range(most):
        with transaction() as session:
            envelope = _take(session, settings, now)
        if envelope is None:
            return sent
        if not envelope.to:
            continue
        outcome = _deliver(envelope, settings)
        until_stored(partial(_keep_outcome, envelope.letter_id, outcome, now))
        if outcome.whoever:
            return sent
        sent += outcome.fate is Fate.SENT
    return sent


def _keep_outcome(letter_id: int, outcome: Outcome, now: datetime) -> None:
    with transaction() as session:
        letter = session.get(Letter, letter_id, populate_existing=True)
        if letter is not None:
            _note_outcome(session, letter, outcome, now)


def _note_outcome(session: Session, letter: Letter, outcome: Outcome, now: datetime) -> None:
    """The letter is sent, waits for its next try, or ends; an address at which nothing arrives ends with it."""
    letter.failed_how, letter.failed_code = "", ""
    if outcome.fate is Fate.SENT:
        letter.sent_at = now
        session.flush()
        questions.sent(session, letter, now)
        forget_reporters(session, and_(Report.id == letter.report_id, of_erased()))
        return
    letter.failed_how, letter.failed_code = outcome.fate.value, outcome.code[:CODE_CHARS]
    if outcome.fate in ENDED:
        letter.dropped_at, letter.dropped_why = now, ENDED[outcome.fate]
    if outcome.fate is Fate.NO_SUCH_ADDRESS:
        _end_address(session, letter, outcome, now)


def _end_address(session: Session, letter: Letter, outcome: Outcome, now: datetime) -> None:
    """Whatever was sent with this address says so, to its author and at the desk, and no letter goes there again."""
    contribution = session.get(Contribution, letter.contribution_id) if letter.contribution_id else None
    if contribution is None or contribution.contact is None or letter.kind == Kind.PROOF:
        return  # the last went to another address than the author's
    session.execute(
        update(Contact)
        .where(Contact.email_hash == contribution.contact.email_hash, Contact.undeliverable_at.is_(None))
        .values(undeliverable_at=now, undeliverable_code=outcome.code[:CODE_CHARS])
    )


def _take(session: Session, settings: Settings, now: datetime) -> Envelope | None:
    """The next letter, put off by its next wait first: a worker that dies here only makes it late."""
    letter = session.scalars(
        select(Letter)
        .where(Letter.sent_at.is_(None), Letter.dropped_at.is_(None), Letter.due_at <= now, *_not_held(session, now))
        .order_by(Letter.due_at, Letter.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if letter is None:
        return None
    letter.attempts += 1
    letter.due_at = now + min(FIRST_RETRY * 2 ** (letter.attempts - 1), LONGEST_RETRY)
    if now - letter.queued_at > ABANDON and letter.failed_how != Fate.OURS.value:
        letter.dropped_at, letter.dropped_why = now, "abandoned"
        log.error("letter %s was given up after %s attempts", letter.id, letter.attempts)
        return Envelope(letter.id, "", EmailMessage())
    to, why_not = addressee(session, letter)
    why_not = why_not or _why_untrue(session, letter, now)
    if why_not:
        letter.dropped_at, letter.dropped_why = now, why_not
        return Envelope(letter.id, "", EmailMessage())
    if _shown_later(session, letter):
        return Envelope(letter.id, "", EmailMessage())
    if not letter.message_id:  # a repeat after a crash carries the same id, so that mailboxes fold them
        letter.message_id = make_msgid(domain=urlsplit(settings.base_url).hostname or "localhost")
    try:
        return Envelope(letter.id, to, write(session, letter, to, settings, now))
    except Exception as error:  # it is tried again like any other, and those behind it still go; no address in the log
        log.error("letter %s cannot be written: %s", letter.id, type(error).__name__)
        return Envelope(letter.id, "", EmailMessage())


def _not_held(session: Session, now: datetime) -> list[ColumnElement[bool]]:
    """Letters to authors wait where a surge holds them, and "it is on the wall" waits while the wall stands still."""
    guarded = session.scalars(select(Campaign).where(Campaign.guard_until > now)).all()
    all_wait = [campaign.id for campaign in guarded if guarding.on(campaign, "letters", now)]
    still = [campaign.id for campaign in guarded if guarding.stands_still(campaign, now)]
    held = []
    if all_wait:
        held.append(or_(Letter.kind == Kind.SLOWER, ~_is_of(all_wait)))
    if still:
        held.append(or_(Letter.kind != Kind.APPROVED, ~_is_of(still)))
    return held


def _is_of(campaigns: list[int]) -> ColumnElement[bool]:
    """Whether a letter goes to an author in one of these campaigns."""
    theirs = select(Contribution.id).where(
        Contribution.id == Letter.contribution_id, Contribution.campaign_id.in_(campaigns)
    )
    return theirs.correlate(Letter).exists()


def _why_untrue(session: Session, letter: Letter, now: datetime) -> str:
    """Why nobody is told this any more; empty where it still stands as the letter tells it."""
    if letter.kind == Kind.WITHDRAWN:
        contribution = session.get_one(Contribution, letter.contribution_id)
        return "restored" if contribution.withdrawn_at is None else ""
    if letter.kind in (Kind.QUESTION, Kind.INVITE):
        return "" if session.get_one(Contribution, letter.contribution_id).shown_at is not None else "not shown"
    if letter.kind in organisations.ABOUT_ORGANISATIONS:
        return organisations.untrue(session, letter, now)
    if letter.decision_id is None:
        return ""
    decision = session.get_one(Decision, letter.decision_id)
    if letter.kind in still_true.DECIDED:
        return "" if still_true.holds(session, letter.kind, decision) else "overtaken"
    if letter.kind == Kind.SECOND_NEEDED:
        return "" if decision.review.needs_second else "overtaken"
    if letter.kind == Kind.REPORT_OUTCOME:
        report = session.get_one(Report, letter.report_id)
        return "" if still_true.outcome(session, report, decision) is not None else "overtaken"
    return ""


def _shown_later(session: Session, letter: Letter) -> bool:
    """Whether "it is on the wall" waits for the next minute, since the wall moves again but does not show it yet."""
    if letter.kind != Kind.APPROVED or letter.decision_id is None:
        return False
    return not still_true.is_shown(session.get_one(Decision, letter.decision_id).review)


def _deliver(envelope: Envelope, settings: Settings) -> Outcome:
    """What became of the letter; a failure is logged without the address."""
    url = settings.mail_url.get_secret_value()
    outcome = (
        answers.post(envelope.message, envelope.to, url, in_clear=settings.mail_in_clear)
        if url
        else _into_folder(envelope, settings)
    )
    if outcome.fate is Fate.OURS:
        log.error("the mail server refuses us (%s): letters are kept until that is mended", outcome.code)
    elif outcome.fate is not Fate.SENT:
        log.warning("letter %s was not taken: %s", envelope.letter_id, outcome.code)
    return outcome


def written(settings: Settings, letter_id: int) -> Path:
    """Where a letter lies that no mail server took, since none is set."""
    return settings.instance / "mail" / f"{letter_id:08d}.eml"


def _into_folder(envelope: Envelope, settings: Settings) -> Outcome:
    final = written(settings, envelope.letter_id)
    part = final.with_suffix(f".part{os.getpid()}")
    try:
        final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.write_bytes(bytes(envelope.message))
        os.replace(part, final)
    except OSError as error:
        return Outcome(Fate.LATER, type(error).__name__)
    return Outcome(Fate.SENT)


@dataclass(frozen=True)
class Refused:
    """Letters that are kept since the mail server refuses us, and by which answer."""

    count: int
    code: str


def refused(values: Values) -> Callable[[], Refused | None]:
    """What whoever runs the wall has to mend before letters go out again; none: nothing."""
    kept = (Letter.failed_how == Fate.OURS.value, Letter.sent_at.is_(None), Letter.dropped_at.is_(None))
    newest = values.ask(select(Letter.failed_code).where(*kept).order_by(Letter.due_at.desc()).limit(1))
    tried = select(func.count()).where(Letter.sent_at.is_(None), Letter.dropped_at.is_(None), Letter.attempts > 0)
    owed = values.ask(tried)
    return lambda: Refused(owed(), newest()) if newest() is not None else None
