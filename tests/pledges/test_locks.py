"""Reading keeps nobody waiting; writing holds SQLite's one lock, from the first write to the commit and no longer."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from pledges.db import Database, cause_of, database, is_busy, reading, transaction
from pledges.models import Campaign
from pledges.web.health import PAUSE_SECONDS, Writable, try_to_write

SLUG = "week"

pytestmark = pytest.mark.usefixtures("campaign")


@pytest.fixture
def is_free(app: Flask, database: Database) -> Callable[[], bool]:
    """Whether somebody else could begin to write now."""

    def is_free() -> bool:
        with closing(sqlite3.connect(str(database.engine.url.database), timeout=0, isolation_level=None)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            other.execute("ROLLBACK")
            return True

    return is_free


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_a_request_that_reads_locks_nobody_out_whatever_its_method(
    app: Flask, is_free: Callable[[], bool], method: str
) -> None:
    with app.test_request_context(f"/{SLUG}/promise", method=method):
        app.preprocess_request()
        assert reading().scalars(select(Campaign)).all()
        assert reading().in_transaction() and is_free()
        with transaction() as session:
            assert not is_free()
            session.scalars(select(Campaign)).all()
        assert is_free()


def flush(session: Session, campaign: Campaign) -> None:
    campaign.wall_version = 77
    session.flush()


WRITES: dict[str, Callable[[Session, Campaign], object]] = {
    "a flush": flush,
    "an update": lambda session, campaign: session.execute(update(Campaign).values(wall_version=77)),
    "a row read for update": lambda session, campaign: session.refresh(campaign, with_for_update=True),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_writes_outside_of_a_transaction_block_takes_the_lock_then(
    app: Flask, is_free: Callable[[], bool], write: Callable[..., object]
) -> None:
    with app.app_context():
        campaign = reading().scalars(select(Campaign)).one()
        assert is_free()
        write(reading(), campaign)
        assert not is_free()
        reading().commit()
        assert is_free()


def test_a_write_after_somebody_elses_does_not_fail_and_loses_nothing(app: Flask) -> None:
    with app.app_context():
        campaign = reading().scalars(select(Campaign)).one()  # its transaction sees the wall as it is now
        before = campaign.wall_version
        with database().writing() as other:
            other.execute(update(Campaign).values(wall_version=Campaign.wall_version + 1))
        with transaction() as session:
            assert campaign.wall_version == before + 1  # read again, under the lock
            campaign.wall_version += 1
        with database().new_session() as session:
            assert session.scalars(select(Campaign.wall_version)).one() == before + 2


def test_a_locked_database_is_busy_and_a_full_one_is_not(app: Flask, database: Database) -> None:
    def fails_with(name: str) -> OperationalError:
        cause = sqlite3.OperationalError("secret words")
        cause.sqlite_errorname = name
        return OperationalError("INSERT", {}, cause)

    assert is_busy(fails_with("SQLITE_BUSY_SNAPSHOT")) and cause_of(fails_with("SQLITE_FULL")) == "SQLITE_FULL"
    assert not is_busy(fails_with("SQLITE_FULL"))
    app.add_url_rule("/fails/<name>", "fails", lambda name: (_ for _ in ()).throw(fails_with(name.upper())))
    visitor = app.test_client()
    assert "We are very busy" in visitor.get("/fails/sqlite_busy").text
    full = visitor.get("/fails/sqlite_full")
    assert full.status_code == 503 and full.headers["Retry-After"] and "cannot store anything" in full.text


def test_the_cause_of_a_503_is_in_the_log_once_a_minute_without_a_word_of_anybody(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> str:
        cause = sqlite3.OperationalError("near my secret")
        cause.sqlite_errorname = "SQLITE_IOERR_WRITE"
        raise OperationalError("INSERT INTO x VALUES (?)", ("my secret",), cause)

    app.add_url_rule("/fails-too", "fails_too", fails)
    for _ in range(3):
        app.test_client().get("/fails-too")
    told = [record.getMessage() for record in caplog.records if "SQLITE_IOERR_WRITE" in record.getMessage()]
    assert told == ["503 from fails_too: SQLITE_IOERR_WRITE"]
    assert "secret" not in caplog.text


def test_trying_whether_something_can_be_written_leaves_nothing_behind(app: Flask, database: Database) -> None:
    try_to_write(database.engine)
    with closing(sqlite3.connect(str(database.engine.url.database))) as raw:
        names = {name for (name,) in raw.execute("SELECT name FROM sqlite_master")}
    assert "write_probe" not in names and "campaigns" in names


def test_ready_is_503_while_somebody_holds_the_lock_and_200_after_it(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 1000, int(PAUSE_SECONDS) + 1))
    monkeypatch.setitem(app.extensions, "wall.writable", Writable(database.engine, clock=lambda: float(next(clock))))
    visitor = app.test_client()
    with closing(sqlite3.connect(str(database.engine.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert visitor.get("/readyz").status_code == 503
        assert "database down" in visitor.get("/readyz").text
    assert visitor.get("/readyz").status_code == 200


def test_ready_is_503_on_a_full_disk(app: Flask, database: Database) -> None:
    visitor = app.test_client()
    size = Path(str(database.engine.url.database)).stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (min(size, 8192), hard))  # no file grows, as where no room is left
    try:
        answer = visitor.get("/readyz")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert answer.status_code == 503 and "database down" in answer.text


def test_whether_something_can_be_written_is_tried_once_in_five_seconds(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[object] = []
    monkeypatch.setattr("pledges.web.health.try_to_write", tries.append)
    now = [100.0]
    writable = Writable(database.engine, clock=lambda: now[0])
    for now[0] in (100.0, 102.0, 104.9, 105.1, 106.0):
        assert writable.cause() == ""
    assert len(tries) == 2
