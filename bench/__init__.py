"""Measurements that anybody can repeat: each file prints its figures and says how they were taken."""

from __future__ import annotations

import subprocess
from pathlib import Path


def commit() -> str:
    """What was measured: the commit that is checked out, as git shortens it."""
    words = ["git", "rev-parse", "--short", "HEAD"]
    found = subprocess.run(words, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"
