"""A form becomes a saved, hidden contribution, handed to the moderators in the same transaction."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from . import search
from .db import Translated
from .errors import FormUsed, NotNow
from .models import (
    Campaign,
    Consent,
    Contact,
    Contribution,
    Kind,
    Progress,
    Question,
    Revision,
    ShowName,
    Type,
    Wording,
)
from .revisions import digest_of, repeat_key
from .tokens import hash_token, hashes_of_email, new_public_id, receipt_token

DOOR = "wall.desk"


@dataclass(frozen=True)
class Sent:
    """What a form said, checked and in normal form: lengths in code points, times in UTC."""

    type: Type
    words: str
    lang: str
    page_lang: str
    by_when: date | None = None
    how_we_will_know: str = ""
    name: str = ""
    show_name: ShowName = ShowName.ANONYMOUS
    role: str = ""
    organisation: str = ""
    website: str = ""
    kind: Kind = Kind.PERSON
    theme_id: int | None = None
    audience_id: int | None = None
    status: Progress | None = None
    link: str = ""
    email: str = ""
    follow_up: bool = False
    consents: dict[str, str] = field(default_factory=dict)  # purpose -> the words that were agreed to
    form_token: str | None = None  # the one-use number of the form

    @property
    def digest(self) -> str:
        """Tells the same words from other words sent with the same form."""
        said = [
            str(self.type), self.words, self.lang, str(self.by_when), self.how_we_will_know, self.name,
            str(self.show_name), self.role, self.organisation, self.website, str(self.kind), str(self.theme_id),
            str(self.audience_id), str(self.status), self.link, self.email, str(self.follow_up), sorted(self.consents),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


@dataclass(frozen=True)
class Origin:
    """Where a submission came from; kept apart from the words and forgotten early."""

    ip: str
    user_agent: str = ""
    referrer: str = ""
    accept_language: str = ""
    permalink: str = ""
    seconds_on_form: float | None = None
    trap_name: str = ""
    trap_value: str | None = None  # none: the field was missing altogether


@dataclass(frozen=True)
class Receipt:
    """What the sender is given: the contribution and the token of its private page."""

    contribution: Contribution
    token: str
    fresh: bool  # False: this very form had already been taken


@dataclass(frozen=True)
class Complaint:
    """A report as it was sent."""

    category: str
    note: str
    email: str
    lang: str
    form_token: str | None
    network: str = ""  # keyed hash of where it came from
    trap_filled: bool = False  # something stood in a field that people do not see


@dataclass(frozen=True)
class Rule:
    """A numbered house rule in several languages, with an example of what may stand and of what may not."""

    number: int
    words: Translated
    allowed: Translated
    declined: Translated


@dataclass(frozen=True)
class TakenDown:
    """Words that stood on the wall and were taken down, beside newer ones of which the standing tells."""

    reasons: tuple[str, ...] = ()
    appeals: bool = False  # it is these words that can be appealed for
    appealed: bool = False  # a second moderator looks at them


@dataclass(frozen=True)
class Standing:
    """How far the checking of an author's newest words is, in terms that the author may know."""

    state: str  # received waiting approved rejected revise spam withdrawn superseded
    reasons: tuple[str, ...] = ()  # the words for the author; empty where none are given
    note: str = ""  # what a moderator asks to be changed
    decided_at: datetime | None = None
    place: int | None = None  # in the queue, from 1
    usual_wait_minutes: int | None = None
    appeal_until: datetime | None = None
    saw: tuple[str, ...] = ()  # what the quick checks noticed: personal_data child class repeat links
    taken_down: TakenDown | None = None
    stood: bool = False  # the newest words stood on the wall until they were declined
    appealed: bool = False  # a second moderator is asked to look
    restored: bool = False  # putting it back was the last that happened to it
    happened: tuple[tuple[datetime, str], ...] = ()  # declined asked taken_down appealed withdrawn restored


class ReviewDesk(Protocol):
    """The door to the moderators; app.py says who stands behind it."""

    def open_review(
        self, session: Session, contribution: Contribution, revision: Revision, origin: Origin, now: datetime
    ) -> None: ...

    def stored(self, contribution: Contribution) -> None:
        """After the commit: the checks may start. What goes wrong here is only lateness."""

    def standing(self, session: Session, contribution: Contribution, lang: str, now: datetime) -> Standing: ...

    def address_confirmed(self, session: Session, contribution: Contribution, now: datetime) -> None:
        """Whoever gave this address has confirmed it."""

    def withdrawn(self, session: Session, contribution: Contribution, now: datetime) -> None: ...

    def restored(self, session: Session, contribution: Contribution, now: datetime) -> None: ...

    def erased(self, session: Session, contribution: Contribution, now: datetime) -> None: ...

    def appealed(self, session: Session, contribution: Contribution, now: datetime) -> None: ...

    def ask_for_links(self, session: Session, email_hashes: list[str], lang: str, now: datetime) -> None:
        """The author of this address, if there is one, is sent their links later: the same work for every address."""

    def links_asked(self) -> None:
        """After the commit: the letter may go out."""

    def asked_outside(self, session: Session, contribution: Contribution) -> bool:
        """Whether a service outside this wall has answered about these words."""

    def already_reported(self, session: Session, complaint: Complaint) -> str | None:
        """The reference that this form was given before; raises FormUsed where it said something else."""

    def file_report(self, session: Session, contribution: Contribution, complaint: Complaint, now: datetime) -> str: ...

    def house_rules(self, session: Session, campaign: Campaign | None) -> list[Rule]: ...


