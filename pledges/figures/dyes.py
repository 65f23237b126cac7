"""Which of the design's dyes a promise wears: its theme's, and without a theme one that its id decides. None is grey."""

from __future__ import annotations

import hashlib

DYES = ("listen", "speak", "schools", "work", "families", "services")


def of_key(key: str) -> str:
    """One of the dyes, always the same for the same key."""
    number = int.from_bytes(hashlib.sha256(f"dye {key}".encode()).digest()[:8], "big")
    return DYES[number % len(DYES)]
