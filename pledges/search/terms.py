"""Words as they are searched for: one function of ours cuts and folds them, and both databases hold what it answers."""

from __future__ import annotations

from functools import lru_cache

import regex

from pledges.text import fold

LONGEST = 40  # code points of a token
BEGINS = 8  # code points of a question's word that count where more follow: SQLite keeps lists of beginnings up to here
BOUNDARY = "·"  # after each letter and its marks, so that the beginning of a word ends between two of them
# Scripts that put no space between words: they are found by every two letters that follow each other.
_UNSPACED = (
    r"[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}"
    r"\p{Script=Myanmar}ー]"
)
_RUN = regex.compile(rf"(?P<unspaced>(?:{_UNSPACED}\p{{M}}*+)++)|(?:(?!{_UNSPACED}).)++")
_LETTER = regex.compile(r".\p{M}*+")
_MARKS_DIFFER = regex.compile(  # letters of scripts in which a mark makes another word
    r"(?![\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}"
    r"\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])(\p{L}\p{M}*+)"
)


def terms_of(said: str) -> list[list[str]]:
    """Each word of a text as the tokens that stand for it, one after the other.

    A word is one token; a run of letters without spaces is one for each two of them, and its last letter alone.
    """
    return [term for word in fold(said).split() for term in _terms_in(word)]


def tokens_of(*said: str) -> list[str]:
    """What is kept of texts, one after the other, in their order."""
    return [token for text in said for token in _tokens_of(text)]


@lru_cache(maxsize=128)  # the same words go into each index
def _tokens_of(said: str) -> tuple[str, ...]:
    return tuple(token for term in terms_of(said) for word in term for token in (word, *beginnings_of(word)))


def beginnings_of(token: str) -> list[str]:
    """How a long word of letters with marks begins, each a token of its own: databases look up beginnings no longer than that."""
    if BOUNDARY not in token:
        return []
    ends = (at + 1 for at in range(BEGINS, len(token) - 1) if token[at] == BOUNDARY)
    return [token[:end] for end in ends]


def asked_for(said: str) -> list[tuple[list[str], bool]]:
    """Each word of a question: the tokens that have to follow each other, and whether the last may be a beginning.

    A long word is asked for by how it begins, so that "colleagues" finds "colleague" and "opportunity" finds
    "opportunities": the two are told apart by nothing that both databases could look up as fast.
    """
    return [(term[:-1], False) if len(term) > 1 else _beginning(term[0]) for term in terms_of(said)]


def _beginning(token: str) -> tuple[list[str], bool]:
    """As much of a long word as counts. Where marks make words, so few code points are no word yet: those stay whole, and
    are looked up among the beginnings that are kept."""
    if BOUNDARY in token:
        return [token], len(token) <= BEGINS
    return [token[:BEGINS]], True


@lru_cache(maxsize=4096)
def _terms_in(word: str) -> tuple[list[str], ...]:
    if word.isascii():  # no sign in it stands alone, and none carries a mark
        return ([word[:LONGEST]],)
    return tuple(_tokens(run) for run in _RUN.finditer(word))


def _tokens(run: regex.Match[str]) -> list[str]:
    if run["unspaced"] is None:
        return [_MARKS_DIFFER.sub(rf"\1{BOUNDARY}", run[0])[:LONGEST]]
    letters = [_MARKS_DIFFER.sub(rf"\1{BOUNDARY}", letter) for letter in _LETTER.findall(run[0])]
    return [first + second for first, second in zip(letters, [*letters[1:], ""], strict=True)]
