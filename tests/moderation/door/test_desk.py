"""What a moderator does at the desk, and what the wall shows then."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import update

from moderation.models import Review, Role
from moderation.workflow import Move, State
from pledges.models import Contribution
from tests.wall import OTHER, SLUG, WORDS, AtTheDesk, Wall, later


def test_an_approved_promise_is_shown_and_nothing_was_before(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    assert not wall.shown()
    moderator.approves(sent)
    assert wall.shown()
    assert WORDS in wall.app.test_client().get(sent.receipt).text


def test_a_rejection_without_a_reason_is_422_and_changes_nothing(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    for move in ("reject", "revise"):
        assert moderator.decides(sent, move).status_code == 422
    assert wall.review(sent.review_id).state is State.WAITING
    assert moderator.decides(sent, "reject", reason="off_topic").status_code == 303


def test_a_viewer_looks_and_may_not_decide(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    viewer = wall.moderator("vi", Role.VIEWER)
    assert viewer.sees("all") == [sent.review_id]
    for move in ("approve", "spam", "park", "pass"):
        assert viewer.decides(sent, move).status_code == 403
    assert wall.review(sent.review_id).state is State.WAITING
    assert not wall.shown()


def test_what_belongs_to_another_campaign_does_not_exist(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    stranger = wall.moderator("ola", slug=OTHER)
    assert stranger.sees("all") == []
    assert stranger.client.get(f"/moderation/reviews/{sent.review_id}").status_code == 404
    assert stranger.decides(sent, "approve").status_code == 404
    assert wall.review(sent.review_id).state is State.WAITING
    own = wall.promises(slug=OTHER)
    assert stranger.sees("all") == [] or own.review_id in stranger.sees("all")
    assert stranger.decides(own, "approve").status_code == 303


def test_without_its_token_no_act_is_done(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    path = f"/moderation/reviews/{sent.review_id}/decide"
    stranger = wall.moderator("ann")
    for token in ("", "nonsense", stranger.csrf()):
        answer = moderator.client.post(path, data={"csrf_token": token, "move": "approve", "version": "2"})
        assert answer.status_code == 400, token
    for path in ("/moderation/people", "/moderation/shortcuts", "/moderation/sign-out"):
        assert moderator.client.post(path).status_code == 400, path
    assert wall.review(sent.review_id).state is State.WAITING


def test_who_is_not_signed_in_is_led_to_the_door(wall: Wall) -> None:
    sent = wall.promises()
    client = wall.app.test_client()
    for path in ("/moderation/", f"/moderation/reviews/{sent.review_id}", "/moderation/people", "/moderation/history"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert "/moderation/sign-in" in answer.headers["Location"]
        assert WORDS not in answer.text


def test_whoever_comes_second_reads_who_decided_what(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    ann = wall.moderator("ann")
    seen = wall.review(sent.review_id).version
    assert ann.decides(sent, "reject", reason="off_topic", version=seen).status_code == 303
    answer = moderator.decides(sent, "approve", version=seen)
    assert answer.status_code == 409
    assert "ann was quicker: Declined: Not a promise" in answer.text
    assert not wall.shown()


def test_a_button_pressed_twice_decides_once_and_goes_on(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    seen = wall.review(sent.review_id).version
    first, second = (moderator.decides(sent, "approve", version=seen) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert len([each for each in wall.decisions(sent.review_id) if each.move is Move.APPROVE]) == 1
    other = moderator.decides(sent, "reject", reason="off_topic", version=seen)
    assert other.status_code == 409  # another move is no repeat


def test_undoing_leads_back_to_the_item_in_its_list_and_says_so(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.promises("Another that waits")
    wall.screens()
    moderator.approves(sent)
    answer = moderator.decides(sent, "undo", lane="new", kept="kind=pledge")
    assert f"/moderation/?at={sent.review_id}" in answer.headers["Location"]
    assert "lane=new" in answer.headers["Location"] and "kind=pledge" in answer.headers["Location"]
    assert "The last decision was undone" in moderator.client.get(answer.headers["Location"]).text


@pytest.mark.parametrize("path", ["shortcuts", "", "reviews/1/note", "reviews/1/decide", "sign-in"])
def test_more_than_is_read_is_told_so_at_the_desk(wall: Wall, moderator: AtTheDesk, path: str) -> None:
    for client in (moderator.client, wall.app.test_client()):
        answer = client.post(f"/moderation/{path}", data={"note": "x" * 70_000})
        assert answer.status_code == 413
        assert "<html" in answer.text


def test_a_made_up_move_or_version_is_400_and_a_move_of_the_author_is_409(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    assert moderator.decides(sent, "publish").status_code == 400
    assert moderator.decides(sent, "approve", version=-1).status_code == 400
    for move in ("restore", "withdraw", "supersede", "hold"):
        assert moderator.decides(sent, move).status_code == 409, move


def test_the_queue_is_oldest_first_and_shows_what_stays_unchecked(wall: Wall, moderator: AtTheDesk) -> None:
    first, second = wall.promises(), wall.promises("I will ask what would help")
    assert moderator.sees("all") == []
    with wall.work() as session:
        long_ago = later(-121)
        session.execute(update(Review).values(waiting_since=long_ago))
    assert moderator.sees("all") == [first.review_id, second.review_id]
    assert "Not checked yet" in moderator.client.get("/moderation/").text
    moderator.approves(first)
    assert wall.shown()


def test_withdrawn_is_gone_at_once_and_restored_only_by_a_new_decision(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    moderator.approves(sent)
    wall.acts(sent, "withdraw")
    assert not wall.shown()
    assert wall.app.test_client().get(f"/{SLUG}/promises/{sent.public_id}").status_code == 404
    assert moderator.decides(sent, "approve").status_code == 409
    assert wall.acts(sent, "restore").status_code == 303
    assert not wall.shown()
    assert moderator.sees("all") == [sent.review_id]
    moderator.approves(sent)
    assert wall.shown()


def test_what_was_erased_stands_in_no_queue_and_cannot_be_approved(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    assert wall.acts(sent, "erase").status_code == 200
    assert moderator.sees("all") == []
    for move in ("approve", "reopen"):
        assert moderator.decides(sent, move).status_code == 409
    assert wall.app.test_client().get(sent.receipt).status_code == 404


def test_a_receipt_opens_by_its_token_alone_of_which_only_the_hash_is_kept(wall: Wall) -> None:
    sent = wall.promises()
    token = sent.receipt.rsplit("/", 1)[1]
    with wall.look() as session:
        kept = session.get_one(Contribution, sent.contribution_id).receipt_hash
    assert kept == hashlib.sha256(token.encode()).hexdigest()
    client = wall.app.test_client()
    assert len(token) == 43  # 256 bits
    for wrong in (token[:-1], token + "A", kept, sent.public_id, token.swapcase()):
        assert client.get(f"/receipt/{wrong}").status_code == 404
    wall.acts(sent, "new_link")
    assert client.get(sent.receipt).status_code == 404


def test_an_appeal_is_not_decided_by_whoever_declined(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("I will be declined once.")
    wall.screens()
    assert moderator.decides(sent, "reject", reason="off_topic").status_code == 303
    wall.acts(sent, "appeal")
    again = moderator.decides(sent, "reject", reason="off_topic")
    assert again.status_code == 409
    other = wall.moderator("somebody-else")
    assert other.decides(sent, "approve").status_code == 303


def test_what_was_declined_stands_declined_however_often_its_author_puts_it_back(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = wall.promises()
    wall.screens()
    moderator.decides(sent, "reject", reason="off_topic")
    for _ in range(3):
        wall.acts(sent, "withdraw")
        answer = wall.acts(sent, "restore")
        assert answer.status_code == 303
        page = wall.app.test_client().get(answer.headers["Location"]).text
        assert "what was decided about it still holds" in page
        assert "Ask a second moderator" in page
        assert "It will not appear" in page
        assert wall.review(sent.review_id).state is State.REJECTED
        assert moderator.sees("all") == []
    assert wall.acts(sent, "appeal").status_code == 303
    assert wall.review(sent.review_id).state is State.WAITING
    wall.acts(sent, "withdraw")
    wall.acts(sent, "restore")
    assert wall.review(sent.review_id).state is State.WAITING  # an appeal waits on
    assert moderator.decides(sent, "approve").status_code == 409
    assert wall.moderator("ann").decides(sent, "approve").status_code == 303


@pytest.mark.parametrize(("move", "state"), [("spam", State.SPAM), ("revise", State.REVISE)])
def test_spam_and_a_change_asked_for_stand_when_they_are_put_back(
    wall: Wall, moderator: AtTheDesk, move: str, state: State
) -> None:
    sent = wall.promises()
    wall.screens()
    moderator.decides(sent, move, reason="clearer")
    wall.acts(sent, "withdraw")
    wall.acts(sent, "restore")
    assert wall.review(sent.review_id).state is state
    page = wall.app.test_client().get(sent.receipt).text
    assert ("A moderator asks for a change" in page) is (move == "revise")
    assert f'data-state="{"waiting" if move == "spam" else "revise"}"' in page  # of spam nothing is told


def test_beside_a_declined_change_the_words_that_stood_on_the_wall_go_back_to_the_queue(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = wall.promises()
    moderator.approves(sent)
    change = wall.edits(sent, "I will listen, and you should buy my book")
    wall.screens()
    moderator.decides(change, "reject", reason="off_topic")
    wall.acts(sent, "withdraw")
    wall.acts(sent, "restore")
    assert wall.review(change.review_id).state is State.REJECTED
    assert moderator.sees("all") == [sent.review_id]
    moderator.approves(sent)
    assert wall.shown()
