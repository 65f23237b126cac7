"""Tests that this machine cannot run say so aloud, with the command that would enable them; in CI they fail."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NoReturn

import pytest

MARK = "NOT RUN HERE: "


def leave_out(reason: str) -> NoReturn:
    """Skip the test that asks; in CI, where everything must be at hand, fail it."""
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(MARK + reason, pytrace=False)
    pytest.skip(MARK + reason)


def reasons(reports: Iterable[pytest.TestReport]) -> dict[str, list[str]]:
    """The names of the tests left out, by reason."""
    found: dict[str, list[str]] = {}
    for report in reports:
        words = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if MARK in words:
            found.setdefault(words.split(MARK, 1)[1], []).append(report.nodeid)
    return found
