"""What every test may ask for. Servers start when first asked for, one of each for a pytest worker."""

from __future__ import annotations

import gc
import math
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
import time_machine
from playwright.sync_api import Browser

from tests import browser as chromium
from tests import filled as filling
from tests import missing, quick
from tests.databases import KINDS, Databases
from tests.full import full
from tests.missing import leave_out
from tests.servers.redis import NO_REDIS, RedisServer
from tests.servers.redis import program as redis_program
from tests.servers.smtp import SmtpSink

AT_ONCE = 20_000  # new objects, before what can be freed is looked for: they are many, and few are left
USUAL_SHARE = 0.05  # of a large count; the whole with --full


def pytest_configure(config: pytest.Config) -> None:
    for kind in KINDS:
        config.addinivalue_line("markers", f"{kind}: runs on {kind}")
    quick.arrange()


def pytest_collection_finish() -> None:
    """What is there before the first test stays; looking through it again and again frees nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(AT_ONCE)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end, aloud, what was left out because this machine lacks something, or because time is short."""
    if not full():
        terminalreporter.line(
            f"A share of the large counts ran, on PostgreSQL one test of {OF_LOCKING} or of {POSTGRESQL_GETS_ONE_OF} outside the modules"
        )
        terminalreporter.line(
            "where databases differ, axe in one look of four at a time, and of tables a share. The whole runs with --full."
        )
    for reason, names in missing.reasons(terminalreporter.stats.get("skipped", [])).items():
        terminalreporter.section(f"NOT RUN: {len(names)} tests", red=True, bold=True)
        terminalreporter.line("\n".join(names))
        terminalreporter.line(reason, bold=True)


@pytest.fixture(scope="session")
def share() -> Callable[..., int]:
    """`share(2000)`: how many of a large count to run: 100 here, all with --full. `share(2000, usual=40)`: 40 here."""

    def of(whole: int, usual: int | None = None) -> int:
        if full():
            return whole
        return math.ceil(whole * USUAL_SHARE) if usual is None else usual

    return of


@pytest.fixture(scope="session")
def filled_walls(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[filling.Filled, filling.Filled]]:
    """One with two campaigns and hardly anything else, and one with much of everything."""
    with ExitStack() as stack:
        small, large = (
            stack.enter_context(filling.filled_before(size, databases, tmp_path_factory.mktemp("filled")))
            for size in (filling.SMALL, filling.LARGE)
        )
        yield small, large


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """`databases.fresh("postgresql", fill=migrate)`: for fixtures that outlive one test."""
    shared = tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else None
    databases = Databases(tmp_path_factory.mktemp("databases"), shared)
    yield databases
    databases.stop()


# Where the databases differ in what they do: these run on both, always. Of those that lock much PostgreSQL gets one
# test of eight here, of all else one of 25 and one of each module, and each of them with --full.
ON_BOTH = {
    "test_migrations",
    "test_races",
    "test_interleavings",
    "test_road",
    "test_kills",
    "test_main_road",
    "test_watching",
    "test_finding",
    "test_turns",
    "test_shared",
}
LOCKING = {"test_moves", "test_bulk", "test_second_person", "test_clusters", "test_reports"}
POSTGRESQL_GETS_ONE_OF, OF_LOCKING = 25, 8
LONG = {"test_year"}  # on PostgreSQL with --full alone


# What takes longest begins first, so that no process is left alone with it at the end.
LONGEST_FIRST = (
    "test_fifty_items_by_keyboard_alone", "test_every_page_of_the_road", "test_axe_finds_nothing", "test_killed_at_random",
    "test_fifty_items_by_thumb", "test_an_evening_of_abuse", "test_every_preset", "test_a_promise_goes_from",
)  # fmt: skip


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest first; without --full, PostgreSQL runs a fixed share of the tests in which it does nothing of its own.

    Of each module but the journeys it runs one at least: statements that it alone refuses are found wherever they stand.
    """
    items.sort(key=lambda item: not item.name.startswith(LONGEST_FIRST))
    if full():
        return
    met = {_module(item) for item in items if _is_on_postgresql(item) and not _is_left_to_full(item)}
    left = []
    for item in items:
        if _is_left_to_full(item) and (_module(item) in met | LONG or "/journeys/" in item.nodeid):
            left.append(item)
        elif _is_on_postgresql(item):
            met.add(_module(item))
    if left and len(left) < len(items):  # who names one test gets it
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]


def _module(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0].rpartition("/")[2].removesuffix(".py")


def _is_on_postgresql(item: pytest.Item) -> bool:
    return item.get_closest_marker("postgresql") is not None


def _is_left_to_full(item: pytest.Item) -> bool:
    module = _module(item)
    if not _is_on_postgresql(item) or module in ON_BOTH:
        return False
    return zlib.crc32(item.nodeid.encode()) % (OF_LOCKING if module in LOCKING else POSTGRESQL_GETS_ONE_OF) != 0


@pytest.fixture(params=[pytest.param(kind, marks=getattr(pytest.mark, kind)) for kind in KINDS])
def database_kind(request: pytest.FixtureRequest) -> str:
    """`sqlite`, then `postgresql`: a test that asks for this, or for what rests on it, runs on both."""
    return str(request.param)


@pytest.fixture
def fresh_database(database_kind: str, databases: Databases) -> Iterator[Callable[..., str]]:
    """`fresh_database(fill=migrate)`: the address of one more database of this test's own, gone after it."""
    made: list[str] = []

    def fresh(fill: Callable[[str], object] | None = None) -> str:
        made.append(databases.fresh(database_kind, fill))
        return made[-1]

    yield fresh
    for url in made:
        databases.drop(url)


@pytest.fixture
def database_url(fresh_database: Callable[..., str]) -> str:
    """The address of an empty database of this test's own."""
    return fresh_database()


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    """The worker's Redis. Tests that stop it ask for `own_redis`."""
    if redis_program() is None:
        leave_out(NO_REDIS)
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture
def redis_url(shared_redis: RedisServer) -> str:
    """The address of an empty Redis."""
    shared_redis.empty()
    return shared_redis.url


@pytest.fixture
def own_redis(shared_redis: RedisServer) -> Iterator[RedisServer]:
    """A Redis of this test's own, to `stop` and `start` as it likes."""
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """A mail server of this test's own: `url`, `received`, `mode`, `wait_for(n)`."""
    sink = SmtpSink()
    yield sink
    sink.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium. Where there is none: left out aloud; in CI, a failure."""
    path = chromium.path_or_none()
    if path is None:
        leave_out(chromium.NO_BROWSER)
    with chromium.running(path) as running:
        yield running


@pytest.fixture
def new_page(browser: Browser) -> Iterator[chromium.Pages]:
    """`new_page(javascript=False, width=390, scheme="dark")`: a page in a fresh context, closed after the test."""
    pages = chromium.Pages(browser)
    yield pages
    pages.close()


@pytest.fixture
def early_in_a_minute() -> Iterator[None]:
    """The clock runs on from the first second of this minute: the windows of limits end with minutes, hours and days."""
    with time_machine.travel(datetime.now(UTC).replace(second=1, microsecond=0), tick=True):
        yield
