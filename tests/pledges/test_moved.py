"""Of a change of what is shown this process is told once it is committed whole, and before its commit returns."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.campaigns import versions
from pledges.db import Database
from pledges.models import Campaign
from tests.wall import opened


@pytest.fixture
def told(fresh_database: Callable[..., str]) -> Told:
    return Told(Database(fresh_database(fill=opened)))


class Told:
    """A database whose changes are counted, each with the version that others see at that moment."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.seen: list[int] = []
        database.when_moved.append(self._notes)
        with database.new_session() as session:
            self.campaign = session.scalars(select(Campaign.id).order_by(Campaign.id).limit(1)).one()
        self.before = self.version()

    def _notes(self) -> None:
        assert self.database.engine.pool.checkedout() == 0, "it holds a connection while it asks for another"  # type: ignore[attr-defined]
        self.seen.append(self.version())

    def version(self) -> int:
        with self.database.new_session() as session:
            return session.scalars(select(Campaign.wall_version).where(Campaign.id == self.campaign)).one()


def fails_in_a_savepoint(session: Session) -> None:
    with suppress(ValueError), session.begin_nested():
        raise ValueError


def test_a_commit_is_told_of_once_when_others_see_it(told: Told) -> None:
    with told.database.writing() as session:
        versions.touch(session, told.campaign)
        assert told.seen == []
    assert told.seen == [told.before + 1]
    with told.database.writing() as session:
        session.execute(select(Campaign.id)).all()
    assert len(told.seen) == 1


def test_a_change_within_a_savepoint_is_told_of_when_all_is_committed(told: Told) -> None:
    with told.database.writing() as session:
        with session.begin_nested():
            versions.touch(session, told.campaign)
        assert told.seen == []
    assert told.seen == [told.before + 1]


def test_a_savepoint_that_fails_later_takes_nothing_of_it_away(told: Told) -> None:
    with told.database.writing() as session:
        versions.touch(session, told.campaign)
        fails_in_a_savepoint(session)
    assert told.seen == [told.before + 1]


def test_what_is_rolled_back_is_told_of_to_nobody(told: Told) -> None:
    for within in (nullcontext, Session.begin_nested):
        with suppress(ValueError), told.database.writing() as session:
            with within(session):
                versions.touch(session, told.campaign)
            raise ValueError
    with told.database.writing() as session:
        session.execute(select(Campaign.id)).all()
    assert told.seen == []
