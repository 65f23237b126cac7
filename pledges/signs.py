"""Which signs may stand in people's words, by Unicode's own properties: a list of what may, not of what may not.

Letters, marks, numbers, punctuation and symbols stand, and what nobody sees stands only where it changes what is seen:
joiners in scripts that join, and what emoji data list as parts of one emoji. Sources: Unicode UAX 31 (joiners in
context), UTS 51 (emoji sequences), UAX 15 (Stream-Safe Text).
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Literal

import emoji
import regex

MOST_MARKS = 8  # on one letter; Burmese needs seven
MOST_ACCENTS = 4  # of those that every script shares, so that a letter stays on its line
UNSEEN = regex.compile(r"\p{Default_Ignorable_Code_Point}+")
VISIBLE = regex.compile(r"[\p{L}\p{N}\p{P}\p{S}]")
# Marks, and the two half-width signs that become marks in compatibility forms: a run of them is sorted by insertion
# when it is put into a normal form, which takes the square of its length.
_MARK = r"[\p{M}\uff9e\uff9f]"
_MANY_MARKS = regex.compile(rf"({_MARK}{{{MOST_MARKS}}}){_MARK}++")
_ACCENT = r"[\p{M}&&\p{Script=Inherited}]"
_MANY_ACCENTS = regex.compile(rf"({_ACCENT}{{{MOST_ACCENTS}}}){_ACCENT}++", regex.V1)
_STRAY_MARKS = regex.compile(r"^\p{M}+", regex.MULTILINE)  # on no letter
_NOTHING_TO_SEE = "\u2800\U0001d159\U00016fe4"  # blanks by shape, though not by their properties
_BLANKS = str.maketrans(dict.fromkeys(["\t", *_NOTHING_TO_SEE], " "))
_NEVER = regex.compile(  # what is no sign at all, nothing that is known, or stands for something that is not there
    r"[[\p{C}\uFFFC]--[\n\p{Prepended_Concatenation_Mark}\p{Extended_Pictographic}\p{Default_Ignorable_Code_Point}]]",
    regex.V1,
)
_JOINING = r"[\p{L}&&[\p{Joining_Type=Dual_Joining}\p{Joining_Type=Right_Joining}\p{Joining_Type=Left_Joining}]]"
_KILLER = r"\p{Canonical_Combining_Class=Virama}"
_JOINS = regex.compile(  # each kind stands alone between what it joins, parts or shapes
    rf"(?<={_JOINING}\p{{M}}{{0,8}})[\u200c\u200d](?={_JOINING})"
    rf"|(?<=\p{{L}}\p{{M}}{{0,8}}{_KILLER})[\u200c\u200d](?!\p{{Default_Ignorable_Code_Point}})"
    rf"|(?<=\p{{L}}\p{{M}}{{0,8}})[\u200c\u200d](?={_KILLER})"
    r"|(?<=[\p{L}&&\p{Script=Mongolian}])(?:[\u180b-\u180d\u180f]|\u180e(?=\p{Script=Mongolian}))",
    regex.V1,
)
_RTL_MARK = regex.compile(
    r"(?<!\p{Default_Ignorable_Code_Point})[\u200e\u200f\u061c](?!\p{Default_Ignorable_Code_Point})"
)
_RTL_LETTER = regex.compile(r"[\p{Bidi_Class=R}\p{Bidi_Class=AL}]")
_EMOJI_LIKE = regex.compile(r"[\p{Emoji}\p{Extended_Pictographic}\p{Default_Ignorable_Code_Point}\u20e3]++")

# Marks that writers may leave out: accents, the vowels of Arabic, Hebrew and Syriac. In all other scripts a mark is as
# much of a word as its letters, as are the sound marks of Kana, and the marks of й, ў and ї, which are letters.
_ORNAMENT = regex.compile(
    r"(?<![иуі])[[\p{M}&&[\p{Script=Inherited}\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Arabic}"
    r"\p{Script=Hebrew}\p{Script=Syriac}]]--[\u3099\u309A]]|(?<=[иу])[[\p{M}&&\p{Script=Inherited}]--\u0306]"
    r"|(?<=і)[[\p{M}&&\p{Script=Inherited}]--\u0308]",
    regex.V1,
)
_MARKS = regex.compile(r"\p{M}+")
WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*+")
_LETTER_OR_MARK = regex.compile(r"[\p{L}\p{N}\p{M}]")


def normal(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """`text` in this normal form, in a time that its length alone decides: nobody else calls the library for it."""
    return text if text.isascii() else unicodedata.normalize(form, few_marks(text))


def few_marks(text: str) -> str:
    """No letter carries more marks than any script needs."""
    return text if text.isascii() else _MANY_MARKS.sub(r"\1", text)


def without_unseen(text: str) -> str:
    """`text` as it looks: nothing is left in it that takes no place."""
    return text if text.isascii() else UNSEEN.sub("", text)


def readable(text: str, *, instead: str = "") -> str:
    """`text` in NFC, of signs that may stand alone, line by line; `instead` stands where one was taken out.

    A line with nothing to see is empty.
    """
    text = _NEVER.sub(instead, text.translate(_BLANKS))
    if text.isascii():
        return text
    if UNSEEN.search(text):
        text = "\n".join(_seen_alone(line, instead) for line in text.split("\n"))
    text = _STRAY_MARKS.sub("", _MANY_ACCENTS.sub(r"\1", normal("NFC", text)))
    return "\n".join(line if VISIBLE.search(line) else "" for line in text.split("\n"))


def _seen_alone(line: str, instead: str) -> str:
    kept = _places(line)
    return UNSEEN.sub(
        lambda run: "".join(line[at] if at in kept else instead for at in range(run.start(), run.end())), line
    )


def _places(line: str) -> set[int]:
    """Where something unseen may stand in this line."""
    kept = {found.start() for found in _JOINS.finditer(line)}
    if _RTL_LETTER.search(line):
        kept |= {found.start() for found in _RTL_MARK.finditer(line)}
    for found in _EMOJI_LIKE.finditer(line):
        if UNSEEN.search(found[0]):
            kept |= _in_emoji(line, *found.span())
    return kept


def _in_emoji(line: str, start: int, end: int) -> set[int]:
    """The places of this stretch that belong to an emoji of the list, each as long as the list has it."""
    sequences, longest = _listed()
    kept: set[int] = set()
    while start < end:
        size = next(
            (size for size in range(min(longest, end - start), 1, -1) if line[start : start + size] in sequences), 1
        )
        kept.update(range(start, start + size) if size > 1 else ())
        start += size
        while start < end and UNSEEN.match(line[start]):
            start += 1
    return kept


@cache
def _listed() -> tuple[frozenset[str], int]:
    """Every emoji that is written with something unseen, in each of its spellings, and the length of the longest."""
    known = emoji.EMOJI_DATA
    sequences = {each for each in known if UNSEEN.search(each)}
    sequences |= {
        f"{each[0]}{variant}" for each, told in known.items() if told.get("variant") for variant in "\ufe0e\ufe0f"
    }
    return frozenset(sequences), max(map(len, sequences))


def without_ornaments(decomposed: str) -> str:
    """A text in NFD or NFKD, in small letters, without the marks that writers may leave out."""
    return decomposed if decomposed.isascii() else _ORNAMENT.sub("", decomposed)


def without_marks(decomposed: str) -> str:
    """A text in NFD or NFKD without any marks."""
    return decomposed if decomposed.isascii() else _MARKS.sub("", decomposed)


def is_of_a_word(letter: str) -> bool:
    """Whether this letter, number or mark is part of a word."""
    return letter.isalnum() or _LETTER_OR_MARK.match(letter) is not None
