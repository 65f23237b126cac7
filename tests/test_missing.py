"""What a machine cannot run is skipped aloud, and in CI only where the reason says why."""

from __future__ import annotations

import pytest

from tests.missing import MARK, leave_out


@pytest.mark.parametrize("said", ["true", "1", "True"])
def test_in_ci_what_is_missing_is_a_failure(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("CI", said)
    with pytest.raises(pytest.fail.Exception, match=f"{MARK}no browser"):
        leave_out("no browser")


def test_elsewhere_it_is_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match=f"{MARK}no browser$"):
        leave_out("no browser")


def test_what_only_root_installs_is_skipped_in_ci_too_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.skip.Exception, match=f"{MARK}no nginx; it needs root$"):
        leave_out("no nginx", also_in_ci="it needs root")
