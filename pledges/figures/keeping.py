"""How the promises of a campaign go, in numbers that are kept, never counted; examples are none of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pledges.models import Progress

from . import counters

TOLD = (Progress.KEPT, Progress.UNDER_WAY, Progress.NOT_STARTED, Progress.CHANGED, Progress.NOT_KEPT)  # as drawn
WIDTH = 1000  # of the picture, in units of its own


@dataclass(frozen=True)
class Part:
    """One part of the picture: how many of those who were asked, or told by themselves, stand so."""

    name: str  # a status, or `silent`
    count: int
    x: float
    width: float


@dataclass(frozen=True)
class Keeping:
    """Promises made, asked about and answered; `unasked` told how it goes though no letter had asked."""

    made: int
    asked: int
    answered: int
    unasked: int
    by: Mapping[Progress, int]
    target: int | None = None

    @property
    def told(self) -> int:
        """All that anything is known of: the statuses sum up to it."""
        return self.answered + self.unasked

    @property
    def whole(self) -> int:
        """All that could have told: who was asked, and who was not and told all the same."""
        return self.asked + self.unasked

    def parts(self) -> list[Part]:
        """The picture, from left to right: what was told, then who has not answered yet."""
        found: list[Part] = []
        x = 0.0
        counts = [(status.value, self.by.get(status, 0)) for status in TOLD]
        for name, count in [*counts, ("silent", self.asked - self.answered)]:
            if count > 0 and self.whole:
                width = round(WIDTH * count / self.whole, 1)
                found.append(Part(name, count, round(x, 1), width))
                x += width
        return found


def of(counts: Mapping[str, int], target: int | None = None) -> Keeping:
    """From the counters of a campaign."""

    def real(name: str) -> int:
        return max(0, counts.get(name, 0) - counts.get(f"{counters.EXAMPLES}{name}", 0))

    return Keeping(
        made=real(counters.PLEDGES),
        asked=counts.get(counters.ASKED, 0),
        answered=counts.get(counters.ANSWERED, 0),
        unasked=counts.get(counters.UNASKED, 0),
        by={status: real(f"progress:{status}") for status in TOLD},
        target=target,
    )
