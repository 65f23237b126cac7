"""The door the public side knocks on: reviews are opened, authors act, and reports are taken."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from flask_babel import gettext
from sqlalchemy import and_, delete, event, or_, select, update
from sqlalchemy.orm import Session

from pledges.errors import FormUsed, NotNow
from pledges.intake import Complaint, Origin, Rule, Standing, TakenDown
from pledges.models import Campaign, Contribution, Revision
from pledges.settings import Settings
from pledges.tokens import new_public_id

from . import appeals, clusters, decisions, house_rules, lanes, letters, link_requests, notices, queue, reasons
from .checks import akismet, links, personal, repeats
from .checks.base import Verdict
from .models import Appeal, Batch, BatchItem, Decision, Evidence, Finding, Letter, Note, Reason, Report, Review
from .screening import subject_of
from .workflow import MOVES, STANDS, WAITS, Move, State

log = logging.getLogger(__name__)

HEADER_CHARS = 500
HAPPENED = {  # as the author reads it
    Move.REJECT: "declined",
    Move.REVISE: "asked",
    Move.WITHDRAW: "withdrawn",
    Move.RESTORE: "restored",
}
CHILD_RULES, CLASS_RULES = {"child_and_class"}, {"class_beside_name", "age"}


class Desk:
    """Stands behind the door that `pledges.intake.ReviewDesk` describes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def open_review(
        self, session: Session, contribution: Contribution, revision: Revision, origin: Origin, now: datetime
    ) -> None:
        """A review of exactly these words; older words of the same author that still wait give way."""
        edited = revision.number > 1
        if edited:
            self._supersede_waiting(session, contribution, now)
        review = Review(
            revision_id=revision.id,
            contribution_id=contribution.id,
            campaign_id=contribution.campaign_id,
            waiting_since=now,
            check_after=now,
            check_reason="edit" if edited else "",
        )
        session.add(review)
        session.flush()
        session.add(self._evidence(review, contribution, origin, now))
        session.flush()
        if not edited:
            letters.owe(session, letters.Kind.RECEIPT, f"receipt:{contribution.id}", contribution=contribution, now=now)

    def address_confirmed(self, session: Session, contribution: Contribution, now: datetime) -> None:
        """Whoever gave this address has confirmed it: what was decided before is told now."""
        letters.address_confirmed(session, contribution, now)

    def stored(self, contribution: Contribution) -> None:
        """The checks may start; the minute's sweep does it where this fails."""
        from .jobs import nudge  # jobs import what this module is imported by

        try:
            nudge(contribution.id)
        except Exception as error:  # the queue of jobs is a courtesy: the row is the queue
            log.warning("the job queue took no nudge: %s", type(error).__name__)

    def standing(self, session: Session, contribution: Contribution, lang: str, now: datetime) -> Standing:
        """What the author may know of the newest words: where they stand, why, and how long it usually takes."""
        review = self._latest(session, contribution)
        last = _told(session, review)
        told: tuple[str, ...] = ()
        note = ""
        if last is not None and last.to_state == review.state and review.state in (State.REJECTED, State.REVISE):
            told = tuple(reasons.told(session, last, lang))
            note = last.note if review.state is State.REVISE else ""
        asked_about, against = self._appealable(session, contribution, now)
        down = self._taken_down(session, contribution)
        # of spam nothing is told, since that would teach whoever sent it: it looks like waiting
        state = State.WAITING if review.state in (State.SPAM, State.RECEIVED) else review.state
        return Standing(
            state=state,
            reasons=told,
            note=note,
            decided_at=last.decided_at if last and state not in WAITS else None,
            place=queue.place_of(session, review) if state is State.WAITING else None,
            usual_wait_minutes=queue.usual_wait_minutes(session, contribution.campaign_id),
            appeal_until=appeals.until(session, asked_about, against, now, self.settings),
            saw=self._saw(session, review),
            taken_down=self._told_down(session, down, lang, appeals_now=asked_about is down) if down else None,
            stood=appeals.taken_down_by(session, review) is not None,
            appealed=any(lanes.open_appeal(session, each) for each in self._reviews(session, contribution)),
            restored=self._was_restored(session, contribution),
            happened=self._happened(session, contribution),
        )

    def _appealable(
        self, session: Session, contribution: Contribution, now: datetime
    ) -> tuple[Review, Decision | None]:
        """What an appeal would be about, and against which decision: first what stood on the wall, then the newest."""
        newest, down = self._latest(session, contribution), self._taken_down(session, contribution)
        if down is not None:
            against = _told(session, down)
            if appeals.until(session, down, against, now, self.settings) is not None:
                return down, against
        return newest, _told(session, newest)

    def _taken_down(self, session: Session, contribution: Contribution) -> Review | None:
        """Words beside the newest that stood on the wall until they were taken down, with nothing in their place."""
        if contribution.published_revision_id is not None:
            return None
        for number, review in enumerate(reversed(self._reviews(session, contribution))):
            appealed = review.state in WAITS and lanes.open_appeal(session, review)
            if appealed or appeals.taken_down_by(session, review) is not None:
                return review if number else None
        return None

    def _told_down(self, session: Session, down: Review, lang: str, *, appeals_now: bool) -> TakenDown:
        last = _told(session, down)
        told = reasons.told(session, last, lang) if last is not None and last.move is Move.REJECT else []
        return TakenDown(tuple(told), appeals_now, lanes.open_appeal(session, down))

    def _was_restored(self, session: Session, contribution: Contribution) -> bool:
        """Whether the last that happened to it was that its author put it back."""
        of_all = select(Decision).join(Review, Review.id == Decision.review_id)
        of_all = of_all.where(Review.contribution_id == contribution.id).order_by(Decision.id.desc())
        last = session.scalars(of_all.limit(1)).first()
        return last is not None and last.move is Move.RESTORE

    def _happened(self, session: Session, contribution: Contribution) -> tuple[tuple[datetime, str], ...]:
        """What people and the author did to these words, oldest first; of spam nothing is told, nor what was undone."""
        made = (
            select(Decision)
            .join(Review, Review.id == Decision.review_id)
            .where(Review.contribution_id == contribution.id, Decision.move.in_(HAPPENED))
            .order_by(Decision.id)
        )
        undone = set(
            session.scalars(
                select(Decision.undoes_id)
                .join(Review, Review.id == Decision.review_id)
                .where(Review.contribution_id == contribution.id, Decision.undoes_id.is_not(None))
            )
        )
        lines = []
        for each in session.scalars(made):
            if each.id in undone:
                continue
            what = HAPPENED[each.move]
            if each.move is Move.REJECT and appeals.left_the_wall(session, each):
                what = "taken_down"
            lines.append((each.decided_at, what))
        appealed = select(Appeal.made_at).join(Review, Review.id == Appeal.review_id)
        lines += [(at, "appealed") for at in session.scalars(appealed.where(Review.contribution_id == contribution.id))]
        return tuple(lines)

    def withdrawn(self, session: Session, contribution: Contribution, now: datetime) -> None:
        """The author took it back: nothing of it is shown, nobody needs to read it, and who reported it is told."""
        self._lock(session, contribution)
        for review in self._reviews(session, contribution):
            if Move.WITHDRAW in MOVES[review.state]:
                self._author_moves(session, review, Move.WITHDRAW, now)
        letters.drop_decisions(session, contribution, now)
        if contribution.contact is not None:
            kind, when = letters.Kind.WITHDRAWN, f"{contribution.id}:{int(now.timestamp() * 1000)}"
            cause = letters.cause_of(kind, contribution.contact.email_hash, when)
            letters.owe(session, kind, cause, contribution=contribution, now=now)

    def restored(self, session: Session, contribution: Contribution, now: datetime) -> None:
        """The newest words go back to the queue, but what a person declined stands declined, however often it is put back.

        Then the words that stood on the wall beside it go to the queue.
        """
        self._lock(session, contribution)
        letters.drop_withdrawn(session, contribution, now)
        for review in reversed(self._reviews(session, contribution)):
            if review.state is not State.WITHDRAWN or self._was_superseded(session, review):
                continue
            self._author_moves(session, review, Move.RESTORE, now)
            if review.state in WAITS:
                return

    def erased(self, session: Session, contribution: Contribution, now: datetime) -> None:
        """What the desk holds of the words and their sender is gone; bare facts of the decisions stay.

        Who reported the words is told that they are gone, and the address is forgotten with that letter.
        """
        self._lock(session, contribution)
        for review in self._reviews(session, contribution):
            if Move.WITHDRAW in MOVES[review.state]:
                self._author_moves(session, review, Move.WITHDRAW, now)
            clusters.forget(session, review)
        ids = select(Review.id).where(Review.contribution_id == contribution.id)
        session.execute(delete(Evidence).where(Evidence.review_id.in_(ids)))
        session.execute(update(Finding).where(Finding.review_id.in_(ids)).values(detail={}, quotes=[]))
        session.execute(update(Decision).where(Decision.review_id.in_(ids)).values(note=""))
        batches = select(BatchItem.batch_id).where(BatchItem.review_id.in_(ids))
        session.execute(update(Batch).where(Batch.id.in_(batches)).values(note=""))
        session.execute(delete(Note).where(Note.review_id.in_(ids)))
        theirs = Report.contribution_id == contribution.id
        session.execute(update(Report).where(theirs).values(note="", network=None))
        letters.forget_reporters(session, theirs)
        session.execute(
            update(Letter)
            .where(Letter.contribution_id == contribution.id, Letter.sent_at.is_(None))
            .values(dropped_at=now, dropped_why="erased")
        )
        session.execute(update(Review).where(Review.id.in_(ids)).values(check_after=None))
        self._forget_written(session, contribution)

    def _forget_written(self, session: Session, contribution: Contribution) -> None:
        """Letters about it that lie in a folder go with the words, once the erasure is committed."""
        reports = select(Report.id).where(Report.contribution_id == contribution.id)
        concerned = or_(Letter.contribution_id == contribution.id, Letter.report_id.in_(reports))
        sent = select(Letter.id).where(concerned, Letter.sent_at.is_not(None))
        files = [notices.written(self.settings, letter_id) for letter_id in session.scalars(sent)]

        @event.listens_for(session, "after_commit", once=True)
        def _gone(_session: Session) -> None:
            for file in files:
                file.unlink(missing_ok=True)

    def appealed(self, session: Session, contribution: Contribution, now: datetime) -> None:
        """A declined item waits again, for another moderator; raises NotNow where no appeal is open."""
        self._lock(session, contribution)
        review, last = self._appealable(session, contribution, now)
        if last is None or appeals.until(session, review, last, now, self.settings) is None:
            raise NotNow
        session.add(Appeal(review_id=review.id, against_id=last.id, made_at=now))
        session.flush()
        self._author_moves(session, review, Move.REOPEN, now)
        decisions.call_others(session, review, f"appeal:{last.id}", now)

    def ask_for_links(self, session: Session, email_hashes: list[str], lang: str, now: datetime) -> None:
        """The worker sends the author of this address their private links, if there is one."""
        link_requests.ask(session, email_hashes, lang, now)

    def links_asked(self) -> None:
        """After the commit: the letter may go out; the minute's sweep sends it where this fails."""
        from .jobs import nudge_letters  # jobs import what this module is imported by

        nudge_letters(0)

    def asked_outside(self, session: Session, contribution: Contribution) -> bool:
        """Whether Akismet has answered about these words; known also after they are erased."""
        answered = (Finding.check == akismet.NAME, Finding.verdict != Verdict.UNKNOWN)
        theirs = select(Finding.id).join(Review, Review.id == Finding.review_id)
        return session.scalars(theirs.where(Review.contribution_id == contribution.id, *answered)).first() is not None

    def already_reported(self, session: Session, complaint: Complaint) -> str | None:
        """The reference that this form was given before; raises FormUsed where it said something else."""
        if complaint.form_token is None:
            return None
        known = session.scalars(select(Report).where(Report.form_token == complaint.form_token)).first()
        if known is None:
            return None
        kept = _as_kept(complaint)
        if (known.category, known.note, known.email) != (kept.category, kept.note, kept.email):
            raise FormUsed
        return known.reference

    def file_report(self, session: Session, contribution: Contribution, complaint: Complaint, now: datetime) -> str:
        """The complaint is stored and the item waits in the reported lane, still shown; answers its reference.

        Raises FormUsed where its form has filed another one.
        """
        # locked first: the new row that names it holds it too, so of two at once each would wait for the other
        session.refresh(contribution, with_for_update=True)
        known = self.already_reported(session, complaint)
        if known is not None:
            return known
        complaint = _as_kept(complaint)
        report = Report(
            reference=new_public_id(),
            contribution_id=contribution.id,
            revision_id=contribution.published_revision_id,
            form_token=complaint.form_token,
            category=complaint.category,
            note=complaint.note,
            email=complaint.email,
            lang=complaint.lang,
            network=complaint.network or None,
            made_at=now,
        )
        session.add(report)
        session.flush()
        letters.owe_thanks(session, report, now)
        shown = select(Review).where(Review.revision_id == contribution.published_revision_id)
        review = session.scalars(shown).first()
        if contribution.published_revision_id is None:
            self._report_of_what_has_gone(session, contribution, report, now)
        elif review is not None and review.state in (State.APPROVED, State.REVISE):  # both may stand on the wall
            self._program_moves(session, review, Move.REOPEN, now)
        elif review is not None and review.state in WAITS:
            if review.parked_until is not None:  # laid aside is for later; a report is not
                queue.put_back(session, review, None, now)
            else:
                lanes.put_in(session, review)
        return report.reference

    def _report_of_what_has_gone(
        self, session: Session, contribution: Contribution, report: Report, now: datetime
    ) -> None:
        """It is read with the words where they wait; else it is answered by what took them off the wall."""
        reviews = self._reviews(session, contribution)
        waits = [each for each in reviews if each.state in WAITS]
        if waits:
            lanes.put_in(session, waits[-1])
            return
        hid = session.scalars(
            select(Decision)
            .where(
                Decision.review_id.in_([each.id for each in reviews]),
                or_(
                    Decision.move == Move.WITHDRAW,
                    and_(Decision.shown_before_id.is_not(None), Decision.shown_after_id.is_(None)),
                ),
            )
            .order_by(Decision.id.desc())
            .limit(1)
        ).first()
        if hid is not None:
            letters.owe_outcome(session, report, hid, now, self.settings)
            report.closed_by_id = hid.id
            session.flush()

    def house_rules(self, session: Session, campaign: Campaign | None) -> list[Rule]:
        """The rules by which words of this campaign are read (none: of all), by number."""
        rules = house_rules.rules_of(session, campaign.id if campaign else None)
        return [Rule(rule.number, rule.words, rule.allowed, rule.declined) for rule in rules]

    # -- parts -------------------------------------------------------------------------------------

    def _evidence(self, review: Review, contribution: Contribution, origin: Origin, now: datetime) -> Evidence:
        days = self.settings.evidence_kept_days
        if contribution.campaign.through_teacher:
            days = self.settings.child_evidence_kept_days
        return Evidence(
            review_id=review.id,
            ip=origin.ip[:45],
            user_agent=origin.user_agent[:HEADER_CHARS],
            referrer=origin.referrer[:HEADER_CHARS],
            accept_language=origin.accept_language[:200],
            permalink=origin.permalink[:HEADER_CHARS],
            seconds_on_form=origin.seconds_on_form,
            trap_name=origin.trap_name,
            trap_value=None if origin.trap_value is None else origin.trap_value[:HEADER_CHARS],
            forget_after=now + timedelta(days=days),
        )

    def _supersede_waiting(self, session: Session, contribution: Contribution, now: datetime) -> None:
        self._lock(session, contribution)
        shown = contribution.published_revision_id
        for older in self._reviews(session, contribution):
            stands = older.revision_id == shown or older.state is State.APPROVED  # shown, or when the wall moves again
            if not stands and Move.SUPERSEDE in MOVES[older.state]:
                self._author_moves(session, older, Move.SUPERSEDE, now)

    def _lock(self, session: Session, contribution: Contribution) -> None:
        session.flush()
        session.execute(select(Contribution.id).where(Contribution.id == contribution.id).with_for_update())

    def _reviews(self, session: Session, contribution: Contribution) -> list[Review]:
        return list(
            session.scalars(select(Review).where(Review.contribution_id == contribution.id).order_by(Review.id))
        )

    def _was_superseded(self, session: Session, review: Review) -> bool:
        """Whether these words had given way to newer ones before all were taken back."""
        last = decisions.last_decision(session, review)
        return last is not None and last.from_state is State.SUPERSEDED

    def _latest(self, session: Session, contribution: Contribution) -> Review:
        return session.scalars(
            select(Review).where(Review.contribution_id == contribution.id).order_by(Review.id.desc()).limit(1)
        ).one()

    def _author_moves(self, session: Session, review: Review, move: Move, now: datetime) -> None:
        decisions.decide(
            session,
            review.id,
            move,
            by=None,
            by_author=True,
            version=review.version,
            now=now,
            settings=self.settings,
        )

    def _program_moves(self, session: Session, review: Review, move: Move, now: datetime) -> None:
        decisions.decide(session, review.id, move, by=None, version=review.version, now=now, settings=self.settings)

    def _saw(self, session: Session, review: Review) -> tuple[str, ...]:
        """What the quick checks noticed, so that the author can mend it before a person reads."""
        if review.state not in WAITS:
            return ()
        subject = subject_of(session, review)
        seen = []
        found = personal.check(subject)
        rules = {quote.rule for quote in found.quotes}
        if rules - CHILD_RULES - CLASS_RULES:
            seen.append("personal_data")
        if rules & CHILD_RULES or (rules & CLASS_RULES and subject.from_child):
            seen.append("child")
        elif rules & CLASS_RULES:
            seen.append("class")
        if links.check(subject).quotes:
            seen.append("links")
        if repeats.check(subject).verdict is not Verdict.CLEAR:
            seen.append("repeat")
        return tuple(seen)


