"""The word lists, ours and the campaign's: what may need a masked reading, however it is dressed up.

Both lists are read for every text, since a writer need not keep to the language that was chosen. A hit raises
priority and may mask; it never rejects, and it is never blatant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any, NamedTuple

import regex
from flask_babel import lazy_gettext

from moderation.checks.base import ABUSE, Outcome, Quote, Subject, Verdict
from moderation.checks.folding import Folded, fold

NAME = "words"
TITLE = lazy_gettext("Listed words")
RAISE, MASK, HOLD, ALLOW = "raise", "mask", "hold", "allow"  # what a campaign's word does; none of them declines
LISTS = ("words_en.txt", "words_cy.txt")
QUOTED_AT_MOST = 50
WORDS_TOLD = 10
LONGEST_PHRASE = 8  # words
LONGEST_WORD = 60  # letters; no listed word comes near, so the rest of a longer one is not looked at from each start
SHORTEST_JOINED = 5  # letters of a listed word found across a space: "nig ger" yes, "as s" no
SHORTEST_INSIDE = 4
NEAR = 3  # signs between the letters of one word that is spread out
FAR = 6  # between letters that stand alone
_PARTED = re.compile(r"[^\W_]([!|¡+*$£€@])[^\W_](?:\1[^\W_])+")
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
_TOKEN = regex.compile(r"(?:[\p{L}\p{N}\p{M}]|[@$€£!|¡+*])+")
_REPEATS = re.compile(r"(.)\1+", re.DOTALL)
_EDGES = "!|¡+*$£€@"
_I_OR_L = re.compile(r"(?<=[a-z])I+|(?<=[A-Z])l+(?=[A-Z])")


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
        key = _key(_signs(entry.letters))
        where.setdefault(key, []).append(entry)
        self.beginnings.update(key[:length] for length in range(1, len(key) + 1))

    def named(self, text: str, key: str = "") -> Listed | None:
        """The gravest entry that this text spells; a phrase without its spaces only where it is long enough."""
        entries = self.by_key.get(key or _key(_signs(text)))
        return self._spelled(tuple(entries), text) if entries else None

    @staticmethod
    @lru_cache(maxsize=4096)  # who repeats a word, or a list that others share, is read once
    def _spelled(entries: tuple[Entry, ...], text: str) -> Listed | None:
        together = " " not in text
        return _gravest(
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


def _gravest(entries: Iterable[Entry]) -> Listed | None:
    return max((entry.listed for entry in entries), key=lambda listed: listed.grade, default=None)


def _signs(word: str) -> str:
    return word.translate(_STANDS_FOR)


def _runs(signs: str) -> Runs:
    return tuple((sign, sum(1 for _ in group)) for sign, group in groupby(signs))


def _key(signs: str) -> str:
    return _REPEATS.sub(r"\1", signs)


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
    return [_token(match) for match in _TOKEN.finditer(text)]


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
    plain = said.rstrip(_EDGES).replace("*", "")
    return plain, _key(_signs(plain))


@cache
def word_list() -> WordList:
    """The lists as they lie beside this file."""
    lines: list[str] = []
    for name in LISTS:
        lines += (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return WordList(lines)


def check(subject: Subject) -> Outcome:
    """Grade 2 asks for a masked look in the abuse lane, grade 1 for a notice; a campaign's words do what it says."""
    quotes: list[Quote] = []
    words: dict[str, int] = {}
    listed: dict[str, str] = {}
    effects = dict(subject.listed)
    own = campaign_list(tuple(sorted({phrase for phrase, _effect in subject.listed})))
    for name, text in subject.texts().items():
        folded = read(text)
        own_hits = hits_in(folded, own) if effects else []
        allowed = [hit for hit in own_hits if effects[hit.listed.word] == ALLOW]
        for hit in hits_in(folded):
            if any(hit.start < other.end and other.start < hit.end for other in allowed):
                continue
            quotes.append(_quote(name, folded, hit, f"word_{hit.listed.grade}"))
            words[hit.listed.word] = max(hit.listed.grade, words.get(hit.listed.word, 0))
        for hit in own_hits:
            if (effect := effects[hit.listed.word]) != ALLOW:
                quotes.append(_quote(name, folded, hit, f"listed_{effect}"))
                listed[hit.listed.word] = effect
    return _outcome(words, listed, quotes)


def _quote(name: str, folded: Folded, hit: Hit, rule: str) -> Quote:
    return Quote(name, *folded.span(hit.start, hit.end), rule)


def _outcome(words: dict[str, int], listed: dict[str, str], quotes: list[Quote]) -> Outcome:
    if not words and not listed:
        return Outcome(NAME, Verdict.CLEAR)
    grade = max(words.values(), default=0)
    detail: dict[str, Any] = {"grade": grade}
    detail["words"] = sorted(words, key=lambda word: -words[word])[:WORDS_TOLD]
    if listed:
        detail["listed"] = sorted(listed.items())[:WORDS_TOLD]
    kept = tuple(sorted(quotes, key=lambda quote: quote.rule, reverse=True)[:QUOTED_AT_MOST])
    done = set(listed.values())
    apart = grade == 2 or HOLD in done
    if apart or MASK in done:
        return Outcome(NAME, Verdict.LOOK, ABUSE if apart else None, kept, detail, mask=True)
    return Outcome(NAME, Verdict.LOOK if listed else Verdict.NOTICE, None, kept, detail)


@lru_cache(maxsize=64)
def campaign_list(phrases: tuple[str, ...]) -> WordList:
    """The campaign's list; told apart by its content, so that a changed list is a new one in every process."""
    return WordList.of(phrases)


def plain_words(phrase: str) -> list[str]:
    """The words of a phrase as they are looked for: plain letters, without signs around them or stars between."""
    tokens = (match.group().strip(_EDGES) for match in _TOKEN.finditer(fold(phrase).text))
    return [word for token in tokens if (word := token.replace("*", ""))]


def read(text: str) -> Folded:
    """`text` folded for looking for words: capitals are small, but for an I or l that may be either (`EITHER`)."""
    cased = fold(text, keep_case=True)
    either = _I_OR_L.sub(lambda match: EITHER * len(match.group()), cased.text)
    return Folded("".join(small if len(small := letter.lower()) == 1 else letter for letter in either), cased.origin)


def hits_in(folded: Folded, wanted: WordList | None = None) -> list[Hit]:
    """Listed words in a folded text, each letter counted for one hit only, the gravest and longest first."""
    wanted = wanted or word_list()
    tokens = _tokens_in(folded.text)
    innocent = wanted.covered([token.text.strip(_EDGES) for token in tokens])
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
    right = token.text.rstrip(_EDGES)
    both = right.lstrip(_EDGES)
    ways = {token.text: token.start, right: token.start, both: token.start + len(right) - len(both)}
    return [(text, start) for text, start in ways.items() if text]


def _inside(wanted: WordList, text: str, start: int) -> Iterator[Hit]:
    signs = _signs(text)
    runs, key = _runs(signs), _key(signs)
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
    return _gravest(entry for entry in entries if entry.within(text, early, late))


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
    return _gravest(
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
        if len(between) == 1 and between <= set(_EDGES):  # "s | c | u | m": the signs part, and spell nothing
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
    core = token.text.strip(_EDGES)
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
    runs = _runs(_signs(text))
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
