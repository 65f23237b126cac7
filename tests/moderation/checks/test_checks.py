"""The checks that need nobody else: trap, links, repeats, words, personal data."""

from __future__ import annotations

import json
import random
import sys
import unicodedata
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as within
from hypothesis import strategies as some

from moderation.checks import links, personal, repeats, signed, trap, words
from moderation.checks.base import ABUSE, PERSONAL_DATA, SPAM, Earlier, Outcome, Subject, Verdict
from moderation.checks.folding import fold
from moderation.checks.personal import is_nhs_number
from pledges.intake.forms import base
from tests.moderation.checks.subjects import subject

CHECKS = [trap, links, repeats, words, personal, signed]


def quoted(outcome: Outcome, sent: Subject) -> list[str]:
    return [getattr(sent, quote.field)[quote.start : quote.end] for quote in outcome.quotes]


# Folding


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("Ŵyn Siân", "wyn sian"),
        ("n\u200bo\u00adw", "now"),
        ("Ｆｕｌｌ", "full"),
        ("Ѕсhооl", "school"),
        ("𝓯𝓪𝓷𝓬𝔂 🅶🇬", "fancy gg"),
        ("x\u202eolleh\u202cy", "xhelloy"),
        ("a\u3164b", "ab"),
        ("a\u0336b\u0336", "ab"),
    ],
)
def test_text_is_read_as_it_looks(sent: str, read: str) -> None:
    folded = fold(sent)
    assert folded.text == read
    assert len(folded.origin) == len(folded.text)


@given(some.text(max_size=200))
def test_every_letter_of_a_reading_has_its_place(text: str) -> None:
    for folded in (fold(text), fold(text, keep_case=True)):
        assert len(folded.origin) == len(folded.text)
        assert all(0 <= place < len(text) for place in folded.origin)


# Trap


@pytest.mark.parametrize(
    ("value", "seconds", "verdict", "lane", "blatant"),
    [
        ("", 40.0, Verdict.CLEAR, None, False),
        ("", 3.0, Verdict.CLEAR, None, False),
        ("", 2.9, Verdict.NOTICE, None, False),
        ("", None, Verdict.NOTICE, None, False),
        (None, 40.0, Verdict.LOOK, SPAM, False),
        (None, 0.1, Verdict.LOOK, SPAM, False),
        ("x", 40.0, Verdict.LOOK, SPAM, False),
        ("x", None, Verdict.LOOK, SPAM, False),
        ("x", 0.4, Verdict.STOP, SPAM, True),
    ],
)
def test_only_a_trap_filled_in_haste_is_blatant(
    value: str | None, seconds: float | None, verdict: Verdict, lane: str | None, blatant: bool
) -> None:
    outcome = trap.check(subject(trap_value=value, seconds_on_form=seconds))
    assert (outcome.verdict, outcome.lane, outcome.blatant) == (verdict, lane, blatant)


# Links


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("see https://one.example/a?b=c and www.two.org/x.", ["one.example", "www.two.org"]),
        (
            "see www.essays.example, www dot cheap.example and www.a.b.wherever/x",
            ["www.essays.example", "www.cheap.example", "www.a.b.wherever"],
        ),
        ("the www. of it all, and www is not all", []),
        ("buy at cheap dot pills dot com now", ["cheap.pills.com"]),
        ("cheap[.]com or cheap (dot) net", ["cheap.com", "cheap.net"]),
        ("hxxps://evil.example", ["evil.example"]),
        ("evil。com ｅｖｉｌ．ｃｏｍ ev\u200bil.com", ["evil.com", "evil.com", "evil.com"]),
        ("t.me/spam but not thanks.me", ["t.me"]),
        ("\u202emoc.live\u202c", ["evil.com"]),
        ("https://bücher.example/", ["xn--bcher-kva.example"]),
        ("me@mail.com and joe at gmail dot com", []),
        ("I will walk. Join us e.g. on 3.5.2026 at 10.30", []),
    ],
)
def test_addresses_are_found_however_they_are_spelled(text: str, hosts: list[str]) -> None:
    assert [link.host for link in links.links_in("words", text)] == hosts


