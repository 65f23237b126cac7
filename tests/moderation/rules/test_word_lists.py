"""A campaign's own words: found however they are dressed up, doing what the list says, and never declining."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from moderation.checks import words
from moderation.checks.base import Verdict
from moderation.models import Act, Role, Shared, WordRule
from moderation.rules import word_lists
from moderation.screening import run
from moderation.workflow import State
from tests.moderation.checks.subjects import subject
from tests.wall import OTHER, SLUG, AtTheDesk, Wall


@pytest.fixture
def lead(wall: Wall) -> AtTheDesk:
    return wall.moderator("lea", Role.LEAD)


def lists(who: AtTheDesk, phrase: str, effect: str, **fields: str) -> TestResponse:
    given = {"csrf_token": who.csrf(), "campaign": SLUG, "act": "add", "words": phrase, "effect": effect, **fields}
    return who.client.post("/moderation/word-lists", data=given)


def retires(who: AtTheDesk, wall: Wall, phrase: str) -> TestResponse:
    with wall.look() as session:
        rule = session.scalars(select(WordRule).where(WordRule.words == phrase, WordRule.retired_at.is_(None))).one()
    given = {"csrf_token": who.csrf(), "campaign": SLUG, "act": "retire", "rule": str(rule.id)}
    return who.client.post("/moderation/word-lists", data=given)


def tries(who: AtTheDesk, text: str) -> str:
    given = {"csrf_token": who.csrf(), "campaign": SLUG, "text": text}
    page = who.client.post("/moderation/word-lists/try", data=given)
    assert page.status_code == 200
    return page.text.split("data-tried")[1]


@pytest.mark.parametrize(
    "text",
    ["The gammon is here", "g a m m o n", "gamm0n!", "G-A-M-M-O-N", "gаmmоn", "gam\u200bmon", "ĝämmön", "gammmmon", "gam mon",
     "𝗀𝖺𝗆𝗆𝗈𝗇", "\u202enommag\u202c", "gammons"],
)  # fmt: skip
def test_a_listed_word_is_found_however_it_is_dressed_up(text: str) -> None:
    outcome = words.check(subject(text, listed=[("gammon", "raise")]))
    assert (outcome.verdict, [quote.rule for quote in outcome.quotes]) == (Verdict.LOOK, ["listed_raise"]), text
    assert outcome.detail["listed"] == [("gammon", "raise")]


def marked(text: str, *listed: tuple[str, str]) -> list[str]:
    """What of the text is marked for these words."""
    quotes = words.check(subject(text, listed=[*listed])).quotes
    return [text[quote.start : quote.end] for quote in quotes if quote.rule.startswith("listed_")]


@pytest.mark.parametrize(
    ("listed", "text"),
    [
        ("Ali", "We will all go to the mela together"), ("zion", "Siôn Jones"), ("heil", "What the hell"),
        ("fail", "Mind you do not fall"), ("fall", "I will not fail"), ("guv", "A guu guy"), ("buzz", "On the bus, bussed"),
        ("now here", "It leads no where"), ("now here", "A snow here and now"), ("go home", "Vertigo homeopathy"),
        ("go home", "We g o on and a gohomeward path"), ("men tall", "In mental llamas"), ("sub human", "A subhumanity sub"),
        ("the art", "theatre the cart"), ("a s", "as it is"), ("Illy", "I will, Billy"), ("1488", "In 14888 or 14 880 of 21488"),
        ("ass", "455 of 1945"),
    ],
)  # fmt: skip
def test_a_plain_letter_is_no_other_and_words_are_not_cut_to_fit(listed: str, text: str) -> None:
    assert marked(text, (listed, "mask")) == []


@pytest.mark.parametrize(
    ("listed", "dressed"),
    [
        ("go home", "g o h o m e"), ("go home", "gohome"), ("go home", "g.o h.o.m.e"), ("go home", "G-O H-O-M-E"),
        ("go home", "g0\u200b h0me"), ("go home", "go... home"), ("go home", "GOHOME"), ("white power", "w h i t e p o w e r"),
        ("white power", "whitepower"), ("white power", "wh1te_p0wer"), ("white power", "white-pow-er"),
        ("white power rules", "whitepower rules"), ("white power rules", "white powerrules"), ("sub-human", "subhuman"),
        ("sub-human", "sub human"), ("subhuman", "sub-human"), ("heil", "he1l"), ("heil", "h3|l"), ("Ali", "A1i"), ("Ali", "A|1"),
        ("zion", "210n"), ("zion", "5ion"), ("buzz", "bu$$"), ("hell", "heII"), ("hell", "heIl"), ("HAIL", "HAlL"),
        ("1488", "1488"), ("14 88", "14/88"), ("f*ck", "f*ck"), ("a$$hat", "a$$hat"), ("a$$hat", "asshat"),
    ],
)  # fmt: skip
def test_a_disguise_is_seen_through_and_only_its_letters_are_marked(listed: str, dressed: str) -> None:
    assert marked(f"Oh {dressed}, you there", (listed, "mask")) == [dressed]


@pytest.mark.parametrize(
    "dressed, spelled",
    [
        ("s c u m!", "s c u m"), ("s.c.u.m!!", "s.c.u.m"), ("¡s-c-u-m!", "s-c-u-m"), ("sc-um!", "sc-um"), ("s|c|u|m", "s|c|u|m"),
        ("s | c | u | m", "s | c | u | m"), ("s+c+u+m", "s+c+u+m"), ("s  -  c  -  u  -  m", "s  -  c  -  u  -  m"),
    ],
)  # fmt: skip
def test_marks_around_and_between_letters_hide_no_word(dressed: str, spelled: str) -> None:
    assert marked(f"Oh {dressed} you there", ("scum", "mask")) == [spelled]


def test_our_own_phrases_are_found_without_their_spaces_too() -> None:
    for text in ("whitepower", "w h i t e p o w e r", "send themback", "HElL HITLER", "n-i-g-g-e-r!", "p a k i!"):
        assert words.check(subject(f"They said {text} to us")).mask, text


@pytest.mark.parametrize("text", ["backgammon", "game on", "I will plant ten trees", "mammon gains"])
def test_other_words_are_let_be(text: str) -> None:
    assert words.check(subject(text, listed=[("gammon", "hold")])).verdict is Verdict.CLEAR


def test_a_phrase_is_found_across_its_words_and_a_word_is_not_found_backwards() -> None:
    listed = [("go home", "raise"), ("devil", "raise")]
    assert words.check(subject("why not G0 h0me then", listed=listed)).quotes
    assert not words.check(subject("they lived at home", listed=listed)).quotes


@pytest.mark.parametrize(
    ("effect", "verdict", "lane", "mask"),
    [("raise", Verdict.LOOK, None, False), ("mask", Verdict.LOOK, None, True), ("hold", Verdict.LOOK, "abuse", True),
     ("allow", Verdict.CLEAR, None, False)],
)  # fmt: skip
def test_a_word_does_what_its_list_says_and_is_never_blatant(effect, verdict, lane, mask) -> None:
    outcome = words.check(subject("The gammon is here", listed=[("gammon", effect)]))
    assert (outcome.verdict, outcome.lane, outcome.mask, outcome.blatant) == (verdict, lane, mask, False)


def test_an_allowed_word_means_nothing_here_and_others_still_do() -> None:
    about = subject("We are the Wankers choir")
    assert words.check(about).mask
    assert words.check(replace(about, listed=[("wankers", "allow")])).verdict is Verdict.CLEAR
    assert words.check(replace(subject("Wankers and coons"), listed=[("wankers", "allow")])).mask


def test_a_name_that_is_listed_masks_no_sentence_and_a_phrase_is_named_however_it_is_spaced(
    wall: Wall, lead: AtTheDesk
) -> None:
    lists(lead, "Ali", "mask")
    lists(lead, "white power", "hold")
    honest = wall.promises("We will all go to the mela together")
    spaced = wall.promises("We want w h i t e p o w e r in our town")
    wall.screens()
    assert not wall.review(honest.review_id).masked
    assert lead.sees("abuse") == [spaced.review_id]
    shown = lead.opens_text(f"/moderation/reviews/{spaced.review_id}")
    assert "<mark>w h i t e p o w e r" in shown
    assert "The lists find nothing in it." in tries(lead, "We will all go to the mela together")


def test_a_listed_word_is_shown_marked_and_declines_nothing(wall: Wall, lead: AtTheDesk) -> None:
    assert lists(lead, "gammon", "hold", note="seen in the storm").status_code == 303
    assert lists(lead, "red wall", "raise").status_code == 303
    sent, other = wall.promises("A g4mm0n by the red wall"), wall.promises("A gammon elsewhere", slug=OTHER)
    wall.screens()
    assert wall.review(sent.review_id).state is State.WAITING
    assert lead.sees("abuse") == [sent.review_id]
    assert not wall.review(other.review_id).masked
    hidden = lead.client.get(f"/moderation/reviews/{sent.review_id}").text
    assert "g4mm0n" not in hidden
    shown = lead.opens_text(f"/moderation/reviews/{sent.review_id}")
    assert "<mark>g4mm0n</mark>" in shown
    assert "a word of this campaign’s list" in shown
    assert re.search(r"<mark>red wall<sup>\d</sup></mark>", shown)
    lead.approves(sent)


@pytest.mark.parametrize(
    ("phrase", "effect", "said"),
    [("", "raise", "two letters"), ("!!", "raise", "two letters"), ("1488", "raise", "two letters"),
     ("one two three four five six seven eight nine", "raise", "eight words"), ("gammon", "decline", "what the word does")],
)  # fmt: skip
def test_words_that_cannot_be_looked_for_are_refused_and_no_effect_declines(
    wall: Wall, lead: AtTheDesk, phrase: str, effect: str, said: str
) -> None:
    answer = lists(lead, phrase, effect)
    assert (answer.status_code, said in answer.text) == (422, True)
    with wall.look() as session:
        assert session.scalars(select(WordRule)).all() == []


def test_the_same_word_stands_once_with_its_newest_effect(wall: Wall, lead: AtTheDesk) -> None:
    lists(lead, "gammon", "raise")
    assert lists(lead, "Gammon", "raise").status_code == 422
    assert lists(lead, "GAMMON", "hold").status_code == 303
    with wall.look() as session:
        rules = session.scalars(select(WordRule).order_by(WordRule.id)).all()
        assert [(rule.effect.value, rule.retired_at is None) for rule in rules] == [("raise", False), ("hold", True)]
        acts = session.scalars(select(Act).where(Act.act.startswith("word_rule:"))).all()
        assert "gammon" not in str([(act.before, act.after, act.subject) for act in acts]).lower()


def test_a_text_is_tried_and_each_rule_named_without_percentages(wall: Wall, lead: AtTheDesk) -> None:
    lists(lead, "gammon", "hold")
    lists(lead, "wankers", "allow")
    tried = tries(lead, "<i>G a m m o n</i> and wankers and a coon")
    assert re.search(r"&lt;i&gt;<mark>G a m m o n<sup>1</sup></mark>", tried)
    assert "<strong>gammon</strong> (Hidden, and kept apart in the lane of likely abuse)" in tried
    assert "<strong>coon</strong>" in tried
    assert "<strong>wankers</strong> (It means nothing here" in tried
    assert "%" not in tried.split("</ol>")[0]
    assert "The lists find nothing in it." in tries(lead, "I will plant ten trees")


def test_what_waits_is_looked_at_again_when_the_list_changes(
    wall: Wall, lead: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_lists, "AT_ONCE", 2)
    waiting = [wall.promises(f"A gammon number {number}") for number in range(5)]
    approved = wall.promises("A gammon that stands")
    lead.approves(approved)
    wall.screens()
    page = lists(lead, "gammon", "hold")
    assert "5 items that wait are looked at again" in lead.client.get(page.headers["Location"]).text
    assert lead.sees("abuse") == []
    with wall.app.app_context():
        assert word_lists.recheck_owed(most=2) == 2  # a worker that ends here goes on later
    assert len(lead.sees("abuse")) == 2
    wall.screens()
    assert lead.sees("abuse") == [sent.review_id for sent in waiting]
    assert all(wall.review(sent.review_id).masked for sent in waiting)
    assert wall.review(approved.review_id).state is State.APPROVED
    assert retires(lead, wall, "gammon").status_code == 303
    wall.screens()
    assert lead.sees("abuse") == []
    assert not any(wall.review(sent.review_id).masked for sent in waiting)
    with wall.look() as session:
        assert session.scalars(select(Shared).where(Shared.name.startswith("words:"))).all() == []


def test_another_look_asks_no_other_check_again(wall: Wall, lead: AtTheDesk) -> None:
    sent = wall.promises("A gammon by https://example.org")
    wall.screens()
    before = {finding.check: finding.id for finding in wall.review(sent.review_id).findings}
    lists(lead, "gammon", "raise")
    wall.screens()
    review = wall.review(sent.review_id)
    assert {finding.check: finding.id for finding in review.findings} == before
    assert review.round == 1
    assert lead.sees("new") == [sent.review_id]


def test_a_word_listed_while_the_checks_run_counts_for_what_they_have_taken(
    wall: Wall, lead: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, examine = wall.promises("We want the gammon to listen"), run.examine

    def slowly(*asked: Any) -> run.Seen:
        seen = examine(*asked)
        lists(lead, "gammon", "hold")
        word_lists.recheck_owed()  # the item is with the checks, and waits for nobody yet
        return seen

    monkeypatch.setattr(run, "examine", slowly)
    wall.screens()
    assert wall.review(sent.review_id).masked
    assert lead.sees("abuse") == [sent.review_id]
