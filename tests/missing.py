"""Tests that this machine cannot run say so aloud, with the command that would enable them; in CI they fail."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NoReturn

import pytest

MARK = "NOT RUN HERE: "


def leave_out(reason: str, *, also_in_ci: str = "") -> NoReturn:
    """Skip the test that asks, and tell at the end of the run; in CI, where everything must be at hand, fail it.

    `also_in_ci` says why CI, too, may lack what is needed: only what the test command cannot install without root.
    """
    if os.environ.get("CI", "").lower() in ("true", "1") and not also_in_ci:
        pytest.fail(MARK + reason, pytrace=False)
    # The one skip of all tests: this machine lacks a program (in CI only one that needs root to install), and the end of
    # the run names each test left out, with the command that would enable it. All else that is at hand is still tested.
    pytest.skip(MARK + "; ".join(filter(None, (reason, also_in_ci))))


def reasons(reports: Iterable[pytest.TestReport]) -> dict[str, list[str]]:
    """The names of the tests left out, by reason."""
    found: dict[str, list[str]] = {}
    for report in reports:
        words = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if MARK in words:
            found.setdefault(words.split(MARK, 1)[1], []).append(report.nodeid)
    return found