def test_quotes_of_links_stand_where_they_were_sent() -> None:
    sent = subject("Seé ev\u200bil.com now")
    assert quoted(links.check(sent), sent) == ["ev\u200bil.com"]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("I will plant trees", Verdict.CLEAR),
        ("I will plant trees, see trees.org", Verdict.NOTICE),
        ("a.com b.com", Verdict.NOTICE),
        ("a.com b.com c.com", Verdict.LOOK),
        ("http://203.0.113.9/login", Verdict.LOOK),
        ("http://bank.example@evil.example/", Verdict.LOOK),
        ("http://раypal.com", Verdict.LOOK),
        ("[url=x]y[/url]", Verdict.LOOK),
    ],
)
def test_many_or_hidden_links_want_a_look(text: str, verdict: Verdict) -> None:
    outcome = links.check(subject(text))
    assert outcome.verdict is verdict
    assert outcome.lane == (SPAM if verdict is Verdict.LOOK else None)


@pytest.mark.parametrize(
    ("host", "site", "same"),
    [
        ("example.com", "example.com", True),
        ("WWW.Example.COM.", "example.com", True),
        ("shop.example.com", "www.example.com", True),
        ("attacker-example.com", "example.com", False),
        ("example.com.evil.org", "example.com", False),
        ("bücher.example", "xn--bcher-kva.example", True),
        ("bu\u0308cher。example", "bücher.example", True),
        ("com", "example.com", False),
        ("example.com", "", False),
    ],
)
def test_hosts_are_compared_label_by_label(host: str, site: str, same: bool) -> None:
    assert links.same_site(host, site) is same


def test_links_to_our_own_site_and_a_few_to_an_organisations_own_do_not_count() -> None:
    own = "https://wall.example/x https://wall.example/y https://wall.example/z school.org/a"
    theirs = {"website": "https://school.org", "from_organisation": True}
    assert links.check(subject(own, **theirs)).verdict is Verdict.CLEAR
    assert links.check(subject("school.org/a school.org/b", **theirs)).verdict is Verdict.CLEAR
    assert links.check(subject("school.org/a school.org/b school.org/c", **theirs)).verdict is Verdict.LOOK
    assert links.check(subject("https://wаll.example/", website="")).verdict is Verdict.LOOK


# Repeats

LONG = "I will walk to school with my two children every day of this term"


def test_equal_and_similar_words_are_named() -> None:
    earlier = [
        Earlier("p1", "I will  WALK to school with my two children, every day of this term!"),
        Earlier("p2", LONG.replace("two", "three")),
        Earlier("p3", "We promise to use less water in our kitchens and gardens this year"),
    ]
    outcome = repeats.check(subject(LONG, earlier=earlier))
    assert (outcome.verdict, outcome.lane) == (Verdict.NOTICE, None)
    assert outcome.detail == {"equal": ["p1"], "similar": ["p2"], "copies": 2}


def test_several_copies_go_to_the_spam_lane() -> None:
    earlier = [Earlier(f"p{number}", f"{LONG} {number}") for number in range(30)]
    outcome = repeats.check(subject(LONG, earlier=earlier))
    assert (outcome.verdict, outcome.lane, outcome.detail["copies"]) == (Verdict.LOOK, SPAM, 30)
    assert len(outcome.detail["similar"]) == 10


def test_a_disguised_copy_is_a_copy() -> None:
    disguised = LONG.replace("o", "о").replace("school", "sch\u200bооl").upper()
    assert repeats.check(subject(disguised, earlier=[Earlier("p1", LONG)])).detail["equal"] == ["p1"]


def test_short_promises_may_be_alike() -> None:
    earlier = [Earlier(f"p{number}", "Recycle more.") for number in range(9)]
    assert repeats.check(subject("Recycle more", earlier=earlier)).verdict is Verdict.NOTICE
    assert repeats.check(subject("Recycle most", earlier=earlier)).verdict is Verdict.CLEAR


# Words

