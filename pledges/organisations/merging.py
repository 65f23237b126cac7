"""A person says that two organisations are the same, or takes it back; a badge belongs to one row and is never lost so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.campaigns import versions
from pledges.models import Contribution, MergedContribution, MergedOrganisation, Organisation
from pledges.models.turns import hold_by_ids
from pledges.webhooks import owing

from . import badges, places
from .naming import counted_as, note


class NotTheSame(ValueError):
    """These two cannot be merged: one is, or was merged already, or bears a badge that would be lost."""


def merge(session: Session, one: Organisation, into: Organisation, now: datetime) -> None:
    """`one` is the same as `into` from now on, with all that stands under it. Raises NotTheSame."""
    _lock(session, one, into)
    if one.id == into.id or counted_as(session, one).id != one.id or counted_as(session, into).id != into.id:
        raise NotTheSame
    if one.verified_at is not None:
        raise NotTheSame
    session.add(MergedOrganisation(organisation_id=one.id, into_id=into.id, merged_at=now))
    session.flush()
    moved = list(session.scalars(select(Contribution).where(Contribution.organisation_id == one.id)))
    for contribution in moved:
        if session.get(MergedContribution, contribution.id) is None:
            note(session, contribution.id, one.id)
    _move(session, moved, one, into, now)


def part(session: Session, one: Organisation, now: datetime) -> None:
    """`one` stands for itself again, with all that named it, or what was merged into it. Raises NotTheSame."""
    merged = session.get(MergedOrganisation, one.id)
    if merged is None:
        raise NotTheSame
    into = counted_as(session, one)
    _lock(session, one, into)
    session.delete(merged)
    session.flush()
    query = select(Contribution, MergedContribution.organisation_id).join(
        MergedContribution, MergedContribution.contribution_id == Contribution.id
    )
    moved = []
    for contribution, row_id in session.execute(query.where(Contribution.organisation_id == into.id)).all():
        if counted_as(session, session.get_one(Organisation, row_id)).id == one.id:
            moved.append(contribution)
            if row_id == one.id:
                note(session, contribution.id, None)
    _move(session, moved, into, one, now)


def _move(
    session: Session, moved: list[Contribution], before: Organisation, after: Organisation, now: datetime
) -> None:
    """These count for another organisation; counters and the wall's version follow."""
    touched = places.campaigns_of(session, before, after)
    for contribution in moved:
        contribution.organisation_id = after.id
        badges.leave(contribution)
    session.flush()
    for campaign_id in sorted(touched):
        versions.touch(session, campaign_id)  # first, as whoever publishes does: nobody waits for another's counters
        places.recount(session, campaign_id, [before.id, after.id])
        for row in (before, after):
            owing.owe_organisation(session, row, campaign_id, now)


def _lock(session: Session, *rows: Organisation) -> None:
    """Nobody else changes these, or what stands under them: promises first, as whoever decides on words holds them.

    What came under them in between is held as well; whoever waits for us then is tried again.
    """
    ids = {row.id for row in rows}
    standing = select(Contribution.id).where(Contribution.organisation_id.in_(ids))
    held = set(session.scalars(standing))
    hold_by_ids(session, *held)
    session.scalars(
        select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.id).with_for_update()
    ).all()
    hold_by_ids(session, *set(session.scalars(standing)) - held)
