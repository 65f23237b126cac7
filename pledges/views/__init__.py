"""Pages and posts of the public side: no script, no cookie, no account."""

from __future__ import annotations

from . import acts, comment, editing, making, pages, promise, question, receipt, report, upkeep, wall
from .base import public

__all__ = [
    "acts",
    "comment",
    "editing",
    "making",
    "pages",
    "promise",
    "public",
    "question",
    "receipt",
    "report",
    "upkeep",
    "wall",
]
