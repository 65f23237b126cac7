"""What was sent is stored once, hidden, and handed to the desk in the same transaction."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.errors import FormUsed, NotNow
from pledges.models import FINDABLE, Campaign, Contribution, Question, Revision
from pledges.models.turns import hold
from pledges.revisions import digest_of, repeat_key
from pledges.search import index
from pledges.tokens import hash_token, new_public_id, receipt_token

from .consents import consents_of, contact_of
from .door import ReviewDesk
from .sent import Origin, Receipt, Sent, kept_actions


def receive(
    session: Session,
    campaign: Campaign,
    sent: Sent,
    origin: Origin,
    desk: ReviewDesk,
    *,
    now: datetime,
    parent: Contribution | None = None,
    reply_to: Contribution | None = None,
    question: Question | None = None,
    inspired_by: Contribution | None = None,
    event_code_id: int | None = None,
    by_author: bool = False,
) -> Receipt:
    """The contribution is stored, hidden, and waits for review; raises IntegrityError where its form made one before."""
    contribution = Contribution(
        campaign_id=campaign.id,
        type=sent.type,
        public_id=new_public_id(),
        parent_id=parent.id if parent else None,
        reply_to_id=reply_to.id if reply_to else None,
        question_id=question.id if question else None,
        inspired_by_id=inspired_by.id if inspired_by else None,
        event_code_id=event_code_id,
        by_author=by_author,
        form_token=sent.form_token,
        form_digest=sent.digest,
        kind=sent.kind,
        theme_id=sent.theme_id,
        audience_id=sent.audience_id,
        lang=sent.lang,
        show_name=sent.show_name,
        page_lang=sent.page_lang,
        findable=FINDABLE in sent.consents,
        created_at=now,
    )
    session.add(contribution)
    if sent.email:
        contribution.contact = contact_of(session, sent, now)
    contribution.consents = consents_of(session, sent, now)
    revision = add_revision(session, contribution, sent, now, number=1)  # which writes all of these
    token = receipt_token(contribution.id, contribution.receipt_number)
    contribution.receipt_hash = hash_token(token)
    desk.open_review(session, contribution, revision, origin, now)
    return Receipt(contribution, token, fresh=True)


def already(session: Session, sent: Sent) -> Receipt | None:
    """The receipt that this form was given before; raises FormUsed where its words were others."""
    if sent.form_token is None:
        return None
    known = session.scalars(select(Contribution).where(Contribution.form_token == sent.form_token)).first()
    if known is None:
        return None
    if not hmac.compare_digest(known.form_digest or "", sent.digest):
        raise FormUsed
    token = receipt_token(known.id, known.receipt_number, known.receipt_hash)
    return Receipt(known, token, fresh=False)


def change(
    session: Session, contribution: Contribution, sent: Sent, origin: Origin, desk: ReviewDesk, *, now: datetime
) -> Revision:
    """Newer words of the author wait for review; what is shown stays until they are approved.

    Raises NotNow where the contribution was withdrawn or erased meanwhile.
    """
    hold(session, contribution)
    if contribution.withdrawn_at is not None or contribution.erased_at is not None:
        raise NotNow
    revision = add_revision(session, contribution, sent, now, number=len(contribution.revisions) + 1)
    desk.open_review(session, contribution, revision, origin, now)
    return revision


def says(revision: Revision, sent: Sent) -> bool:
    """Whether these are the very words, and all else, that the revision holds: a double click on a change."""
    said = (
        "words", "by_when", "how_we_will_know", "status", "link", "name", "first_name", "show_name", "role", "organisation", "website",
        "kind", "theme_id", "audience_id", "lang",
    )  # fmt: skip
    return all(getattr(revision, name) == getattr(sent, name) for name in said) and revision.actions == kept_actions(
        sent
    )


def add_revision(session: Session, contribution: Contribution, sent: Sent, now: datetime, *, number: int) -> Revision:
    revision = Revision(
        contribution=contribution,
        number=number,
        words=sent.words,
        by_when=sent.by_when,
        how_we_will_know=sent.how_we_will_know,
        actions=kept_actions(sent),
        status=sent.status,
        link=sent.link,
        name=sent.name,
        first_name=sent.first_name,
        show_name=sent.show_name,
        role=sent.role,
        organisation=sent.organisation,
        website=sent.website,
        kind=sent.kind,
        theme_id=sent.theme_id,
        audience_id=sent.audience_id,
        lang=sent.lang,
        salt=secrets.token_hex(16),
        digest="",
        repeat_key=repeat_key(sent.words),
        submitted_at=now,
    )
    revision.digest = digest_of(revision)
    session.add(revision)
    session.flush()
    index.put(session, revision)
    return revision
