"""Fresh databases of both kinds, cheaply."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

from tests.servers.postgres import PostgresServer

KINDS = ("sqlite", "postgresql")
FILLED = "filled.sqlite"


class Databases:
    """Hands out new databases; PostgreSQL is started when first asked for."""

    def __init__(self, folder: Path, shared: Path | None = None) -> None:
        """New databases lie in `folder`; what is made once for several processes in `shared`, which they have in common."""
        self._folder = folder
        self._shared = shared or folder
        self._numbers = count(1)
        self._postgres: PostgresServer | None = None
        self._filled: dict[Callable[[str], object], Path] = {}

    def fresh(self, kind: str, fill: Callable[[str], object] | None = None) -> str:
        """The address of a new database of this kind: empty, or as `fill(url)` leaves it.

        `fill` (a named function, not a lambda) runs once; later databases are copies. It must close its connections.
        SQLite's is filled once for all processes that share a folder, PostgreSQL's once for each server.
        """
        if kind == "postgresql":
            return self._server().fresh(fill)
        file = self._folder / f"test_{next(self._numbers)}.sqlite"
        return self.copy(fill, file) if fill else f"sqlite:///{file}"

    def copy(self, fill: Callable[[str], object], file: Path) -> str:
        """The address of an SQLite database in this file, as `fill(url)` leaves it."""
        shutil.copyfile(self._sqlite_filled(fill), file)
        return f"sqlite:///{file}"

    def made_once(self, name: str, make: Callable[[Path], object]) -> Path:
        """A folder as `make(folder)` leaves it; made by whoever asks first, of all processes that share ours."""
        folder, unfinished = self._shared / name, self._shared / f"{name}.unfinished"
        with (self._shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                shutil.rmtree(unfinished, ignore_errors=True)
                unfinished.mkdir()
                make(unfinished)
                unfinished.rename(folder)
        return folder

    def drop(self, url: str) -> None:
        """That database is gone."""
        if url.startswith("postgresql"):
            self._server().drop(url)
        else:
            for file in self._folder.glob(Path(url.removeprefix("sqlite:///")).name + "*"):
                file.unlink()

    def stop(self) -> None:
        """No server of ours runs any more."""
        if self._postgres:
            self._postgres.stop()

    def _server(self) -> PostgresServer:
        if self._postgres is None:
            self._postgres = PostgresServer()
        return self._postgres

    def _sqlite_filled(self, fill: Callable[[str], object]) -> Path:
        if fill not in self._filled:
            name = f"{fill.__module__}.{fill.__qualname__}"
            if "<locals>" in name:  # another for each call of what holds it
                name = f"{name}-{os.getpid()}-{len(self._filled)}"
            self._filled[fill] = self.made_once(name, partial(_fill, fill)) / FILLED
        return self._filled[fill]


def _fill(fill: Callable[[str], object], folder: Path) -> None:
    fill(f"sqlite:///{folder / FILLED}")
    leftovers = [path.name for path in folder.glob(f"{FILLED}-*") if path.stat().st_size]
    if leftovers:
        raise RuntimeError(f"{fill} left a connection open: {', '.join(leftovers)}")
