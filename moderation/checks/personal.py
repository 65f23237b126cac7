"""What tells where somebody lives, how to reach them, or which child it is.

Every pattern has a bounded length from a fixed beginning, so that no text can make the reading slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from flask_babel import lazy_gettext
from stdnum.gb import nhs

from .base import PERSONAL_DATA, Outcome, Quote, Subject, Verdict
from .folding import Folded, fold

NAME = "personal"
TITLE = lazy_gettext("Personal data")
QUOTED_AT_MOST = 50
NOTICES = {"age", "class_beside_name"}  # weaker than the rest, which ask for a look

Span = tuple[str, int, int]  # rule, start, end in the folded text

_DIGIT_WORDS = {
    "zero": "0", "nought": "0", "oh": "0", "o": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "dim": "0", "sero": "0", "un": "1", "dau": "2", "dwy": "2", "tri": "3", "tair": "3", "pedwar": "4", "pedair": "4",
    "pump": "5", "chwech": "6", "saith": "7", "wyth": "8", "naw": "9",
}  # fmt: skip
_TIMES = {"double": 2, "dwbl": 2, "treble": 3, "triple": 3}
_ATOM = re.compile(r"\d{1,20}|[a-z]{1,8}|\+")
_BETWEEN = re.compile(r"[\s.,()\[\]/_\-+:*]{0,4}")
_MADE_UP = re.compile(r"(?:0|\+?44|0044)(?:7700900|1632960)\d{3}")  # kept free for stories, so people try us with them
_DIALLED = re.compile(r"\+|00[1-9]|0[1-9]|44")  # how a number begins, as it is dialled here

_AREAS = """
    ab al b ba bb bd bh bl bn br bs bt ca cb cf ch cm co cr ct cv cw da dd de dg dh dl dn dt dy e ec eh en ex fk fy
    g gl gu gy ha hd hg hp hr hs hu hx ig im ip iv je ka kt kw ky l la ld le ll ln ls lu m me mk ml n ne ng nn np nr
    nw ol ox pa pe ph pl po pr rg rh rm s sa se sg sk sl sm sn so sp sr ss st sw sy ta td tf tn tq tr ts tw ub w wa
    wc wd wf wn wr ws wv yo ze
