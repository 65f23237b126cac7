"""Words are approved by whoever was shown them, and in spite of what a check found only by whoever says so once more."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from moderation.models import Finding, Role
from moderation.workflow import Move, State
from pledges.models import Revision
from tests.akismet_service import AkismetService
from tests.forms import form
from tests.wall import CSRF, AtTheDesk, Sent, Wall, approving, found

HATE = "Go back to where you came from, all of you"
DOUBTED = {
    "Ring me on 029 2018 0123 and I will listen": "Shows a telephone number.",
    "See https://a.example and https://b.example and https://c.example": "Has ",
    "I will make sure they are treated like vermin": "Has ",
}


def waits(wall: Wall, words: str, **fields: str) -> Sent:
    sent = wall.promises(words, **fields)
    wall.screens()
    return sent


def page_of(who: AtTheDesk, sent: Sent) -> str:
    return who.client.get(f"/moderation/reviews/{sent.review_id}").text


def approve(who: AtTheDesk, sent: Sent, **fields: str) -> TestResponse:
    """The bare decision, with exactly these fields."""
    version = str(who.wall.review(sent.review_id).version)
    given = {"csrf_token": who.csrf(), "move": "approve", "version": version, **fields}
    return who.client.post(f"/moderation/reviews/{sent.review_id}/decide", data=given)


def proof_in(page: str) -> str:
    offered = approving(page)
    assert offered is not None
    return next(iter(offered.values("seen")), "")


def test_hidden_text_that_nobody_opened_is_not_approved_and_stays_hidden(wall: Wall, moderator: AtTheDesk) -> None:
    sent = waits(wall, HATE)
    page = page_of(moderator, sent)
    assert HATE not in page and not proof_in(page)
    answer = approve(moderator, sent)
    assert answer.status_code == 409
    assert "the text is still hidden" in answer.text
    assert HATE not in answer.text and not proof_in(answer.text)
    assert wall.review(sent.review_id).state is State.WAITING
    assert not wall.shown(HATE)


def test_hidden_text_is_approved_once_it_was_opened_and_said_again(wall: Wall, moderator: AtTheDesk) -> None:
    sent = waits(wall, HATE)
    opened = moderator.opens_text(f"/moderation/reviews/{sent.review_id}")
    assert HATE in opened
    asked = approve(moderator, sent, seen=proof_in(opened))
    assert asked.status_code == 409
    assert "Approve all the same?" in asked.text and HATE in asked.text
    again = approving(asked.text)
    assert again is not None
    done = moderator.client.post(again.action, data=again.sent())
    assert done.status_code == 303
    told = moderator.client.get(done.headers["Location"]).text
    assert f"Promise {sent.public_id}." in told.split("data-toast")[1]
    assert HATE not in told.split("data-toast")[1]


@pytest.mark.parametrize("words", DOUBTED)
def test_what_a_check_found_is_named_once_before_it_is_approved(wall: Wall, moderator: AtTheDesk, words: str) -> None:
    sent = waits(wall, words)
    proof = moderator.has_read(sent.review_id)["seen"]
    answer = approve(moderator, sent, seen=proof)
    assert answer.status_code == 409
    question = answer.text.split("data-sure")[1].split("</div>")[0]
    assert DOUBTED[words] in question and "Approve all the same?" in question
    assert not wall.shown(words)
    again = approving(answer.text)
    assert again is not None
    done = moderator.client.post(again.action, data=again.sent())
    assert done.status_code == 303
    toast = moderator.client.get(done.headers["Location"]).text.split("data-toast")[1].split("</div>")[0]
    assert "Approved." in toast and sent.public_id in toast and DOUBTED[words] in toast


def test_likely_spam_is_named_too(checked_wall: Wall, akismet: AkismetService) -> None:
    mo = checked_wall.moderator("mo")
    sent = waits(checked_wall, "I will buy cheap watches", name="akismet-guaranteed-spam", show_name="full")
    answer = approve(mo, sent, **mo.has_read(sent.review_id))
    assert answer.status_code == 409
    assert "Spam: the spam service calls it spam" in answer.text.split("data-sure")[1]


def test_what_is_clear_is_approved_by_one_press(wall: Wall, moderator: AtTheDesk) -> None:
    sent = waits(wall, "I will listen before I speak")
    offered = approving(page_of(moderator, sent))
    assert offered is not None
    assert moderator.client.post(offered.action, data=offered.sent()).status_code == 303
    assert wall.shown("I will listen before I speak")


def test_the_queue_shows_the_words_beside_it_and_so_its_button_approves_them(wall: Wall, moderator: AtTheDesk) -> None:
    waits(wall, "I will listen before I speak")
    offered = approving(moderator.client.get("/moderation/").text)
    assert offered is not None
    assert moderator.client.post(offered.action, data=offered.sent()).status_code == 303


@pytest.mark.parametrize("given", ["", "yes", "0" * 43, "é", "\x00"])
def test_what_no_page_of_ours_made_proves_nothing_and_the_words_are_shown(
    wall: Wall, moderator: AtTheDesk, given: str
) -> None:
    sent = waits(wall, "I will listen before I speak")
    answer = approve(moderator, sent, seen=given, sure="yes")
    assert answer.status_code == 409
    assert "I will listen before I speak" in answer.text
    offered = approving(answer.text)
    assert offered is not None
    assert moderator.client.post(offered.action, data=offered.sent()).status_code == 303


def test_a_proof_counts_for_one_person_one_item_one_version_and_these_words(wall: Wall) -> None:
    mo, ann = wall.moderator("mo"), wall.moderator("ann")
    sent, other = waits(wall, "I will listen before I speak"), waits(wall, "I will ask what would help")
    proof = mo.has_read(sent.review_id)["seen"]
    assert approve(ann, sent, seen=proof).status_code == 409
    assert approve(mo, other, seen=proof).status_code == 409
    mo.decides(sent, "pass", second="yes")
    ann.decides(sent, "reject", reason="off_topic")
    mo.decides(sent, "reopen")
    assert approve(mo, sent, seen=proof).status_code == 409
    fresh = mo.has_read(sent.review_id)["seen"]
    with wall.work() as session:
        of_these = Revision.contribution_id == sent.contribution_id
        session.execute(update(Revision).where(of_these).values(digest="0" * 64))
    assert approve(mo, sent, seen=fresh).status_code == 409
    assert wall.review(sent.review_id).state is State.WAITING


def test_newer_words_of_the_author_are_not_approved_by_who_read_the_older(wall: Wall, moderator: AtTheDesk) -> None:
    sent = waits(wall, "I will listen before I speak")
    older = moderator.has_read(sent.review_id)["seen"]
    newer = wall.edits(sent, "I will shout before I listen")
    wall.screens()
    answer = approve(moderator, newer, seen=older)
    assert answer.status_code == 409
    assert "I will shout before I listen" in answer.text


def test_what_was_found_after_the_question_is_asked_about_again(wall: Wall, moderator: AtTheDesk) -> None:
    sent = waits(wall, "Ring me on 029 2018 0123 and I will listen")
    asked = approving(approve(moderator, sent, **moderator.has_read(sent.review_id)).text)
    assert asked is not None
    with wall.work() as session:
        review = wall.review(sent.review_id)
        finding = next(each for each in review.findings if each.check == "links" and each.round == review.round)
        values = {"verdict": "look", "detail": {"rules": ["many_links"]}}
        session.execute(update(Finding).where(Finding.id == finding.id).values(**values))
    answer = moderator.client.post(asked.action, data=asked.sent())
    assert answer.status_code == 409
    assert "Has many links." in answer.text.split("data-sure")[1]


def test_who_confirms_or_overrules_a_proposal_by_approving_has_seen_the_words(wall: Wall) -> None:
    mo, ann = wall.moderator("mo"), wall.moderator("ann")
    sent = waits(wall, HATE)
    mo.decides(sent, "reject", reason="illegal")
    assert approve(ann, sent, sure="yes").status_code == 409
    assert not wall.shown(HATE)
    assert ann.decides(sent, "approve").status_code == 303


@pytest.mark.parametrize("move", ["reject", "spam", "revise", "park"])
def test_all_but_approving_can_be_done_without_reading(wall: Wall, moderator: AtTheDesk, move: str) -> None:
    sent = waits(wall, HATE)
    reason = {"reject": "off_topic", "revise": "clearer"}.get(move, "")
    assert moderator.decides(sent, move, reason=reason).status_code == 303


def test_a_letter_looked_at_before_the_decision_leaves_opened_text_open(wall: Wall, moderator: AtTheDesk) -> None:
    sent = waits(wall, HATE)
    opened = approving(moderator.opens_text(f"/moderation/reviews/{sent.review_id}"))
    assert opened is not None
    page = moderator.client.post(f"/moderation/reviews/{sent.review_id}/letter", data=opened.sent()).text
    assert HATE in page and proof_in(page)


def test_who_may_only_look_has_no_proof_and_approves_nothing(wall: Wall, moderator: AtTheDesk) -> None:
    vera = wall.moderator("vera", Role.VIEWER)
    sent = waits(wall, "I will listen before I speak")
    assert approving(page_of(vera, sent)) is None
    assert approve(vera, sent, **moderator.has_read(sent.review_id)).status_code == 403


def test_no_other_page_approves(wall: Wall, moderator: AtTheDesk) -> None:
    sent = waits(wall, HATE)
    for path in ("/moderation/", "/moderation/history", f"/moderation/search?q={sent.public_id}"):
        offered = approving(moderator.client.get(path).text)
        if offered is not None:
            assert moderator.client.post(offered.action, data=offered.sent()).status_code == 409
    page = moderator.client.get("/moderation/").text
    token = found(CSRF, page)
    picks = f"{sent.review_id}.{wall.review(sent.review_id).version}"
    data = {"csrf_token": token, "move": "approve", "pick": picks}
    assert moderator.client.post("/moderation/bulk/decide", data=data).status_code == 422
    sheet = {"csrf_token": token, "item": f"{picks}.{'0' * 43}"}
    answer = moderator.client.post("/moderation/sheet/approve", data=sheet)
    assert answer.status_code == 409
    assert "Nothing was approved" in answer.text
    assert Move.APPROVE not in {made.move for made in wall.decisions(sent.review_id)}
    assert form(page, "/moderation/bulk").values("move").count("approve") == 0
