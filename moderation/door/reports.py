"""Complaints about what is shown: stored once, and read with the words or answered by what has happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask_babel import gettext
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from moderation import lanes
from moderation.letters import outbox
from moderation.models import Decision, Report, Review
from moderation.queue import aside
from moderation.workflow import WAITS, Move, State
from pledges.errors import FormUsed
from pledges.intake.door import Complaint
from pledges.models import Contribution
from pledges.settings import Settings
from pledges.tokens import new_public_id

from . import reviews


def already(session: Session, complaint: Complaint) -> str | None:
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


def file(session: Session, contribution: Contribution, complaint: Complaint, now: datetime, settings: Settings) -> str:
    """The complaint is stored and the item waits in the reported lane, still shown; answers its reference.

    Raises FormUsed where its form has filed another one.
    """
    # locked first: the new row that names it holds it too, so of two at once each would wait for the other
    session.refresh(contribution, with_for_update=True)
    known = already(session, complaint)
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
    outbox.owe_thanks(session, report, now)
    shown = select(Review).where(Review.revision_id == contribution.published_revision_id)
    review = session.scalars(shown).first()
    if contribution.published_revision_id is None:
        _of_what_has_gone(session, contribution, report, now, settings)
    elif review is not None and review.state in (State.APPROVED, State.REVISE):  # both may stand on the wall
        reviews.program_moves(session, review, Move.REOPEN, now, settings)
    elif review is not None and review.state in WAITS:
        if review.parked_until is not None:  # laid aside is for later; a report is not
            aside.put_back(session, review, None, now)
        else:
            lanes.put_in(session, review)
    return report.reference


def _of_what_has_gone(
    session: Session, contribution: Contribution, report: Report, now: datetime, settings: Settings
) -> None:
    """It is read with the words where they wait; else it is answered by what took them off the wall."""
    known = reviews.of(session, contribution)
    waits = [each for each in known if each.state in WAITS]
    if waits:
        lanes.put_in(session, waits[-1])
        return
    hid = session.scalars(
        select(Decision)
        .where(
            Decision.review_id.in_([each.id for each in known]),
            or_(
                Decision.move == Move.WITHDRAW,
                and_(Decision.shown_before_id.is_not(None), Decision.shown_after_id.is_(None)),
            ),
        )
        .order_by(Decision.id.desc())
        .limit(1)
    ).first()
    if hid is not None:
        outbox.owe_outcome(session, report, hid, now, settings)
        report.closed_by_id = hid.id
        session.flush()


def _as_kept(complaint: Complaint) -> Complaint:
    """One that filled in the hidden field is read as any other, says so to who reads it, and has nobody written to."""
    if not complaint.trap_filled:
        return complaint
    mark = gettext("(A field that people do not see was filled in: this report may come from a program.)")
    note = f"{complaint.note}\n\n{mark}" if complaint.note else mark
    return replace(complaint, note=note, email="", network="")
