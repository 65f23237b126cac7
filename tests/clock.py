"""The time of one part of the wall, while the rest goes by the real one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime

import pytest

VISITORS = ("pledges.views", "pledges.intake", "pledges.web")  # what answers a visitor


def stands_at(monkeypatch: pytest.MonkeyPatch, now: Callable[[], datetime], *rooms: str) -> None:
    """Every file of these rooms that asks for the time is told `now`."""
    told = [module for name, module in sys.modules.items() if name.startswith(rooms) and "utcnow" in vars(module)]
    assert told, rooms
    for module in told:
        monkeypatch.setattr(module, "utcnow", now)