"""
_POSTCODE_AREAS = frozenset(_AREAS.split())
_POSTCODE = re.compile(r"(?<!\w)([a-z]{1,2})\d[a-z\d]?[\s.\-]{0,3}[\do][abd-hjlnp-uw-z]{2}(?!\w)")
_INSURANCE = re.compile(
    r"(?<!\w)(?!bg|gb|kn|nk|nt|tn|zz)(?:[a-ceghj-prtw-z][a-ceghj-nprstw-z]|qq)"
    r"[\s.\-]{0,2}\d{2}[\s.\-]{0,2}\d{2}[\s.\-]{0,2}\d{2}[\s.\-]{0,2}[a-d](?!\w)"
)
_AT = re.compile(
    r"(?P<sign>\s{0,2}@\s{0,2})|\s{0,2}[(\[{<]\s{0,2}(?:at|@)\s{0,2}[)\]}>]\s{0,2}|(?P<word>\s{1,2}at\s{1,2})"
)
_DOT = r"(?:\s{0,2}[(\[{<]\s{0,2}(?:dot|\.)\s{0,2}[)\]}>]\s{0,2}|\s{1,2}dot\s{1,2}|\.)"
_LOCAL_END = re.compile(rf"[a-z0-9_%+'-]{{1,64}}(?:{_DOT}[a-z0-9_%+'-]{{1,64}})?$")
_DOMAIN = re.compile(rf"[a-z0-9][a-z0-9-]{{0,62}}(?:{_DOT}[a-z0-9][a-z0-9-]{{0,62}}){{1,5}}")
_SPELLED_DOT = re.compile(r"\sdot\s|[(\[{<]\s{0,2}(?:dot|\.)")
MAILBOXES = ("gmail", "googlemail", "hotmail", "outlook", "yahoo", "icloud", "btinternet", "live.", "aol", "proton")
_HANDLE = re.compile(r"(?<![\w@./])@[a-z_][\w.]{1,29}")
_NETWORK = re.compile(
    r"\b(?:insta(?:gram)?|ig|snap(?:chat)?|sc|tik\s?tok|twitter|facebook|fb|discord|telegram|whats\s?app|kik|linkedin|"
    r"bluesky|mastodon|xbox|psn|roblox|youtube)\b"
    r"(?P<said>(?:\s{0,2}(?:name|handle|id|user(?:name)?|account|is|ydy|yw|me|at|on|:|=|-|@)){0,4})\s{0,2}(?P<name>[\w.]{3,30})"
)
_PROFILE = re.compile(
    r"(?:facebook|fb|instagram|twitter|x|tiktok|t|wa|snapchat|linkedin|discord|threads)\.(?:com|me|net|gg)/[\w.@/+-]{2,60}"
)
_STREET_WORDS = (
    "Street|St|Road|Rd|Avenue|Ave|Lane|Close|Drive|Way|Court|Crescent|Gardens|Grove|Place|Terrace|Hill|Park|Square|Row|"
    "Walk|Mews|View|Rise|Parade|Green|Villas|Buildings"
)
_ADDRESS = re.compile(
    rf"(?<!\w)\d{{1,4}}[A-Za-z]?,?\s{{1,2}}(?:[A-Z][\w'-]{{1,20}}\s{{1,2}}){{1,3}}(?:{_STREET_WORDS})\b"
)
_PLAIN_ADDRESS = re.compile(
    r"(?<!\w)\d{1,4}[a-z]?,?\s{1,2}(?!(?:in|on|to|of|at|the|a|and|from|people|trees|new|or|for)\s)[a-z'-]{2,20}\s{1,2}"
    r"(?:(?!(?:in|on|to|of|at|the|a|and|from|along|down|every|per)\s)[a-z'-]{2,20}\s{1,2})?"
    r"(?:street|road|rd|avenue|lane|crescent|terrace|close)\b(?!\s(?:to|for|by|down|parties|party|lights|trees))"
)
_WELSH_ADDRESS = re.compile(
    r"(?<!\w)\d{1,4}[a-z]?,?\s{1,2}(?:heol|stryd|ffordd|lon|rhodfa|clos|maes|cwrt|teras|rhes|cilgant)\s{1,2}(?:yr?\s{1,2})?[a-z'-]{2,20}"
)
_FLAT = re.compile(r"\b(?:flat|apartment|apt|fflat)\s{1,2}(?:no\.?\s{0,2})?\d{1,4}[a-z]?\b")
_PLATE = re.compile(r"(?<![\w])[a-hj-pr-y]{2}\d{2}\s{0,2}[a-hj-pr-z]{3}(?!\w)")
_OLD_PLATE = re.compile(r"(?<!\w)(?:[A-HJ-NPR-TV-Y]\d{1,3}\s{0,2}[A-Z]{3}|[A-Z]{3}\s{0,2}\d{1,3}[A-HJ-NPR-TV-Y])(?!\w)")
_VEHICLE = re.compile(r"\b(?:car|van|reg|registration|plate|number plate|vehicle|lorry|taxi|bus|parked|driver|rhif)\b")
_CLASS = re.compile(
    r"\b(?:(?:year|yr|class|form|blwyddyn|bl|dosbarth|primary|p)\.?\s{0,2}\d{1,2}(?:\s?[a-z])?|reception class|nursery class)\b"
    r"(?!\s(?:teacher|leader|tutor|group|groups|head|classes|pupils|children|parents|assembly|olds?)\b)"
)
_NAME_BEFORE = re.compile(
    r"(?P<name>[A-Z][a-z'-]{1,20})(?:\s[A-Z][a-z'-]{0,20}\.?)?,?\s{0,2}[(\-]?\s{0,2}"
    r"(?:(?:is|who is|a pupil|aged \d{1,2},?)\s)?(?:(?:in|from|of|o|ym|yn|mewn)\s)?\s{0,1}$"
)
_NAME_AFTER = re.compile(r"\)?\s{0,2}[,:\-]?\s{0,2}(?P<name>[A-Z][a-z'-]{1,20})(?:\s[A-Z][a-z'-]{0,20})?\b")
_AGE = re.compile(
    r"\b(?:aged?|oed)\s{0,2}:?\s{0,2}(?:[3-9]|1[0-7])\b|\b(?:i am|i'm|im|he is|she is|he's|she's)\s{1,2}(?:[3-9]|1[0-7])(?:\s{1,2}years?\s{1,2}old)?\b"
    r"(?!\s(?:of|people|hours|minutes|days|miles|weeks|months))"
)
_WORDS = """
    We Our Us The In All Everyone Everybody Pupils Children Students Class Year From At Ni Mae Disgyblion Plant Pawb
    School Ysgol This That My I It As And To For Of On By Every Each Teachers Staff Parents Promise Love Thanks
    Thank Dear With Bydd Byddwn Rydym Yn Form Primary Reception Welsh English They You He She What When Addo
    Dosbarth Blwyddyn Hello Hi Some Team Room Assembly Council Eco Committee Members Friends Is Are Will Have Here
