"""The process that draws, from this side: one for each process of the wall, begun when it is first needed.

Drawing takes some tenths of a second of computing, in libraries that let no other thread of their process work meanwhile.
What was drawn is kept for some minutes under all that it shows, so that a change elsewhere on the wall draws nothing again.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import logging
import os
import select
import struct
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LENGTH = struct.Struct(">I")
ROOM = Path(__file__).parent  # where `painter` is a package of its own
SECONDS = 10.0  # for one picture; the slowest on a busy machine takes one
KEPT_BYTES, KEPT_SECONDS = 16 * 1024 * 1024, 600.0

log = logging.getLogger(__name__)


class CannotDraw(Exception):
    """No picture came of it: whoever draws failed, took too long, or is not to be had."""


class Painter:
    """Draws one picture at a time, in a process that is begun again where it fails."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # of the process
        self._shelf = threading.Lock()  # of what is kept
        self._process: subprocess.Popen[bytes] | None = None
        self._begun_in = 0
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._held = 0

    def kept(self, wanted: Mapping[str, Any]) -> bytes | None:
        """The picture, where it was drawn in the last minutes."""
        with self._shelf:
            found = self._kept.get(_key(wanted))
        return found[1] if found is not None and time.monotonic() - found[0] < KEPT_SECONDS else None

    def picture(self, wanted: Mapping[str, Any]) -> bytes:
        """The PNG of this; raises CannotDraw."""
        said = json.dumps(wanted).encode()
        with self._lock:
            drawn = self._drawn(said)
        with self._shelf:
            self._keep(_key(wanted), drawn)
        return drawn

    def close(self) -> None:
        with self._lock:
            self._end()

    def _drawn(self, wanted: bytes) -> bytes:
        process = self._running()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101 (both are pipes)
        until = time.monotonic() + SECONDS
        try:
            process.stdin.write(LENGTH.pack(len(wanted)) + wanted)
            process.stdin.flush()
            length = LENGTH.unpack(_read(process.stdout.fileno(), LENGTH.size, until))[0]
            drawn = _read(process.stdout.fileno(), length, until)
        except (OSError, CannotDraw) as error:
            self._end()
            log.warning("the painter was stopped: %s", type(error).__name__)
            raise CannotDraw from error
        if not drawn:
            raise CannotDraw
        return drawn

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None or self._begun_in != os.getpid():
            self._begun_in = os.getpid()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "painter"],
                cwd=ROOM,
                env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOM), "PYTHONDONTWRITEBYTECODE": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        return self._process

    def _end(self) -> None:
        if self._process is not None and self._begun_in == os.getpid():
            self._process.kill()
            self._process.communicate()
        self._process = None

    def _keep(self, key: str, drawn: bytes) -> None:
        now = time.monotonic()
        self._held += len(drawn) - len(self._kept.pop(key, (0.0, b""))[1])
        self._kept[key] = now, drawn
        while self._held > KEPT_BYTES or now - next(iter(self._kept.values()))[0] > KEPT_SECONDS:
            self._held -= len(self._kept.popitem(last=False)[1][1])


def _key(wanted: Mapping[str, Any]) -> str:
    """By what it is known: short, since a logo may be in it."""
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()


def _read(file: int, length: int, until: float) -> bytes:
    """So many bytes, unbuffered; raises CannotDraw where they do not come in time."""
    parts, waiting = b"", select.poll()
    waiting.register(file, select.POLLIN | select.POLLHUP)
    while len(parts) < length:
        ready = waiting.poll(max(0.0, until - time.monotonic()) * 1000)
        part = os.read(file, length - len(parts)) if ready else b""
        if not part:
            raise CannotDraw
        parts += part
    return parts


painter = Painter()
atexit.register(painter.close)
