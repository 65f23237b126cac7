"""Senders who never finish cost nobody else anything, on the program as `serve` starts it."""

from __future__ import annotations

from pathlib import Path

from bench.memory import wall
from bench.slow import SETTINGS, Place, measured
from tests.full import full


def test_promises_are_taken_while_many_sockets_never_finish_theirs(tmp_path: Path) -> None:
    """More slow senders than there are threads; the clock is the bench's business, here each promise only has to be taken."""
    with wall(tmp_path, **SETTINGS) as (_pid, base):
        row = measured(Place("bare", int(base.rsplit(":", 1)[1]), tls=False), 64, 40 if full() else 5)
    assert row.failed == 0 and len(row.promises) >= 5
