"""A campaign's own words: found however they are dressed up, doing what the list says, and never declining."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from moderation import word_lists
from moderation.checks import words
from moderation.checks.base import Verdict
from moderation.models import Act, Role, Shared, WordRule
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
