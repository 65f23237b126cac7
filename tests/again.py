"""What many tests begin with is done once for some of them: walls that stood alike stand alike again."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from tests.full import full
from tests.wall import Seat, Wall

SECONDS = 60  # so long a copy counts as what has just been done
OF_SEATS = {"acts", "moderators", "record_head", "invitations", "memberships", "sign_ins"}  # told by who sits there
ELSEWHERE = {
    "instance",
    "database_url",
    "akismet_endpoint",
    "mail_url",
    "secret_key",
    "base_url",
    "port",
}  # settings that change no row

Given = ParamSpec("Given")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Kept:
    """How a wall was left: its file, its letters, who sits at its desk, and what the work answered."""

    file: Path
    mail: Path
    seats: list[Seat]
    answer: Any
    at: float


_kept: dict[Any, Kept] = {}
_numbers = count()
_folder = tempfile.TemporaryDirectory(prefix="wall-again-")


def again(work: Callable[Concatenate[Wall, Given], Made]) -> Callable[Concatenate[Wall, Given], Made]:
    """`work(wall, …)`, or a copy of how it left a wall that had stood like this one, not a minute ago.

    For what is sent and screened before a test begins. On PostgreSQL, and with --full, it is done each time.
    """

    def done(wall: Wall, *args: Given.args, **kwargs: Given.kwargs) -> Made:
        stands = "" if full() or not wall.settings.database_url.startswith("sqlite") else _stands(wall)
        if not stands:
            return work(wall, *args, **kwargs)
        key = (work.__module__, work.__qualname__, repr(args), repr(sorted(kwargs.items())), stands)
        known = _kept.get(key)
        if known is not None and time.monotonic() - known.at < SECONDS:
            return _put_back(wall, known)
        answer = work(wall, *args, **kwargs)
        _kept[key] = _keep(wall, answer, next(_numbers))
        return answer

    return done


def _file(wall: Wall) -> Path:
    return Path(wall.settings.database_url.removeprefix("sqlite:///"))


def _stands(wall: Wall) -> str:
    """Everything in its database but who sits at its desk, of whom role and name tell enough, and its settings.

    Empty where somebody sits there whose browser this wall does not know: it would be signed out.
    """
    told = hashlib.blake2b(digest_size=16)
    settings = wall.settings.model_dump(exclude=ELSEWHERE)
    told.update(repr((sorted(settings.items()), [(each.name, each.role) for each in wall.seated])).encode())
    connection = sqlite3.connect(_file(wall))
    try:
        if connection.execute("SELECT count(*) FROM moderators").fetchone() != (len(wall.seated),):
            return ""
        for (table,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall():
            rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608
            told.update(repr((table, len(rows) if table in OF_SEATS else rows)).encode())
    finally:
        connection.close()
    return told.hexdigest()


def _keep(wall: Wall, answer: Any, number: int) -> Kept:
    file, mail = Path(_folder.name) / f"{number}.sqlite", Path(_folder.name) / f"{number}-mail"
    shutil.rmtree(mail, ignore_errors=True)
    _copy(_file(wall), file)
    if (letters := wall.settings.instance / "mail").exists():
        shutil.copytree(letters, mail)
    return Kept(file, mail, [each.seat for each in wall.seated], answer, time.monotonic())


def _copy(of: Path, to: Path) -> None:
    """By SQLite itself: others may have either open, and what was written last may stand beside the file."""
    with closing(sqlite3.connect(of)) as given, closing(sqlite3.connect(to)) as taking:
        given.backup(taking)


def _put_back(wall: Wall, known: Kept) -> Any:
    _copy(known.file, _file(wall))
    if known.mail.exists():
        shutil.copytree(known.mail, wall.settings.instance / "mail", dirs_exist_ok=True)
    for desk, seat in zip(wall.seated, known.seats, strict=True):
        desk.sits(seat)
    return known.answer
