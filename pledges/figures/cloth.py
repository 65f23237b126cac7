"""The cloth: one strip for each day, one block for each promise, drawn from the counters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

WIDTH, HEIGHT = 640, 600
FRINGE = 40  # the loose threads at the foot: there is room for more
GAP = 3.0
THINNEST, TALLEST = 5.0, 92.0
SHARE = 0.62  # the power of a day's count that decides its height
DAYS = 60  # strips that still can be told apart
FINE_JOINTS_UP_TO = 1_200  # promises; above, the small joints would be grey
BLOCKS = 5_000  # above, a block stands for several promises
WIDE_BLOCK = 9.0
YOUNG = 0.95  # of what can be woven: a phone shows the foot of the cloth, and of a young one nothing but threads

Day = tuple[str, tuple[tuple[str, int], ...]]  # ISO date, then (dye, promises) in the order of the themes


@dataclass(frozen=True)
class Cloth:
    """What the picture is made of, as outlines for SVG."""

    width: int
    height: int
    warp: str
    joints: str
    fine_joints: str
    veil: str  # covers all days but the marked one
    here: str  # one block of the marked day, where every promise has its own
    promises: int
    each_block: int  # promises that one block stands for
    young: bool  # there is room for many more days below
    dyed: dict[str, str] = field(default_factory=dict)  # dye -> outline


@lru_cache(maxsize=64)
def weave(
    days: tuple[Day, ...], *, mark: str | None = None, own: str = "", width: int = WIDTH, height: int = HEIGHT
) -> Cloth:
    """The cloth of these days, oldest on top; without a promise only its threads. `own`: the dye of one promise of `mark`."""
    days = tuple(day for day in days if sum(n for _, n in day[1]) > 0)[-DAYS:]
    promises = sum(n for _, dyes in days for _, n in dyes)
    each_block = max(1, -(-promises // BLOCKS))
    heights = _heights([sum(n for _, n in dyes) for _, dyes in days], height - FRINGE)
    dyed: dict[str, list[str]] = {}
    joints: list[str] = []
    fine: list[str] = []
    top, veil, here = 0.0, [], ""
    for number, ((day, dyes), tall) in enumerate(zip(days, heights, strict=True)):
        blocks = [dye for dye, n in _turned(dyes, number) for _ in range(-(-n // each_block))]
        _strip(blocks, top, tall, width, dyed, joints if each_block == 1 else [], fine)
        if day == mark and own in blocks and each_block == 1:
            wide = width / len(blocks)
            here = f"M{_n(blocks.index(own) * wide)} {_n(top)}h{_n(wide)}v{_n(tall)}h-{_n(wide)}z"
        if day != mark:
            veil.append(f"M0 {_n(top)}h{width}v{_n(tall + GAP)}h-{width}z")
        top += tall + GAP
    return Cloth(
        width=width,
        height=height,
        warp=_warp(width, height),
        joints="".join(joints),
        fine_joints="".join(fine) if promises <= FINE_JOINTS_UP_TO else "",
        veil="".join(veil) if mark else "",
        here=here,
        promises=promises,
        each_block=each_block,
        young=0 < top < YOUNG * (height - FRINGE),
        dyed={dye: "".join(bars) for dye, bars in dyed.items()},
    )


def _heights(counts: Sequence[int], room: float) -> list[float]:
    """Each day's height: a least one and a share by its count, none so tall that a few promises look like many."""
    if not counts:
        return []
    shares = [count**SHARE for count in counts]
    free = max(0.0, room - len(counts) * (THINNEST + GAP))
    return [min(TALLEST, THINNEST + free * share / sum(shares)) for share in shares]


def _turned(dyes: Sequence[tuple[str, int]], number: int) -> list[tuple[str, int]]:
    """The groups of a strip, begun at a shifted theme and every second time backwards, so that no columns appear."""
    start = number * 2 % len(dyes) if dyes else 0
    turned = [*dyes[start:], *dyes[:start]]
    return turned[::-1] if number % 2 else turned


def _strip(
    blocks: list[str],
    top: float,
    tall: float,
    width: int,
    dyed: dict[str, list[str]],
    joints: list[str],
    fine: list[str],
) -> None:
    wide = width / len(blocks)
    start = 0
    for at in range(1, len(blocks) + 1):
        if at == len(blocks) or blocks[at] != blocks[start]:
            run = _n((at - start) * wide)
            dyed.setdefault(blocks[start], []).append(f"M{_n(start * wide)} {_n(top)}h{run}v{_n(tall)}h-{run}z")
            start = at
        if at < len(blocks):
            (joints if wide >= WIDE_BLOCK else fine).append(f"M{_n(at * wide)} {_n(top)}v{_n(tall)}")


def _warp(width: int, height: int) -> str:
    """The threads behind, each of its own length, always the same."""
    return "".join(f"M{x} 0V{_n(height - (x * x * 31 + x * 17) % 251 / 10)}" for x in range(5, width, 10))


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