def _as_kept(complaint: Complaint) -> Complaint:
    """One that filled in the hidden field is read as any other, says so to who reads it, and has nobody written to."""
    if not complaint.trap_filled:
        return complaint
    mark = gettext("(A field that people do not see was filled in: this report may come from a program.)")
    note = f"{complaint.note}\n\n{mark}" if complaint.note else mark
    return replace(complaint, note=note, email="", network="")


def _told(session: Session, review: Review) -> Decision | None:
    """The newest decision of a person on this review that still holds, also where its author took it back since."""
    made = select(Decision).where(Decision.review_id == review.id).order_by(Decision.id.desc())
    if review.state in STANDS:
        made = made.where(Decision.move.not_in((Move.WITHDRAW, Move.RESTORE)))
    last = session.scalars(made.limit(1)).first()
    return last if last is not None and last.moderator_id is not None and last.move is not Move.UNDO else None


def reasons_for(session: Session, campaign_id: int, use: str) -> list[Reason]:
    """The reasons that may be chosen: the campaign's own, else those of all campaigns."""
    return reasons_by_use(session, campaign_id).get(use, [])


def reasons_by_use(session: Session, campaign_id: int) -> dict[str, list[Reason]]:
    """As `reasons_for`, of every use."""
    here = or_(Reason.campaign_id == campaign_id, Reason.campaign_id.is_(None))
    query = select(Reason).where(here, Reason.retired_at.is_(None)).order_by(Reason.place, Reason.id)
    found: dict[str, list[Reason]] = {}
    for reason in session.scalars(query):
        found.setdefault(reason.use, []).append(reason)
    return {use: [each for each in some if each.campaign_id is not None] or some for use, some in found.items()}
