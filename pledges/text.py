"""Words at the border: one normal form, and nothing in them that a reader cannot see or a machine chokes on."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

# Direction marks that can swallow what follows; the plain marks LRM, RLM and ALM stay, since right-to-left
# writing needs them. Sources: Unicode TR36; trust.md, fact 8.
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
# The four at the end are fillers, letters by name. The joiners U+200C and U+200D stay: Persian and emoji are written with them.
_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x180E, 0x200B, *range(0x2060, 0x2065), 0xFEFF, 0xFFFC, 0x115F, 0x1160, 0x3164, 0xFFA0]
)
_BLANKS = dict.fromkeys([*_BIDI, *_INVISIBLE], " ")
_COMMAS = re.compile("[,;\u060c\u061b\u3001\uff0c\uff1b]")
_IN_NAMES = "-\u2010\u2011'\u2019\u02bc\u00b7"  # Jean-Luc, D’Arcy
_TAGS = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f)|[\U000e0000-\U000e007f]")  # but in flags
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
LONGEST_NUMBER = 18  # digits: a large number of either database
_KEPT_CONTROLS = "\n"
_LINE_ENDS = re.compile("\r\n|\r|\u2028|\u2029|\x85|\x0b|\x0c")
_MANY_LINES = re.compile(r"\n{3,}")
_MANY_MARKS = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{4})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)


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
    """`raw` in NFC, trimmed, without control characters, lone surrogates, noncharacters and direction overrides.

    One line unless `lines`. More than four marks on one letter are cut to four, so that words stay on their line.
    """
    text = _LINE_ENDS.sub("\n", raw).replace("\t", " ").replace("\u2800", " ")
    text = "".join(letter for letter in text if letter in _KEPT_CONTROLS or not _unfit(letter))
    text = _TAGS.sub(r"\1", text)
    text = unicodedata.normalize("NFC", text.translate(_BIDI).translate(_INVISIBLE))
    text = _MANY_MARKS.sub(r"\1", text)
    if lines:
        text = _MANY_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n")))
    else:
        text = " ".join(text.split())
    return text.strip()


def spaced(raw: str) -> str:
    """`raw` with a blank for each letter that `clean` takes out, so that what it keeps apart stays apart."""
    text = _TAGS.sub(lambda found: found[1] or " ", raw.translate(_BLANKS))
    return "".join(" " if _unfit(letter) else letter for letter in text)


def first_name(name: str) -> str:
    """The one word of a name that may stand where the rest may not; nothing where no word is surely the first name.

    Titles and degrees are no names, and after a title alone stands a surname. One word before a comma is the surname
    where one or two follow it; more words are a name in its usual order, and what follows the comma is not of it. Some
    stay ambiguous: "Jane, Smith" is read as a surname and a first name, "Garcia Lopez, Maria" as a name and a place.
    """
    parts = [_words_of_a_name(part) for part in _COMMAS.split(name)]
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


def _unfit(letter: str) -> bool:
    category = unicodedata.category(letter)
    return (
        category in {"Cc", "Cs"}
        or (category == "Cn" and ord(letter) & 0xFFFE == 0xFFFE)
        or 0xFDD0 <= ord(letter) <= 0xFDEF
    )


def fold(text: str) -> str:
    """`text` for comparing: compatibility forms, no case, no marks, no punctuation, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(letter if letter.isalnum() else " " for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(kept.split())


def says_something(text: str, *, signs: bool = False) -> bool:
    """Whether a reader sees a letter or a digit; with `signs`, an emoji is enough."""
    return fold(text) != "" or (signs and any(unicodedata.category(letter) == "So" for letter in text))


def cut(text: str, most: int) -> tuple[str, bool]:
    """`text` and False, or its first words within `most` code points and True."""
    if len(text) <= most:
        return text, False
    head = text[: most + 1]
    at = head.rfind(" ")
    return (head[:at] if at > most // 2 else head[:most]).rstrip(" ,;:.-–—"), True
