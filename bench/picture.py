"""`python -m bench.picture`: draws docs/performance.svg from the tables of docs/performance.md, whose numbers it holds none beside.

Each bar is what one read of a wall costs in CPU, beside nginx sending the same bytes from a file in the same run. The scale is
logarithmic: each line is ten times the one before.
"""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
TABLES, PICTURE = DOCS / "performance.md", DOCS / "performance.svg"
_OURS = re.compile(r"^    wall +(the wall|behind nginx) +\d+ +[\d.]+ +([\d.]+) ", re.MULTILINE)
_OTHERS = re.compile(r"^    (\S.*?) {2,}[\d,.]+ us +([\d,.]+)$", re.MULTILINE)
NAMES = {"the wall": "Promise Wall, its own process", "behind nginx": "Promise Wall, behind nginx"}
LEFT, WIDTH, ROW, TOP = 230, 470, 30, 44


@dataclass(frozen=True)
class Bar:
    """Who answers, and how many times what nginx takes it costs."""

    name: str
    times: float
    ours: bool = False


def bars(tables: str) -> list[Bar]:
    """The least first; raises ValueError where the tables do not hold what is to be drawn."""
    found = [Bar(NAMES[name], float(times), ours=True) for name, times in _OURS.findall(tables)]
    found += [Bar(name, float(times.replace(",", ""))) for name, times in _OTHERS.findall(tables)]
    if len(found) < 2 or not any(each.ours for each in found):
        raise ValueError("the tables have no rows to draw")
    return sorted(found, key=lambda bar: (bar.times, bar.name))


def drawn(every: list[Bar]) -> str:
    """An SVG document that can be read in light and in dark."""
    decades = max(1, math.ceil(math.log10(max(bar.times for bar in every))))
    wide, high = LEFT + WIDTH + 70, TOP + ROW * len(every) + 14

    def x(times: float) -> float:
        return LEFT + max(0.0, math.log10(times)) / decades * WIDTH

    lines = [
        f'<line x1="{x(10**n):.1f}" y1="{TOP - 8}" x2="{x(10**n):.1f}" y2="{high - 8}"/>'
        f'<text class="scale" x="{x(10**n):.1f}" y="{TOP - 14}">{10**n:,}×</text>'
        for n in range(decades + 1)
    ]
    rows = []
    for number, bar in enumerate(every):
        y = TOP + ROW * number
        long = max(3.0, x(bar.times) - LEFT)
        rows.append(
            f'<text class="name" x="{LEFT - 10}" y="{y + 15}">{escape(bar.name)}</text>'
            f'<rect class="{"ours" if bar.ours else "other"}" x="{LEFT}" y="{y}" width="{long:.1f}" height="20"/>'
            f'<text x="{LEFT + long + 6:.1f}" y="{y + 15}">{_said(bar.times)}</text>'
        )
    told = "; ".join(f"{bar.name}: {_said(bar.times)}" for bar in every)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" role="img">\n'
        f"<title>What one read of a wall costs in CPU, beside nginx sending the same bytes from a file</title>\n"
        f"<desc>{escape(told)}</desc>\n<style>\n"
        "text { font: 13px system-ui, sans-serif; fill: #1f2328; } .name { text-anchor: end; }"
        " .scale { text-anchor: middle; font-size: 11px; }\n"
        "rect { fill: #8a8f98; } .ours { fill: #9a3b26; } line { stroke: #d0d4da; }\n"
        "@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } rect { fill: #7d8590; }"
        " .ours { fill: #f0997f; } line { stroke: #3d444d; } }\n</style>\n" + "\n".join([*lines, *rows]) + "\n</svg>\n"
    )


def _said(times: float) -> str:
    return f"{times:,.0f}×" if times >= 100 else f"{times:.1f}×"


def main() -> int:
    PICTURE.write_text(drawn(bars(TABLES.read_text("utf-8"))), "utf-8")
    print(f"drew {PICTURE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
