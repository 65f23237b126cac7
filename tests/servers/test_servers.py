"""The servers that tests rest on are real, and go away."""

import os
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa
from pytest_socket import SocketConnectBlockedError

from tests.databases import Databases
from tests.servers.redis import RedisServer
from tests.servers.smtp import Mode, SmtpSink


def answer(url: str, statement: str) -> object:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        return connection.execute(sa.text(statement)).scalar()


def make_trees(url: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE trees (n INTEGER)"))
        connection.execute(sa.text("INSERT INTO trees VALUES (10)"))


def test_a_database_is_of_its_kind_and_empty(database_url: str, database_kind: str) -> None:
    assert database_url.startswith(database_kind)
    assert sa.inspect(sa.create_engine(database_url, poolclass=sa.NullPool)).get_table_names() == []


def test_copies_of_a_filled_database_are_apart(fresh_database: Callable[..., str]) -> None:
    first, second = fresh_database(fill=make_trees), fresh_database(fill=make_trees)
    engine = sa.create_engine(first, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM trees"))
    assert answer(first, "SELECT count(*) FROM trees") == 0
    assert answer(second, "SELECT n FROM trees") == 10


def test_postgresql_folds_case_beyond_ascii(databases: Databases) -> None:
    assert answer(databases.fresh("postgresql"), "SELECT lower('ŴYNEB ÉCOLE')") == "ŵyneb école"


def test_postgresql_runs_as_an_ordinary_user_in_a_folder_of_its_own(databases: Databases) -> None:
    url = databases.fresh("postgresql")
    folder = Path(url.split("host=")[1])
    assert folder.owner() == ("nobody" if os.geteuid() == 0 else Path.home().owner())
    assert answer(url, "SHOW listen_addresses") == ""


def test_redis_answers_and_starts_empty(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        assert client.incr("hits") == 1


def test_redis_can_be_lost_and_come_back(own_redis: RedisServer) -> None:
    own_redis.stop()
    assert not own_redis.answers()
    own_redis.start()
    assert own_redis.answers()


@pytest.mark.parametrize("server", ["postgres.PostgresServer", "redis.RedisServer"])
def test_a_server_ends_when_its_tests_are_killed(server: str, shared_redis: RedisServer) -> None:
    module, name = server.split(".")
    code = f"from tests.servers.{module} import {name} as S; s = S(); print(s._kept._keeper.pid, flush=True); input()"
    tests = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert tests.stdout
    keeper = int(tests.stdout.readline())
    tests.send_signal(signal.SIGKILL)
    tests.communicate()
    give_up = time.monotonic() + 20
    while is_running(keeper):
        assert time.monotonic() < give_up, "its keeper still runs, and so does the server"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")


def letter(words: str = "Diolch! Your promise is here.") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "wall@example.org", "ann@example.org", "Diolch – thank you"
    message.set_content(words)
    return message


def send(sink: SmtpSink, timeout: float = 5) -> None:
    with smtplib.SMTP("127.0.0.1", sink.port, timeout=timeout) as client:
        client.send_message(letter())


def test_mail_is_kept_as_it_came(smtp_sink: SmtpSink) -> None:
    send(smtp_sink)
    [received] = smtp_sink.wait_for(1)
    assert (received.sender, received.recipients) == ("wall@example.org", ("ann@example.org",))
    assert received.message["Subject"] == "Diolch – thank you"
    assert received.text().strip() == "Diolch! Your promise is here."


def test_a_refusing_mail_server_says_never(smtp_sink: SmtpSink) -> None:
    smtp_sink.mode = Mode.REFUSING
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(smtp_sink)
    assert refused.value.recipients["ann@example.org"][0] == 550
    assert smtp_sink.received == []


def test_a_greylisting_mail_server_takes_the_second_try(smtp_sink: SmtpSink) -> None:
    smtp_sink.mode = Mode.GREYLISTING
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(smtp_sink)
    assert refused.value.recipients["ann@example.org"][0] == 451
    send(smtp_sink)
    assert (len(smtp_sink.received), smtp_sink.tries) == (1, 2)


def test_a_slow_mail_server_outlasts_the_patient(smtp_sink: SmtpSink) -> None:
    smtp_sink.mode, smtp_sink.delay = Mode.SLOW, 1.0
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        send(smtp_sink, timeout=0.2)


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_the_network_is_never_met() -> None:
    import socket

    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_a_share_of_a_large_count(share: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WALL_TEST_FULL", raising=False)
    assert (share(2000), share(10), share(2000, usual=40)) == (100, 1, 40)
    monkeypatch.setenv("WALL_TEST_FULL", "1")
    assert share(2000, usual=40) == 2000
