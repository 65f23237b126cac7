"""The door to the desk: what the public side asks of it, and hears from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flask import current_app
from sqlalchemy.orm import Session

from pledges.db import Translated
from pledges.models import Campaign, Contribution, Matter

from .sent import Origin, Receipt, Sent, Stored

DOOR = "wall.desk"


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
class Noticed:
    """What a quick check sees in words that are not sent yet."""

    what: str  # telephone email address personal_data child class links listed repeat
    said: str = ""  # where it is one place: how it was written
    id: str = ""  # of a promise on the wall that is almost the same


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

    def open_review(self, session: Session, stored: Stored, origin: Origin, now: datetime) -> None:
        """These words wait to be checked and read, from the transaction on that stores them."""

    def noticed(self, session: Session, campaign: Campaign, sent: Sent, now: datetime) -> list[Noticed]:
        """What whoever wrote this may want to know before it is sent; nothing of it is kept."""

    def stored(self, receipt: Receipt) -> None:
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

    def proof_asked(self, session: Session, matter: Matter, now: datetime) -> None:
        """A link is owed to an address at an organisation's domain."""

    def proof_waits(self, session: Session, matter: Matter, now: datetime) -> None:
        """That link was pressed: a person has to say yes."""

    def proof_decided(self, session: Session, matter: Matter, now: datetime) -> None:
        """Somebody said yes or no."""

    def already_reported(self, session: Session, complaint: Complaint) -> str | None:
        """The reference that this form was given before; raises FormUsed where it said something else."""

    def file_report(self, session: Session, contribution: Contribution, complaint: Complaint, now: datetime) -> str: ...

    def house_rules(self, session: Session, campaign: Campaign | None) -> list[Rule]: ...


def review_desk() -> ReviewDesk:
    """Who stands behind the door in this application."""
    return current_app.extensions[DOOR]