def review_desk() -> ReviewDesk:
    """Who stands behind the door in this application."""
    return current_app.extensions[DOOR]


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
) -> Receipt:
    """The contribution is stored, hidden, and waits for review; the same form again gives the same receipt.

    Raises FormUsed where the form was sent before with other words.
    """
    again = already(session, sent)
    if again is not None:
        return again
    contribution = Contribution(
        campaign_id=campaign.id,
        type=sent.type,
        public_id=new_public_id(),
        parent_id=parent.id if parent else None,
        reply_to_id=reply_to.id if reply_to else None,
        question_id=question.id if question else None,
        inspired_by_id=inspired_by.id if inspired_by else None,
        event_code_id=event_code_id,
        form_token=sent.form_token,
        form_digest=sent.digest,
        kind=sent.kind,
        theme_id=sent.theme_id,
        audience_id=sent.audience_id,
        lang=sent.lang,
        show_name=sent.show_name,
        page_lang=sent.page_lang,
        created_at=now,
    )
    session.add(contribution)
    session.flush()
    token = receipt_token(contribution.id, contribution.receipt_number)
    contribution.receipt_hash = hash_token(token)
    if sent.email:
        keep_contact(session, contribution, sent, now)
    keep_consents(session, contribution, sent, now)
    revision = add_revision(session, contribution, sent, now)
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
    session.refresh(contribution, with_for_update=True)
    if contribution.withdrawn_at is not None or contribution.erased_at is not None:
        raise NotNow
    revision = add_revision(session, contribution, sent, now)
    desk.open_review(session, contribution, revision, origin, now)
    return revision


def says(revision: Revision, sent: Sent) -> bool:
    """Whether these are the very words, and all else, that the revision holds: a double click on a change."""
    said = (
        "words", "by_when", "how_we_will_know", "status", "link", "name", "show_name", "role", "organisation", "website",
        "kind", "theme_id", "audience_id", "lang",
    )  # fmt: skip
    return all(getattr(revision, name) == getattr(sent, name) for name in said)


def add_revision(session: Session, contribution: Contribution, sent: Sent, now: datetime) -> Revision:
    revision = Revision(
        contribution=contribution,
        number=len(contribution.revisions) + 1,
        words=sent.words,
        by_when=sent.by_when,
        how_we_will_know=sent.how_we_will_know,
        status=sent.status,
        link=sent.link,
        name=sent.name,
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
    search.put(session, revision)
    return revision


def keep_contact(session: Session, contribution: Contribution, sent: Sent, now: datetime) -> None:
    session.add(
        Contact(
            contribution_id=contribution.id,
            email=sent.email,
            email_hash=_known_hash(session, sent.email),
            follow_up=sent.follow_up,
            created_at=now,
        )
    )


def _known_hash(session: Session, email: str) -> str:
    """The hash under which this address is stored already, so that a change of the secret makes it nobody else's."""
    hashes = hashes_of_email(email)
    known = session.scalars(select(Contact.email_hash).where(Contact.email_hash.in_(hashes[1:])).limit(1)).first()
    return known or hashes[0]


def keep_consents(session: Session, contribution: Contribution, sent: Sent, now: datetime) -> None:
    for purpose, text in sent.consents.items():
        keep_consent(session, contribution, purpose, text, now, lang=sent.page_lang)
    session.flush()


def keep_consent(
    session: Session, contribution: Contribution, purpose: str, text: str, now: datetime, *, lang: str | None = None
) -> None:
    """What the author agreed to or asked for is kept, with the very words that stood beside the button."""
    wording = _wording(session, purpose, lang or contribution.page_lang, text, now)
    session.add(Consent(contribution_id=contribution.id, purpose=purpose, wording_id=wording, given_at=now))


def _wording(session: Session, purpose: str, lang: str, text: str, now: datetime) -> int:
    digest = hashlib.sha256(text.encode()).hexdigest()
    same = (Wording.purpose == purpose, Wording.lang == lang, Wording.digest == digest)
    known = session.scalars(select(Wording.id).where(*same)).first()
    if known is None:
        try:
            with session.begin_nested():
                session.add(Wording(purpose=purpose, lang=lang, text=text, digest=digest, since=now))
        except IntegrityError:
            pass  # two first submissions at once: the other one made the row
        known = session.scalars(select(Wording.id).where(*same)).one()
    return known