"""
_NO_NAMES = frozenset(_WORDS.split())


@dataclass(frozen=True)
class _Digits:
    """Digits that follow each other, in figures or in words, and where each stands."""

    digits: str
    starts: list[int]
    ends: list[int]
    groups: list[int]  # where a number, written together, begins


def check(subject: Subject) -> Outcome:
    """Personal data in any public field asks for a look in its own lane, with the places; an age is a notice."""
    quotes: list[Quote] = []
    for name, text in subject.texts().items():
        quotes += _quotes(name, text)
    quotes += _class_beside_name(subject, quotes)
    if not quotes:
        return Outcome(NAME, Verdict.CLEAR)
    rules = list(dict.fromkeys(quote.rule for quote in quotes))
    strong = [rule for rule in rules if rule not in NOTICES] or (subject.from_child and "class_beside_name" in rules)
    detail = {"rules": rules, "count": len(quotes)}
    verdict = Verdict.LOOK if strong else Verdict.NOTICE
    return Outcome(NAME, verdict, PERSONAL_DATA if strong else None, tuple(quotes[:QUOTED_AT_MOST]), detail)


def _quotes(name: str, text: str) -> list[Quote]:
    cased = fold(text, keep_case=True)
    lower = Folded(cased.text.lower(), cased.origin) if len(cased.text.lower()) == len(cased.text) else fold(text)
    found = [(rule, *cased.span(start, end)) for rule, start, end in _spans_cased(cased.text)]
    found += [(rule, *lower.span(start, end)) for rule, start, end in _spans(lower.text)]
    return [Quote(name, start, end, rule) for rule, start, end in sorted(set(found), key=lambda span: span[1:])]


def _spans(text: str) -> Iterator[Span]:
    """What does not depend on capitals."""
    yield from _numbers(text)
    yield from _mail(text)
    for match in _POSTCODE.finditer(text):
        if match.group(1) in _POSTCODE_AREAS:
            yield "postcode", *match.span()
    for rule, pattern in (
        ("national_insurance", _INSURANCE),
        ("profile", _PROFILE),
        ("handle", _HANDLE),
        ("address", _PLAIN_ADDRESS),
        ("address", _WELSH_ADDRESS),
        ("address", _FLAT),
        ("car_plate", _PLATE),
        ("age", _AGE),
    ):
        for match in pattern.finditer(text):
            yield rule, *match.span()
    for match in _NETWORK.finditer(text):
        if _is_handle(match.group("said"), match.group("name")):
            yield "handle", *match.span()


def _spans_cased(text: str) -> Iterator[Span]:
    """What capitals tell: streets, older plates, and a child's name beside a class."""
    for match in _ADDRESS.finditer(text):
        yield "address", *match.span()
    for match in _OLD_PLATE.finditer(text):
        if _VEHICLE.search(text[max(0, match.start() - 40) : match.end() + 20].lower()):
            yield "car_plate", *match.span()
    lower = text.lower()
    for match in _CLASS.finditer(lower if len(lower) == len(text) else text):
        before = _NAME_BEFORE.search(text, max(0, match.start() - 60), match.start())
        after = _NAME_AFTER.match(text, match.end())
        if before and before.group("name") not in _NO_NAMES:
            yield "child_and_class", before.start("name"), match.end()
        elif after and after.group("name") not in _NO_NAMES:
            yield "child_and_class", match.start(), after.end("name")


