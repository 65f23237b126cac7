"""The actions that an organisation put into one promise, and how each of them goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.models import Contribution, Progress, Revision, Step
from pledges.revisions import action_key

MOST = 9  # of a promise


@dataclass(frozen=True)
class Action:
    """One of them as everybody reads it."""

    key: str
    words: str
    by: date | None
    status: Progress = Progress.PROMISED


def of(session: Session, pledge: Contribution) -> list[Action]:
    """Those of the words that are shown, in their order."""
    return of_many(session, [pledge])[pledge.id]


def of_many(session: Session, pledges: Sequence[Contribution]) -> dict[int, list[Action]]:
    """The same by the number of each promise; asks nothing where none has any."""
    having = [each.id for each in pledges if each.published_revision is not None and each.published_revision.actions]
    told = _told(session, having) if having else {}
    return {each.id: of_revision(each.published_revision, told.get(each.id, {})) for each in pledges}


def of_revision(revision: Revision | None, told: Mapping[str, Progress] | None = None) -> list[Action]:
    """Those of these words, with what was told of each."""
    listed = [] if revision is None else revision.actions
    keys = [action_key(each["words"]) for each in listed]
    return [
        Action(key, each["words"], _day(each["by"]), (told or {}).get(key, Progress.PROMISED))
        for key, each in zip(keys, listed, strict=True)
    ]


def _told(session: Session, pledge_ids: Iterable[int]) -> dict[int, dict[str, Progress]]:
    """The newest step of each action that is shown."""
    shown = select(Step.pledge_id, Step.action, Step.status).where(
        Step.pledge_id.in_(list(pledge_ids)),
        Step.action.is_not(None),
        Step.held.is_(False),
        Step.hidden_at.is_(None),
    )
    found: dict[int, dict[str, Progress]] = {}
    for pledge_id, action, status in session.execute(shown.order_by(Step.said_at, Step.id)):
        if action is not None:
            found.setdefault(pledge_id, {})[action] = status
    return found


def _day(written: str) -> date | None:
    return date.fromisoformat(written) if written else None
