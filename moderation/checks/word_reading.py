"""Listed words are found in a text: plain, joined, cut in two, spaced out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import regex

from .folding import Folded, fold
from .word_list import (
    EDGES,
    EITHER,
    LONGEST_PHRASE,
    LONGEST_WORD,
    SHORTEST_JOINED,
    TOKEN,
    Entry,
    Hit,
    Listed,
    Runs,
    WordList,
    gravest,
    key_of,
    runs_of,
    signs_of,
    word_list,
)

SHORTEST_INSIDE = 4
NEAR = 3  # signs between the letters of one word that is spread out
FAR = 6  # between letters that stand alone
_PARTED = re.compile(r"[^\W_]([!|¡+*$£€@])[^\W_](?:\1[^\W_])+")
_I_OR_L = re.compile(r"(?<=[a-z])I+|(?<=[A-Z])l+(?=[A-Z])")


class Token(NamedTuple):
    """A stretch of letters, digits and signs that pass for letters."""

    text: str
    start: int
    end: int
    plain: str  # at most `LONGEST_WORD` of it, without the marks at the end and the stars in it
    key: str


def _token(match: regex.Match[str]) -> Token:
    plain, key = _plain_and_key(match.group()[:LONGEST_WORD])
    return Token(match.group(), match.start(), match.end(), plain, key)


@lru_cache(maxsize=64)  # each text is looked through for our words and for the campaign's
def _tokens_in(text: str) -> list[Token]:
    return [_token(match) for match in TOKEN.finditer(text)]


@lru_cache(maxsize=64)
def _rows_of_single(text: str) -> list[list[Token]]:
    """The rows of letters that stand alone."""
    singles = [single for token in _tokens_in(text) for single in _taken_apart(_trimmed(token))]
    return list(_chains(singles, lambda before, after: len(before.text) == len(after.text) == 1, near=FAR))


@lru_cache(maxsize=64)
def _unspaced(text: str) -> list[list[Token]]:
    """The rows of tokens with no space between them."""
    return list(_chains(_tokens_in(text), lambda before, after: " " not in text[before.end : after.start]))


@lru_cache(maxsize=4096)
def _plain_and_key(said: str) -> tuple[str, str]:
    plain = said.rstrip(EDGES).replace("*", "")
    return plain, key_of(signs_of(plain))


def read(text: str) -> Folded:
    """`text` folded for looking for words: capitals are small, but for an I or l that may be either (`EITHER`)."""
    cased = fold(text, keep_case=True)
    either = _I_OR_L.sub(lambda match: EITHER * len(match.group()), cased.text)
    return Folded("".join(small if len(small := letter.lower()) == 1 else letter for letter in either), cased.origin)


def hits_in(folded: Folded, wanted: WordList | None = None) -> list[Hit]:
    """Listed words in a folded text, each letter counted for one hit only, the gravest and longest first."""
    wanted = wanted or word_list()
    tokens = _tokens_in(folded.text)
    innocent = wanted.covered([token.text.strip(EDGES) for token in tokens])
    found: list[Hit] = []
    for place in range(len(tokens)):
        if place not in innocent:
            found += _at(wanted, tokens, place, innocent)
    found += _spaced_out(wanted, folded)
    return _without_overlaps(found)


def _at(wanted: WordList, tokens: list[Token], place: int, innocent: set[int]) -> Iterator[Hit]:
    token = tokens[place]
    for text, start in _without_edges(token):
        if 1 < len(text) <= LONGEST_WORD * 4:
            yield from _in_word(wanted, text, start)
    yield from _phrases(wanted, tokens, place, innocent)


def _in_word(wanted: WordList, text: str, start: int) -> Iterator[Hit]:
    plain = text.replace("*", "")
    if listed := wanted.named(plain):
        yield Hit(listed, start, start + len(text))
    elif SHORTEST_INSIDE <= len(text) <= LONGEST_WORD:
        yield from _inside(wanted, text, start)


def _without_edges(token: Token) -> list[tuple[str, int]]:
    """The token as it stands, and without the signs at its end, at its start, that may be mere punctuation."""
    if token.text.isalnum():
        return [(token.text, token.start)]
    right = token.text.rstrip(EDGES)
    both = right.lstrip(EDGES)
    ways = {token.text: token.start, right: token.start, both: token.start + len(right) - len(both)}
    return [(text, start) for text, start in ways.items() if text]


def _inside(wanted: WordList, text: str, start: int) -> Iterator[Hit]:
    signs = signs_of(text)
    runs, key = runs_of(signs), key_of(signs)
    places = [0, *accumulate(length for _, length in runs)]
    for inner, entries in wanted.inside.items():
        at = key.find(inner)
        while at >= 0:
            end = at + len(inner)
            if listed := _spelled(entries, text[places[at] : places[end]], runs[at:end]):
                yield Hit(listed, start + places[at], start + places[end])
                break
            at = key.find(inner, at + 1)


def _spelled(entries: Iterable[Entry], text: str, runs: Runs) -> Listed | None:
    """The gravest entry that these runs of signs spell, of which the first and the last may hold other letters too."""
    early, late = runs[0][1] - 1, runs[-1][1] - 1
    return gravest(entry for entry in entries if entry.within(text, early, late))


def _phrases(wanted: WordList, tokens: list[Token], place: int, innocent: set[int]) -> Iterator[Hit]:
    """Listed phrases that begin here, be it that spaces are missing, and one listed word cut in two by a space."""
    following = place + 1
    first = tokens[place]
    if following == len(tokens) or following in innocent or first.key not in wanted.beginnings:
        return
    if cut := _cut_in_two(wanted, first, tokens[following]):
        yield Hit(cut, first.start, tokens[following].end)
    key, said = first.key, first.plain
    for last in range(following, min(place + LONGEST_PHRASE, len(tokens))):
        key, said = _glue(key, tokens[last].key), f"{said} {tokens[last].plain}"
        if last in innocent or key not in wanted.beginnings:
            return
        if tokens[last].plain and key in wanted.by_key and (listed := wanted.named(said, key)):
            yield Hit(listed, first.start, tokens[last].end)


def _cut_in_two(wanted: WordList, first: Token, second: Token) -> Listed | None:
    text = first.plain + second.plain
    return gravest(
        entry
        for entry in wanted.by_key.get(_glue(first.key, second.key), ())
        if not entry.is_phrase
        and entry.listed.grade == 2
        and len(entry.listed.word) >= SHORTEST_JOINED
        and entry.fits(text)
    )


def _glue(key: str, more: str) -> str:
    """The key of two stretches written as one."""
    return key + more[1:] if key and key[-1:] == more[:1] else key + more


def _spaced_out(wanted: WordList, folded: Folded) -> Iterator[Hit]:
    """Words written letter by letter ("f u c k"), or cut by points and dashes without a space ("fu-ck")."""
    for letters in _rows_of_single(folded.text):
        yield from _within(wanted, letters)
        between = {letter.text for letter in letters[1::2]}
        if len(between) == 1 and between <= set(EDGES):  # "s | c | u | m": the signs part, and spell nothing
            yield from _within(wanted, letters[::2])
    for parts in _unspaced(folded.text):
        yield from _glued(wanted, parts)
        if len(parts[0].text) > 1 or len(parts[-1].text) > 1:  # signs at the ends may be mere punctuation
            yield from _glued(wanted, [_trimmed(part) if part in (parts[0], parts[-1]) else part for part in parts])


def _glued(wanted: WordList, parts: list[Token]) -> Iterator[Hit]:
    """The listed word that these parts make together."""
    text = "".join(part.text for part in parts)
    if len(text) <= LONGEST_WORD and any(letter.isalpha() for letter in text) and (listed := wanted.named(text)):
        yield Hit(listed, parts[0].start, parts[-1].end)


def _taken_apart(token: Token) -> list[Token]:
    """The letters of "s+c+u+m", which a sign between all of them parts; else the token itself."""
    if not _PARTED.fullmatch(token.text):
        return [token]
    return [
        token._replace(text=letter, start=token.start + n, end=token.start + n + 1)
        for n, letter in enumerate(token.text)
    ]


def _trimmed(token: Token) -> Token:
    """The token without signs at its ends that may be mere punctuation, unless it is nothing else."""
    core = token.text.strip(EDGES)
    if not core or core == token.text:
        return token
    start = token.start + token.text.index(core)
    return token._replace(text=core, start=start, end=start + len(core))


def _chains(tokens: list[Token], linked: Callable[[Token, Token], bool], near: int = NEAR) -> Iterator[list[Token]]:
    """Neighbours of which each is linked to the next and near it, two at least."""
    chain: list[Token] = []
    for token in tokens:
        if chain and token.start - chain[-1].end <= near and linked(chain[-1], token):
            chain.append(token)
            continue
        if len(chain) > 1:
            yield chain
        chain = [token]
    if len(chain) > 1:
        yield chain


def _within(wanted: WordList, letters: list[Token]) -> Iterator[Hit]:
    """Listed words of three letters or more among single letters; the short ones only if they are all there is."""
    text = "".join(letter.text for letter in letters)
    if not any(letter.isalpha() for letter in text):
        return
    runs = runs_of(signs_of(text))
    places = [0, *accumulate(length for _, length in runs)]
    for first in range(len(runs)):
        key = ""
        for last in range(first, len(runs)):
            key += runs[last][0]
            if key not in wanted.beginnings:
                break
            entries = [
                entry
                for entry in wanted.by_key.get(key, ())
                if len(entry.letters) > 3 or len(entry.letters) == len(letters)
            ]
            listed = _spelled(entries, text[places[first] : places[last + 1]], runs[first : last + 1])
            if listed:
                yield Hit(listed, letters[places[first]].start, letters[places[last + 1] - 1].end)


def _without_overlaps(found: list[Hit]) -> list[Hit]:
    kept: list[Hit] = []
    for hit in sorted(found, key=lambda hit: (hit.start, -hit.listed.grade, -hit.end)):
        if kept and hit.start < kept[-1].end:
            if hit.listed.grade > kept[-1].listed.grade:
                kept[-1] = hit
            continue
        kept.append(hit)
    return kept
