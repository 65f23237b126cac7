"""What is shipped for servers fits the program: commands and settings that it names exist, and nginx does what it says."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError

import click
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app import create_app
from moderation.cli import server_command
from pledges.settings import Settings
from tests.missing import leave_out
from tests.servers.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
HOME = "/opt/promise-wall"
NO_NGINX = "nginx is not installed: apt-get install nginx"
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


# nginx


@dataclass
class Front:
    """A running nginx with our file, and what the wall behind it was asked."""

    address: str
    log: Path
    asked: list[tuple[str, str]]
    behind: type[StandIn]

    def goes_away(self) -> None:
        """From now the wall hangs up on whoever asks it."""
        self.behind.away = True

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        request = urllib.request.Request(self.address + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10, context=context) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, ""


class StandIn(BaseHTTPRequestHandler):
    """A wall that answers each request with another number, public unless the address says otherwise."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str]]
    away = False

    def do_GET(self) -> None:
        if self.away:
            self.close_connection = True
            return
        self.asked.append((self.path, self.headers["X-Forwarded-For"]))
        body = str(len(self.asked)).encode()
        self.send_response(200)
        self.send_header("Cache-Control", "private, no-cache" if "private" in self.path else "public, max-age=600")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    if shutil.which("nginx") is None:
        leave_out(NO_NGINX, also_in_ci=NEEDS_ROOT)
    asked: list[tuple[str, str]] = []
    handler = type("Behind", (StandIn,), {"asked": asked})
    behind = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=behind.serve_forever, daemon=True).start()
    port = free_port()
    config = nginx_config(tmp_path, port=port, behind=behind.server_address[1])
    checked = subprocess.run(["nginx", "-t", "-c", str(config)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(["nginx", "-c", str(config), "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    front = Front(f"https://127.0.0.1:{port}", tmp_path / "access.log", asked, handler)
    try:
        wait_until_answering(front)
        yield front
    finally:
        process.terminate()
        process.wait(10)
        behind.shutdown()


def nginx_config(folder: Path, *, port: int, behind: int) -> Path:
    """Our file inside the least of a main file, with this test's ports, folders and certificate."""
    certificate, key = self_signed(folder)
    ours = (DEPLOY / "nginx.conf").read_text()
    for there, here in (
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{behind};"),
        ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
        ("    listen [::]:80;\n", ""),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl http2;"),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("/etc/letsencrypt/live/wall.example.org/fullchain.pem", str(certificate)),
        ("/etc/letsencrypt/live/wall.example.org/privkey.pem", str(key)),
        ("/var/cache/nginx/promise-wall", str(folder / "cache")),
        ("/var/log/nginx/promise-wall.log", str(folder / "access.log")),
        ("/var/log/nginx/promise-wall-private.log", str(folder / "private.log")),
    ):
        assert there in ours, there
        ours = ours.replace(there, here)
    (folder / "site.conf").write_text(ours)
    places = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = folder / "nginx.conf"
    main.write_text(
        f"{'user root;' if os.geteuid() == 0 else ''}\nworker_processes 1;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{ {places} include {folder}/site.conf; }}\n"
    )
    return main


def self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "wall.example.org")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


def wait_until_answering(front: Front) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            front.get("/private-first")
            front.asked.clear()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("nginx did not start")


def test_nginx_keeps_a_public_page_for_one_second_whatever_longer_age_it_names(front: Front) -> None:
    pairs = ((front.get("/race-equality-week"), front.get("/race-equality-week")) for _ in range(5))
    assert any(one == other for one, other in pairs), "a busy machine may be slower than a second, but not five times"
    first = front.get("/race-equality-week")
    time.sleep(2.2)
    assert front.get("/race-equality-week") != first


@pytest.mark.parametrize(
    "path",
    [
        "/private", "/receipt/abc", "/cy/receipt/abc", "/send-link", "/moderation/", "/moderation/sign-in", "/slug/promise",
        "/cy/slug/promise", "/slug/promises/x1/comment", "/slug/comments/x1/report", "/slug/questions/q1/answer",
    ],
)  # fmt: skip
def test_nginx_never_keeps_forms_receipts_and_the_desk(front: Front, path: str) -> None:
    assert front.get(path) != front.get(path)


def test_nginx_keeps_nothing_for_and_gives_nothing_kept_to_whoever_sends_a_cookie(front: Front) -> None:
    signed_in = front.get("/slug", Cookie="__Host-desk=1")
    shared = front.get("/slug")
    assert shared != signed_in
    assert front.get("/slug", Cookie="__Host-desk=1") not in (shared, signed_in)


def test_nginx_adds_the_visitor_to_the_forwarded_addresses_and_trusts_none_of_them(front: Front) -> None:
    front.get("/private", **{"X-Forwarded-For": "198.51.100.7"})
    assert front.asked[-1] == ("/private", "198.51.100.7, 127.0.0.1")


def test_nginx_refuses_more_than_a_form_can_hold(front: Front) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with pytest.raises(HTTPError, match="413"):
        urllib.request.urlopen(front.address + "/slug/promise", b"x" * (64 * 1024 + 1), timeout=10, context=context)
    assert front.asked == []


def test_nginx_writes_no_private_link_and_no_search_into_its_log(front: Front) -> None:
    for path in ("/cy/receipt/s3cret", "/receipt/s3cret?do=edit", "/moderation/invitation/s3cret", "/slug?q=s3cret"):
        front.get(path, Referer="https://wall.example.org/receipt/s3cret")
    end = time.monotonic() + 5
    while front.log.read_text().count("\n") < 5 and time.monotonic() < end:
        time.sleep(0.05)
    log = front.log.read_text()
    assert "s3cret" not in log
    assert "/receipt/-" in log


def test_nginx_writes_no_private_link_into_its_error_log_where_the_wall_is_away(front: Front) -> None:
    front.goes_away()
    for path in ("/cy/receipt/s3cret", "/receipt/s3cret?do=edit", "/moderation/invitation/s3cret", "/slug/away"):
        assert front.get(path)[0] in (502, 504)
    logs = {path.name: path.read_text() for path in front.log.parent.glob("*.log")}
    assert "/slug/away" in logs["error.log"]  # the control: it does tell of what goes wrong elsewhere
    assert [name for name, log in logs.items() if "s3cret" in log] == []


def test_nginx_hides_the_metrics(front: Front) -> None:
    assert front.get("/metrics")[0] == 404
    assert front.asked == []


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
