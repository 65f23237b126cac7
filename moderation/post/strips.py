"""The last days of the cloth as rows of coloured cells, for a letter: nothing has to be loaded to see it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from pledges.models import Contribution, Type
from pledges.wall import pieces

LIT = {  # as on the campaign's colour in static/style.css
    "listen": "#7382e6", "speak": "#d94a63", "schools": "#f2b632", "work": "#2ea792", "families": "#ab6bb8",
    "services": "#e07a3c",
}  # fmt: skip
WHITE = "#ffffff"
DAYS = 6
THINNEST, TALLEST = 8, 22  # pixels of a strip
LEAST = 2.0  # per cent of a row: a block that can still be seen


@dataclass(frozen=True)
class Strip:
    """One day: its height in pixels, and (colour, per cent of the width) from left to right."""

    height: int
    cells: tuple[tuple[str, float], ...]


def until(session: Session, pledge: Contribution) -> list[Strip]:
    """The strips up to the day of this promise, whose own block is white; none for what has no block."""
    if pledge.type is not Type.PLEDGE or pledge.shown_at is None or pledge.published_at is None:
        return []
    day = pledge.published_at.date().isoformat()
    days = [each for each in pieces.days_of(session, pledge.campaign) if each[0] <= day and each[1]][-DAYS:]
    own = pieces.dye(pledge.theme, pledge.public_id)
    most = max((sum(n for _, n in dyes) for _, dyes in days), default=1)
    return [_strip(dyes, own if at == day else "", most) for at, dyes in days]


def _strip(dyes: tuple[tuple[str, int], ...], own: str, most: int) -> Strip:
    total = sum(n for _, n in dyes)
    cells: list[tuple[str, float]] = []
    for dye, n in dyes:
        if dye == own:
            cells.append((WHITE, max(LEAST, 100 / total)))
            n -= 1
        if n:
            cells.append((LIT[dye], 100 * n / total))
    whole = sum(width for _, width in cells)
    height = round(THINNEST + (TALLEST - THINNEST) * total / most)
    return Strip(height, tuple((colour, round(100 * width / whole, 1)) for colour, width in cells))
