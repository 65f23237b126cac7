"""The colours of the design, in its light scheme, and the weave of each dye."""

from __future__ import annotations

from dataclasses import dataclass

INK, INK_2, PAPER = "#17172b", "#55556b", "#ffffff"
GOOD = "#0b6355"


@dataclass(frozen=True)
class Dye:
    """A dye: to fill, what is woven into it, text on paper and on it, and on the campaign's colour."""

    fill: str
    woven: str
    ink: str
    on: str
    lit: str


DYES = {
    "listen": Dye("#2f3c94", "#8a97ee", "#2f3c94", "#ffffff", "#7382e6"),
    "speak": Dye("#a8243f", "#f4a0b0", "#a8243f", "#ffffff", "#d94a63"),
    "schools": Dye("#f5bc33", "#845700", "#765200", "#17172b", "#f2b632"),
    "work": Dye("#0c6b5e", "#5fc9b5", "#0c6b5e", "#ffffff", "#2ea792"),
    "families": Dye("#7b3080", "#cf93d2", "#7b3080", "#ffffff", "#ab6bb8"),
    "services": Dye("#a04418", "#f4a273", "#a04418", "#ffffff", "#e07a3c"),
}
_BARS = '<pattern id="weave" width="{0}" height="24" patternUnits="userSpaceOnUse"><path d="M0 0h{1}v24H0z" fill="{2}"/></pattern>'
_LINES = '<pattern id="weave" width="24" height="24" patternUnits="userSpaceOnUse"><path d="{0}" fill="{1}"/></pattern>'
_TWILL = (
    '<pattern id="weave" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path d="M0 0h3v9H0z" fill="{0}"/></pattern>'
)
_CHECK = '<pattern id="weave" width="8" height="8" patternUnits="userSpaceOnUse"><path d="M0 0h4v4H0zM4 4h4v4H4z" fill="{0}"/></pattern>'


def weave(dye: str) -> str:
    """The pattern `#weave` of this dye, for a band of 24."""
    woven = DYES[dye].woven
    match dye:
        case "schools":
            return _BARS.format(18, 6, woven)
        case "work":
            return _BARS.format(7, 2, woven)
        case "speak":
            return _TWILL.format(woven)
        case "families":
            return _CHECK.format(woven)
        case "services":
            return _LINES.format("M0 4h24v4H0zM0 16h24v4H0z", woven)
        case _:
            return _LINES.format("M0 9.5h24v5H0z", woven)
