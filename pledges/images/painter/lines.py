"""Where lines break so that they please: about equally long, no letter alone at an end, no last word left behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import regex

from .fonts import shaped

SHORT = 0.25  # of a line: a last one below it looks lost
LOST = 4.0  # how many bad lines a lost one weighs
_TIE = "\u00a0"
_ONE_LETTER = regex.compile(r"^\p{L}\p{M}*$")
_SHORT_NUMBER = regex.compile(r"^\p{N}{1,2}\p{P}?$")
DOTS = " …"


@dataclass(frozen=True)
class Block:
    """Lines of one size, and how high each is."""

    lines: tuple[str, ...]
    size: float
    leading: float

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * self.leading


def fitted(
    text: str, face: str, sizes: Sequence[float], leading: float, width: float, height: float, *, balanced: bool = True
) -> Block:
    """The text in the first of these sizes in which all of it has room; in the last, what has room, and dots.

    A word is broken only where it is longer than a line of the last.
    """
    words = _words(text)
    for size in sizes:
        block = Block(broken(words, face, width / size, balanced=balanced), size, leading)
        whole = size == sizes[-1] or all(_wide(word, face) * size <= width for word in words)
        if block.height <= height and whole:
            return block
    most = max(1, int(height / (sizes[-1] * leading)))
    return Block(_cut(words, face, width / sizes[-1], most), sizes[-1], leading)


def _words(text: str) -> list[str]:
    """The words, with a word of one letter tied to the next, and a short number to the one before it."""
    words: list[str] = []
    tied = ""
    for word in text.split():
        if words and not tied and _SHORT_NUMBER.match(word):
            words[-1] += _TIE + word
            continue
        tied += word
        if _ONE_LETTER.match(word):
            tied += _TIE
            continue
        words.append(tied)
        tied = ""
    return [*words, *([tied.rstrip(_TIE)] if tied else [])]


def broken(words: Sequence[str], face: str, width: float, *, balanced: bool = True) -> tuple[str, ...]:
    """As few lines as there can be of this width, in sizes of the letters."""
    words = [part for word in words for part in _parts(word, face, width)]
    if not words:
        return ()
    fewest = _fewest(words, face, width)
    wide = sum(_wide(word, face) for word in words) / fewest if balanced else width

    @cache
    def best(start: int, lines: int) -> tuple[float, tuple[str, ...]]:
        """The cost and the lines of what begins at this word, in so many lines."""
        if lines == 1:
            last = " ".join(words[start:])
            return _cost(last, face, width, wide, last=True, alone=len(words) - start == 1 and start > 0), (last,)
        found: tuple[float, tuple[str, ...]] = (float("inf"), ())
        for end in range(start + 1, len(words) - lines + 2):
            line = " ".join(words[start:end])
            cost = _cost(line, face, width, wide)
            if cost == float("inf"):
                break
            after = best(end, lines - 1)
            found = min(found, (cost + after[0], (line, *after[1])), key=lambda each: each[0])
        return found

    return best(0, fewest)[1]


def _cost(line: str, face: str, width: float, wide: float, *, last: bool = False, alone: bool = False) -> float:
    """How little a line pleases: by how much it is shorter or longer than it should be."""
    has = _wide(line, face)
    if has > width + 1e-6:
        return float("inf")
    if not last:
        return ((wide - has) / width) ** 2
    lost = LOST if alone and has < SHORT * width else 0.0
    return lost + (((wide - has) / width) ** 2 if wide < width else 0.0 if has > SHORT * width else 1.0)


def _fewest(words: Sequence[str], face: str, width: float) -> int:
    lines, line = 1, ""
    for word in words:
        longer = f"{line} {word}" if line else word
        if line and _wide(longer, face) > width:
            lines, line = lines + 1, word
        else:
            line = longer
    return lines


def _parts(word: str, face: str, width: float) -> list[str]:
    """The word, in pieces where it is longer than a line."""
    if _wide(word, face) <= width:
        return [word]
    parts = [""]
    for sign in regex.findall(r"\X", word):
        if parts[-1] and _wide(parts[-1] + sign, face) > width:
            parts.append("")
        parts[-1] += sign
    return parts


def _cut(words: Sequence[str], face: str, width: float, most: int) -> tuple[str, ...]:
    """As many of the first words as stand in so many lines, with dots after the last."""
    parts = [part for word in words for part in _parts(word, face, width - _wide(DOTS, face))]
    low, high = 1, len(parts)
    while low < high:  # the most that still fit
        middle = (low + high + 1) // 2
        if _fewest(_dotted(parts[:middle]), face, width) <= most:
            low = middle
        else:
            high = middle - 1
    return broken(_dotted(parts[:low]), face, width, balanced=False)


def _dotted(words: Sequence[str]) -> list[str]:
    return [*words[:-1], words[-1].rstrip(" ,;:.-–—") + DOTS.replace(" ", _TIE)]


def _wide(text: str, face: str) -> float:
    """As long as its words with their blanks: whole lines are shaped once, when they are drawn."""
    words = text.split(" ")
    return sum(shaped(word, face).width for word in words) + (len(words) - 1) * shaped(" ", face).width
