"""What is shipped for servers fits the program: commands and settings that it names exist."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from app import create_app
from deploy import nginx
from moderation.cli.server import server_command
from pledges.settings import Settings
from tests.missing import leave_out

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
HOME = "/opt/promise-wall"
NO_NGINX = f"nginx is not here and could not be fetched: {nginx.HOW_TO_ENABLE}"
NEEDS_ROOT = "not a failure in CI, since the test command installs nothing as root and this comes no other way"
SETTING = re.compile(r"\b(?:WALL_[A-Z_]+|AKISMET_API_KEY)\b")


# Units


def unit(path: Path) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read_string(path.read_text().replace("\\\n", " "))
    return parsed


def commands() -> dict[str, click.Command]:
    """What `flask --app app` may be followed by."""
    return dict(create_app(Settings(env="development")).cli.commands)


def test_there_is_a_unit_for_one_host_and_two_for_postgresql() -> None:
    assert [path.name for path in UNITS] == [
        "promise-wall-web.service", "promise-wall-worker.service", "promise-wall.service",
    ]  # fmt: skip


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_commands_that_exist_as_a_user_without_rights(path: Path) -> None:
    service = unit(path)["Service"]
    assert service["User"] == "wall"
    assert service["NoNewPrivileges"] == service["PrivateTmp"] == service["ProtectHome"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["EnvironmentFile"] == "/etc/promise-wall/wall.env"
    assert service["Restart"] == "always"
    assert service["WorkingDirectory"] == HOME
    for name in ("ExecStartPre", "ExecStart"):
        if name in service:
            program, *words = shlex.split(service[name])
            assert program.startswith(f"{HOME}/.venv/bin/")
            if program.endswith("/flask"):
                assert words[:2] == ["--app", "app"] and words[2] in commands()
            else:
                done = subprocess.run([sys.executable, *words, "--help"], cwd=ROOT, capture_output=True, text=True)
                assert done.returncode == 0, done.stderr


def test_the_unit_for_postgresql_serves_as_the_command_does_with_more_processes() -> None:
    words = shlex.split(unit(DEPLOY / "promise-wall-web.service")["Service"]["ExecStart"])
    assert words[words.index("--workers") + 1] == "2"
    words[words.index("--workers") + 1] = "1"
    assert words[1:] == server_command(Settings(host="127.0.0.1", port=8000))[1:]


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        leave_out(
            "systemd-analyze is not here: apt-get install systemd", also_in_ci=f"{NEEDS_ROOT}; units are parsed above"
        )
    for path in UNITS:
        text = path.read_text().replace(f"{HOME}/.venv/bin/", "/bin/").replace("/bin/flask", "/bin/true")
        text = text.replace("/bin/python", "/bin/true").replace(HOME, "/")
        (tmp_path / path.name).write_text(text.replace("=wall\n", "=root\n"))
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, tmp_path.iterdir())], capture_output=True, text=True, timeout=60
    )
    wrong = [line for line in done.stderr.splitlines() if str(tmp_path) in line]
    assert wrong == []


# Settings


def names_in_settings() -> set[str]:
    return {str(field.validation_alias or f"WALL_{name.upper()}") for name, field in Settings.model_fields.items()}


def test_the_readme_tells_of_every_setting_and_of_no_other() -> None:
    section = (ROOT / "README.md").read_text().split("## Settings", 1)[1].split("\n## ", 1)[0]
    rows = {
        name for line in section.splitlines() if line.startswith("| `") for name in SETTING.findall(line.split("|")[1])
    }
    assert rows == names_in_settings()


def test_the_readme_gives_the_defaults_of_the_limits_and_terms() -> None:
    readme = (ROOT / "README.md").read_text()
    for name, field in Settings.model_fields.items():
        if name.startswith("limit_") or name.endswith(("_days", "_seconds")):
            row = next(line for line in readme.splitlines() if line.startswith(f"| `WALL_{name.upper()}`"))
            default = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
            assert f"`{default}`" in row


@pytest.mark.parametrize(
    "name", ["README.md", "deploy/wall.env.example", "deploy/nginx.conf", *(f"deploy/{u.name}" for u in UNITS)]
)
def test_no_file_for_operators_names_a_setting_that_does_not_exist(name: str) -> None:
    assert set(SETTING.findall((ROOT / name).read_text())) <= names_in_settings()


def test_the_example_settings_start_a_production_wall_once_a_secret_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {
        **shell_reads(DEPLOY / "wall.env.example"),
        "WALL_SECRET_KEY": "0f1e2d3c4b5a69788796a5b4c3d2e1f093ab7c1e55d0482f6e2b9d04c8a7f316",
        "WALL_INSTANCE": str(tmp_path),
    }
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)
    app = create_app()
    assert app.extensions["wall.settings"].production
    assert app.config["SESSION_COOKIE_NAME"] == "__Host-desk"


def shell_reads(path: Path) -> dict[str, str]:
    """The assignments as the shell takes them; systemd takes the same for what stands in this file."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return {
        name: "".join(shlex.split(value)) if value else "" for name, value in (line.split("=", 1) for line in lines)
    }


# Commands that the texts name


def test_every_command_that_the_readme_names_exists() -> None:
    known = commands()
    texts = "".join((ROOT / name).read_text() for name in ("README.md", "docs/architecture.md", "deploy/wall"))
    named = set(re.findall(r"(?:flask --app app|deploy/wall) ([a-z][a-z-]+(?: [a-z][a-z-]+)?)", texts))
    assert named, "the README names commands"
    for words in named:
        first, *rest = words.split()
        command = known.get(first)
        assert command is not None, words
        if rest and isinstance(command, click.Group):
            assert rest[0] in command.commands, words


# Texts


def test_every_library_that_we_name_ourselves_has_its_reason() -> None:
    told = set(re.findall(r"^\| `([a-z0-9-]+)` \|", (ROOT / "docs" / "decisions.md").read_text(), re.MULTILINE))
    lines = "\n".join(
        (ROOT / name).read_text() for name in ("requirements.in", "requirements-dev.in", "requirements-uv.in")
    )
    assert told == set(re.findall(r"^([a-z0-9][a-z0-9-]*)", lines, re.MULTILINE))


@pytest.mark.parametrize("name", ["README.md", "docs/architecture.md", "docs/decisions.md"])
def test_every_file_that_a_text_names_exists(name: str) -> None:
    text = (ROOT / name).read_text()
    linked = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    named = re.findall(r"`((?:pledges|moderation|deploy|translations|docs|templates|static)/[\w./-]*)`", text)
    folder = (ROOT / name).parent
    assert [there for there in linked if not (folder / there).exists()] == []
    assert [there for there in named if not (ROOT / there).exists()] == []
