"""Pages and posts of the public side: no script, no cookie, no account."""

from __future__ import annotations

from . import (
    acts,
    comment,
    drafts,
    editing,
    letters,
    making,
    organising,
    pages,
    promise,
    question,
    receipt,
    report,
    updating,
    upkeep,
    wall,
)
from .base import public

__all__ = [
    "acts",
    "comment",
    "drafts",
    "editing",
    "letters",
    "making",
    "organising",
    "pages",
    "promise",
    "public",
    "question",
    "receipt",
    "report",
    "updating",
    "upkeep",
    "wall",
]
