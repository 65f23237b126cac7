"""Drives Firefox by the protocol that every build of it speaks (Marionette): JSON over a socket, its length before it."""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers.ports import free_port

START_SECONDS, ANSWER_SECONDS = 60, 90
PREFERENCES = {  # it meets nobody but this machine
    "network.dns.localDomains": "localhost",
    "network.proxy.type": 0,
    "app.update.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "services.settings.server": "data:,",
    "dom.disable_open_during_load": False,
    "network.cookie.cookieBehavior": 1,  # those of third parties are blocked
}


class Firefox:
    """One window of it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._answers = connection.makefile("rb")
        self._number = 0
        self._read()  # it says who it is
        self.does("WebDriver:NewSession", capabilities={})
        self.does("WebDriver:SetTimeouts", script=ANSWER_SECONDS * 1000)

    def does(self, command: str, **given: Any) -> Any:
        """What it answers; raises RuntimeError with what went wrong."""
        self._number += 1
        said = json.dumps([0, self._number, command, given]).encode()
        self._connection.sendall(str(len(said)).encode() + b":" + said)
        _kind, _number, error, result = self._read()
        if error:
            raise RuntimeError(f"{error['error']}: {error['message']}")
        return result

    def _read(self) -> Any:
        length = b""
        while (sign := self._answers.read(1)) != b":":
            if not sign:
                raise RuntimeError("Firefox has gone")
            length += sign
        return json.loads(self._answers.read(int(length)))

    def opens(self, address: str) -> None:
        self.does("WebDriver:Navigate", url=address)

    def says(self, script: str, *given: Any) -> Any:
        """What the script returns, run in the page."""
        return self.does("WebDriver:ExecuteScript", script=script, args=list(given), sandbox=None)["value"]

    def says_later(self, script: str, *given: Any) -> Any:
        """What it hands to its last argument."""
        return self.does("WebDriver:ExecuteAsyncScript", script=script, args=list(given))["value"]

    def waits(self, script: str, *given: Any, seconds: float = 20) -> Any:
        """What the script returns once that is something; raises TimeoutError."""
        until = time.monotonic() + seconds
        while not (found := self.says(script, *given)):
            if time.monotonic() > until:
                raise TimeoutError(script)
            time.sleep(0.1)
        return found


@contextmanager
def firefox(program: str, **preferences: Any) -> Iterator[Firefox]:
    """A window with a profile of its own, closed at the end."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="firefox-") as folder:
        lines = {**PREFERENCES, **preferences, "marionette.port": port}
        written = "".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in lines.items())
        (Path(folder) / "user.js").write_text(written, "utf-8")
        command = [program, "--headless", "--no-remote", "--marionette", "--profile", folder, "about:blank"]
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with _connected(port, running) as connection:
                yield Firefox(connection)
        finally:
            running.terminate()
            running.wait(30)


def _connected(port: int, running: subprocess.Popen[bytes]) -> socket.socket:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS)
        except OSError:
            if running.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.2)