SLURS = ["nigger", "faggot", "paki", "kike", "retard", "wetback", "cunt", "tranny", "raghead", "poofter"]
LEET = str.maketrans("aeiost", "431057")
CYRILLIC = str.maketrans("aeopcyxik", "аеорсухік")
MUTATIONS: dict[str, Callable[[str], str]] = {
    "plain": lambda word: word,
    "capitals": str.upper,
    "plural": lambda word: word + "s",
    "leet": lambda word: word.translate(LEET),
    "some leet": lambda word: word.replace("i", "!").replace("a", "@"),
    "spaces": " ".join,
    "points": ".".join,
    "dashes": "-".join,
    "stars between": "*".join,
    "underscores": "_".join,
    "zero width": "\u200b".join,
    "soft hyphen": "\u00ad".join,
    "word joiner": "\u2060".join,
    "cyrillic": lambda word: word.translate(CYRILLIC),
    "full width": lambda word: "".join(chr(ord(letter) + 0xFEE0) for letter in word),
    "mathematical": lambda word: "".join(chr(0x1D41A + ord(letter) - 97) for letter in word),
    "circled": lambda word: "".join(chr(0x1F150 + ord(letter) - 97) for letter in word),
    "accents": lambda word: "".join(unicodedata.normalize("NFC", letter + "\u0301") for letter in word),
    "struck through": lambda word: "".join(letter + "\u0336" for letter in word),
    "override": lambda word: "\u202e" + word[::-1] + "\u202c",
    "drawn out": lambda word: word[0] + word[1] * 5 + word[2:],
    "cut": lambda word: word[:2] + "-" + word[2:],
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_dressed_up_slur_is_masked_and_quoted(name: str) -> None:
    for word in SLURS:
        dressed = MUTATIONS[name](word)
        sent = subject(f"You are a {dressed}, all of you")
        outcome = words.check(sent)
        assert (outcome.verdict, outcome.lane, outcome.mask, outcome.blatant) == (Verdict.LOOK, ABUSE, True, False), (
            word
        )
        assert outcome.detail["words"] == [word]
        (quote,) = quoted(outcome, sent)
        assert quote.strip("\u202e\u202c\u0301\u0336") in dressed and len(quote) >= len(word) - 1


INNOCENT = [
    "Scunthorpe, Penistone, Lightwater and Essex", "Dick Turpin rode to York", "Dick Whittington's cat",
    "Spick and span: I will clean the park", "I will read about Niger, Nigeria and Pakistan", "They sniggered",
    "Class assessment passes at 12, please push-it as shown", "A great tit and a blue tit nest here",
    "Offa's Dyke Path walk", "A chink of light", "We cook spicy food with spices", "Maine Coon rescue",
    "I will nip it in the bud", "Analyse the Arsenal of Cockermouth", "saltwater and swank cars",
    "Cwm Rhondda, Cymru, coed a thŷ", "Mae'r plant yn y dosbarth yn addo helpu", "Shitake? No: shiitake mushrooms",
    "The count in Uxbridge: 455 of 1945", "pussy willow and pussycat", "Moby Dick", "The rapeseed field",
    "Sussex, Middlesex and Wessex", "Document the title", "Black, Asian and minority ethnic colleagues", "Therapist",
    "My gay and lesbian friends are welcome", "Jewish and Muslim neighbours", "Roma and Traveller families",
    "Disabled people lead the work", "I will challenge racism when I hear it", "kick racism out", "a hundred trees",
]  # fmt: skip


@pytest.mark.parametrize("text", INNOCENT)
def test_innocent_words_are_clear(text: str) -> None:
    assert words.check(subject(text)).verdict is Verdict.CLEAR


def test_quoting_racism_is_masked_and_never_blatant() -> None:
    for text in ("I was called a paki at school and promise to speak up", "He shouted go back to where you came from"):
        outcome = words.check(subject(text))
        assert (outcome.verdict, outcome.mask, outcome.blatant) == (Verdict.LOOK, True, False)


def test_coarse_words_are_a_notice_unmasked() -> None:
    for text in ("This is bullshit", "sh!t!", "$hit", "cachu"):
        outcome = words.check(subject(text))
        assert (outcome.verdict, outcome.mask, outcome.lane) == (Verdict.NOTICE, False, None), text


def test_welsh_words_are_known_in_their_mutations() -> None:
    for text in ("yr hen gont", "putain", "dy butain di", "cer yn ôl i dy wlad"):
        assert words.check(subject(text, lang="cy")).verdict is Verdict.LOOK


def test_names_and_places_are_read_too() -> None:
    sent = subject("I will help", name="Fagg0t", role="n.i.g.g.e.r")
    assert {quote.field for quote in words.check(sent).quotes} == {"name", "role"}


# Personal data

PERSONAL = {
    "phone": [
        "07911 123456", "07911123456", "+44 7911 123456", "0044 7911 123 456", "+44 (0)29 2087 4000", "029 2087 4000",
        "(01248) 351151", "0-7-9-1-1-1-2-3-4-5-6", "zero seven nine one one one two three four five six",
        "oh seven nine double one, 123 456", "0 7 9 1 1 1 2 3 4 5 6", "０７９１１ １２３４５６", "079\u200b11 123456",
        "dim saith naw un un un dau tri pedwar pump chwech", "07911.123.456", "07700 900123", "+44 1632 960 123", "00353 87 123 4567",
    ],
    "postcode": ["CF10 3AT", "cf103at", "LL57 2DG", "SW1A 1AA", "ＣＦ１０ ３ＡＴ", "CF10-3AT", "M1 1AE"],
    "national_insurance": ["AB123456C", "AB 12 34 56 C", "ab-12-34-56-c", "QQ123456C"],
    "nhs_number": ["943 476 5919", "9434765919", "943-476-5919"],
    "email": [
        "joe.bloggs@gmail.com", "joe at gmail dot com", "joe (at) example (dot) org", "joe[at]example.org",
        "joe＠example.org", "joe @ example.org", "joe dot bloggs at example dot co dot uk",
    ],
    "handle": ["@sian_wyn99", "insta: sianwyn", "my snapchat is sian_99", "discord: foo.bar", "tiktok handle sianwyn"],
    "address": [
        "12 Acacia Avenue", "12a acacia avenue", "221B Baker Street", "7 Heol y Bont", "14 Stryd Fawr", "Flat 3b",
        "33 St David's Close", "9 Rhodfa Cathays",
    ],
    "car_plate": ["AB12 CDE", "ab12cde", "car reg B123 ABC", "parked van ABC 123D"],
    "child_and_class": ["Mia Jones in Year 4", "Mia, class 3B", "Year 5: Ollie", "Ollie J (Year 6)", "Mali, Blwyddyn 4"],
}  # fmt: skip


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in PERSONAL.items() for text in texts])
def test_personal_data_wants_a_look_and_is_quoted(rule: str, text: str) -> None:
    sent = subject(f"Hello, {text} and so on")
    outcome = personal.check(sent)
    assert (outcome.verdict, outcome.lane) == (Verdict.LOOK, PERSONAL_DATA)
    assert rule in outcome.detail["rules"]
    quotes = [getattr(sent, quote.field)[quote.start : quote.end] for quote in outcome.quotes if quote.rule == rule]
    assert any(quote.strip("() ") in text and len(quote) >= 4 for quote in quotes)


