"""Which font has a letter, and what a text looks like in it: shaped by HarfBuzz, ordered by the bidirectional algorithm."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import regex
import uharfbuzz as hb
from bidi import algorithm

FOLDER = Path(__file__).parent / "fonts"
OTHERS = (  # for scripts that the first has not, whatever its weight
    "NotoNaskhArabic-Regular", "NotoSerifDevanagari-Regular", "NotoSerifBengali-Regular", "NotoSerifGurmukhi-Regular",
    "NotoSerifGujarati-Regular", "NotoSerifTamil-Regular", "NotoSerifHebrew-Regular", "NotoEmoji-Regular",
)  # fmt: skip
EMOJI = OTHERS[-1]
_UNSEEN = regex.compile(r"\p{Default_Ignorable_Code_Point}|\p{Cf}")
_ORDERS = regex.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")  # the letters' own order is enough on a line
_MARK = "\u0300"
_ORDERED = frozenset(["L", "R", "AL", "EN", "ES", "ET", "AN", "CS", "NSM", "WS", "ON"])
_RIGHT_TO_LEFT = regex.compile(r"[\p{Bidi_Class=R}\p{Bidi_Class=AL}]")
_FIRST_STRONG = regex.compile(r"[\p{Bidi_Class=L}\p{Bidi_Class=R}\p{Bidi_Class=AL}]")
_LOOKS_LIKE_EMOJI = regex.compile(
    r"\p{Emoji_Presentation}|.\ufe0f|\p{RI}{2}|[#*0-9]\ufe0f?\u20e3|\p{Extended_Pictographic}"
)


@dataclass(frozen=True, slots=True)
class Glyph:
    """A shape of a font, and where its origin stands on a line of one unit of size."""

    font: str
    number: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """A text as it stands on one line, for a size of 1; `missing`: signs that no font has, which are left out."""

    glyphs: tuple[Glyph, ...]
    width: float
    missing: int = 0


def is_right_to_left(text: str) -> bool:
    """Whether its first letter with a direction runs from right to left."""
    first = _FIRST_STRONG.search(text)
    return first is not None and _RIGHT_TO_LEFT.match(first[0]) is not None


@lru_cache(maxsize=1024)
def shaped(text: str, face: str, *, right_to_left: bool = False) -> Line:
    """The text in this face, with other fonts for what it has not."""
    text = _ORDERS.sub("", text)
    fonts = list(_fonts(text, face))
    glyphs: list[Glyph] = []
    x = 0.0
    for font, level, run in _runs(text, fonts, right_to_left):
        if font is None:
            continue
        x += _shape(font, run, level % 2 == 1, x, glyphs)
    return Line(tuple(glyphs), x, sum(font is None for font in fonts))


def _fonts(text: str, face: str) -> Iterator[str | None]:
    """For each code point the font that has all of the sign it is part of; none where no font has."""
    last: str | None = None
    for sign in regex.findall(r"\X", text):
        seen = [ord(point) for point in sign if not _UNSEEN.match(point)]
        emoji = (EMOJI,) if _LOOKS_LIKE_EMOJI.match(sign) and not sign.endswith("\ufe0e") else ()
        first = (last,) if last is not None and sign.isspace() else ()
        every = (*emoji, *first, face, *OTHERS)
        last = next((font for font in every if _covered(font).issuperset(seen)), None)
        yield from [last] * len(sign)


def _runs(text: str, fonts: list[str | None], right_to_left: bool) -> Iterator[tuple[str | None, int, str]]:
    """Font, level and text of each run, in the order in which they are seen, each as it is read."""
    signs = _levels("".join(map(_as_ordered, text)), right_to_left)
    for sign, point, font in zip(signs["chars"], text, fonts, strict=True):
        sign["ch"], sign["font"] = point, font
    algorithm.reorder_resolved_levels(signs, False)
    for (font, level), run in groupby(signs["chars"], key=lambda sign: (sign["font"], sign["level"])):
        read = "".join(sign["ch"] for sign in run)
        yield font, level, read[::-1] if level % 2 else read


def _as_ordered(point: str) -> str:
    """What stands for it where signs are put in order: what is not seen goes with the letter before it."""
    return point if unicodedata.bidirectional(point) in _ORDERED else _MARK


def _levels(text: str, right_to_left: bool) -> Any:
    signs = algorithm.get_empty_storage()
    signs["base_level"] = int(right_to_left)
    signs["base_dir"] = "R" if right_to_left else "L"
    algorithm.get_embedding_levels(text, signs)
    algorithm.explicit_embed_and_overrides(signs)
    algorithm.resolve_weak_types(signs)
    algorithm.resolve_neutral_types(signs, False)
    algorithm.resolve_implicit_levels(signs, False)
    return signs


def _shape(font: str, text: str, right_to_left: bool, x: float, glyphs: list[Glyph]) -> float:
    """How far this run leads on; its glyphs are added, from x."""
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if right_to_left else "ltr"
    hb.shape(_font(font), buffer)
    unit, here = 1 / _face(font).upem, 0.0
    for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        glyphs.append(Glyph(font, info.codepoint, x + here + place.x_offset * unit, place.y_offset * unit))
        here += place.x_advance * unit
    return here


@lru_cache(maxsize=4096)
def outline(font: str, number: int) -> str:
    """The shape as the path of an SVG, for a size of 1 with y downwards; nothing for a blank."""
    unit = 1 / _face(font).upem
    said: list[str] = []

    def at(*numbers: float) -> str:
        return " ".join(f"{value * unit * (1, -1)[place % 2]:.4f}" for place, value in enumerate(numbers))

    draw = hb.DrawFuncs()
    draw.set_move_to_func(lambda x, y, _: said.append(f"M{at(x, y)}"))
    draw.set_line_to_func(lambda x, y, _: said.append(f"L{at(x, y)}"))
    draw.set_quadratic_to_func(lambda a, b, x, y, _: said.append(f"Q{at(a, b, x, y)}"))
    draw.set_cubic_to_func(lambda a, b, c, d, x, y, _: said.append(f"C{at(a, b, c, d, x, y)}"))
    draw.set_close_path_func(lambda _: said.append("Z"))
    _font(font).draw_glyph(number, draw, None)
    return "".join(said)


@cache
def _face(font: str) -> Any:
    return hb.Face(hb.Blob.from_file_path(str(FOLDER / f"{font}.ttf")))


@cache
def _font(font: str) -> Any:
    return hb.Font(_face(font))


@cache
def _covered(font: str) -> frozenset[int]:
    return frozenset(_face(font).unicodes)
