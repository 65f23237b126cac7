"""What is changed elsewhere is heard of within a second, without a question per request; and who cannot ask is not trusted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from pledges.db import Database, open_engine
from pledges.front import CHANNEL, Pages, Versions, Watcher, watching


class Watched:
    """A database with one number in it, and a watcher of it that says when it has heard."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.engine: Engine = self.database.engine
        with self.engine.begin() as connection:
            connection.execute(text("CREATE TABLE walls (version INTEGER)"))
            connection.execute(text("INSERT INTO walls VALUES (1)"))
        self.looks = 0
        self.heard_at = threading.Condition()
        self.breaks = False
        self.pages = Pages(1024 * 1024)
        self.watcher = Watcher(self.engine, self.read, self.pages)

    def read(self, _heard: Mapping[int, int]) -> Versions:
        if self.breaks:
            raise ConnectionError
        with Session(self.engine) as session:
            version = session.execute(text("SELECT version FROM walls")).scalar_one()
        with self.heard_at:
            self.looks += 1
            self.heard_at.notify_all()
        return Versions({1: version}, {1: 0})

    def moves(self, *, calls: bool = False) -> None:
        """Another process changes what is shown."""
        with self.engine.begin() as connection:
            connection.execute(text("UPDATE walls SET version = version + 1"))
            if calls:
                connection.execute(text(f"NOTIFY {CHANNEL}"))

    def waits_for(self, looks: int) -> None:
        with self.heard_at:
            assert self.heard_at.wait_for(lambda: self.looks >= looks, 30), "it did not look"

    def hears_of(self, version: int) -> None:
        """Sooner or later; how soon is said by the watcher's constants."""
        for _ in range(3000):
            if self.pages._walls.get(1) == version:
                return
            watching.time.sleep(0.01)
        raise AssertionError(f"version {version} was not heard of")

    def close(self) -> None:
        self.watcher.stop()
        if self.watcher._thread is not None:
            self.watcher._thread.join()
        self.engine.dispose()


@pytest.fixture
def watched(database_url: str) -> Iterator[Watched]:
    watched = Watched(database_url)
    yield watched
    watched.close()


def test_what_another_process_changes_is_heard_of(watched: Watched) -> None:
    assert not watched.watcher.is_trusted
    watched.watcher.start()
    watched.watcher.start()
    assert [each.name for each in threading.enumerate()].count("wall-watcher") == 1
    watched.waits_for(1)
    for number in range(2, 5):
        watched.moves()
        watched.hears_of(number)
    assert watched.watcher.is_trusted
    assert max(watching.LOOK_SECONDS, watching.ASK_SECONDS) <= 1


def test_while_nothing_changes_the_versions_are_not_read_on_sqlite(
    fresh_database: Callable[..., str], database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_kind != "sqlite":
        return
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.001)
    watched = Watched(fresh_database())
    asked = threading.Semaphore(0)
    wait = watched.watcher._stop.wait

    def waits(timeout: float | None = None) -> bool:
        asked.release()
        return wait(timeout)

    watched.watcher._stop.wait = waits  # type: ignore[method-assign]
    try:
        watched.watcher.start()
        watched.waits_for(1)
        for _ in range(50):
            assert asked.acquire(timeout=30)
        assert watched.looks == 1 and watched.watcher.is_trusted
    finally:
        watched.close()


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_a_call_of_postgresql_is_heard_before_the_next_question(
    fresh_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "ASK_SECONDS", 600)
    watched = Watched(fresh_database())
    try:
        watched.watcher.start()
        watched.waits_for(1)
        for number in range(2, 5):
            watched.moves(calls=True)
            watched.hears_of(number)
    finally:
        watched.watcher.stop()
        watched.moves(calls=True)  # or it would wait as long as it may
        watched.close()


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_a_connection_whose_cable_is_pulled_ends_while_a_reader_still_waits(fresh_database: Callable[..., str]) -> None:
    """Else it would hang for a quarter of an hour. That it does end is shown by `bench.hosts`, which pulls one."""
    engine = open_engine(fresh_database())
    with engine.connect() as connection:
        told = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    engine.dispose()
    assert 0 < int(told["tcp_user_timeout"]) <= 5000 and 0 < int(told["connect_timeout"]) <= 5
    assert 0 < int(told["keepalives_idle"]) <= watching.TRUSTED_SECONDS


def test_who_could_not_ask_for_half_a_minute_is_not_trusted(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(watching.time, "monotonic", lambda: now)
    watched.watcher.look()
    watched.breaks = True
    with pytest.raises(ConnectionError):
        watched.watcher.look()
    now += 29.9
    assert watched.watcher.is_trusted
    now += 0.2
    assert not watched.watcher.is_trusted
    watched.breaks = False
    watched.watcher.look()
    assert watched.watcher.is_trusted


def test_the_moment_counts_at_which_it_began_to_ask(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was changed while the answer was on its way is not in it."""
    now = 1000.0
    monkeypatch.setattr(watching.time, "monotonic", lambda: now)
    read = watched.watcher._read

    def slowly(heard: Mapping[int, int]) -> Versions:
        nonlocal now
        now += 29
        return read(heard)

    watched.watcher._read = slowly
    watched.watcher.look()
    now += 1.1
    assert not watched.watcher.is_trusted


def test_where_a_change_of_ours_cannot_be_read_nothing_is_kept_and_nobody_is_troubled(watched: Watched) -> None:
    watched.watcher.look()
    began = watched.pages.changes
    watched.breaks = True
    watched.watcher.look_now()
    assert watched.pages.changes > began and watched.pages._emptied_at == watched.pages.changes


def test_after_a_failure_it_asks_again(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "ASK_SECONDS", 0.01)
    watched.breaks = True
    watched.watcher.start()
    watched.moves()
    watched.breaks = False
    watched.hears_of(2)