def _is_handle(said: str, name: str) -> bool:
    pointed = (
        any(sign in said.split() or sign in said for sign in (":", "=", "@")) or "handle" in said or "name" in said
    )
    written = any(letter.isdigit() or letter in "_." for letter in name.strip("."))
    return (pointed and name != "and") or written


def _class_beside_name(subject: Subject, quotes: list[Quote]) -> list[Quote]:
    """A name in its own field makes a class in any other the class of that person."""
    if not subject.name or any(quote.rule == "child_and_class" for quote in quotes):
        return []
    for name, text in subject.texts().items():
        folded = fold(text)
        if match := _CLASS.search(folded.text):
            return [Quote(name, *folded.span(*match.span()), "class_beside_name")]
    return []


def _numbers(text: str) -> Iterator[Span]:
    for run in _digit_runs(text):
        taken = 0
        ends = {*run.groups, len(run.digits)}
        for start in run.groups:
            if start >= taken and (found := _number_at(run.digits, start, ends)):
                rule, taken = found
                yield rule, run.starts[start], run.ends[taken - 1]


def _number_at(digits: str, start: int, ends: set[int]) -> tuple[str, int] | None:
    """The rule met by the digits from `start` to the end of a group, and that end; the longest first."""
    if _DIALLED.match(digits, start):
        for end in range(start + 16, start + 9, -1):
            if end in ends and is_phone_number(digits[start:end]):
                return "phone", end
    end = start + 10
    return ("nhs_number", end) if end in ends and is_nhs_number(digits[start:end]) else None


@lru_cache(maxsize=4096)  # who repeats a number, or all but one, is read once
def is_phone_number(digits: str) -> bool:
    """Whether these digits, dialled in Britain, can lead to somebody: numbers that are handed out here or elsewhere."""
    try:
        number = phonenumbers.parse(digits, "GB")
        return phonenumbers.is_valid_number(number) or _MADE_UP.fullmatch(digits) is not None
    except phonenumbers.NumberParseException:
        return False


def is_nhs_number(digits: str) -> bool:
    """Ten digits, not all the same, whose last is the check digit of the others."""
    return len(digits) == 10 and len(set(digits)) > 1 and nhs.is_valid(digits)


def _digit_runs(text: str) -> Iterator[_Digits]:
    run = _Digits("", [], [], [])
    last_end, times = 0, 1
    for match in _ATOM.finditer(text):
        said = match.group()
        near = _BETWEEN.fullmatch(text, last_end, match.start()) is not None
        if said in _TIMES and (near or not run.digits):
            if not run.digits:
                last_end = match.end()
            times, last_end = _TIMES[said], match.end()
            continue
        digits = said if said[0].isdigit() or said == "+" else _DIGIT_WORDS.get(said, "")
        if digits and _whole_word(text, match):
            if run.digits and (not near or said == "+"):
                yield run
                run = _Digits("", [], [], [])
            run = _longer(run, digits * times, match)
            last_end = match.end()
        elif run.digits:
            yield run
            run = _Digits("", [], [], [])
        times = 1
    if run.digits:
        yield run


def _whole_word(text: str, match: re.Match[str]) -> bool:
    if not match.group().isalpha():
        return True
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    return not (before.isalnum() or after.isalnum())


def _longer(run: _Digits, digits: str, match: re.Match[str]) -> _Digits:
    run.groups.append(len(run.digits))
    run.starts.extend([match.start()] * len(digits))
    run.ends.extend([match.end()] * len(digits))
    return _Digits(run.digits + digits, run.starts, run.ends, run.groups)


def _mail(text: str) -> Iterator[Span]:
    for match in _AT.finditer(text):
        local = _LOCAL_END.search(text, max(0, match.start() - 64), match.start())
        domain = _DOMAIN.match(text, match.end())
        if not local or not domain:
            continue
        certain = match.group("word") is None or _SPELLED_DOT.search(domain.group())
        if certain or domain.group().startswith(MAILBOXES):
            yield "email", local.start(), domain.end()
