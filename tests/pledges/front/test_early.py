"""What never waits is answered where it was read; what waits goes on in the event loop, from where it was."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from pledges.front.early import begin_early, in_the_loop
from tests.servers.ports import free_port

Made = TypeVar("Made")
Work = Callable[[list[str]], Any]


async def _waiting(seen: list[str]) -> str:
    seen.append(threading.current_thread().name)
    await in_the_loop()
    seen.append(threading.current_thread().name)
    await asyncio.sleep(0)
    return "waited"


async def _short(seen: list[str]) -> str:
    seen.append(threading.current_thread().name)
    return "at once"


async def _broken(seen: list[str]) -> str:
    await in_the_loop()
    raise ValueError("broken")


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    begin_early(loop)
    thread = threading.Thread(target=loop.run_forever, name="loop")
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def apart(work: Callable[[], Made]) -> Made:
    """In a thread of its own: a browser may have left a loop in that of the tests."""
    with ThreadPoolExecutor(1, thread_name_prefix="reader") as own:
        return own.submit(work).result()


def handed(loop: asyncio.AbstractEventLoop, work: Work) -> tuple[list[str], list[Any]]:
    """Where each part ran, and what the loop made of the coroutine, if it got it."""
    return apart(lambda: _handed(loop, work))


def _handed(loop: asyncio.AbstractEventLoop, work: Work) -> tuple[list[str], list[Any]]:
    seen: list[str] = []
    ended: list[Any] = []
    done = threading.Event()

    async def whole(coroutine: Any) -> None:
        try:
            ended.append(await coroutine)
        except ValueError as error:
            ended.append(str(error))
        done.set()

    def take(coroutine: Any, tasks: list[Any]) -> None:
        tasks.append(loop.create_task(whole(coroutine)))

    if loop.call_soon_threadsafe(take, work(seen), []) is not None:
        assert done.wait(10)
    return seen, ended


def test_what_never_waits_ends_where_it_was_handed_over(loop: asyncio.AbstractEventLoop) -> None:
    assert handed(loop, _short) == (["reader_0"], [])


def test_what_waits_goes_on_in_the_loop_from_where_it_was(loop: asyncio.AbstractEventLoop) -> None:
    assert handed(loop, _waiting) == (["reader_0", "loop"], ["waited"])


def test_an_error_reaches_who_waits_for_it(loop: asyncio.AbstractEventLoop) -> None:
    assert handed(loop, _broken) == ([], ["broken"])


def test_what_is_no_coroutine_is_called_in_the_loop_as_ever(loop: asyncio.AbstractEventLoop) -> None:
    where: list[str] = []
    done = threading.Event()

    def call(said: str) -> None:
        where.append(f"{said} {threading.current_thread().name}")
        done.set()

    loop.call_soon_threadsafe(call, "in")
    assert done.wait(10)
    assert where == ["in loop"]


def test_inside_the_loop_nobody_goes_anywhere() -> None:
    seen: list[str] = []
    assert apart(lambda: asyncio.run(_waiting(seen))) == "waited"
    assert seen == ["reader_0"] * 2


async def asked(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """An application that tells in which threads it ran: at /waits after it has waited for the loop."""
    if scope["type"] == "lifespan":
        begin_early(asyncio.get_running_loop())
        asked.loop = threading.get_ident()  # type: ignore[attr-defined]
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        return
    if scope["path"] == "/waits":
        await in_the_loop()
        await asyncio.sleep(0)
    where = b"loop" if threading.get_ident() == asked.loop else b"reader"  # type: ignore[attr-defined]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(where))]})
    await send({"type": "http.response.body", "body": where})


def test_the_web_server_hands_over_as_we_think_it_does() -> None:
    """Where it comes to do so in another way, what is kept is answered more slowly, and this test fails."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "asgi",
        "--loop",
        "uvloop",
        "--no-ws",
        "--port",
        str(port),
    ]
    server = subprocess.Popen([*command, "--log-level", "warning", f"{__name__}:asked"])
    try:
        assert [_read(f"http://127.0.0.1:{port}{path}", server) for path in ("/", "/waits", "/")] == [
            "reader",
            "loop",
            "reader",
        ]
    finally:
        server.terminate()
        server.wait(10)


def _read(address: str, server: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < end:
        try:
            with urlopen(address, timeout=10) as answer:
                return str(answer.read().decode())
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError("the server did not start")