ORDINARY = [
    "I will plant 100 trees in 2026 and 200 in 2027.", "We promise 10 hours each, 3 times a week, from 1 to 5 pm.",
    "On 01/02/2026 at 10.30 we meet in Bangor.", "Reduce CO2 by 5kg a week", "Our target: 1,250,000 steps by 31.12.2026",
    "I will share it on Facebook and Twitter to tell people", "Pick up litter on our street and in the park",
    "10 people will walk along the high street", "We in Year 4 promise to listen.", "Class 3B will plant a garden",
    "As a Year 6 teacher I will read one Welsh book a month", "Meet at cafe.com? No, at the library",
    "I will look at three new ideas", "Walk the A470 once", "Byddaf yn plannu 100 coeden yn 2026",
    "Dosbarth 3 yn addo helpu", "Room 12 is open to all", "One two three, we will be free", "5 a day for 30 days",
    "I will cycle 26.2 miles for 12 weeks", "The 1966 Aberfan pupils", "Volunteer at two events by 2030",
    "I promise to use my car less and take the 27 bus", "Anti-racist Wales Action Plan 2030",
    "I have 3 close friends to talk to", "Speak up, number one thing", "Our 5 year plan", "Section 149 of the Act",
    "Phone my nan every Sunday", "E-mail less, talk more @ work", "£10 to 20 charities", "Rhown 50 awr i elusen",
]  # fmt: skip


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_promises_hold_no_personal_data(text: str) -> None:
    assert personal.check(subject(text)).verdict is Verdict.CLEAR


