"""Keeps one server alive for as long as whoever asked for it lives, and not a moment longer.

The tests hold the other end of our standard input. However they end, even killed, that end closes: then the server is
stopped and its folder removed. Run as a program with one JSON argument; standard library only.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Owner = tuple[int, int]  # user and group that a server runs as

GRACE_SECONDS = 10


class Kept:
    """A running server; `stop` ends it."""

    def __init__(self, command: Sequence[str], folder: Path, *, stop_signal: int, owner: Owner | None = None) -> None:
        uid, gid = owner or (None, None)
        order = {"command": [*command], "folder": str(folder), "signal": int(stop_signal), "uid": uid, "gid": gid}
        # A session of its own: Ctrl-C reaches the tests, which still need the server to tidy up.
        self._keeper = subprocess.Popen(
            [sys.executable, __file__, json.dumps(order)], stdin=subprocess.PIPE, start_new_session=True
        )

    @property
    def alive(self) -> bool:
        """False once the server has ended by itself."""
        return self._keeper.poll() is None

    def stop(self) -> None:
        """The server has ended and its folder is gone."""
        if self._keeper.stdin:
            self._keeper.stdin.close()
        self._keeper.wait(timeout=2 * GRACE_SECONDS)


def keep(order: dict[str, Any]) -> None:
    """Run the server until our standard input ends, or until it ends by itself."""
    folder = Path(order["folder"])
    owner = {} if order["uid"] is None else {"user": order["uid"], "group": order["gid"], "extra_groups": []}
    try:
        with (folder / "server.log").open("ab") as log:
            server = subprocess.Popen(
                order["command"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, **owner
            )
        while server.poll() is None:
            heard = select.select([sys.stdin], [], [], 0.5)[0]
            if heard and not os.read(sys.stdin.fileno(), 1024):
                break
        stop(server, order["signal"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stop(server: subprocess.Popen[bytes], how: int) -> None:
    """The server has ended, by force if asking did not help."""
    if server.poll() is not None:
        return
    server.send_signal(how)
    try:
        server.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    keep(json.loads(sys.argv[1]))
