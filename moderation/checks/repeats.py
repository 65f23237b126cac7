"""Have we read this before?"""

from __future__ import annotations

from functools import lru_cache

from flask_babel import lazy_gettext
from rapidfuzz import fuzz, process

from pledges import signs

from .base import SPAM, Outcome, Subject, Verdict
from .folding import fold

NAME = "repeats"
TITLE = lazy_gettext("Similar words")
SIMILAR = 90.0  # of 100 by edit distance: a changed name or number in a sentence stays above, another promise below
SHORTEST_COMPARED = 20  # letters; short promises are alike by nature, so of these only equal ones are told
SEVERAL = 3  # so many earlier copies, and it looks like a campaign of copies
TOLD = 10  # public ids named in the detail


def check(subject: Subject) -> Outcome:
    """Names the earlier words that are equal or nearly so; several copies go to the spam lane."""
    mine = normalised(subject.words)
    if not mine or not subject.earlier:
        return Outcome(NAME, Verdict.CLEAR)
    theirs = {place: normalised(earlier.words) for place, earlier in enumerate(subject.earlier)}
    equal = [place for place, words in theirs.items() if words == mine]
    long_enough = len(mine) >= SHORTEST_COMPARED
    similar = _similar(mine, theirs, set(equal)) if long_enough else []
    if not equal and not similar:
        return Outcome(NAME, Verdict.CLEAR)
    detail = {
        "equal": [subject.earlier[place].public_id for place in equal[:TOLD]],
        "similar": [subject.earlier[place].public_id for place in similar[:TOLD]],
        "copies": len(equal) + len(similar),
    }
    if long_enough and len(equal) + len(similar) >= SEVERAL:
        return Outcome(NAME, Verdict.LOOK, SPAM, detail=detail)
    return Outcome(NAME, Verdict.NOTICE, detail=detail)


@lru_cache(maxsize=1024)  # each text is compared with the same few hundred earlier ones
def normalised(words: str) -> str:
    """Letters and digits only, one space between words, so that punctuation and disguise make no difference."""
    return " ".join(signs.WORD.findall(fold(words).text))


def _similar(mine: str, theirs: dict[int, str], equal: set[int]) -> list[int]:
    others = {place: words for place, words in theirs.items() if place not in equal}
    found = process.extract(mine, others, scorer=fuzz.ratio, score_cutoff=SIMILAR, limit=None)
    return [place for _words, _score, place in found]