def test_an_age_is_a_notice() -> None:
    assert personal.check(subject("I am 9 years old")).verdict is Verdict.NOTICE


def test_a_class_beside_a_name_counts_more_from_a_school() -> None:
    beside = {"words": "We in Year 4 promise to listen", "name": "Mia Jones"}
    assert personal.check(subject(**beside)).verdict is Verdict.NOTICE
    assert personal.check(subject(**beside, from_child=True)).verdict is Verdict.LOOK


@pytest.mark.parametrize(("digits", "good"), [("9434765919", True), ("9434765918", False), ("1111111111", False)])
def test_an_nhs_number_is_known_by_its_check_digit(digits: str, good: bool) -> None:
    assert is_nhs_number(digits) is good


def test_digits_without_a_check_digit_are_no_nhs_number() -> None:
    numbers = [str(random.Random(seed).randrange(4 * 10**9, 10**10)) for seed in range(2000)]
    assert sum(is_nhs_number(number) for number in numbers) < 2000 / 11 * 1.3


# All of them


def test_every_detail_is_small_and_can_be_json() -> None:
    sent = subject("paki " * 900 + "07911 123456 " * 300 + "a.com " * 400, earlier=[Earlier("p", LONG)] * 300)
    for check in CHECKS:
        outcome = check.check(sent)
        assert outcome.check == check.NAME
        assert len(json.dumps(dict(outcome.detail))) < 1500
        assert "%" not in json.dumps(dict(outcome.detail))


HOSTILE = [
    "a ", "ab", "a.b-", "0 ", "0", "one ", "a@", " @ ", "a dot ", "@a", "1 a a ", " ", "A A ", "Aa Year 4 ", "ig name ",
    "double ", "(at)", "aa11 ", "1 Aaaaaaaaaaaaaaaaaaa ", "+", "-", "\u202e", "f*", "so gay ", "ni ", "nig", "http://",
    "a.a", "www.", "\ufdfa", "\u0301", "[(", "dot ", "dot.", "x_", "!", "n i g g e ", "go back where you came ",
    "07 ", "0 7 ", "44 ", "+4",
]  # fmt: skip
STEPS_AT_MOST = (
    150_000  # lines of ours for a text of the longest field; what grows faster than it takes many times this
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.NAME)
@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_of_the_longest_field_takes_many_steps(check: ModuleType, piece: str) -> None:
    longest = max(most for _least, most in base.LENGTHS.values())
    sent = subject((piece * longest)[:longest], earlier=[Earlier("p", LONG)])
    check.check(subject())
    assert _steps(check, sent) < STEPS_AT_MOST


def _steps(check: ModuleType, sent: Subject) -> int:
    """Lines that run, which no busy machine changes; what patterns do is bounded by their own lengths."""
    steps = [0]

    def count(*_given: Any) -> Any:
        steps[0] += 1
        return count

    sys.settrace(count)
    try:
        check.check(sent)
    finally:
        sys.settrace(None)
    return steps[0]


@within(max_examples=300, deadline=None)
@given(some.text(alphabet=some.sampled_from("aniger01 3.@-(dot)/:*!\u200b\u202eа\u0301"), max_size=300))
def test_no_text_breaks_a_check_and_quotes_lie_inside(text: str) -> None:
    sent = subject(text)
    for check in CHECKS:
        outcome = check.check(sent)
        assert all(0 <= quote.start < quote.end <= len(text) for quote in outcome.quotes)
