"""Is a comment signed like somebody else: like whoever made the promise, or like an organisation that has proved its name?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from flask_babel import lazy_gettext

from pledges import signs

from .base import Outcome, Quote, Subject, Verdict
from .folding import fold
from .word_list import key_of, signs_of

NAME = "signed"
TITLE = lazy_gettext("Signature")
MOST_WORDS = 24  # of a signature; "U N I S O N" is six
SHORTEST_WITHIN = 4  # letters of a name that is looked for within another
LONGEST_LINE = 120  # code points of a line that may be a signature
_DASHED = re.compile(r"^\W+|(?:^|\s)[-–—~]+\s*")


def check(subject: Subject) -> Outcome:
    """Named like somebody who has not written it; whoever wrote from the private page of the promise has."""
    if subject.kind != "comment" or subject.by_author:
        return Outcome(NAME, Verdict.CLEAR)
    found: dict[str, Quote] = {}  # one of a field: a line may be cut in several places
    for field, start, said in _signatures(subject):
        read = Signature.of(said)
        signers = (rule for rule, name in subject.signers if read.is_like(name, first_name=rule == "author"))
        rule = next(signers, "")
        if rule:
            found[field] = Quote(field, start, start + len(said), f"signed_like_{rule}")
    if not found:
        return Outcome(NAME, Verdict.CLEAR)
    return Outcome(
        NAME, Verdict.LOOK, None, tuple(found.values()), {"rules": sorted({quote.rule for quote in found.values()})}
    )


def _signatures(subject: Subject) -> Iterable[tuple[str, int, str]]:
    """Field, place and text of what may be read as who wrote it: the name, and the last line of the words."""
    yield from ((field, 0, said) for field in ("name", "first_name") if (said := getattr(subject, field)))
    lines = subject.words.rstrip().split("\n")
    last, start = lines[-1], len(subject.words.rstrip()) - len(lines[-1])
    cuts = ([0] if len(lines) > 1 else []) + [match.end() for match in _DASHED.finditer(last)]
    for cut in cuts:
        if 0 < len(last) - cut <= LONGEST_LINE:
            yield "words", start + cut, last[cut:]


@dataclass(frozen=True)
class Signature:
    """How a signature reads: its words, and every run of them without the spaces."""

    words: list[str]
    whole: str
    runs: frozenset[str]

    @classmethod
    def of(cls, said: str) -> Signature:
        words = keys_of(said)[:MOST_WORDS]
        places = range(len(words))
        runs = (_joined(words[first : last + 1]) for first in places for last in places[first:])
        return cls(words, _joined(words), frozenset(run for run in runs if len(run) >= SHORTEST_WITHIN))

    def is_like(self, name: str, *, first_name: bool) -> bool:
        """Whether it reads as this name, however it is written; or holds it, where the name is more than a first name."""
        theirs = keys_of(name)
        wanted = _joined(theirs)
        if not self.words or not wanted:
            return False
        if self.whole == wanted or sorted(self.words) == sorted(theirs):
            return True
        if first_name and len(theirs) == 1:
            return self.words[0] == wanted and all(len(word) == 1 for word in self.words[1:])  # "Amina Y."
        return wanted in self.runs


@lru_cache(maxsize=16_384)
def keys_of(name: str) -> list[str]:
    """The words of a name as they look: plain letters, what passes for one taken as that one, and none twice in a row."""
    words = signs.WORD.findall(signs_of(fold(name).text))
    return [key for word in words if (key := key_of(word))]


def _joined(keys: list[str]) -> str:
    return key_of("".join(keys))
