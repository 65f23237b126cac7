"""Letters to authors and moderators: written in the reader's language when they are due, and sent at least once."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from flask import render_template
from flask_babel import force_locale, gettext, lazy_gettext
from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from pledges import guarding, tokens
from pledges.db import Values, transaction
from pledges.models import Campaign, Contact, Contribution
from pledges.settings import Settings

from . import appeals, invitations, letters, posting, reasons, truth
from .letters import UNPROVED, Kind, forget_reporters, of_erased
from .models import Decision, Invitation, Letter, Moderator, Reason, Report, Review
from .posting import Fate, Outcome
from .truth import parent_hidden

log = logging.getLogger(__name__)

FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)
ABANDON = timedelta(days=5)
AT_ONCE = 50
CODE_CHARS = 40
UNDELIVERABLE = "undeliverable"
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
        with transaction() as session:
            letter = session.get(Letter, envelope.letter_id, populate_existing=True)
            if letter is not None:
                _note_outcome(session, letter, outcome, now)
        if outcome.whoever:
            return sent
        sent += outcome.fate is Fate.SENT
    return sent


def _note_outcome(session: Session, letter: Letter, outcome: Outcome, now: datetime) -> None:
    """The letter is sent, waits for its next try, or ends; an address at which nothing arrives ends with it."""
    letter.failed_how, letter.failed_code = "", ""
    if outcome.fate is Fate.SENT:
        letter.sent_at = now
        session.flush()
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
    if contribution is None or contribution.contact is None:
        return
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
    to, why_not = _addressee(session, letter)
    why_not = why_not or _why_untrue(session, letter)
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


def _addressee(session: Session, letter: Letter) -> tuple[str, str]:
    """The address, or why nobody is written to."""
    if letter.report_id is not None:
        report = session.get(Report, letter.report_id)
        return (report.email, "") if report and report.email else ("", "no address")
    if letter.kind == Kind.INVITATION:
        invitation = session.get(Invitation, letter.detail["invitation"])
        return (invitation.email, "") if invitation and invitation.used_at is None else ("", "used")
    if letter.moderator_id is not None:
        moderator = session.get(Moderator, letter.moderator_id)
        return (moderator.email, "") if moderator and moderator.left_at is None else ("", "left")
    contribution = session.get(Contribution, letter.contribution_id)
    contact = contribution.contact if contribution else None
    if contact is None:
        return "", "no address"
    if contact.undeliverable_at is not None:
        return "", UNDELIVERABLE
    if letter.kind not in UNPROVED:
        if not letters.proved(session, contact.email_hash):
            return "", "unproved"
        if not contact.letters_wanted:
            return "", "not wanted"
    return contact.email, ""


def _why_untrue(session: Session, letter: Letter) -> str:
    """Why nobody is told this any more; empty where it still stands as the letter tells it."""
    if letter.kind == Kind.WITHDRAWN:
        contribution = session.get_one(Contribution, letter.contribution_id)
        return "restored" if contribution.withdrawn_at is None else ""
    if letter.decision_id is None:
        return ""
    decision = session.get_one(Decision, letter.decision_id)
    if letter.kind in truth.DECIDED:
        return "" if truth.holds(session, letter.kind, decision) else "overtaken"
    if letter.kind == Kind.SECOND_NEEDED:
        return "" if decision.review.needs_second else "overtaken"
    if letter.kind == Kind.REPORT_OUTCOME:
        report = session.get_one(Report, letter.report_id)
        return "" if truth.outcome(session, report, decision) is not None else "overtaken"
    return ""


def _shown_later(session: Session, letter: Letter) -> bool:
    """Whether "it is on the wall" waits for the next minute, since the wall moves again but does not show it yet."""
    if letter.kind != Kind.APPROVED or letter.decision_id is None:
        return False
    return not truth.is_shown(session.get_one(Decision, letter.decision_id).review)


def write(session: Session, letter: Letter, to: str, settings: Settings, now: datetime) -> EmailMessage:
    """The whole message. No words of the public go into it: what is sent from our name is ours alone."""
    with force_locale(letter.lang):
        decided = session.get(Decision, letter.decision_id) if letter.decision_id else None
        context = _context(session, letter, settings, decided.review if decided else None)
        if decided is not None:
            context["reasons"] = reasons.told(session, decided, letter.lang)
        message = EmailMessage(policy=SMTP)
        message["Subject"] = str(context["subject"])
        name, sender = parseaddr(settings.mail_from)
        message["From"] = Address(name, addr_spec=sender)
        message["To"] = Address("", addr_spec=to)
        message["Date"] = format_datetime(now)
        message["Message-ID"] = letter.message_id
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(render_template(f"email/{letter.kind}.txt", **context))
        message.add_alternative(render_template(f"email/{letter.kind}.html", **context), subtype="html")
        message["Content-Language"] = letter.lang  # last: what is set before goes to the first part with its words
    return message


ALERTS = {
    "first": lazy_gettext("Something waits after a quiet time"),
    "overdue": lazy_gettext("People wait longer than you promised"),
    "reports": lazy_gettext("Something was reported"),
    "surge": lazy_gettext("Surge mode is on"),
    "much": lazy_gettext("Much is arriving at once"),
    "surge_over": lazy_gettext("Surge mode is over"),
}


def _subject(letter: Letter, *, parent_hidden: bool) -> str:
    kind = Kind(letter.kind)
    if kind is Kind.ALERT:
        return str(ALERTS[letter.detail["what"]])
    if kind is Kind.SECOND_NEEDED and letter.detail.get("what") == "proposal":
        return gettext("A second opinion is needed from you")
    if kind is Kind.APPROVED and parent_hidden:
        return gettext("Your words are approved")
    return {
        Kind.SLOWER: gettext("It takes longer than usual"),
        Kind.HELP: gettext("The desk asks for your help"),
        Kind.DIGEST: gettext("The desk today"),
        Kind.RECEIPT: gettext("Please confirm your address"),
        Kind.LINK_AGAIN: gettext("Your private link, again"),
        Kind.APPROVED: gettext("Your words are on the wall"),
        Kind.REJECTED: gettext("What you sent will not appear"),
        Kind.REVISE: gettext("We ask you for a change"),
        Kind.TAKEN_DOWN: gettext("What you sent is no longer on the wall"),
        Kind.REPORT_OUTCOME: gettext("What came of your report"),
        Kind.WITHDRAWN: gettext("You have taken back what you sent"),
        Kind.REPORT_RECEIVED: gettext("We have your report"),
        Kind.SECOND_NEEDED: gettext("An appeal waits for you"),
        Kind.INVITATION: gettext("Your code for the desk"),
    }[kind]


def _context(session: Session, letter: Letter, settings: Settings, review: Review | None) -> dict[str, object]:
    """All that a letter can say; `review`: the item that it tells a decision of."""
    contribution = session.get(Contribution, letter.contribution_id) if letter.contribution_id else None
    decision = session.get(Decision, letter.decision_id) if letter.decision_id else None
    report = session.get(Report, letter.report_id) if letter.report_id else None
    about = contribution or (report.contribution if report else None)
    campaign = about.campaign if about else session.get(Campaign, letter.detail.get("campaign", 0))
    hidden = contribution is not None and parent_hidden(contribution)
    outcome = truth.outcome(session, report, decision) if report is not None and decision is not None else None
    context: dict[str, object] = {
        "lang": letter.lang,
        "kind": letter.kind,
        "subject": _subject(letter, parent_hidden=hidden),
        "parent_hidden": hidden,
        "parent_erased": hidden and contribution is not None and _parent_erased(contribution),
        "stands": review is not None and _stands(review),
        "appeal_left": review is not None and appeals.left(session, review),
        "detail": letter.detail,
        "desk_url": f"{settings.base_url}/moderation/",
        "surge_url": f"{settings.base_url}/moderation/surge?campaign={campaign.slug}" if campaign else "",
        "campaign_title": campaign.title.in_(letter.lang) if campaign else "",
        "contribution_type": str(about.type) if about else "",
        "reference": report.reference if report else (about.public_id if about else ""),
        "settings": settings,
        "left_wall": contribution is not None and contribution.hidden_at == contribution.withdrawn_at,
        "left_comments": contribution is not None and contribution.comments_shown > 0,
        "outcome": outcome or truth.Outcome.STAYS,
        "reasons": [],
        "queue_url": _waits_at(letter, settings, review),
    }
    if letter.kind == Kind.INVITATION:
        context["code"] = invitations.code_of(session.get_one(Invitation, letter.detail["invitation"]))
    if contribution is not None:
        context |= author_links(contribution, settings, letter.lang)
        if letter.kind == Kind.LINK_AGAIN:
            links = _all_links(session, contribution, settings, letter.lang)
            context["all_links"] = links
            if len({link["campaign"] for link in links}) > 1:
                context["campaign_title"] = gettext("Promise Wall")
    return context


def _waits_at(letter: Letter, settings: Settings, review: Review | None) -> str:
    """Where a moderator finds what waits for them: one item, or all appeals."""
    if review is not None and letter.detail.get("what") == "proposal":
        return f"{settings.base_url}/moderation/reviews/{review.id}"
    return f"{settings.base_url}/moderation/?lane=appeals"


def _stands(review: Review) -> bool:
    """Whether these very words can be seen on the wall."""
    return truth.is_shown(review) and not parent_hidden(review.contribution)


def _parent_erased(contribution: Contribution) -> bool:
    """Whether what it stands under is gone for good."""
    return contribution.parent is not None and contribution.parent.erased_at is not None


def _all_links(session: Session, contribution: Contribution, settings: Settings, lang: str) -> list[dict[str, object]]:
    """Every private link of whoever gave this address, newest first."""
    contact = contribution.contact
    if contact is None:
        return []
    owned = session.scalars(
        select(Contribution)
        .join(Contact, Contact.contribution_id == Contribution.id)
        .where(Contact.email_hash == contact.email_hash, Contribution.erased_at.is_(None))
        .order_by(Contribution.id.desc())
        .limit(50)
    )
    return [
        {"reference": own.public_id, "campaign": own.campaign.title.in_(lang)} | author_links(own, settings, lang)
        for own in owned
    ]


def author_links(contribution: Contribution, settings: Settings, lang: str) -> dict[str, object]:
    """Where the author finds the receipt, and the page itself."""
    token = tokens.receipt_token(contribution.id, contribution.receipt_number, contribution.receipt_hash)
    receipt = f"{settings.base_url}/{lang}/receipt/{token}"
    contact = contribution.contact
    proof = tokens.proof_of(contribution.id, contact.email_hash) if contact is not None else ""
    slug = contribution.campaign.slug
    home = contribution.parent or contribution
    return {
        "receipt_url": receipt,
        "proof_url": f"{receipt}?proof={proof}",
        "wall_url": f"{settings.base_url}/{lang}/{slug}",
        "item_url": f"{settings.base_url}/{lang}/{slug}/{'answers' if home.question_id else 'promises'}/{home.public_id}",
    }


@dataclass(frozen=True)
class Preview:
    """The letter that this author would get, or why none is sent (a short name of ours)."""

    why_not: str = ""
    lang: str = ""
    subject: str = ""
    text: str = ""


def preview(
    session: Session, review: Review, kind: Kind | None, chosen: Sequence[Reason], settings: Settings
) -> Preview:
    """What the author would read, written by the same hands as the letter itself; private links are left out."""
    contribution = review.contribution
    if kind is None:
        return Preview("nothing new")
    letter = Letter(kind=kind, contribution_id=contribution.id, lang=contribution.page_lang, detail={})
    _, why_not = _addressee(session, letter)
    if why_not:
        return Preview(why_not)
    with force_locale(letter.lang):
        context = _context(session, letter, settings, review)
        context |= {name: gettext("(the author’s private link)") for name in ("receipt_url", "proof_url")}
        context["reasons"] = [reason.words.in_(letter.lang) for reason in chosen if not reason.hidden]
        text = render_template(f"email/{kind}.txt", **context)
        return Preview("", letter.lang, str(context["subject"]), text)


def _deliver(envelope: Envelope, settings: Settings) -> Outcome:
    """What became of the letter; a failure is logged without the address."""
    url = settings.mail_url.get_secret_value()
    outcome = (
        posting.post(envelope.message, envelope.to, url, in_clear=settings.mail_in_clear)
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
