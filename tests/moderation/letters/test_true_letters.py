"""A letter goes only if what it tells still stands when it is written."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from moderation.models import Role
from moderation.workflow import State
from pledges.db import utcnow
from pledges.models import Contribution
from pledges.wall import publishing
from tests.wall import SLUG, AtTheDesk, Sent, Wall, later

ADDRESS = "amina@example.org"
REPORTER = "reporter@example.org"
STAYS, REMOVED, TAKEN_BACK = "so it stays on the wall", "It has been taken off the wall", "has taken it back since"


@pytest.fixture
def mo(wall: Wall) -> AtTheDesk:
    return wall.moderator("mo")


@pytest.fixture
def bo(wall: Wall) -> AtTheDesk:
    return wall.moderator("bo")


def proved(wall: Wall, words: str = "I will listen before I speak") -> Sent:
    """A promise from an address that its owner has confirmed, checked and with its first letter gone."""
    sent = wall.promises(words, email=ADDRESS)
    wall.proves(sent)
    wall.screens()
    return sent


def plain(letter: str) -> str:
    return " ".join(letter.replace("=\n", "").split())


def told(wall: Wall, to: str = ADDRESS) -> list[str]:
    """The subjects of all letters but the first one that this address got, oldest first."""
    every = [letter for letter in wall.letters() if f"To: {to}" in letter]
    subjects = [re.findall(r"^Subject: (.*)$", letter, re.MULTILINE)[0] for letter in every]
    return [subject for subject in subjects if subject not in ("Please confirm your address", "We have your report")]


def outcomes(wall: Wall) -> list[str]:
    return [plain(letter) for letter in wall.letters() if f"To: {REPORTER}" in letter and "What came of" in letter]


def surge(by: AtTheDesk, path: str, **fields: str) -> None:
    given = {"csrf_token": by.csrf(), "campaign": SLUG, **fields}
    assert by.client.post(f"/moderation/surge/{path}", data=given).status_code == 303


Overturned = Callable[[AtTheDesk, Sent], object]
OVERTURNED: dict[str, tuple[Overturned, list[str]]] = {
    "declined": (lambda bo, sent: bo.decides(sent, "reject", reason="off_topic"), ["no longer on the wall"]),
    "taken down": (lambda bo, sent: bo.decides(sent, "take_down", reason="off_topic"), ["no longer on the wall"]),
    "spam": (lambda bo, sent: bo.decides(sent, "spam"), []),
    "proposed": (lambda bo, sent: bo.decides(sent, "take_down", reason="illegal"), []),
    "looked at again": (lambda bo, sent: bo.decides(sent, "reopen"), []),
    "declined without a letter": (lambda bo, sent: bo.decides(sent, "reject", reason="off_topic", tell="no"), []),
}  # fmt: skip


@pytest.mark.parametrize("how", list(OVERTURNED))
def test_what_a_colleague_overturns_at_once_is_not_told_to_be_on_the_wall(
    wall: Wall, mo: AtTheDesk, bo: AtTheDesk, how: str
) -> None:
    overturn, expected = OVERTURNED[how]
    sent = proved(wall)
    mo.approves(sent)
    answer = overturn(bo, sent)
    assert getattr(answer, "status_code", 0) == 303
    wall.screens(later(60))
    assert "Your words are on the wall" not in told(wall)
    if how != "declined without a letter":
        assert len(told(wall)) == len(expected)
        assert all(part in subject for part, subject in zip(expected, told(wall), strict=True))


def test_what_is_overturned_while_a_surge_holds_letters_is_not_told_when_it_ends(
    wall: Wall, mo: AtTheDesk, bo: AtTheDesk
) -> None:
    sent, lead = proved(wall), wall.moderator("lead", Role.LEAD)
    surge(mo, "start", hours="2", letters="yes")
    mo.approves(sent)
    wall.screens(later(60))
    assert bo.decides(sent, "spam").status_code == 303
    surge(lead, "end")
    wall.screens(later(120))
    assert told(wall) == []


def test_a_decision_that_was_overturned_and_stands_again_is_told(wall: Wall, mo: AtTheDesk, bo: AtTheDesk) -> None:
    sent = proved(wall)
    mo.approves(sent)
    bo.decides(sent, "spam")
    assert wall.owed()[-1] == ("approved", "overtaken")
    assert bo.decides(sent, "undo").status_code == 303
    assert wall.shown()
    wall.screens(later(60))
    assert told(wall) == ["Your words are on the wall"]


def test_words_whose_place_newer_ones_have_taken_are_told_once(wall: Wall, mo: AtTheDesk) -> None:
    sent = proved(wall)
    mo.approves(sent)
    newer = wall.edits(sent, "I will listen, and then act", email=ADDRESS)
    mo.approves(newer)
    wall.screens(later(60))
    assert told(wall) == ["Your words are on the wall"]


def test_a_change_that_was_sent_already_is_not_asked_for(wall: Wall, mo: AtTheDesk) -> None:
    sent = proved(wall)
    mo.decides(sent, "revise", reason="clearer")
    wall.edits(sent, "I will listen, and then act", email=ADDRESS)
    wall.screens(later(60))
    assert told(wall) == []
    assert wall.owed()[-1] == ("revise", "overtaken")


def test_a_decline_is_not_told_once_its_author_has_sent_other_words_or_has_appealed(wall: Wall, mo: AtTheDesk) -> None:
    first, second = proved(wall), proved(wall, "I will read with my team")
    for sent in (first, second):
        mo.decides(sent, "reject", reason="off_topic")
    wall.edits(first, "I will listen, and then act", email=ADDRESS)
    assert wall.acts(second, "appeal").status_code == 303
    wall.screens(later(60))
    assert told(wall) == []


def kept(wall: Wall, mo: AtTheDesk) -> Sent:
    """A reported promise that mo has kept just now."""
    sent = proved(wall)
    mo.approves(sent)
    wall.screens(later(60))
    assert wall.reports(sent, email=REPORTER).status_code == 200
    mo.approves(sent)
    return sent


REPORTED: dict[str, tuple[Callable[[Wall, AtTheDesk, Sent], object], str]] = {
    "kept": (lambda wall, bo, sent: None, STAYS),
    "taken down": (lambda wall, bo, sent: bo.decides(sent, "take_down", reason="off_topic"), REMOVED),
    "spam": (lambda wall, bo, sent: bo.decides(sent, "spam"), REMOVED),
    "withdrawn": (lambda wall, bo, sent: wall.acts(sent, "withdraw"), TAKEN_BACK),
    "erased": (lambda wall, bo, sent: wall.acts(sent, "erase"), TAKEN_BACK),
}  # fmt: skip


@pytest.mark.parametrize("how", list(REPORTED))
def test_who_reported_is_told_once_and_what_came_of_it_in_the_end(
    wall: Wall, mo: AtTheDesk, bo: AtTheDesk, how: str
) -> None:
    overturn, expected = REPORTED[how]
    overturn(wall, bo, kept(wall, mo))
    wall.screens(later(120))
    (letter,) = outcomes(wall)
    assert expected in letter
    assert sum(part in letter for part in (STAYS, REMOVED, TAKEN_BACK)) == 1


def test_who_reported_waits_for_the_second_person_where_a_take_down_is_proposed_at_once(
    wall: Wall, mo: AtTheDesk, bo: AtTheDesk
) -> None:
    sent = kept(wall, mo)
    bo.decides(sent, "take_down", reason="illegal")
    wall.screens(later(120))
    assert outcomes(wall) == []
    assert sent.review_id in bo.sees("reported")
    mo.decides(sent, "reject", reason="illegal")
    wall.screens(later(240))
    (letter,) = outcomes(wall)
    assert REMOVED in letter


def test_a_comment_that_left_with_its_promise_is_not_told_to_stand(wall: Wall, mo: AtTheDesk) -> None:
    promise = proved(wall)
    mo.approves(promise)
    comment = wall.comments(promise, "Good to hear that")
    mo.approves(comment)
    wall.screens(later(60))
    given = {"category": "other", "email": REPORTER}
    assert wall.sends(f"/{SLUG}/comments/{comment.public_id}/report", **given).status_code == 200
    mo.approves(comment)
    wall.acts(promise, "withdraw")
    wall.screens(later(120))
    (letter,) = outcomes(wall)
    assert "What it stood under has left the wall" in letter and STAYS not in letter


def test_a_comment_under_what_was_erased_is_not_told_to_appear_later(wall: Wall, mo: AtTheDesk) -> None:
    promise = wall.promises()
    mo.approves(promise)
    withdrawn, erased = (wall.comments(promise, f"Good to hear that {n}", email=f"c{n}@example.org") for n in range(2))
    for each in (withdrawn, erased):
        wall.proves(each)
    wall.acts(promise, "withdraw")
    mo.approves(withdrawn)
    wall.screens(later(60))
    wall.acts(promise, "erase")
    mo.approves(erased)
    wall.screens(later(120))
    first, second = (plain(letter) for letter in wall.letters() if "Your words are approved" in letter)
    assert "as soon as that does" in first
    assert "as soon as that does" not in second and "for good" in second


# -- while a wall stands still ---------------------------------------------------------------------------


def test_words_approved_while_the_wall_stands_still_are_shown_afterwards_though_a_change_waits(
    wall: Wall, mo: AtTheDesk
) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    surge(mo, "start", hours="2", screens="yes")
    sent = proved(wall, "I will plant two trees")
    mo.approves(sent)
    newer = wall.edits(sent, "I will plant three trees", email=ADDRESS)
    wall.screens(later(60))
    assert told(wall) == []
    surge(lead, "end")
    wall.screens(later(120))
    assert wall.shown("I will plant two trees")
    assert wall.review(newer.review_id).state is State.WAITING
    assert told(wall) == ["Your words are on the wall"]
    mo.approves(newer)
    assert wall.shown("I will plant three trees") and not wall.shown("I will plant two trees")


def test_of_two_that_were_approved_while_the_wall_stood_still_the_newer_is_shown_and_told(
    wall: Wall, mo: AtTheDesk, bo: AtTheDesk
) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    surge(mo, "start", hours="2", screens="yes")
    sent = proved(wall, "I will plant two trees")
    mo.approves(sent)
    newer = wall.edits(sent, "I will plant three trees", email=ADDRESS)
    bo.approves(newer)
    assert wall.review(sent.review_id).state is State.SUPERSEDED
    bo.decides(newer, "undo")
    assert wall.review(sent.review_id).state is State.APPROVED
    bo.approves(newer)
    surge(lead, "end")
    wall.screens(later(120))
    assert wall.shown("I will plant three trees") and not wall.shown("I will plant two trees")
    assert told(wall) == ["Your words are on the wall"]


@pytest.mark.parametrize("switches", [{}, {"promises": "yes"}])
def test_no_undo_and_no_thaw_puts_older_words_over_newer(
    wall: Wall, mo: AtTheDesk, bo: AtTheDesk, switches: dict[str, str]
) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    sent = wall.promises("I will plant two trees")
    mo.approves(sent)
    newer = wall.edits(sent, "I will plant three trees")
    if switches:
        surge(mo, "start", hours="2", **switches)
    bo.decides(sent, "take_down", reason="off_topic")
    mo.approves(newer)
    page = bo.client.get(f"/moderation/reviews/{sent.review_id}").text
    assert 'name="move" value="undo"' not in page
    answer = bo.decides(sent, "undo")
    assert answer.status_code == 409 and "newer words" in answer.text
    wall.screens(later(60))
    if switches:
        surge(lead, "end")
        wall.screens(later(90))
    assert wall.shown("I will plant three trees") and not wall.shown("I will plant two trees")
    assert wall.review(sent.review_id).state is State.REJECTED
    assert wall.review(newer.review_id).state is State.APPROVED


def test_what_was_not_held_back_is_not_shown_by_a_wall_that_moves_again(wall: Wall, mo: AtTheDesk) -> None:
    """However it came to be approved and unshown: the clock shows nothing that a person did not approve meanwhile."""
    sent = wall.promises("I will plant two trees")
    surge(mo, "start", hours="2", promises="yes")
    mo.approves(sent)
    with wall.work() as session:
        publishing.hide(session, session.get_one(Contribution, sent.contribution_id), utcnow())
    wall.screens(later(60))
    assert not wall.shown("I will plant two trees")


def test_a_reopening_is_not_undone_while_a_colleague_has_it_open(wall: Wall, mo: AtTheDesk, bo: AtTheDesk) -> None:
    sent = wall.promises()
    mo.approves(sent)
    mo.decides(sent, "reopen")
    bo.client.post(f"/moderation/reviews/{sent.review_id}/claim", data={"csrf_token": bo.csrf()})
    assert 'name="move" value="undo"' not in mo.client.get(f"/moderation/reviews/{sent.review_id}").text
    answer = mo.decides(sent, "undo")
    assert answer.status_code == 409 and "bo" in answer.text
    assert wall.review(sent.review_id).state is State.WAITING


def test_what_was_taken_down_is_not_told_while_newer_words_of_its_author_stand(
    wall: Wall, mo: AtTheDesk, bo: AtTheDesk
) -> None:
    sent = proved(wall)
    mo.approves(sent)
    wall.screens(later(60))
    newer = wall.edits(sent, "I will listen, and then act", email=ADDRESS)
    mo.decides(sent, "take_down", reason="off_topic")
    bo.approves(newer)
    wall.screens(later(100))
    assert wall.shown("I will listen, and then act")
    assert told(wall) == ["Your words are on the wall"] * 2
    assert ("taken_down", "overtaken") in wall.owed()


def test_that_words_were_taken_down_is_told_after_all_where_the_newer_leave_the_wall_again(
    wall: Wall, mo: AtTheDesk, bo: AtTheDesk
) -> None:
    sent = proved(wall)
    mo.approves(sent)
    wall.screens(later(60))
    newer = wall.edits(sent, "I will listen, and then act", email=ADDRESS)
    mo.decides(sent, "take_down", reason="off_topic")
    bo.approves(newer)
    wall.screens(later(31))
    assert ("taken_down", "overtaken") in wall.owed()
    assert bo.decides(newer, "undo").status_code == 303
    wall.screens(later(100))
    assert "What you sent is no longer on the wall" in told(wall)


@pytest.mark.parametrize(
    "move, reason, subject",
    [("reject", "off_topic", "What you sent will not appear"), ("revise", "clearer", "We ask you for a change")],
)
def test_what_was_decided_is_told_though_its_author_took_it_back_and_put_it_back_at_once(
    wall: Wall, mo: AtTheDesk, move: str, reason: str, subject: str
) -> None:
    sent = proved(wall)
    mo.decides(sent, move, reason=reason)
    for _ in range(2):
        wall.acts(sent, "withdraw")
        assert (wall.owed()[1][1]) == "withdrawn"
        wall.acts(sent, "restore")
    wall.screens(later(100))
    assert told(wall) == [subject]
