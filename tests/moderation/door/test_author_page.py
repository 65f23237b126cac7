"""What an author's page and letters say is true: of what only waited, what was put back, taken down, reported, changed."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from moderation.models import Appeal, Letter, Role
from moderation.workflow import Move, State
from pledges.db import utcnow
from tests.clock import VISITORS, stands_at
from tests.wall import SLUG, WORDS, AtTheDesk, Sent, Wall, later

ADDRESS = "amina@example.org"
CHANGED = "I will listen, and then act"
FORM_SCRIPT = re.compile(r"\"/static/form-\w+\.js\"")


@pytest.fixture
def mo(wall: Wall) -> AtTheDesk:
    return wall.moderator("mo")


@pytest.fixture
def bo(wall: Wall) -> AtTheDesk:
    return wall.moderator("bo")


def page(wall: Wall, sent: Sent, query: str = "") -> str:
    return " ".join(html.unescape(wall.app.test_client().get(f"{sent.receipt}{query}").text).split())


def happened(wall: Wall, sent: Sent) -> list[str]:
    """What the page tells of the past, oldest first."""
    return re.findall(r'data-happened="(\w+)"', page(wall, sent))[::-1]


def plain(letter: str) -> str:
    return " ".join(letter.replace("=\n", "").split())


def promised(wall: Wall, words: str = WORDS) -> Sent:
    sent = wall.promises(words, email=ADDRESS)
    wall.proves(sent)
    wall.screens()
    return sent


def newest(wall: Wall, subject: str) -> str:
    return plain([letter for letter in wall.letters() if subject in letter][-1])


# -- letters that the author's own acts bring ------------------------------------------------------------


def test_taking_back_over_and_over_brings_an_address_three_letters_an_hour(
    wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    victims = promised(wall)
    for minute in range(8):
        stands_at(monkeypatch, partial(later, 60 * minute), *VISITORS)
        sent = wall.promises(f"I will do thing number {minute}", email=ADDRESS) if minute % 2 else victims
        assert wall.acts(sent, "withdraw").status_code == 303
        wall.screens(later(60 * minute + 30))
        assert wall.acts(sent, "restore").status_code == 303
    assert wall.app.test_client().post("/send-link", data={"email": ADDRESS}).status_code == 200
    wall.screens(later(60 * 8))
    brought = [why for kind, why in wall.owed() if kind == "withdrawn"]
    assert brought == ["", "unproved", "", "unproved", "", "unproved", "too many", "unproved"]
    assert wall.owed()[-1] == ("link_again", "")  # who has lost the link is not held up by what others press
    stands_at(monkeypatch, lambda: utcnow() + timedelta(hours=2), *VISITORS)
    wall.acts(victims, "withdraw")
    assert wall.owed()[-1] == ("withdrawn", "")
    assert "Withdrawn" in page(wall, victims)


def test_decisions_are_told_however_many_letters_the_author_has_brought(wall: Wall, mo: AtTheDesk) -> None:
    for number in range(4):
        wall.acts(promised(wall, f"I will do thing number {number}"), "withdraw")
    sent = promised(wall)
    mo.approves(sent)
    wall.screens(later(60))
    assert wall.owed()[-1] == ("approved", "")


def test_what_was_put_back_before_the_letter_went_is_not_told_as_taken_back(wall: Wall) -> None:
    sent = promised(wall)
    wall.acts(sent, "withdraw")
    wall.acts(sent, "restore")
    wall.screens(later(60))
    assert wall.owed()[-1] == ("withdrawn", "restored")
    assert not any("You have taken back" in letter for letter in wall.letters())


@pytest.mark.parametrize("stood, under", [(False, False), (True, False), (True, True)])
def test_a_letter_and_the_page_say_what_has_left_the_wall(wall: Wall, mo: AtTheDesk, stood: bool, under: bool) -> None:
    sent = promised(wall)
    if stood:
        mo.approves(sent)
    if under:
        mo.approves(wall.comments(sent))
    wall.acts(sent, "withdraw")
    wall.screens(later(60))
    letter, told = newest(wall, "You have taken back"), page(wall, sent, "?done=withdraw")
    assert ("It left the wall at once" in letter) is stood
    assert ("with its comments" in letter) is under
    assert ("It has left the wall" in told) is stood
    assert ("with what stood under it" in told) is under
    assert ("It will not appear on the wall." in letter) is not stood


def test_a_comment_leaves_no_comments_behind(wall: Wall, mo: AtTheDesk) -> None:
    promise = wall.promises()
    mo.approves(promise)
    comment = wall.comments(promise, "Good to hear that", email=ADDRESS)
    wall.proves(comment)
    mo.approves(comment)
    wall.acts(comment, "withdraw")
    wall.screens(later(60))
    letter = newest(wall, "You have taken back")
    assert "It left the wall at once." in letter and "comments" not in letter


def test_the_first_letter_is_true_of_an_address_that_was_confirmed_before_and_tells_nobody_so(
    wall: Wall, mo: AtTheDesk
) -> None:
    first = promised(wall)
    second = wall.promises("I will read with my team", email=ADDRESS)
    other = wall.promises("I will plant two trees", email="new@example.org")
    wall.screens()
    letters = [plain(letter) for letter in wall.letters()]
    assert len(letters) == 3
    for letter in letters:
        assert "send nothing more" not in letter and "hear no more" not in letter
        assert "To an address that nobody has confirmed we send nothing but this" in letter
    told = [re.findall(r"Emails from us.{300}", page(wall, sent))[0] for sent in (second, other)]
    assert told[0] == told[1] and "we send nothing more" not in told[0]
    assert "Tell me what happens with it" in page(wall, first)


# -- take-downs ------------------------------------------------------------------------------------------


def asked_and_standing(wall: Wall, mo: AtTheDesk) -> Sent:
    """Words that stand while their author, whom a report brought it, is asked for a change."""
    sent = promised(wall)
    mo.approves(sent)
    wall.screens(later(60))
    wall.reports(sent)
    mo.decides(sent, "revise", reason="clearer")
    assert wall.shown()
    return sent


def test_what_stands_while_a_change_is_asked_for_is_taken_down_by_one_act(wall: Wall, mo: AtTheDesk) -> None:
    sent = asked_and_standing(wall, mo)
    offers = set(re.findall(r'name="move" value="(\w+)"', mo.client.get(f"/moderation/reviews/{sent.review_id}").text))
    assert {"take_down", "spam", "reopen", "propose"} <= offers and "approve" not in offers
    assert mo.decides(sent, "take_down", reason="off_topic").status_code == 303
    assert not wall.shown()
    assert mo.decides(sent, "undo").status_code == 303
    assert wall.shown() and wall.review(sent.review_id).state is State.REVISE
    mo.decides(sent, "take_down", reason="off_topic")
    wall.screens(later(120))
    assert "no longer on the wall" in wall.letters()[-1]


def test_what_a_change_is_asked_of_and_is_not_shown_is_not_declined_as_well(wall: Wall, mo: AtTheDesk) -> None:
    sent = promised(wall)
    mo.decides(sent, "revise", reason="clearer")
    shown = mo.client.get(f"/moderation/reviews/{sent.review_id}").text
    assert "take_down" not in shown and 'value="spam"' not in shown
    assert "The author has sent newer words" not in shown
    for move in ("take_down", "reject", "spam", "propose"):
        assert mo.decides(sent, move, reason="off_topic").status_code == 409
    assert wall.review(sent.review_id).state is State.REVISE


def test_a_take_down_for_two_of_what_is_to_change_hides_it_and_waits(wall: Wall, mo: AtTheDesk, bo: AtTheDesk) -> None:
    sent = asked_and_standing(wall, mo)
    assert mo.decides(sent, "take_down", reason="illegal").status_code == 303
    assert not wall.shown()
    assert wall.review(sent.review_id).state is State.WAITING
    assert bo.decides(sent, "reject", reason="illegal").status_code == 303
    assert wall.decisions(sent.review_id)[-1].move is Move.REJECT


@pytest.mark.parametrize("change", ["reject", "revise"])
def test_words_taken_down_beside_a_change_that_did_not_stand_are_told_and_appealed_for(
    wall: Wall, mo: AtTheDesk, bo: AtTheDesk, change: str
) -> None:
    sent = promised(wall)
    mo.approves(sent)
    newer = wall.edits(sent, CHANGED, email=ADDRESS)
    mo.decides(newer, change, reason="clearer" if change == "revise" else "off_topic")
    mo.decides(sent, "take_down", reason="hateful")
    wall.screens(later(60))
    letter = newest(wall, "no longer on the wall")
    assert "ask a second moderator to look again" in letter
    told = page(wall, sent)
    assert "What stood on the wall was taken down" in told
    assert told.count("Ask a second moderator") == 1
    assert happened(wall, sent)[-1] == "taken_down"
    assert wall.acts(sent, "appeal").status_code == 303
    assert bo.sees("appeals") == [sent.review_id]
    assert "A second moderator looks at them again" in page(wall, sent, "?done=appeal")
    assert mo.decides(sent, "approve").status_code == 409
    assert bo.decides(sent, "approve").status_code == 303
    assert wall.shown()
    assert "taken down" not in page(wall, sent)


def test_no_appeal_brings_older_words_back_over_newer(wall: Wall, mo: AtTheDesk, bo: AtTheDesk) -> None:
    sent = promised(wall)
    mo.approves(sent)
    newer = wall.edits(sent, CHANGED, email=ADDRESS)
    mo.decides(sent, "take_down", reason="hateful")
    assert "What stood on the wall was taken down" in page(wall, sent)
    assert wall.acts(sent, "appeal").status_code == 409  # the newer words wait: a person reads those
    mo.decides(newer, "revise", reason="clearer")
    assert wall.acts(sent, "appeal").status_code == 303
    assert bo.decides(newer, "reopen").status_code == 303
    bo.approves(newer)
    assert wall.review(sent.review_id).state is State.SUPERSEDED
    assert bo.sees("appeals") == []
    bo.decides(newer, "undo")
    assert bo.sees("appeals") == [sent.review_id]
    bo.approves(newer)
    assert bo.decides(sent, "approve").status_code == 409
    assert wall.shown(CHANGED) and not wall.shown()


def test_an_appeal_ends_when_its_author_sends_other_words(wall: Wall, mo: AtTheDesk) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    sent = promised(wall)
    mo.decides(sent, "reject", reason="off_topic")
    wall.acts(sent, "appeal")
    wall.edits(sent, CHANGED, email=ADDRESS)
    assert lead.sees("appeals") == []
    with wall.look() as session:
        (appeal,) = session.scalars(select(Appeal)).all()
        assert appeal.closed_by_id == wall.decisions(sent.review_id)[-1].id


# -- who is called ---------------------------------------------------------------------------------------


def calls(wall: Wall) -> list[str]:
    return [plain(letter) for letter in wall.letters(staff=True) if "second person decides" in plain(letter)]


def test_where_one_moderator_sits_alone_the_lead_is_told_of_what_two_must_agree_on(wall: Wall, mo: AtTheDesk) -> None:
    lead = wall.moderator("lea", Role.LEAD)
    undone, sent = wall.promises(), wall.promises("I will read with my team")
    wall.screens()
    mo.decides(undone, "reject", reason="illegal")
    mo.decides(undone, "undo")
    mo.decides(sent, "reject", reason="illegal")
    wall.screens(later(60))
    (call,) = calls(wall)
    assert "To: lea@example.org" in call and f"/moderation/reviews/{sent.review_id}" in call
    assert lead.decides(sent, "reject", reason="illegal").status_code == 303


def test_where_another_moderator_can_confirm_nobody_is_called(wall: Wall, mo: AtTheDesk, bo: AtTheDesk) -> None:
    wall.moderator("lea", Role.LEAD)
    sent = wall.promises()
    wall.screens()
    mo.decides(sent, "reject", reason="illegal")
    wall.screens(later(60))
    with wall.look() as session:
        assert session.scalars(select(Letter).where(Letter.kind == "second_needed")).all() == []


# -- the page itself -------------------------------------------------------------------------------------


def test_what_was_reported_and_stands_is_not_told_to_be_on_its_way(wall: Wall, mo: AtTheDesk) -> None:
    sent = promised(wall)
    mo.approves(sent)
    wall.reports(sent)
    told = page(wall, sent)
    assert "On the wall" in told and "It stays on the wall meanwhile" in told
    assert "Being checked" not in told and "Then: it stands on the wall" not in told


def test_the_steps_of_a_change_end_with_the_new_words_in_the_place_of_the_old(wall: Wall, mo: AtTheDesk) -> None:
    sent = promised(wall)
    assert "It gets a page of its own" in page(wall, sent)
    mo.approves(sent)
    wall.edits(sent, CHANGED, email=ADDRESS)
    told = page(wall, sent)
    assert "They take the place of the old ones" in told
    assert "It gets a page of its own" not in told and "Then: it stands on the wall" not in told


def test_what_has_happened_is_told_in_order_with_what_was_declined(wall: Wall, mo: AtTheDesk) -> None:
    sent = promised(wall)
    mo.decides(sent, "revise", reason="clearer")
    wall.edits(sent, CHANGED, email=ADDRESS)
    second = wall.review(sent.review_id + 1)
    mo.decides(second.id, "approve")
    wall.edits(sent, "I will listen, and then act twice", email=ADDRESS)
    mo.decides(second.id + 1, "reject", reason="off_topic")
    mo.decides(second.id + 1, "undo")
    mo.decides(second.id + 1, "reject", reason="off_topic")
    assert happened(wall, sent) == ["sent", "asked", "changed", "published", "changed", "declined"]
    wall.acts(sent, "withdraw")
    wall.acts(sent, "restore")
    assert happened(wall, sent)[-2:] == ["withdrawn", "restored"]


DONE = {
    "withdraw": "It has left the wall",
    "restore": "It is back with us",
    "hide_name": "Your name is hidden",
    "new_link": "This page has a new link",
    "appeal": "A second moderator will look",
    "letters": "We write to you about what you sent",
}


@pytest.mark.parametrize("act", list(DONE))
def test_a_notice_is_shown_only_where_it_is_true(wall: Wall, mo: AtTheDesk, act: str) -> None:
    sent = wall.promises(name="Amina Yusuf", show_name="full", email=ADDRESS)
    mo.approves(sent)
    assert DONE[act] not in page(wall, sent, f"?done={act}")
    if act == "restore":
        wall.acts(sent, "withdraw")
    if act == "appeal":
        mo.decides(sent, "reject", reason="off_topic")
    if act == "letters":
        wall.proves(sent)
    answer = wall.acts(sent, act, letters="yes")
    told = html.unescape(wall.app.test_client().get(answer.location).text)
    assert DONE[act] in told


def test_words_that_stood_while_a_change_was_asked_for_go_to_the_queue_when_put_back(wall: Wall, mo: AtTheDesk) -> None:
    stood, never = asked_and_standing(wall, mo), promised(wall, "I will read with my team")
    mo.decides(never, "revise", reason="clearer")
    for sent in (stood, never):
        wall.acts(sent, "withdraw")
        wall.acts(sent, "restore")
    assert mo.sees("all") == [stood.review_id]
    assert wall.review(never.review_id).state is State.REVISE


def test_what_stood_on_the_wall_is_said_to_be_taken_down_and_not_to_have_been_refused(
    wall: Wall, mo: AtTheDesk
) -> None:
    stood, never = promised(wall), promised(wall, "I will read with my team")
    mo.approves(stood)
    mo.decides(stood, "take_down", reason="off_topic")
    mo.decides(never, "reject", reason="off_topic")
    down, refused = page(wall, stood), page(wall, never)
    assert "Taken down" in down and "It was taken off the wall" in down
    assert "Not accepted" not in down and "<h2>It will not appear</h2>" not in down
    assert "Not accepted" in refused and "<h2>It will not appear</h2>" in refused
    assert "Taken down" not in refused and "It was taken off the wall" not in refused


def test_who_has_asked_a_second_moderator_reads_that_one_looks_and_that_the_end_is_open(
    wall: Wall, mo: AtTheDesk
) -> None:
    sent = promised(wall)
    assert "Being checked" in page(wall, sent) and "second moderator" not in page(wall, sent)
    mo.decides(sent, "reject", reason="off_topic")
    wall.acts(sent, "appeal")
    own = page(wall, sent)
    assert "A second moderator reads it" in own and "Soon: a second moderator reads it" in own
    assert "It stands on the wall, or it stays declined." in own
    assert "Being checked" not in own and "Then: it stands on the wall" not in own


@pytest.mark.parametrize("what", ["promise", "comment"])
def test_a_preview_says_so_in_its_title_and_its_heading_takes_the_focus(wall: Wall, mo: AtTheDesk, what: str) -> None:
    sent = promised(wall)
    mo.approves(sent)
    path = f"/{SLUG}/promise" if what == "promise" else f"/{SLUG}/promises/{sent.public_id}/comment"
    seen = wall.sends(path, **{what: "I will walk to school with them", "step": "preview"}).text
    assert "<title>Preview: " in seen
    assert '<h2 id="preview-t" tabindex="-1">' in seen
    assert FORM_SCRIPT.search(seen.partition("</head>")[0])
    assert "<title>Preview: " not in wall.app.test_client().get(path).text


def test_what_was_done_takes_the_focus_on_the_authors_page(wall: Wall) -> None:
    sent = promised(wall)
    done = wall.app.test_client().get(wall.acts(sent, "withdraw").headers["Location"]).text
    assert 'role="alert" tabindex="-1" id="summary"' in done
    assert FORM_SCRIPT.search(done.partition("</head>")[0])
