"""Which words are nearly the same: seen through spacing, leet, look-alikes, emoji and a changed name or ending."""

from __future__ import annotations

import hashlib
import hmac
import random
import re
from collections.abc import Iterable
from functools import lru_cache

import regex
from rapidfuzz import fuzz

from moderation.checks.folding import fold
from pledges import signs

SHORTEST = 20  # letters; short promises are alike by nature and are never gathered, as in checks/repeats
NEAR = 80.0  # of 100 by edit distance without spaces: two changed names in a sentence stay above, another promise below
COMPARED_LETTERS = 1000  # the longest text that is compared whole
GRAM = 4  # letters
BANDS, ROWS = 16, 3  # at 60 in 100 common letters-in-a-row they meet with 98 in 100; what is met is then compared
_PRIME = (1 << 61) - 1

_STANDS_FOR = str.maketrans("013456789@$€£!|¡", "oieasgtbgaseiiii")  # as in checks/words
_WORD = regex.compile(r"(?:[\p{L}\p{N}\p{M}]|[@$€£!|¡])+")
_REPEATS = re.compile(r"(.)\1+")
_EDGES = "!|¡$£€@"


def skeleton(words: str) -> str:
    """The letters and digits that are left without spaces, signs, disguise and doubled letters."""
    parts = []
    for match in _WORD.finditer(fold(words).text):
        word = match.group().strip(_EDGES)
        if any(letter.isalpha() for letter in word):
            word = word.translate(_STANDS_FOR)  # a number stays itself: six trees are not nine
        parts.append("".join(letter for letter in word if signs.is_of_a_word(letter)))
    bare = "".join(parts)
    return bare if bare.isdigit() else _REPEATS.sub(lambda found: found[0] if found[1].isdigit() else found[1], bare)


def keyed(key: bytes, text: str) -> str:
    """A keyed hash: the same for the same text, and it tells nothing of it to who lacks the key."""
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def exact(key: bytes, words: str) -> str:
    """The same for words that differ in disguise alone."""
    return keyed(key, skeleton(words))


def near(mine: str, theirs: str) -> bool:
    """Whether two skeletons are nearly the same."""
    if min(len(mine), len(theirs)) < SHORTEST:
        return False
    cutoff = NEAR
    return fuzz.ratio(mine[:COMPARED_LETTERS], theirs[:COMPARED_LETTERS], score_cutoff=cutoff) >= cutoff


def bands(key: bytes, bare: str) -> list[int]:
    """Numbers of which near-identical skeletons share some (MinHash, in bands); keyed, so they tell no words."""
    grams = {bare[at : at + GRAM] for at in range(max(1, min(len(bare), COMPARED_LETTERS) - GRAM + 1))}
    hashed = [int.from_bytes(hashlib.blake2b(gram.encode(), digest_size=7, key=key[:64]).digest()) for gram in grams]
    least = [min((a * value + b) % _PRIME for value in hashed) for a, b in _functions(key)]
    return [_band(key, place, least[place * ROWS : (place + 1) * ROWS]) for place in range(BANDS)]


@lru_cache(maxsize=64)  # a wall has few campaigns
def _functions(key: bytes) -> tuple[tuple[int, int], ...]:
    chance = random.Random(key)
    return tuple((chance.randrange(1, _PRIME), chance.randrange(_PRIME)) for _ in range(BANDS * ROWS))


def _band(key: bytes, place: int, least: Iterable[int]) -> int:
    said = f"{place}:{','.join(map(str, least))}".encode()
    return int.from_bytes(hashlib.blake2b(said, digest_size=8, key=key[:64]).digest(), signed=True)
