"""Text as a reader's eye takes it, with the way back to the code points that were really sent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import regex

from pledges import signs

_CYRILLIC = dict(zip("авсԁеёіїјкӏмнопрԛѕтуүхԝһгзьбґ", "abcdeeiijklmhonpqstyyxwhrebbg", strict=True))
_GREEK = dict(zip("αβγδεζηικλμνοπρστυχω", "abydeznikamvonpotuxw", strict=True))
_OTHERS = {
    "ı": "i", "ȷ": "j", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ɑ": "a", "ɡ": "g", "ɩ": "i",
    "ɪ": "i", "ɴ": "n", "ʀ": "r", "ʏ": "y", "ʟ": "l", "ɢ": "g", "ʜ": "h", "ʙ": "b", "ᴀ": "a", "ᴄ": "c", "ᴅ": "d",
    "ᴇ": "e", "ᴊ": "j", "ᴋ": "k", "ᴍ": "m", "ᴏ": "o", "ᴘ": "p", "ᴛ": "t", "ᴜ": "u", "ᴠ": "v", "ᴡ": "w", "ᴢ": "z",
    "ꜰ": "f", "ꜱ": "s", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "p", "ɛ": "e", "ɔ": "c", "ƙ": "k", "ƒ": "f", "ɠ": "g",
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "’": "'", "‘": "'", "ʼ": "'", "։": ":", "∕": "/",
    "⁄": "/", "。": ".", "・": ".", "•": "*", "∗": "*", "×": "x",
}  # fmt: skip
LOOK_ALIKES = _CYRILLIC | _GREEK | _OTHERS
_LETTER_BLOCKS = (0x1F150, 0x1F170, 0x1F1E6)  # letters in black circles, in black squares, and as flags: A to Z each
_OVERRIDE, _ENDS_OVERRIDE = "\u202e", "\u202c\n\u2029"
_UNSEEN = regex.compile(r"[\p{Cf}\p{Cc}\p{Cs}\p{Me}\p{Default_Ignorable_Code_Point}]")
LONGEST_LIGATURE = 4  # letters; one sign of Arabic stands for eighteen, which would make a text grow
_SPACES = "\t\n\r\v\f"
_PLAIN_SPACES = str.maketrans({sign: " " for sign in _SPACES if sign != "\n"})
_BLANKS = "\u115f\u1160\u3164\uffa0\u2800\u034f"  # letters by name, nothing on paper


@dataclass(frozen=True)
class Folded:
    """Plain letters, and for each of them the place of the code point that it came from."""

    text: str
    origin: list[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the letters `start` to `end` (exclusive) stand in what was sent."""
        places = self.origin[start:end]
        return min(places), max(places) + 1


def fold(text: str, *, keep_case: bool = False) -> Folded:
    """`text` without accents (marks that are letters of their script stay), unseen characters, look-alike letters and reversed runs; as long as it looks, no longer."""
    if text.isascii():
        plain = text.translate(_PLAIN_SPACES)
        return Folded(plain if keep_case else plain.lower(), list(range(len(text))))
    letters: list[str] = []
    origin: list[int] = []
    for place in _as_read(text):
        for letter in _plain(text[place], keep_case):
            letters.append(letter)
            origin.append(place)
    return Folded("".join(letters), origin)


def _as_read(text: str) -> list[int]:
    """The places of `text` in the order of reading: what follows a right-to-left override is read backwards."""
    if _OVERRIDE not in text:
        return list(range(len(text)))
    order: list[int] = []
    place = 0
    while place < len(text):
        if text[place] != _OVERRIDE:
            order.append(place)
            place += 1
            continue
        end = place + 1
        while end < len(text) and text[end] not in _ENDS_OVERRIDE:
            end += 1
        order.extend(range(end - 1, place, -1))
        place = end
    return order


@lru_cache(maxsize=8192)
def _plain(character: str, keep_case: bool) -> str:
    if character.isascii():
        if character in _SPACES:
            return "\n" if character == "\n" else " "
        return character if keep_case else character.lower()
    if character in _BLANKS:
        return ""
    for first in _LETTER_BLOCKS:
        if first <= ord(character) < first + 26:
            return chr(ord("a") + ord(character) - first)
    found = ""
    for part in signs.without_ornaments(signs.normal("NFKD", character)):
        if part.isspace():
            found += " "
        elif not _UNSEEN.match(part):
            lower = part.lower()
            plain = LOOK_ALIKES.get(lower, part)
            found += plain.upper() if keep_case and lower != part else plain
    found = found if len(found) <= LONGEST_LIGATURE else found[:1]
    return found if keep_case else found.lower()
