"""Whether all of everything was asked for, or the share that a usual run makes."""

from __future__ import annotations

import os


def full() -> bool:
    """True after `python3 app.py test --full`."""
    return os.environ.get("WALL_TEST_FULL") == "1"
