"""The word lists, ours and the campaign's: what may need a masked reading, however it is dressed up."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext

from .base import ABUSE, Outcome, Quote, Subject, Verdict
from .folding import Folded
from .word_list import Hit, WordList
from .word_reading import hits_in, read

NAME = "words"
TITLE = lazy_gettext("Listed words")
RAISE, MASK, HOLD, ALLOW = "raise", "mask", "hold", "allow"  # what a campaign's word does; none of them declines
QUOTED_AT_MOST = 50
WORDS_TOLD = 10


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
