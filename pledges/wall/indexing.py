"""A promise that is shown is found by its words, its name as far as it is shown, and by what it is; a hidden one by nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.models import Contribution, Revision, Type
from pledges.search import wall as index
from pledges.search.wall import mark

from .pieces import signature


def put(session: Session, pledge: Contribution) -> None:
    """It is found as it is shown now. Whoever calls this holds the campaign's row: two do not take one place."""
    if pledge.type is not Type.PLEDGE or pledge.published_at is None or pledge.published_revision_id is None:
        return
    revision = session.get_one(Revision, pledge.published_revision_id)
    index.put(
        session,
        _place(session, pledge, pledge.published_at),
        pledge.campaign_id,
        words_of(pledge, revision),
        marks_of(pledge),
    )


def moment_of(session: Session, pledge: Contribution, at: datetime) -> datetime:
    """The moment that is its own on this wall: `at`, or as few microseconds later as were taken by others.

    So every list has two promises in one order, whether it reads moments or places.
    """
    return index.moment_of(_place(session, pledge, at)) if pledge.type is Type.PLEDGE else at


def _place(session: Session, pledge: Contribution, at: datetime) -> int:
    if pledge.wall_place is None:
        pledge.wall_place = _free_place(session, at, pledge.campaign_id)
        session.flush()
    return pledge.wall_place


def remove(session: Session, pledge: Contribution) -> None:
    """Nobody finds it any more; its place stays its own, as the moment does at which it was first shown."""
    if pledge.wall_place is not None:
        index.remove(session, pledge.wall_place)


def words_of(pledge: Contribution, revision: Revision) -> tuple[str, ...]:
    """What readers see of it, and nothing that its author does not show."""
    by = signature(revision, pledge.show_name)
    return revision.words, revision.how_we_will_know, revision.actions_said, by.name, by.meta


def marks_of(pledge: Contribution) -> list[str]:
    found = [mark("kind", pledge.kind), mark("status", pledge.progress), mark("lang", pledge.lang)]
    if pledge.theme_id is not None:
        found.append(mark("theme", pledge.theme_id))
    if pledge.audience_id is not None:
        found.append(mark("audience", pledge.audience_id))
    return found


def _free_place(session: Session, at: datetime, campaign_id: int) -> int:
    place = index.place_of(at, campaign_id)
    while session.scalars(select(Contribution.id).where(Contribution.wall_place == place)).first() is not None:
        place += index.STEPS
    return place
