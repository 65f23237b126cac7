"""A letter in the reader's language, as it is now true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from typing import Any

from flask import render_template
from flask_babel import force_locale, gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.decisions import appeals
from moderation.letters import organisations, outbox, questions, still_true
from moderation.letters.outbox import FOR_ITSELF, UNPROVED, Kind
from moderation.letters.still_true import parent_hidden
from moderation.models import Decision, Invitation, Letter, Moderator, Reason, Report, Review
from moderation.people import proving
from moderation.rules import reasons
from pledges import tokens
from pledges.models import Campaign, Contact, Contribution, Type
from pledges.models import Kind as PledgeKind
from pledges.settings import Settings
from pledges.updates import asking

from . import strips

UNDELIVERABLE = "undeliverable"


class OneLine(UnstructuredHeader):
    """A header whose value is an address: folded, it would be encoded, and no mail program would find it."""

    max_count = 1

    def fold(self, *, policy: Policy[Any]) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", OneLine)  # type: ignore[arg-type]
LETTER = SMTP.clone(header_factory=_HEADERS)


def addressee(session: Session, letter: Letter) -> tuple[str, str]:
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
    if letter.kind == Kind.PROOF:
        to = organisations.addressee(session, letter)
        return to, "" if to else "no address"
    contribution = session.get(Contribution, letter.contribution_id)
    contact = outbox.contact_of(session, contribution) if contribution else None
    if contribution is None or contact is None:
        return "", "no address"
    if contact.undeliverable_at is not None:
        return "", UNDELIVERABLE
    if letter.kind not in UNPROVED:
        if not outbox.proved(session, contact.email_hash):
            return "", "unproved"
        if not _wanted(letter, contribution, contact):
            return "", "not wanted"
    return contact.email, ""


def _wanted(letter: Letter, contribution: Contribution, contact: Contact) -> bool:
    """Whether its author wants letters of this kind now."""
    purpose = FOR_ITSELF.get(Kind(letter.kind))
    if purpose is None:
        return contact.letters_wanted
    if purpose == asking.FOLLOW_UP:
        return contact.follow_up
    return any(each.purpose == purpose and each.withdrawn_at is None for each in contribution.consents)


def write(session: Session, letter: Letter, to: str, settings: Settings, now: datetime) -> EmailMessage:
    """The whole message. No words of the public go into it: what is sent from our name is ours alone."""
    with force_locale(letter.lang):
        decided = session.get(Decision, letter.decision_id) if letter.decision_id else None
        context = _context(session, letter, settings, decided.review if decided else None)
        if decided is not None:
            context["reasons"] = reasons.told(session, decided, letter.lang)
        message = EmailMessage(policy=LETTER)
        message["Subject"] = str(context["subject"])
        name, sender = parseaddr(settings.mail_from)
        message["From"] = Address(name, addr_spec=sender)
        message["To"] = Address("", addr_spec=to)
        message["Date"] = format_datetime(now)
        message["Message-ID"] = letter.message_id
        message["Auto-Submitted"] = "auto-generated"
        if stop_url := context.get("stop_url"):
            message["List-Unsubscribe"] = f"<{stop_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
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
    "webhook": lazy_gettext("A webhook has ended"),
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
        Kind.QUESTION: gettext("How is your promise going?"),
        Kind.INVITE: gettext("Will you make a promise again?"),
        Kind.APPROVED: gettext("Your words are on the wall"),
        Kind.REJECTED: gettext("What you sent will not appear"),
        Kind.REVISE: gettext("We ask you for a change"),
        Kind.TAKEN_DOWN: gettext("What you sent is no longer on the wall"),
        Kind.REPORT_OUTCOME: gettext("What came of your report"),
        Kind.WITHDRAWN: gettext("You have taken back what you sent"),
        Kind.REPORT_RECEIVED: gettext("We have your report"),
        Kind.SECOND_NEEDED: gettext("An appeal waits for you"),
        Kind.INVITATION: gettext("Your code for the desk"),
        Kind.PROOF: gettext("Does this promise speak for your organisation?"),
        Kind.PROOF_OUTCOME: gettext("Your organisation on the wall"),
        Kind.BADGE_ENDS: gettext("The mark of your organisation ends soon"),
        Kind.COLLEAGUE: gettext("A colleague asks to speak for your organisation"),
    }[kind]


def _context(session: Session, letter: Letter, settings: Settings, review: Review | None) -> dict[str, object]:
    """All that a letter can say; `review`: the item that it tells a decision of."""
    contribution = session.get(Contribution, letter.contribution_id) if letter.contribution_id else None
    decision = session.get(Decision, letter.decision_id) if letter.decision_id else None
    report = session.get(Report, letter.report_id) if letter.report_id else None
    about = contribution or (report.contribution if report else None)
    campaign = about.campaign if about else session.get(Campaign, letter.detail.get("campaign", 0))
    hidden = contribution is not None and parent_hidden(contribution)
    outcome = still_true.outcome(session, report, decision) if report is not None and decision is not None else None
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
        "outcome": outcome or still_true.Outcome.STAYS,
        "reasons": [],
        "queue_url": _waits_at(letter, settings, review),
    }
    if letter.kind in organisations.ABOUT_ORGANISATIONS:
        context |= organisations.said(session, letter, settings)
    if letter.kind == Kind.INVITATION:
        context["code"] = proving.code_of(session.get_one(Invitation, letter.detail["invitation"]))
    if contribution is not None:
        context |= author_links(contribution, settings, letter.lang)
        context |= _of_itself(session, letter, contribution, settings)
        if letter.kind == Kind.APPROVED:
            context |= _finished(session, contribution, settings, letter.lang)
        if letter.kind == Kind.LINK_AGAIN:
            links = _all_links(session, contribution, settings, letter.lang)
            context["all_links"] = links
            if len({link["campaign"] for link in links}) > 1:
                context["campaign_title"] = gettext("Promise Wall")
    return context


def _finished(session: Session, contribution: Contribution, settings: Settings, lang: str) -> dict[str, object]:
    """What the letter about a promise on the wall shows besides: its block in the cloth, what to print, and when we ask."""
    contact = contribution.contact
    slug = contribution.campaign.slug
    pledge = contribution.type is Type.PLEDGE
    return {
        "for_organisation": contribution.kind is PledgeKind.ORGANISATION and pledge,
        "strips": strips.until(session, contribution),
        "poster_url": f"{settings.base_url}/{lang}/{slug}/promises/{contribution.public_id}/poster" if pledge else "",
        "asked_next": contact.next_question_at if contact is not None else None,
    }


def _of_itself(session: Session, letter: Letter, contribution: Contribution, settings: Settings) -> dict[str, object]:
    """What letters say that were agreed to by a box of their own: of which day, where to go, and how they are stopped."""
    purpose = FOR_ITSELF.get(Kind(letter.kind))
    if purpose is None:
        return {}
    token = tokens.letters_token(contribution.public_id, purpose)
    said: dict[str, object] = {
        "stop_url": f"{settings.base_url}/{letter.lang}/letters/{token}",
        "promised_on": contribution.published_at,
    }
    if letter.kind == Kind.QUESTION:
        said |= questions.said(letter, contribution)
    if letter.kind == Kind.INVITE:
        to = session.get_one(Campaign, letter.detail["to"])
        said["new_title"] = to.title.in_(letter.lang)
        said["new_url"] = f"{settings.base_url}/{letter.lang}/{to.slug}/promise"
    return said


def _waits_at(letter: Letter, settings: Settings, review: Review | None) -> str:
    """Where a moderator finds what waits for them: one item, or all appeals."""
    if review is not None and letter.detail.get("what") == "proposal":
        return f"{settings.base_url}/moderation/reviews/{review.id}"
    return f"{settings.base_url}/moderation/?lane=appeals"


def _stands(review: Review) -> bool:
    """Whether these very words can be seen on the wall."""
    return still_true.is_shown(review) and not parent_hidden(review.contribution)


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
    _, why_not = addressee(session, letter)
    if why_not:
        return Preview(why_not)
    with force_locale(letter.lang):
        context = _context(session, letter, settings, review)
        context |= {name: gettext("(the author’s private link)") for name in ("receipt_url", "proof_url")}
        context["reasons"] = [reason.words.in_(letter.lang) for reason in chosen if not reason.hidden]
        text = render_template(f"email/{kind}.txt", **context)
        return Preview("", letter.lang, str(context["subject"]), text)
