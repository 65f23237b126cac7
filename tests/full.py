"""Whether all of everything was asked for, or the share that a usual run makes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

ROOM = 4 * 2**30  # bytes
IN_MEMORY = Path("/dev/shm")  # noqa: S108 (where Linux keeps files in memory)


def full() -> bool:
    """True after `python3 app.py test --full`."""
    return os.environ.get("WALL_TEST_FULL") == "1"


def in_share(*places: int, of: int) -> bool:
    """Whether a case of a table runs, by its place on each side of it: one of `of`, spread over rows and columns.

    With --full every case runs.
    """
    return full() or sum(places) % of == 0


def in_memory() -> Path | None:
    """A folder in memory with room enough, where hundreds of databases need not wait for a disk; not with --full."""
    if full() or not os.access(IN_MEMORY, os.W_OK):
        return None
    return IN_MEMORY if shutil.disk_usage(IN_MEMORY).free >= ROOM else None
