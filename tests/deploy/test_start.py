"""What happens before any library is there."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import deploy
from deploy import environment, start
from deploy.environment import CannotSetUp, Environment, one_at_a_time


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with requirement files that ask for nothing."""
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-uv.txt"):
        (tmp_path / name).write_text(f"# {name}\n")
    return tmp_path


def make_venv_in_haste(folder: Path) -> None:
    """A real environment, but with an empty pip: the real one takes seconds to unpack."""
    subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)], check=True)
    next(folder.glob("lib/python*/site-packages")).joinpath("pip.py").touch()


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Takes note of what would be installed, and installs nothing."""
    noted: list[tuple[str, ...]] = []

    def note(self: Environment, *words: str) -> bool:
        noted.append(words)
        return True

    monkeypatch.setattr(environment, "make_venv", make_venv_in_haste)
    monkeypatch.setattr(Environment, "_uv", note)
    monkeypatch.setattr(Environment, "_pip", lambda self, *words: True)
    return noted


def test_no_words_serve() -> None:
    assert start.read_command_line([]).act == "serve"


def test_words_after_test_go_to_pytest() -> None:
    plan = start.read_command_line(["test", "--full", "-x", "tests/deploy"])
    assert (plan.act, plan.full, plan.words) == ("test", True, ("-x", "tests/deploy"))


@pytest.mark.parametrize("words", [["tset"], ["--port", "1"], ["check", "it"]])
def test_words_not_understood_show_the_help(words: list[str]) -> None:
    with pytest.raises(SystemExit, match=r"Not understood[\s\S]*python3 app.py test"):
        start.read_command_line(words)


@pytest.mark.parametrize(
    ("words", "names_tests"),
    [
        ((), False),
        (("-x", "-q", "--durations=5"), False),
        (("-k", "stamp"), True),
        (("--lf",), True),
        (("tests/deploy",), True),
        (("tests/deploy/test_start.py::test_no_words_serve",), True),
    ],
)
def test_the_checks_are_left_out_only_where_tests_are_named(words: tuple[str, ...], names_tests: bool) -> None:
    assert start.Plan("test", words=words).names_tests is names_tests


@pytest.mark.parametrize("words", [("-n0",), ("-n", "1"), ("--pdb",), ("-s",)])
def test_three_processes_unless_the_words_say_otherwise(words: tuple[str, ...]) -> None:
    assert start.Plan("test", words=words).pytest_words == words
    assert start.Plan("test", words=("-x",)).pytest_words[:2] == ("-n", "3")


def test_the_help_needs_nothing_but_python_from_any_folder(tmp_path: Path) -> None:
    without_libraries = [sys.executable, "-S", "-s", str(environment.ROOT / "app.py"), "--help"]
    done = subprocess.run(without_libraries, cwd=tmp_path, capture_output=True, text=True)
    assert "python3 app.py test" in done.stdout, done.stderr


def test_an_old_python_is_told_so() -> None:
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer, and this is Python 3\.9\.2"):
        deploy.refuse_old_python((3, 9, 2, "final", 0))


def test_debian_without_venv_is_told_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else name)
    monkeypatch.setattr(environment, "is_debian_like", lambda: True)
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    with pytest.raises(CannotSetUp, match=f"apt-get install {package}"):
        environment.check_venv_can_be_made()


@pytest.mark.parametrize(
    ("text", "debian_like"),
    [
        ("ID=debian\n", True),
        ("ID=ubuntu\nID_LIKE=debian\n", True),
        ("ID=fedora\nHOME_URL=debian.org\n", False),
        ("", False),
    ],
)
def test_debian_and_its_children_are_recognised(tmp_path: Path, text: str, debian_like: bool) -> None:
    (tmp_path / "os-release").write_text(text)
    assert environment.is_debian_like(tmp_path / "os-release") is debian_like


def test_a_second_start_installs_nothing(checkout: Path, installs: list[tuple[str, ...]]) -> None:
    Environment(checkout).ensure(environment.RUN)
    Environment(checkout).ensure(environment.RUN)
    assert installs == [("-r", "requirements.txt")]


def test_changed_pins_are_installed_again(checkout: Path, installs: list[tuple[str, ...]]) -> None:
    Environment(checkout).ensure(environment.RUN)
    (checkout / "requirements.txt").write_text("# other pins\n")
    Environment(checkout).ensure(environment.RUN)
    assert len(installs) == 2


def test_a_failed_install_is_not_taken_for_done(
    checkout: Path, installs: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    Environment(checkout).ensure(environment.RUN)
    (checkout / "requirements.txt").write_text("# other pins\n")
    with monkeypatch.context() as broken:
        broken.setattr(Environment, "_uv", lambda self, *words: False)
        broken.setattr(Environment, "_pip", lambda self, *words: False)
        with pytest.raises(CannotSetUp, match="could not be installed"):
            Environment(checkout).ensure(environment.RUN)
    Environment(checkout).ensure(environment.RUN)
    assert len(installs) == 2


@pytest.mark.parametrize("damage", ["python gone", "never finished"])
def test_a_half_made_environment_is_made_anew(checkout: Path, installs: list[tuple[str, ...]], damage: str) -> None:
    made = Environment(checkout)
    made.ensure(environment.RUN)
    (made.python if damage == "python gone" else made.folder / ".made").unlink()
    (made.folder / "rubbish").touch()
    Environment(checkout).ensure(environment.RUN)
    assert environment.can_run(made.python) and not (made.folder / "rubbish").exists()
    assert len(installs) == 2


def test_pip_takes_over_where_uv_cannot(
    checkout: Path, installs: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Environment, "_pip", Environment._uv)
    monkeypatch.setattr(Environment, "_uv", lambda self, *words: False)
    Environment(checkout).ensure(environment.RUN)
    assert installs[-1] == ("-r", "requirements.txt")


def test_real_environment_refuses_pins_without_a_hash(checkout: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (checkout / "requirements.txt").write_text("flask==3.1.3\n")
    with pytest.raises(CannotSetUp):
        Environment(checkout).ensure(environment.RUN)
    assert "hash" in capfd.readouterr().err


def test_two_starts_take_turns(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order: list[str] = []

    def second() -> None:
        with one_at_a_time(checkout):
            order.append("second")

    with one_at_a_time(checkout):
        other = threading.Thread(target=second)
        other.start()
        time.sleep(0.3)
        order.append("first")
    other.join(10)
    assert order == ["first", "second"]
    assert "waiting" in capsys.readouterr().out


def test_setting_up_leaves_index_settings_alone(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str]] = []

    def run(command: tuple[str, ...], **options: dict[str, str]) -> subprocess.CompletedProcess[str]:
        seen.append({**options["env"], "words": " ".join(command)})
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mirror.invalid/simple")
    monkeypatch.setattr(environment.subprocess, "run", run)
    Environment(checkout)._install(environment.RUN)
    assert seen[0]["UV_DEFAULT_INDEX"] == os.environ["UV_DEFAULT_INDEX"]
    assert "--index" not in seen[0]["words"] and "--require-hashes" in seen[0]["words"]
