"""What a wall in production refuses to start with, and who may read what it writes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from app import create_app
from pledges.settings import Settings, SettingsError

GOOD = "0f1e2d3c4b5a69788796a5b4c3d2e1f093ab7c1e55d0482f6e2b9d04c8a7f316"


def settings(folder: Path, **given: object) -> Settings:
    given = {"secret_key": SecretStr(GOOD), "proxies": "127.0.0.1 ::1", **given}
    return Settings(env="production", instance=folder, base_url="https://wall.example", **given)  # type: ignore[arg-type]


def test_a_sound_production_starts(tmp_path: Path) -> None:
    assert settings(tmp_path).problems() == []
    assert create_app(settings(tmp_path)).extensions["wall.settings"].production


@pytest.mark.parametrize(
    "given",
    [
        {"proxies": "0.0.0.0/0"},
        {"proxies": "127.0.0.1, ::/0"},
        {"proxies": "0.0.0.0/1 128.0.0.0/1"},
        {"proxies": "::ffff:0:0/96"},
        {"proxies": "2000::/3"},
        {"proxies": "proxy.example"},
        {"secret_key": SecretStr("k" * 64)},
        {"secret_key": SecretStr("password" * 8)},
        {"secret_key": SecretStr("ab" * 32 + "c")},
        {"secret_key": SecretStr("short")},
        {"secret_key_fallbacks": ["a" * 64]},
        {"akismet_endpoint": "http://rest.akismet.com"},
        {"akismet_endpoint": "http://127.0.0.1.evil.example"},
        {"akismet_endpoint": "ftp://akismet.example"},
        {"mail_url": SecretStr("http://mail.example")},
        {"base_url": "http://wall.example"},
    ],
)
def test_a_start_that_would_harm_somebody_is_refused(tmp_path: Path, given: dict[str, object]) -> None:
    unsafe = settings(tmp_path, **{name: value for name, value in given.items() if name != "base_url"})
    if "base_url" in given:
        unsafe.base_url = str(given["base_url"])
    assert len(unsafe.problems()) == 1
    with pytest.raises(SettingsError):
        create_app(unsafe)


@pytest.mark.parametrize(
    "given",
    [
        {"proxies": "none"},
        {"proxies": "10.0.0.0/8 fd00::/8 104.16.0.0/13 2400:cb00::/32"},
        {"akismet_endpoint": "http://127.0.0.1:9000"},
        {"akismet_endpoint": "http://localhost:9000/"},
        {"akismet_endpoint": "http://[::1]:9000"},
        {"mail_url": SecretStr("smtps://mail.example")},
        {"secret_key": SecretStr(GOOD[:32])},
    ],
)
def test_what_is_sound_is_not_refused(tmp_path: Path, given: dict[str, object]) -> None:
    assert settings(tmp_path, **given).problems() == []


@pytest.mark.parametrize(
    ("value", "refused"), [("1", True), ("true", True), ("", False), ("0", False), ("False", False)]
)
def test_the_debugger_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, refused: bool) -> None:
    monkeypatch.setenv("FLASK_DEBUG", value)
    assert bool(settings(tmp_path).problems()) is refused


def test_a_wall_that_is_tried_out_starts_with_all_that(tmp_path: Path) -> None:
    tried = Settings(instance=tmp_path, secret_key=SecretStr("k" * 64), proxies="0.0.0.0/0")
    named = ("WALL_SECRET_KEY", "WALL_PROXIES", "WALL_BASE_URL")
    assert [each.split()[0] for each in tried.problems()] == [*named]
    assert create_app(tried).test_client().get("/healthz").status_code == 200


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}


@pytest.mark.parametrize("env", ["development", "production"])
def test_under_every_start_the_folder_is_for_us_alone(tmp_path: Path, env: str) -> None:
    folder = tmp_path / "instance"
    folder.mkdir(mode=0o755)
    for name in ("jobs.db", "wall.db", "secret-key"):
        (folder / name).touch(mode=0o644)
        (folder / name).chmod(0o644)
    (folder / "secret-key").write_text(GOOD)
    (folder / "mail").mkdir(mode=0o755)
    before = os.umask(0o022)  # as a server that knows nothing of us has it
    try:
        made = settings(folder)
        made.env = env  # type: ignore[assignment]
        app = create_app(made)
        with app.app_context():
            app.extensions["wall.limits"].storage.file.incr("x", 60)
            app.extensions["wall.jobs"].send_letters()
            app.extensions["wall.database"].engine.connect().close()
        (folder / "made-later").touch()
    finally:
        os.umask(before)
    found = modes(folder)
    assert {"jobs.db", "limits.db", "wall.db", "made-later"} <= set(found)
    for name, mode in found.items():
        assert mode == (0o700 if name in ("instance", "mail") else 0o600), name
