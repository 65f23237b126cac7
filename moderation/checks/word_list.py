"""Listed words, and what passes for each of their letters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path

import regex

from .folding import fold

LISTS = ("words_en.txt", "words_cy.txt")
LONGEST_PHRASE = 8  # words
LONGEST_WORD = 60  # letters; no listed word comes near, so the rest of a longer one is not looked at from each start
SHORTEST_JOINED = 5  # letters of a listed word found across a space: "nig ger" yes, "as s" no
PLURALS = ("s", "z")
VERB_ENDINGS = ("s", "z", "ed", "er", "ers", "ing", "in")

# What a digit or a sign may stand for; a letter stands for itself alone. `EITHER` is a capital I between small letters
# or a small l between capitals, which nobody can tell from the other.
EITHER = "ǀ"
_PASSES_FOR = {
    "0": "o", "1": "il", "2": "z", "3": "e", "4": "a", "5": "sz", "6": "g", "7": "t", "8": "b", "9": "g", "@": "a",
    "$": "sz", "€": "e", "£": "il", "!": "il", "|": "il", "¡": "il", "+": "t", EITHER: "il",
}  # fmt: skip
_COARSE = {"l": "i", "z": "s"}  # of letters that one sign passes for, so that both are looked up at once
_STANDS_FOR = str.maketrans(
    _COARSE | {sign: _COARSE.get(letters[0], letters[0]) for sign, letters in _PASSES_FOR.items()}
)
TOKEN = regex.compile(r"(?:[\p{L}\p{N}\p{M}]|[@$€£!|¡+*])+")
_REPEATS = re.compile(r"(.)\1+", re.DOTALL)
EDGES = "!|¡+*$£€@"


@dataclass(frozen=True)
class Listed:
    """A listed word or phrase as the list spells it, and how grave it is."""

    word: str
    grade: int


@dataclass(frozen=True)
class Hit:
    """A listed word found at the letters `start` to `end` of the folded text."""

    listed: Listed
    start: int
    end: int


Runs = tuple[tuple[str, int], ...]


class Entry:
    """A listed word or phrase, letter by letter: each may be repeated, or dressed up as a sign that passes for it.

    Each letter is a bit, so that a text is read once from its start to its end, however many ways there are to read it.
    """

    def __init__(self, words: list[str], listed: Listed) -> None:
        self.listed = listed
        self.letters = "".join(words)
        self.is_phrase = len(words) > 1
        self._spelled = any(letter.isalpha() for letter in self.letters)
        self._takes: dict[str, int] = {}
        self._repeats = self._ends = 0
        place = 1
        for word in words:
            spelled = any(letter.isalpha() for letter in word)
            for letter in word:
                for sign in _taken_for(letter) if spelled else letter:
                    self._takes[sign] = self._takes.get(sign, 0) | 1 << place
                self._repeats |= int(spelled) << place
                place += 1
            self._ends |= 1 << place - 1

    def fits(self, text: str) -> bool:
        """Whether the text says just this; a space in it stands where one is listed, and may be missing there."""
        return self.within(text, 0, 0)

    def within(self, text: str, early: int, late: int) -> bool:
        """The same, but it may begin up to `early` letters after the start and end up to `late` before the end."""
        if self._spelled and not any(letter.isalpha() for letter in text):
            return False  # a number is no word
        whole, reached, last = 1 << len(self.letters), 1, len(text) - 1
        for place, sign in enumerate(text):
            if sign == " ":
                reached &= self._ends
            else:
                reached = (reached << 1 | reached & self._repeats) & self._takes.get(sign, 0)
            if reached & whole and place >= last - late:
                return True
            reached |= int(place < early)
        return False


def _taken_for(letter: str) -> set[str]:
    """What may stand in a text for a letter of a listed word, or for a sign in it."""
    letters = {letter, *_PASSES_FOR.get(letter, "")}
    return letters | {sign for sign, stands_for in _PASSES_FOR.items() if letters & {*stands_for}}


class WordList:
    """Listed words by their sound: letters without their repeats; then letter by letter."""

    def __init__(self, lines: list[str]) -> None:
        self.by_key: dict[str, list[Entry]] = {}
        self.inside: dict[str, list[Entry]] = {}
        self.beginnings: set[str] = set()  # of every key, so that a search stops where no entry goes on
        self.innocent: dict[str, list[list[str]]] = {}
        for line in lines:
            self._read(line.split("#")[0].split())

    @classmethod
    def of(cls, phrases: Iterable[str]) -> WordList:
        """A list of a campaign's own words and phrases, each as grave as any, so that disguises are looked through."""
        made = cls([])
        for phrase in phrases:
            if words := plain_words(phrase):
                made._put(words, Listed(phrase, 2))
        return made

    def _read(self, parts: list[str]) -> None:
        if not parts:
            return
        if parts[0] == "=":
            self.innocent.setdefault(parts[1].rstrip("*")[:3], []).append(parts[1:])
            return
        grade, words = int(parts[0]), [part for part in parts[1:] if part not in "+~"]
        listed = Listed(" ".join(words), grade)
        self._put(words, listed, VERB_ENDINGS if "+" in parts else PLURALS)
        if "~" in parts:
            self._add(self.inside, words, listed)

    def _put(self, words: list[str], listed: Listed, endings: Iterable[str] = PLURALS) -> None:
        self._add(self.by_key, words, listed)
        if len(words) == 1:
            for ending in endings:
                self._add(self.by_key, [words[0] + ending], listed)

    def _add(self, where: dict[str, list[Entry]], words: list[str], listed: Listed) -> None:
        entry = Entry(words, listed)
        key = key_of(signs_of(entry.letters))
        where.setdefault(key, []).append(entry)
        self.beginnings.update(key[:length] for length in range(1, len(key) + 1))

    def named(self, text: str, key: str = "") -> Listed | None:
        """The gravest entry that this text spells; a phrase without its spaces only where it is long enough."""
        entries = self.by_key.get(key or key_of(signs_of(text)))
        return self._spelled(tuple(entries), text) if entries else None

    @staticmethod
    @lru_cache(maxsize=4096)  # who repeats a word, or a list that others share, is read once
    def _spelled(entries: tuple[Entry, ...], text: str) -> Listed | None:
        together = " " not in text
        return gravest(
            entry
            for entry in entries
            if not (together and entry.is_phrase and len(entry.letters) < SHORTEST_JOINED) and entry.fits(text)
        )

    def covered(self, plain: list[str]) -> set[int]:
        """The places, in a list of words, of those that belong to an innocent phrase."""
        found: set[int] = set()
        for start, first in enumerate(plain):
            for phrase in self.innocent.get(first[:3], []):
                part = plain[start : start + len(phrase)]
                if len(part) == len(phrase) and all(map(_fits, part, phrase)):
                    found.update(range(start, start + len(phrase)))
        return found


def _fits(word: str, wanted: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted


def gravest(entries: Iterable[Entry]) -> Listed | None:
    return max((entry.listed for entry in entries), key=lambda listed: listed.grade, default=None)


def signs_of(word: str) -> str:
    return word.translate(_STANDS_FOR)


def runs_of(signs: str) -> Runs:
    return tuple((sign, sum(1 for _ in group)) for sign, group in groupby(signs))


def key_of(signs: str) -> str:
    return _REPEATS.sub(r"\1", signs)


@cache
def word_list() -> WordList:
    """The lists as they lie beside this file."""
    lines: list[str] = []
    for name in LISTS:
        lines += (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return WordList(lines)


def plain_words(phrase: str) -> list[str]:
    """The words of a phrase as they are looked for: plain letters, without signs around them or stars between."""
    tokens = (match.group().strip(EDGES) for match in TOKEN.finditer(fold(phrase).text))
    return [word for token in tokens if (word := token.replace("*", ""))]
