"""A woven motif for every public id: decoration that identifies nobody."""

from __future__ import annotations

import hashlib
import json
from functools import cache, lru_cache
from pathlib import Path

SIDE = 9
LAST = SIDE - 1


@cache
def _allowed() -> tuple[list[list[int]], list[int]]:
    """The cells of one eighth of the square, and every form that was looked at and found fit."""
    book = json.loads((Path(__file__).parent / "motifs.json").read_text(encoding="utf-8"))
    return book["cells"], book["motifs"]


@lru_cache(maxsize=4096)
def path(public_id: str) -> str:
    """The outline of this id's motif in a square of 9 by 9; always the same for the same id."""
    return outline_of(form(public_id))


def form(public_id: str) -> int:
    """Which of the motifs it is: a bit for each cell of one eighth of the square."""
    motifs = _allowed()[1]
    number = int.from_bytes(hashlib.sha256(public_id.encode()).digest()[:8], "big")
    return motifs[number % len(motifs)]


@lru_cache(maxsize=4096)
def outline_of(form: int) -> str:
    """The outline that this form gives, mirrored into the whole square."""
    cells = _allowed()[0]
    filled = set()
    for bit, (x, y) in enumerate(cells):
        if form >> bit & 1:
            filled |= _mirrored(x, y)
    return _outline(filled)


def _mirrored(x: int, y: int) -> set[tuple[int, int]]:
    """The cell and its images on both axes and both diagonals."""
    corners = {(x, y), (LAST - x, y), (x, LAST - y), (LAST - x, LAST - y)}
    return corners | {(b, a) for a, b in corners}


def _outline(filled: set[tuple[int, int]]) -> str:
    """One bar for each run of cells in a row."""
    bars = []
    for y in range(SIDE):
        x = 0
        while x < SIDE:
            start = x
            while (x, y) in filled:
                x += 1
            if x > start:
                bars.append(f"M{start} {y}h{x - start}v1h{start - x}z")
            x += 1
    return "".join(bars)
