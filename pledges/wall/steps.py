"""The steps of a promise: the newest that is shown says how it goes, on the wall and in its counters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from pledges.campaigns import guarding, versions
from pledges.figures import counters
from pledges.models import Contribution, Progress, Step
from pledges.organisations import places
from pledges.tokens import new_public_id
from pledges.webhooks import owing

from . import indexing

A_DAY = 5  # steps of one promise
DAY = timedelta(days=1)


def add(
    session: Session,
    pledge: Contribution,
    status: Progress,
    now: datetime,
    *,
    update_id: int | None = None,
    action: str | None = None,
) -> Step:
    """The step is stored, and shown unless a surge holds it; "changed" shows once its new words do."""
    step = Step(
        public_id=new_public_id(),
        pledge_id=pledge.id,
        update_id=update_id,
        action=action,
        status=status,
        said_at=now,
        held=status is not Progress.CHANGED and guarding.guarded(pledge.campaign, now),
    )
    session.add(step)
    session.flush()
    follow(session, pledge, now, told=_is_shown(session, step))
    return step


def too_many(session: Session, pledge: Contribution, now: datetime, *, action: str | None = None) -> bool:
    """Whether as many steps of it, or of this action, as a day may have were told within a day, taken back or not."""
    today = select(Step.id).where(_of(pledge, action), Step.said_at > now - DAY)
    return len(session.scalars(today.limit(A_DAY)).all()) >= A_DAY


def newest(session: Session, pledge: Contribution, *, action: str | None = None) -> Step | None:
    """What its author told last of it, or of this action, and has not taken back, shown or not."""
    told = select(Step).where(_of(pledge, action), Step.hidden_at.is_(None))
    return session.scalars(told.order_by(Step.said_at.desc(), Step.id.desc()).limit(1)).first()


def _of(pledge: Contribution, action: str | None) -> ColumnElement[bool]:
    return and_(Step.pledge_id == pledge.id, Step.action.is_(None) if action is None else Step.action == action)


def hide(session: Session, step: Step, now: datetime) -> None:
    """The step is shown nowhere any more; its promise goes as the one before it said."""
    told = _is_shown(session, step)
    step.hidden_at = step.hidden_at or now
    session.flush()
    follow(session, step.pledge, now, told=told)


def is_off(session: Session, update: Contribution) -> bool:
    """Whether the step that these words came with was taken off, or back."""
    off = select(Step.id).where(Step.update_id == update.id, Step.hidden_at.is_not(None))
    return session.scalars(off).first() is not None


def release(session: Session, step: Step, now: datetime) -> None:
    """A step that a surge held is shown."""
    step.held = False
    session.flush()
    follow(session, step.pledge, now, told=_is_shown(session, step))


def last_told(session: Session, pledge_ids: Sequence[int]) -> dict[int, datetime]:
    """When what these tell of how they go became what it is: something was told, or taken back; where nothing was, left out.

    New words of a promise are told when they are shown, and taken back with them.
    """
    words = aliased(Contribution)
    moments = (Step.said_at, Step.hidden_at, words.published_at, words.changed_at, words.hidden_at)
    found = (
        select(Step.pledge_id, *map(func.max, moments))
        .outerjoin(words, and_(words.id == Step.update_id, Step.status == Progress.CHANGED))
        .where(
            Step.pledge_id.in_(pledge_ids),
            Step.held.is_(False),
            or_(Step.status != Progress.CHANGED, words.published_at.is_not(None)),
        )
        .group_by(Step.pledge_id)
    )
    return {row[0]: max(each for each in row[1:] if each is not None) for row in session.execute(found)}


def _is_shown(session: Session, step: Step) -> bool:
    return session.scalars(select(Step.id).where(Step.id == step.id, are_shown())).first() is not None


def are_shown() -> ColumnElement[bool]:
    """Whether a step is shown on the page of its promise; one that tells of new words only with them."""
    update = aliased(Contribution)
    with_words = select(update.id).where(update.id == Step.update_id, update.shown_at.is_not(None)).correlate(Step)
    return and_(
        Step.held.is_(False), Step.hidden_at.is_(None), or_(Step.status != Progress.CHANGED, with_words.exists())
    )


def follow(session: Session, pledge: Contribution, now: datetime, *, told: bool = True) -> None:
    """The promise goes as its newest shown step says, and its page shows all of them.

    `told`: whether everybody reads something else now, which other programs hear of.
    """
    shown = select(Step.status).where(_of(pledge, None), are_shown())
    last = session.scalars(shown.order_by(Step.said_at.desc(), Step.id.desc()).limit(1)).first()
    set_progress(session, pledge, last or Progress.PROMISED)
    if told and pledge.shown_at is not None:
        owing.owe(session, pledge, owing.UPDATED, now)


def follow_words(session: Session, update: Contribution, pledge: Contribution, now: datetime) -> None:
    """As `follow`, where what was written with a step is shown now, or is not any more."""
    stands = select(Step.id).where(Step.update_id == update.id, Step.hidden_at.is_(None), Step.held.is_(False))
    follow(session, pledge, now, told=session.scalars(stands).first() is not None)


def set_progress(session: Session, pledge: Contribution, progress: Progress) -> None:
    """How the promise is going, on the wall and in its counters."""
    shown = pledge.shown_at is not None
    if shown:
        versions.touch(session, pledge.campaign_id)
    before = pledge.progress
    with counters.moving(session, pledge):
        pledge.progress = progress
    if shown:
        session.flush()
        places.kept(session, pledge, before)
        indexing.put(session, pledge)
