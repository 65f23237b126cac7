"""Organisations: each name is one, told by `text.identity`; what is merely alike is offered to a person (`merging.py`)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledges.models import Contribution, MergedContribution, MergedOrganisation, Organisation
from pledges.text import identity, likeness
from pledges.tokens import new_public_id

KEY_CHARS = 400
MOST_ALIKE = 5
LONGEST_CHAIN = 20  # of rows that were merged one into the other


def key_of(name: str) -> str:
    """What makes a name this one and no other, within what the column holds."""
    key = identity(name)
    return key if len(key) <= KEY_CHARS else hashlib.sha256(key.encode()).hexdigest()


def likeness_of(name: str) -> str:
    """The same for names that somebody may take for one another; it decides nothing."""
    return likeness(name)[:KEY_CHARS] or key_of(name)


def named(session: Session, name: str) -> Organisation | None:
    """The row of exactly this name, if there is one."""
    return session.scalars(select(Organisation).where(Organisation.name_key == key_of(name))).first()


def known(session: Session, name: str, now: datetime) -> Organisation:
    """The row of exactly this name, made where there was none."""
    found = named(session, name)
    if found is not None:
        return found
    made = _insert_of(session)(Organisation).values(
        public_id=new_public_id(),
        name=name,
        name_key=key_of(name),
        likeness=likeness_of(name),
        logo_alt="",
        logo_width=0,
        logo_height=0,
        created_at=now,
    )
    # of two who name it for the first time at once, one makes it, and both find it
    session.execute(made.on_conflict_do_nothing(index_elements=[Organisation.name_key]))
    return session.scalars(select(Organisation).where(Organisation.name_key == key_of(name))).one()


def _insert_of(session: Session) -> Any:
    """INSERT as this database has it."""
    return (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert


def counted_as(session: Session, organisation: Organisation, *, anew: bool = False) -> Organisation:
    """The organisation that this one was said to be the same as, itself where nobody said so; `anew`: as it is committed now."""
    for _ in range(LONGEST_CHAIN):
        into = session.get(MergedOrganisation, organisation.id, populate_existing=anew)
        if into is None:
            break
        organisation = session.get_one(Organisation, into.into_id)
    return organisation


def alike(session: Session, name: str) -> list[Organisation]:
    """Others that somebody may take for this one, each as what it counts as: the ones with a badge first."""
    mine = named(session, name)
    own = counted_as(session, mine).id if mine is not None else None
    query = select(Organisation).where(
        Organisation.likeness == likeness_of(name), Organisation.name_key != key_of(name)
    )
    rows = session.scalars(query.order_by(Organisation.verified_at.is_(None), Organisation.id).limit(4 * MOST_ALIKE))
    roots = dict.fromkeys(counted_as(session, row) for row in rows)
    return [root for root in roots if root.id != own][:MOST_ALIKE]


def attach(session: Session, contribution: Contribution, row: Organisation) -> int:
    """These words name `row`; the answer is the organisation that they count for."""
    root = _held(session, row)
    note(session, contribution.id, row.id if root.id != row.id else None)
    return root.id


def _held(session: Session, row: Organisation) -> Organisation:
    """The organisation that this one counts as; nobody merges either before this transaction ends."""
    root = counted_as(session, row)
    for _ in range(LONGEST_CHAIN):
        both = select(Organisation.id).where(Organisation.id.in_((row.id, root.id)))
        session.execute(both.order_by(Organisation.id).with_for_update(read=True))
        now = counted_as(session, row, anew=True)
        if now.id == root.id:
            break
        root = now
    return root


def leave(session: Session, contribution: Contribution, names: Iterable[str]) -> None:
    """Nothing ties the row to an organisation, and names that nobody else gave go with it."""
    candidates = {contribution.organisation_id} - {None}
    noted = session.get(MergedContribution, contribution.id)
    if noted is not None:
        candidates.add(noted.organisation_id)
        session.delete(noted)
    candidates |= {row.id for name in names if name and (row := named(session, name)) is not None}
    contribution.organisation_id, contribution.vouched_at, contribution.holds_badge = None, None, False
    session.flush()
    for row_id in candidates:
        into = session.get(MergedOrganisation, row_id) if row_id is not None else None
        _forget_unused(session, row_id)
        if into is not None:
            _forget_unused(session, into.into_id)


def _forget_unused(session: Session, row_id: int | None) -> None:
    uses = (
        select(Contribution.id).where(Contribution.organisation_id == row_id),
        select(MergedContribution.contribution_id).where(MergedContribution.organisation_id == row_id),
        select(MergedOrganisation.organisation_id).where(MergedOrganisation.into_id == row_id),
    )
    if not any(session.scalars(use.limit(1)).first() is not None for use in uses):
        session.execute(delete(MergedOrganisation).where(MergedOrganisation.organisation_id == row_id))
        session.execute(delete(Organisation).where(Organisation.id == row_id))


def note(session: Session, contribution_id: int, row_id: int | None) -> None:
    """Which row the words name, where it is not the one that they count for."""
    noted = session.get(MergedContribution, contribution_id)
    if row_id is None:
        if noted is not None:
            session.delete(noted)
    elif noted is None:
        session.add(MergedContribution(contribution_id=contribution_id, organisation_id=row_id))
    else:
        noted.organisation_id = row_id
    session.flush()
