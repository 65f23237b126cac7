"""Fresh databases of both kinds, cheaply."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

from tests.servers.postgres import PostgresServer

KINDS = ("sqlite", "postgresql")


class Databases:
    """Hands out new databases; PostgreSQL is started when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._postgres: PostgresServer | None = None
        self._filled: dict[Callable[[str], object], Path] = {}

    def fresh(self, kind: str, fill: Callable[[str], object] | None = None) -> str:
        """The address of a new database of this kind: empty, or as `fill(url)` leaves it.

        `fill` (a named function, not a lambda) runs once; later databases are copies. It must close its connections.
        """
        if kind == "postgresql":
            return self._server().fresh(fill)
        file = self._folder / f"test_{next(self._numbers)}.sqlite"
        return self.copy(fill, file) if fill else f"sqlite:///{file}"

    def copy(self, fill: Callable[[str], object], file: Path) -> str:
        """The address of an SQLite database in this file, as `fill(url)` leaves it."""
        shutil.copyfile(self._sqlite_filled(fill), file)
        return f"sqlite:///{file}"

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
            file = self._folder / f"filled_{len(self._filled)}.sqlite"
            fill(f"sqlite:///{file}")
            leftovers = [path.name for path in self._folder.glob(f"{file.name}-*") if path.stat().st_size]
            if leftovers:
                raise RuntimeError(f"{fill} left a connection open: {', '.join(leftovers)}")
            self._filled[fill] = file
        return self._filled[fill]
