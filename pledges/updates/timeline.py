"""How a promise has been going, as everybody reads it, and as its author does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, aliased

from pledges.models import Contribution, Progress, Revision, Step
from pledges.web.paging import Cursor, Page

SHOWN = 50
OWN = 20

_UPDATE = aliased(Contribution)


@dataclass(frozen=True)
class Entry:
    """What was told at a moment; the words are there only where they are shown."""

    id: str  # the step's, whatever comes of the words
    status: Progress
    at: datetime
    row: int  # of the step, by which those of one moment stand in order
    changed_at: datetime  # when it became what it is: words that came with it are shown later, and may go before it
    note: str = ""
    link: str = ""
    promise: str = ""  # the new words of a promise that has changed
    lang: str = ""
    update: str = ""  # the public id of what was written with it
    action: str = ""  # the key of the action that this is about; none: the promise


@dataclass(frozen=True)
class Told:
    """One of an author's own answers."""

    entry: Entry
    held: bool  # by a surge
    written: Contribution | None  # what came with it, shown or not


def entries(session: Session, pledge: Contribution, after: Cursor | None = None, limit: int = SHOWN) -> Page[Entry]:
    """What is shown of it, newest first."""
    from_here = _steps(pledge).where(
        Step.action.is_(None), Step.held.is_(False), or_(Step.status != Progress.CHANGED, _shown())
    )
    if after is not None:
        from_here = from_here.where(or_(Step.said_at < after.at, and_(Step.said_at == after.at, Step.id < after.id)))
    rows = session.execute(from_here.limit(limit + 1)).all()
    found = [_entry(step, update, words) for step, update, words in rows[:limit]]
    last = rows[limit - 1][0] if len(rows) > limit else None
    return Page(found, str(Cursor(last.said_at, last.id)) if last is not None else None)


def own(session: Session, pledge: Contribution, *, actions: bool = False) -> list[Told]:
    """What its author told and has not taken back, newest first; of its actions too where that is asked."""
    wanted = _steps(pledge) if actions else _steps(pledge).where(Step.action.is_(None))
    rows = session.execute(wanted.limit(OWN)).all()
    return [Told(_entry(step, update, words), step.held, update) for step, update, words in rows]


def _steps(pledge: Contribution) -> Select[Step, Contribution, Revision]:
    return (
        select(Step, _UPDATE, Revision)
        .outerjoin(_UPDATE, _UPDATE.id == Step.update_id)
        .outerjoin(Revision, Revision.id == _UPDATE.published_revision_id)
        .where(Step.pledge_id == pledge.id, Step.hidden_at.is_(None))
        .order_by(Step.said_at.desc(), Step.id.desc())
    )


def _shown():
    return _UPDATE.shown_at.is_not(None)


def _entry(step: Step, update: Contribution | None, words: Revision | None) -> Entry:
    moments = [
        step.said_at,
        *([update.published_at, update.changed_at, update.hidden_at] if update is not None else []),
    ]
    changed_at = max(each for each in moments if each is not None)
    if update is None or words is None:
        return Entry(step.public_id, step.status, step.said_at, step.id, changed_at, action=step.action or "")
    changed = step.status is Progress.CHANGED
    alone = words.words == words.link
    return Entry(
        id=step.public_id,
        status=step.status,
        at=step.said_at,
        row=step.id,
        changed_at=changed_at,
        note=words.how_we_will_know if changed else "" if alone else words.words,
        link=words.link,
        promise=words.words if changed else "",
        lang=words.lang,
        update=update.public_id,
    )
