"""What we promise to those who write to us: each sentence stands on its page, and something keeps it."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from moderation.models import Role
from tests.wall import SLUG, Wall, later

CATALOGUE = Path(__file__).parents[3] / "translations" / "cy" / "LC_MESSAGES" / "messages.po"
FORM, HELP, PRIVACY, RECEIPT = f"/{SLUG}/promise", "/help", "/privacy", "the author's page"
LETTER, REPORTED, CONFIRM = "the first letter", "the page after a report", "the page of the letter"

# sentence, where it stands, and the test that shows how it is kept
PROMISES = [
    ("We never show it.", FORM, "tests.pledges.wall.test_wall"),
    ("If you give an email address and confirm it with the letter that we send there, we write to you about it, too.",
     FORM, "tests.moderation.views.test_our_promises:test_who_confirms_after_the_decision_is_told_it_then"),
    ("A person reads it first. Nothing appears on the wall until then.", FORM,
     "tests.pledges.receipt.test_receipt:test_a_change_waits_while_the_old_words_stand"),
    ("If something has to change, we say what and why.", HELP,
     "tests.moderation.letters.test_letters:test_each_decision_has_its_letter_after_the_undo_window"),
    ("each comment is read first, too.", HELP, "tests.pledges.views.test_comments"),
    ("Once you have confirmed it, we use it to tell you what happens with your words.", PRIVACY,
     "tests.moderation.letters.test_letters:test_an_unproved_address_gets_the_receipt_and_nothing_else"),
    ("You can stop that on your private page.", PRIVACY,
     "tests.moderation.letters.test_letters:test_whoever_wants_no_letters_gets_none"),
    ("On your private page you can see, change, withdraw and delete what you sent.", PRIVACY,
     "tests.moderation.door.test_author_page"),
    ("Words that you withdrew:", PRIVACY, "tests.moderation.door.test_forgetting"),
    ("Ask me by email how my promise is going: after 4 weeks, on the day that I set, after 3 and after 12 months", FORM,
     "tests.moderation.letters.test_questions:test_who_asked_for_it_is_asked_after_four_weeks_at_their_date_and_after_three_and_twelve_months"),
    ("Only if you ticked it do we ask you by email how your promise is going, or invite you once to the next wall.",
     PRIVACY, "tests.moderation.letters.test_questions:test_nobody_else_is_asked"),
    ("One press in any such letter stops them.", PRIVACY,
     "tests.moderation.letters.test_questions:test_a_question_brings_the_receipt_and_one_press_that_stops_it"),
    ("An address that you gave so that we ask you, or invite you again: 30 days after the last such letter.", PRIVACY,
     "tests.moderation.letters.test_questions:test_the_address_is_forgotten_thirty_days_after_the_last_question"),
    ("Invite me again next year", FORM, "tests.moderation.letters.test_questions:test_last_years_authors_who_agreed_are_invited_once"),
    ("Then we write to you about what you sent.", LETTER,
     "tests.moderation.views.test_our_promises:test_who_confirms_after_the_decision_is_told_it_then"),
    ("To an address that nobody has confirmed we send nothing but this.", LETTER,
     "tests.moderation.letters.test_letters:test_an_unproved_address_gets_the_receipt_and_nothing_else"),
    ("Until then we send nothing else to it.", RECEIPT,
     "tests.moderation.letters.test_letters:test_an_unproved_address_gets_the_receipt_and_nothing_else"),
    ("Press the button, and we write to you about what you sent.", CONFIRM,
     "tests.moderation.views.test_our_promises:test_who_confirms_after_the_decision_is_told_it_then"),
    ("We write to you when it is decided.", REPORTED,
     "tests.moderation.letters.test_true_letters:test_who_reported_is_told_once_and_what_came_of_it_in_the_end"),
]  # fmt: skip

ADDRESS = "amina@example.org"
FORBIDDEN = re.compile(r"newsletter|write to you either way", re.IGNORECASE)
KEPT_WORDINGS = "pledges/intake/forms/base.py"  # what was agreed to is stored in these words


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.replace("=\n", "")).split())


def proof_in(wall: Wall) -> str:
    """The address of the page that the newest letter opens."""
    found = re.findall(
        r"http://wall\.example(/\S+proof=[\w.-]+)", wall.letters()[-1].replace("=\n", "").replace("=3D", "=")
    )
    assert found, wall.letters()[-1]
    return str(found[0])


@pytest.fixture
def pages(wall: Wall) -> dict[str, str]:
    """Every page on which one of these sentences stands, as plain words."""
    get = wall.app.test_client().get
    answer = wall.sends(f"/{SLUG}/promise", promise="I will listen", email=ADDRESS)
    sent = wall.sent(answer)
    wall.screens()
    wall.moderator("mo", Role.LEAD).approves(sent)
    found = {path: get(path).text for path in (FORM, HELP, PRIVACY)}
    found[RECEIPT] = get(wall.sends(f"/{SLUG}/promise", promise="I will read", email=ADDRESS).location).text
    found[LETTER] = wall.letters()[-1]
    found[CONFIRM] = get(proof_in(wall)).text
    found[REPORTED] = wall.reports(sent, email="reporter@example.org").text
    return {where: plain(page) for where, page in found.items()}


def test_each_promise_of_ours_stands_on_its_page_and_something_keeps_it(pages: dict[str, str]) -> None:
    for sentence, where, keeper in PROMISES:
        assert sentence in pages[where], (where, sentence)
        module, _, name = keeper.partition(":")
        assert hasattr(importlib.import_module(module), name or "__name__"), keeper


def messages() -> Iterator[tuple[str, Message]]:
    with CATALOGUE.open("rb") as file:
        for message in read_po(file):
            for words in (message.id,) if isinstance(message.id, str) else message.id:
                yield words, message


def test_no_page_and_no_letter_says_what_nothing_does(pages: dict[str, str]) -> None:
    said = [
        words
        for words, message in messages()
        if FORBIDDEN.search(words) and not all(path.endswith(KEPT_WORDINGS) for path, _ in message.locations)
    ]
    assert said == []
    assert [where for where, page in pages.items() if FORBIDDEN.search(page)] == []


def test_every_sentence_that_says_we_write_is_in_the_table_or_says_when_we_do_not() -> None:
    kept = " ".join(sentence for sentence, _, _ in PROMISES)
    sentences = [one for words, _ in messages() for one in re.split(r"(?<=[.:?!]) ", words)]
    promised = {
        one for one in sentences if re.search(r"\bwe (will )?(write to you|ask you|invite you)", one, re.IGNORECASE)
    }
    assert [one for one in promised if one not in kept and one not in KEPT_ELSEWHERE] == []


KEPT_ELSEWHERE = {
    "We write to you about what you sent.",  # said once it is confirmed, of what the table holds
    "We ask you for a change",  # the subject of the letter that does it
    "On %(day)s we ask you how it is going.",  # in the letter of approval
    "We ask you how it is going.",  # beside the day on which that is due
    "We do not ask you again how your promise is going.",  # on the page that has stopped it
    "We do not invite you again.",
    "We invite you once.",  # in the letter that does it
    "Once you have confirmed your address, at the top of this page, you choose here what we write about.",
}


def test_who_confirms_after_the_decision_is_told_it_then(wall: Wall) -> None:
    mo = wall.moderator("mo")
    sent = wall.promises(email=ADDRESS)
    wall.screens()
    mo.approves(sent)
    wall.screens(later(60))
    assert len(wall.letters()) == 1 and "Subject: Please confirm your address" in wall.letters()[0]
    other = wall.promises("I will plant two trees", email=ADDRESS)
    mo.decides(other, "revise", reason="clearer")
    wall.screens(later(120))
    assert len(wall.letters()) == 1
    page = wall.app.test_client().get(proof_in(wall)).text
    proof = re.findall(r'name="proof" value="([^"]+)"', page)[0]
    assert page.index('name="proof"') < page.index('class="status-line"')
    assert wall.acts(sent, "letters", letters="yes", proof=proof).status_code == 303
    wall.screens()
    told = re.findall(r"^Subject: (.*)$", "\n".join(wall.letters()), re.MULTILINE)[1:]
    assert sorted(told) == ["We ask you for a change", "Your words are on the wall"]
    wall.acts(sent, "letters", letters="yes", proof=proof)
    wall.screens(later(60))
    assert len(wall.letters()) == 3  # told once


def test_what_was_overturned_before_the_address_was_confirmed_is_not_told(wall: Wall) -> None:
    mo = wall.moderator("mo")
    sent = wall.promises(email=ADDRESS)
    wall.screens()
    mo.approves(sent)
    wall.screens(later(60))
    mo.decides(sent, "take_down", reason="off_topic")
    wall.screens(later(120))
    proof = proof_in(wall).rpartition("proof=")[2]
    wall.acts(sent, "letters", letters="yes", proof=proof)
    wall.screens()
    told = re.findall(r"^Subject: (.*)$", "\n".join(wall.letters()), re.MULTILINE)[1:]
    assert told == ["What you sent is no longer on the wall"]
