"""A moderator's evening, cleared by what the pages offer; whole with --full, and by `python -m bench.evening`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.evening import ACTS, HARSH, evening
from tests.wall import opened


@pytest.mark.timeout(1800)
def test_an_evening_of_abuse_is_cleared_with_few_acts_and_nothing_honest_is_lost(
    fresh_database: Callable[..., str], tmp_path: Path, share: Callable[..., int]
) -> None:
    counts = evening(fresh_database(fill=opened), tmp_path, share(900, usual=60), seed=20)
    assert counts.missed() == []
    assert counts.acted <= ACTS
    assert counts.harsh_opened <= HARSH
    assert counts.letters_to_abusers == 0
