"""Addresses of static files, which change with the file."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from pledges.settings import HERE


def static_url(name: str) -> str:
    """The address of a static file; it changes with the file, so that browsers may keep it."""
    return f"/static/{name}?v={_digest(name)}"


@cache
def _digest(name: str) -> str:
    path = Path(HERE) / "static" / name
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else ""
