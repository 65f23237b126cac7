"""Words at the border: one normal form, one way of counting, and what of a name may be shown."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache

from . import signs

_COMMAS = re.compile("[,;\u060c\u061b\u3001\uff0c\uff1b]")
_IN_NAMES = "-\u2010\u2011'\u2019\u02bc\u00b7"  # Jean-Luc, D’Arcy
_TITLES, _BETWEEN, _DEGREES, _PARTICLES = (
    frozenset(words.split())
    for words in (
        "mr mrs ms miss mx dr doctor prof professor rev revd reverend fr sir dame lord lady cllr councillor hon rt "
        "parch parchedig cyng cynghorydd athro syr",
        "and ac a the y yr",  # Mr and Mrs Smith, Y Parch. Smith
        "phd dphil mphil ba bsc bed llb ma msc med llm mba md mb bchb pgce qts dip frcs frcp frsa mbe obe cbe kbe dbe "
        "kc qc jp mp ms msp mla rn esq jr jnr sr snr ii iii iv",
        "von van de der den du da del della di dos la le al el bin ibn ben ap ab ferch st",
    )
)
_ADDITIONS = frozenset(
    ["the", "y", "yr", "ltd", "limited", "cyf", "plc", "llp", "cic", "cio", "trust", "charity"]
)  # of organisations' names
LONGEST_NAME = 120  # code points that are looked at; a form takes no more
LONGEST_NUMBER = 18  # digits: a large number of either database
_PLAIN_LETTERS = str.maketrans(  # letters with a stroke, or of two in one, which no normal form takes apart
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ŋ": "ng",
     "ɓ": "b", "ɗ": "d", "ɖ": "d", "ƙ": "k", "ɔ": "o", "ɛ": "e", "ə": "e", "ƒ": "f", "ŀ": "l", "\u0640": None}
)  # fmt: skip
_LINE_ENDS = re.compile("\r\n|\r|\u2028|\u2029|\x85|\x0b|\x0c")
_MANY_LINES = re.compile(r"\n{3,}")


def number(text: str) -> int | None:
    """The whole number that is written here in plain digits; none where it is none, or longer than any that we count."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None


def moment(text: str) -> datetime | None:
    """The moment that is written here, in UTC; none where it is none, has no zone, or lies before the first year."""
    try:
        written = datetime.fromisoformat(text)
        return written.astimezone(UTC) if written.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def clean(raw: str, *, lines: bool = False) -> str:
    """`raw` in NFC, trimmed, and of signs that may stand alone; a line with nothing to see is empty. One line unless `lines`."""
    text = signs.readable(_LINE_ENDS.sub("\n", raw))
    return _trimmed(text) if lines else " ".join(text.split())


def cleaned_name(raw: str) -> str:
    """`raw` on one line, with a blank for each sign that is taken out, so that what it kept apart stays apart."""
    return " ".join(signs.readable(_LINE_ENDS.sub("\n", raw), instead=" ").split())


def _trimmed(text: str) -> str:
    """Without blanks around it or at the ends of its lines, and at most one empty line at a time."""
    return _MANY_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip()


def length(text: str) -> int:
    """How long a cleaned text is, as people are told: code points of what is seen. static/form.js counts alike."""
    return len(signs.without_unseen(text))


def first_name(name: str) -> str:
    """The one word of a name that may stand where the rest may not; nothing where no word is surely the first name.

    Titles and degrees are no names, and after a title alone stands a surname. One word before a comma is the surname
    where one or two follow it; more words are a name in its usual order, and what follows the comma is not of it. Some
    stay ambiguous: "Jane, Smith" is read as a surname and a first name, "Garcia Lopez, Maria" as a name and a place.
    """
    parts = [_words_of_a_name(part) for part in _COMMAS.split(name[:LONGEST_NAME])]
    bare = [named for part in parts if (named := _without_titles(part))]
    if not bare:
        return ""
    first, rest = bare[0], bare[1:]
    titled = _is_titled(parts[0])
    if titled and len(first) == 1:
        return ""
    if len(parts) > 1 and len([word for word in first if _plainly(word) not in _PARTICLES]) == 1:
        given = rest[0] if rest else []
        return given[0] if 1 <= len(given) <= 2 else ""
    return first[0]


def _words_of_a_name(part: str) -> list[str]:
    """Whatever is no letter parts words, but for hyphens and apostrophes."""
    words = "".join(letter if _of_a_name(letter) else " " for letter in part).split()
    return [word for word in words if any(letter.isalpha() for letter in word)]


def _is_titled(words: list[str]) -> bool:
    return any(_plainly(word) in _TITLES for word in words)


def _without_titles(words: list[str]) -> list[str]:
    """The names of a part, without titles before and degrees after them; nothing where it holds nothing else."""
    while words and (_plainly(words[0]) in _TITLES or (_plainly(words[0]) in _BETWEEN and _is_titled(words))):
        words = words[1:]
    while words and _plainly(words[-1]) in _DEGREES and (len(words) > 1 or words[-1].isupper() or words[-1] == "PhD"):
        words = words[:-1]
    return words


def _plainly(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalpha())


def _of_a_name(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMN" or letter in _IN_NAMES


def identity(name: str) -> str:
    """The same for names that differ in compatibility forms, case and white space alone: nothing else makes two names one."""
    seen = signs.normal("NFKC", signs.without_unseen(name)).casefold()
    return " ".join(signs.normal("NFKC", seen).split())


@lru_cache(maxsize=128)  # the same words are folded for each index, and to find copies
def fold(text: str) -> str:
    """`text` for finding what is alike: no case, no punctuation, single spaces, and of marks those that words differ by."""
    plain = signs.normal("NFKD", signs.normal("NFKC", signs.without_unseen(text)).casefold())
    bare = signs.normal("NFC", signs.without_ornaments(plain)).translate(_PLAIN_LETTERS)
    return " ".join(signs.WORD.findall(bare))


def likeness(name: str) -> str:
    """The same for names that look or sound alike: letters and digits alone, without any marks and usual additions."""
    bare = signs.normal("NFKD", fold(name))
    words = [word for word in signs.without_marks(bare).split() if word not in _ADDITIONS]
    return "".join(words)


def says_something(text: str, *, signs: bool = False) -> bool:
    """Whether a reader sees a letter or a digit; with `signs`, an emoji is enough."""
    return fold(text) != "" or (signs and any(unicodedata.category(letter) == "So" for letter in text))


OPENING = 60  # what a link's name carries of the words that it leads to


def opening(words: str) -> str:
    """The first words, on one line, as the name of a link to them."""
    head, shortened = cut(" ".join(words.split()), OPENING)
    return f"{head} …" if shortened else head


def cut(text: str, most: int) -> tuple[str, bool]:
    """`text` and False, or its first words within `most` code points and True."""
    if len(text) <= most:
        return text, False
    head = text[: most + 1]
    at = head.rfind(" ")
    return (head[:at] if at > most // 2 else head[:most]).rstrip(" ,;:.-–—"), True
