"""Words on a picture: shaped as each script is written, in lines that please, whatever was written."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some
from lxml import etree

from pledges.images.painter import cards, fonts, lines
from tests.pledges.feeds.test_feeds import NAUGHTY

FACE = "NotoSerif-Regular"
CLOTH = {"warp": "M5 0V9", "joints": "", "fine_joints": "", "dyed": {"work": "M0 0h10v9h-10z"}}
GROUND = {"cloth": CLOTH, "campaign": "#232a68", "on_campaign": "#ffffff", "accent": "#f5bc33"}
PROMISE = {
    "kind": "promise", "words": "I will listen", "instead": "A promise in Chinese", "name": "Amina", "meta": "Teacher",
    "motif": "M0 0h1v1h-1z", "dye": "work", "size": "m", "site": "Promises for the week", "status": "Kept", "kept": True,
    **GROUND,
}  # fmt: skip


def glyphs(text: str, **how: bool) -> list[int]:
    return [glyph.number for glyph in fonts.shaped(text, FACE, **how).glyphs]


def test_arabic_letters_join_and_run_from_right_to_left():
    alone = {number for letter in "سلام" for number in glyphs(letter)}
    joined = fonts.shaped("سلام", FACE, right_to_left=True).glyphs
    assert not {glyph.number for glyph in joined} <= alone
    alef, meem = fonts.shaped("ام", FACE, right_to_left=True).glyphs[::-1]
    assert alef.x > meem.x  # the first letter stands furthest to the right


def test_numbers_and_foreign_words_keep_their_order_among_arabic_ones():
    line = fonts.shaped("سلام July 2027 سلام", FACE, right_to_left=True)
    latin = [glyph for glyph in line.glyphs if glyph.font == FACE]
    expected = glyphs("July2027")
    seen = [glyph.number for glyph in sorted(latin, key=lambda glyph: glyph.x) if glyph.number not in glyphs(" ")]
    assert seen == expected


def test_brackets_around_words_from_right_to_left_still_face_them():
    opened, closed = glyphs("("), glyphs(")")
    line = [glyph.number for glyph in fonts.shaped("(سلام)", FACE, right_to_left=True).glyphs if glyph.font == FACE]
    assert line == [*opened, *closed]  # mirrored, and in the order in which they are seen


def test_devanagari_makes_conjuncts_and_welsh_letters_are_there():
    assert len(glyphs("क्ष")) < 3
    assert len(glyphs("कि")) == 2 and glyphs("कि")[1] == glyphs("क")[0]  # the vowel stands before its letter
    for text in (
        "ŵ ŷ Ŵ Ŷ ê ô â",
        "Ẁ",
        "n̈",
        "ਪੰਜਾਬੀ",
        "বাংলা",
        "தமிழ்",
        "ગુજરાતી",
        "שלום",
        "Ελληνικά",
        "Кириллица",
        "Tiếng Việt",
        "ﷺ",
    ):
        assert fonts.shaped(text, FACE).missing == 0, text


@pytest.mark.parametrize("emoji", ["💛", "❤️", "👩‍👩‍👧", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "🇬🇧", "👍🏿", "1️⃣", "☺"])
def test_an_emoji_of_many_parts_is_one_sign(emoji: str):
    line = fonts.shaped(f"a{emoji}b", FACE)
    seen = [glyph for glyph in line.glyphs if fonts.outline(glyph.font, glyph.number)]
    assert line.missing == 0 and len(seen) == 3
    assert seen[1].font == fonts.EMOJI


def test_words_in_a_script_that_we_have_not_are_not_shown_in_part():
    drawn = cards.drawing({**PROMISE, "words": "我会倾听 and listen"})
    assert drawn == cards.drawing({**PROMISE, "words": "我会倾听"})
    assert drawn != cards.drawing({**PROMISE, "words": " and listen"})


WORDS = some.lists(some.text(some.sampled_from("abcdefghijklmnop"), min_size=1, max_size=14), min_size=1, max_size=60)


@settings(deadline=None, derandomize=True, database=None)
@given(WORDS, some.floats(6, 40), some.booleans())
@example(["I", "a"] * 20, 10.0, True)
def test_lines_hold_every_word_in_order_and_none_is_too_long(words: list[str], width: float, balanced: bool):
    broken = lines.broken(words, FACE, width, balanced=balanced)
    assert "".join("".join(broken).split()) == "".join(words)
    assert all(fonts.shaped(line, FACE).width <= width * 1.02 for line in broken)
    assert len(broken) == lines._fewest(
        [part for word in words for part in lines._parts(word, FACE, width)], FACE, width
    )


@settings(deadline=None, derandomize=True, database=None)
@given(WORDS)
def test_no_line_ends_with_a_word_of_one_letter(words: list[str]):
    block = lines.fitted(" ".join(words), FACE, [43], 1.2, 1072, 1e9)
    ends = [line.replace("\u00a0", " ").split()[-1] for line in block.lines[:-1]]
    assert all(len(end) > 1 for end in ends if end in words)


def test_short_words_are_broken_into_lines_of_about_one_length():
    block = lines.fitted("I will learn to say every child’s name as their family says it", FACE, [60], 1.16, 1072, 300)
    wide = [fonts.shaped(line, FACE).width for line in block.lines]
    assert len(wide) > 1 and min(wide) > 0.7 * max(wide)


def test_words_are_set_smaller_before_one_of_them_is_broken():
    block = lines.fitted("o addewidion hyd yma", FACE, [100, 60, 30], 1.1, 420, 500)
    assert (block.size, "".join(block.lines).replace("\u00a0", "")) == (60, "oaddewidionhyd yma")
    assert lines.fitted("x" * 60, FACE, [100, 60], 1.1, 420, 5000).size == 60


def test_no_word_is_left_behind_on_the_last_line():
    words = (
        "By July we will have read every scheme of work from Year 1 to Year 6 with parents in the room, and so on, too"
    )
    for width in range(16, 40):
        broken = lines.broken(words.split(), FACE, float(width), balanced=False)
        assert len(broken[-1].split()) > 1, broken


def test_what_has_no_room_is_cut_at_a_word_with_dots():
    block = lines.fitted("word " * 200, FACE, [43, 38], 1.24, 1072, 273)
    assert len(block.lines) == 5 and block.lines[-1].endswith("word\u00a0…")
    block = lines.fitted("x" * 1000, FACE, [43, 38], 1.24, 1072, 273)
    assert len(block.lines) == 5 and block.lines[-1].endswith("x\u00a0…")


@settings(deadline=None, derandomize=True, database=None)
@given(
    some.text(max_size=500), some.text(max_size=100), some.text(max_size=200), some.sampled_from(["s", "m", "l", "xl"])
)
@example("\u202e" * 50, "\u200d", "\u0301" * 30, "s")
@example("ا" * 500, "", "", "l")
def test_any_words_become_a_picture_of_shapes_alone(words: str, name: str, meta: str, size: str):
    drawn = cards.drawing({**PROMISE, "words": words, "name": name, "meta": meta, "size": size})
    tags = {etree.QName(each).localname for each in etree.fromstring(drawn).iter()}
    assert tags <= {"svg", "g", "path", "defs", "pattern"}


def test_naughty_words_are_drawn():
    for words in NAUGHTY[::4]:
        given = {**PROMISE, "words": words, "name": words[:100], "size": "m"}
        assert cards.picture(given).startswith(b"\x89PNG")
