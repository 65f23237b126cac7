"""The door the public side knocks on: reviews are opened, authors act, and reports are taken."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.akismet import fields
from moderation.checks.base import Verdict
from moderation.decisions import appeals, second
from moderation.jobs import queue
from moderation.letters import dropping, link_requests, organisations, outbox
from moderation.models import Appeal, Evidence, Finding, Review
from moderation.rules import house_rules
from moderation.workflow import MOVES, WAITS, Move, State
from pledges.errors import NotNow
from pledges.intake.door import Complaint, Noticed, Rule, Standing
from pledges.intake.sent import Origin, Receipt, Sent, Stored
from pledges.models import Campaign, Contribution, Matter
from pledges.models.rows import added
from pledges.settings import Settings

from . import forgetting, noticing, reports, reviews, telling

log = logging.getLogger(__name__)
HEADER_CHARS = 500


class Desk:
    """Stands behind the door that `pledges.intake.ReviewDesk` describes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def open_review(self, session: Session, stored: Stored, origin: Origin, now: datetime) -> None:
        """A review of exactly these words; older words of the same author that still wait give way."""
        edited = stored.number > 1
        if edited:
            self._supersede_waiting(session, session.get_one(Contribution, stored.contribution_id), now)
        review_id = added(
            session,
            Review,
            revision_id=stored.revision_id,
            contribution_id=stored.contribution_id,
            campaign_id=stored.campaign_id,
            waiting_since=now,
            check_after=now,
            check_reason="edit" if edited else "",
        )
        added(session, Evidence, review_id=review_id, **self._evidence(origin, now))
        outbox.owe_receipt(session, stored, now)

    def address_confirmed(self, session: Session, contribution: Contribution, now: datetime) -> None:
        """Whoever gave this address has confirmed it: what was decided before is told now."""
        outbox.address_confirmed(session, contribution, now)

    def noticed(self, session: Session, campaign: Campaign, sent: Sent, now: datetime) -> list[Noticed]:
        """What whoever wrote this may want to know before it is sent."""
        return noticing.noticed(session, campaign, sent, now)

    def stored(self, receipt: Receipt) -> None:
        """The checks may start; the minute's sweep does it where this fails."""
        try:
            queue.nudge(receipt.contribution_id)
        except Exception as error:  # the queue of jobs is a courtesy: the row is the queue
            log.warning("the job queue took no nudge: %s", type(error).__name__)

    def standing(self, session: Session, contribution: Contribution, lang: str, now: datetime) -> Standing:
        """What the author may know of the newest words: where they stand, why, and how long it usually takes."""
        return telling.of(session, contribution, lang, now, self.settings)

    def withdrawn(self, session: Session, contribution: Contribution, now: datetime) -> None:
        """The author took it back: nothing of it is shown, nobody needs to read it, and who reported it is told."""
        reviews.lock(session, contribution)
        for review in reviews.of(session, contribution):
            if Move.WITHDRAW in MOVES[review.state]:
                reviews.author_moves(session, review, Move.WITHDRAW, now, self.settings)
        dropping.drop_decisions(session, contribution, now)
        if contribution.contact is not None:
            kind, when = outbox.Kind.WITHDRAWN, f"{contribution.id}:{int(now.timestamp() * 1000)}"
            cause = outbox.cause_of(kind, contribution.contact.email_hash, when)
            outbox.owe(session, kind, cause, contribution=contribution, now=now)

    def restored(self, session: Session, contribution: Contribution, now: datetime) -> None:
        """The newest words go back to the queue, but what a person declined stands declined, however often it is put back.

        Then the words that stood on the wall beside it go to the queue.
        """
        reviews.lock(session, contribution)
        dropping.drop_withdrawn(session, contribution, now)
        for review in reversed(reviews.of(session, contribution)):
            if review.state is not State.WITHDRAWN or reviews.was_superseded(session, review):
                continue
            reviews.author_moves(session, review, Move.RESTORE, now, self.settings)
            if review.state in WAITS:
                return

    def erased(self, session: Session, contribution: Contribution, now: datetime) -> None:
        """What the desk holds of the words and their sender is gone; bare facts of the decisions stay.

        Who reported the words is told that they are gone, and the address is forgotten with that letter.
        """
        forgetting.erase(session, contribution, now, self.settings)

    def appealed(self, session: Session, contribution: Contribution, now: datetime) -> None:
        """A declined item waits again, for another moderator; raises NotNow where no appeal is open."""
        reviews.lock(session, contribution)
        review, last = reviews.appealable(session, contribution, now, self.settings)
        if last is None or appeals.until(session, review, last, now, self.settings) is None:
            raise NotNow
        session.add(Appeal(review_id=review.id, against_id=last.id, made_at=now))
        session.flush()
        reviews.author_moves(session, review, Move.REOPEN, now, self.settings)
        second.call_others(session, review, f"appeal:{last.id}", now)

    def ask_for_links(self, session: Session, email_hashes: list[str], lang: str, now: datetime) -> None:
        """The worker sends the author of this address their private links, if there is one."""
        link_requests.ask(session, email_hashes, lang, now)

    def links_asked(self) -> None:
        """After the commit: the letter may go out; the minute's sweep sends it where this fails."""
        queue.nudge_letters(0)

    def proof_asked(self, session: Session, matter: Matter, now: datetime) -> None:
        """The link is owed, once for what was asked."""
        organisations.owe_link(session, matter, now)

    def proof_waits(self, session: Session, matter: Matter, now: datetime) -> None:
        """It stands in the lane of organisations, and who holds a badge there is told."""
        organisations.tell_holder(session, matter, now)

    def proof_decided(self, session: Session, matter: Matter, now: datetime) -> None:
        """Whoever asked is told."""
        organisations.owe_outcome(session, matter, now)

    def asked_outside(self, session: Session, contribution: Contribution) -> bool:
        """Whether Akismet has answered about these words; known also after they are erased."""
        answered = (Finding.check == fields.NAME, Finding.verdict != Verdict.UNKNOWN)
        theirs = select(Finding.id).join(Review, Review.id == Finding.review_id)
        return session.scalars(theirs.where(Review.contribution_id == contribution.id, *answered)).first() is not None

    def already_reported(self, session: Session, complaint: Complaint) -> str | None:
        """The reference that this form was given before; raises FormUsed where it said something else."""
        return reports.already(session, complaint)

    def file_report(self, session: Session, contribution: Contribution, complaint: Complaint, now: datetime) -> str:
        """The complaint is stored and the item waits in the reported lane, still shown; answers its reference.

        Raises FormUsed where its form has filed another one.
        """
        return reports.file(session, contribution, complaint, now, self.settings)

    def house_rules(self, session: Session, campaign: Campaign | None) -> list[Rule]:
        """The rules by which words of this campaign are read (none: of all), by number."""
        rules = house_rules.rules_of(session, campaign.id if campaign else None)
        return [Rule(rule.number, rule.words, rule.allowed, rule.declined) for rule in rules]

    def _evidence(self, origin: Origin, now: datetime) -> dict[str, Any]:
        kept = self.settings
        days = kept.child_evidence_kept_days if origin.through_teacher else kept.evidence_kept_days
        return {
            "ip": origin.ip[:45],
            "user_agent": origin.user_agent[:HEADER_CHARS],
            "referrer": origin.referrer[:HEADER_CHARS],
            "accept_language": origin.accept_language[:200],
            "permalink": origin.permalink[:HEADER_CHARS],
            "seconds_on_form": origin.seconds_on_form,
            "trap_name": origin.trap_name,
            "trap_value": None if origin.trap_value is None else origin.trap_value[:HEADER_CHARS],
            "forget_after": now + timedelta(days=days),
        }

    def _supersede_waiting(self, session: Session, contribution: Contribution, now: datetime) -> None:
        reviews.lock(session, contribution)
        shown = contribution.published_revision_id
        for older in reviews.of(session, contribution):
            stands = older.revision_id == shown or older.state is State.APPROVED  # shown, or when the wall moves again
            if not stands and Move.SUPERSEDE in MOVES[older.state]:
                reviews.author_moves(session, older, Move.SUPERSEDE, now, self.settings)
