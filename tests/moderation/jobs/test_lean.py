"""A wall on SQLite holds in memory what it uses."""

from __future__ import annotations

import subprocess
import sys

UNUSED = ("psycopg", "zxcvbn", "openapi_pydantic")  # nine, eleven and three megabytes


def test_a_wall_on_sqlite_starts_without_what_it_seldom_or_never_uses() -> None:
    asked = (
        f"import sys, app, huey; print([name for name in {UNUSED!r} if name in sys.modules], huey.SqliteHuey.__name__)"
    )
    found = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=120)
    assert found.stdout.split("\n")[0] == "[] SqliteHuey"
