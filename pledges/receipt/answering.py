"""What an author answers is stored: a step at once, and what was written with it as an update that a person reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.errors import NotNow
from pledges.intake import storing
from pledges.intake.door import ReviewDesk
from pledges.intake.forms.update import UpdateForm
from pledges.intake.sent import Origin, Receipt
from pledges.models import Contribution, Progress, Step, Type
from pledges.models.turns import hold
from pledges.updates import actions
from pledges.wall import steps

TWICE = timedelta(minutes=10)  # in which the same answer is a double press


class TooOften(Exception):
    """As much as may be told in a day was told."""


@dataclass(frozen=True)
class Answer:
    """What was stored; there is no receipt where a status came alone, or this was stored before."""

    step: Step | None
    receipt: Receipt | None


def can_tell(pledge: Contribution) -> bool:
    """Whether its author can say how it goes: once it stands on the wall, whether or not anybody asked."""
    return pledge.type is Type.PLEDGE and pledge.shown_at is not None


def answer(
    session: Session,
    pledge: Contribution,
    form: UpdateForm,
    nonce: str | None,
    origin: Origin,
    desk: ReviewDesk,
    now: datetime,
) -> Answer:
    """The answer is stored once; raises NotNow, TooOften, and FormUsed where its form told something else before."""
    hold(session, pledge)  # of two at once the second sees the first
    if not can_tell(pledge):
        raise NotNow
    sent = form.sent(nonce) if form.has_words else None
    if (sent and storing.already(session, sent)) or _told_just_now(session, pledge, form, now):
        return Answer(None, None)
    if steps.too_many(session, pledge, now):
        raise TooOften
    if sent is None:
        return Answer(steps.add(session, pledge, form.status, now), None)
    receipt = storing.receive(session, pledge.campaign_id, sent, origin, desk, now=now, parent=pledge)
    return Answer(steps.add(session, pledge, form.status, now, update_id=receipt.contribution_id), receipt)


def answer_action(session: Session, pledge: Contribution, key: str, status: Progress, now: datetime) -> None:
    """How one action goes is stored once, and shown; raises NotNow where there is no such action, and TooOften."""
    hold(session, pledge)
    if not can_tell(pledge) or key not in {each.key for each in actions.of_revision(pledge.published_revision)}:
        raise NotNow
    last = steps.newest(session, pledge, action=key)
    if last is not None and last.status is status and now - last.said_at <= TWICE:
        return
    if steps.too_many(session, pledge, now, action=key):
        raise TooOften
    steps.add(session, pledge, status, now, action=key)


def _told_just_now(session: Session, pledge: Contribution, form: UpdateForm, now: datetime) -> bool:
    """Whether the last that was told is the very same, a moment ago."""
    last = steps.newest(session, pledge)
    if last is None or last.status is not form.status or now - last.said_at > TWICE:
        return False
    if not form.has_words:
        return last.update_id is None
    return last.update is not None and storing.says(last.update.latest, form.sent(None))


def step_of(session: Session, pledge: Contribution, public_id: str) -> Step:
    """One of the steps of this promise that nobody has hidden; raises NotNow."""
    wanted = select(Step).where(Step.pledge_id == pledge.id, Step.public_id == public_id, Step.hidden_at.is_(None))
    step = session.scalars(wanted).first()
    if step is None:
        raise NotNow
    return step
