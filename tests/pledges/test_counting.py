"""The server counts words by one table of cases; tests/journeys/test_counting.py holds the browser to the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pledges.text import clean, length
from tests.pledges.intake.test_road import text

CASES = json.loads((Path(__file__).parent.parent / "counting.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("said", "counted"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_server_counts_what_is_seen(said, counted):
    assert length(clean(said, lines=True)) == counted
    assert clean(clean(said, lines=True), lines=True) == clean(said, lines=True)


def test_a_promise_is_too_long_by_what_is_seen(visitor):
    families = "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 150
    assert "This is 1 character too long" in text(visitor.promises("x" * 51 + families))
    assert visitor.promises("x" * 50 + families).status_code == 303


def test_what_was_used_is_said_without_scripts_by_the_same_rule(visitor):
    answer = visitor.promises("I plant \U0001f468\u200d\U0001f469\u200d\U0001f467", consent="")
    assert "11 used" in text(answer)
