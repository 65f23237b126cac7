"""What was sent is stored once, hidden, and handed to the desk in the same transaction."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from pledges.errors import FormUsed, NotNow
from pledges.models import FINDABLE, Contribution, Question, Revision
from pledges.models.rows import added, run, table_of
from pledges.models.turns import hold
from pledges.revisions import digest_of, repeat_key
from pledges.search import index
from pledges.tokens import hash_token, new_public_id, receipt_token

from .consents import keep_consents, keep_contact
from .door import ReviewDesk
from .sent import Origin, Receipt, Sent, Stored, kept_actions

_OWN = table_of(Contribution)
_BY_FORM = select(_OWN.c.id, _OWN.c.public_id, _OWN.c.form_digest, _OWN.c.receipt_number, _OWN.c.receipt_hash).where(
    _OWN.c.form_token == bindparam("form_token")
)
_OPENED_BY = update(_OWN).where(_OWN.c.id == bindparam("own")).values(receipt_hash=bindparam("hash"))


def receive(
    session: Session,
    campaign_id: int,
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
    public_id = new_public_id()
    own = added(
        session,
        Contribution,
        campaign_id=campaign_id,
        type=sent.type,
        public_id=public_id,
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
    token = receipt_token(own, 1)
    run(session, _OPENED_BY, {"own": own, "hash": hash_token(token)})
    email_hash = keep_contact(session, own, sent, now)
    keep_consents(session, own, sent, now)
    revision_id = _add_revision(session, own, sent, now, number=1)
    stored = Stored(own, public_id, campaign_id, sent.type, sent.page_lang, email_hash, revision_id, number=1)
    desk.open_review(session, stored, origin, now)
    return Receipt(own, public_id, token, fresh=True)


def already(session: Session, sent: Sent) -> Receipt | None:
    """The receipt that this form was given before; raises FormUsed where its words were others."""
    if sent.form_token is None:
        return None
    known = session.execute(_BY_FORM, {"form_token": sent.form_token}).first()
    if known is None:
        return None
    if not hmac.compare_digest(known.form_digest or "", sent.digest):
        raise FormUsed
    token = receipt_token(known.id, known.receipt_number, known.receipt_hash)
    return Receipt(known.id, known.public_id, token, fresh=False)


def change(
    session: Session, contribution: Contribution, sent: Sent, origin: Origin, desk: ReviewDesk, *, now: datetime
) -> None:
    """Newer words of the author wait for review; what is shown stays until they are approved.

    Raises NotNow where the contribution was withdrawn or erased meanwhile.
    """
    hold(session, contribution)
    if contribution.withdrawn_at is not None or contribution.erased_at is not None:
        raise NotNow
    own, number = contribution, len(contribution.revisions) + 1
    revision_id = _add_revision(session, own.id, sent, now, number=number)
    session.expire(own, ["revisions"])
    stored = Stored(own.id, own.public_id, own.campaign_id, own.type, own.page_lang, None, revision_id, number)
    desk.open_review(session, stored, origin, now)


def says(revision: Revision, sent: Sent) -> bool:
    """Whether these are the very words, and all else, that the revision holds: a double click on a change."""
    said = (
        "words", "by_when", "how_we_will_know", "status", "link", "name", "first_name", "show_name", "role", "organisation", "website",
        "kind", "theme_id", "audience_id", "lang",
    )  # fmt: skip
    return all(getattr(revision, name) == getattr(sent, name) for name in said) and revision.actions == kept_actions(
        sent
    )


def _add_revision(session: Session, contribution_id: int, sent: Sent, now: datetime, *, number: int) -> int:
    """The words are written once, and found by the desk; answers their number."""
    row: dict[str, Any] = dict(
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
    )
    row["digest"] = digest_of(SimpleNamespace(**row))
    row |= {"repeat_key": repeat_key(sent.words), "submitted_at": now}
    revision_id = added(session, Revision, contribution_id=contribution_id, number=number, **row)
    said = SimpleNamespace(**row, actions_said="\n".join(words for words, _ in sent.actions))
    index.put(session, revision_id, said)
    return revision_id
