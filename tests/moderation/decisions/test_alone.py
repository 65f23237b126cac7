"""Where nobody else is at the desk, one person's word counts, the record says so, and a second one is asked when they come."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from moderation.models import Act, Role
from moderation.people import memberships
from moderation.record import chain
from moderation.workflow import Move, State
from pledges.db import utcnow
from tests.wall import OTHER, SLUG, AtTheDesk, Sent, Wall, later


@pytest.fixture
def owner(wall: Wall) -> AtTheDesk:
    """The only one who decides; somebody else may look, and somebody sits at another campaign."""
    wall.moderator("vera", Role.VIEWER)
    wall.moderator("ola", Role.MODERATOR, OTHER)
    return wall.moderator("own", Role.OWNER)


def waits(wall: Wall, words: str = "I will listen before I speak") -> Sent:
    sent = wall.promises(words, email="amina@example.org")
    wall.proves(sent)
    wall.screens()
    return sent


def item(who: AtTheDesk, sent: Sent) -> str:
    return who.client.get(f"/moderation/reviews/{sent.review_id}").text


def lines(wall: Wall, sent: Sent) -> list[Act]:
    with wall.look() as session:
        return list(session.scalars(select(Act).where(Act.subject == f"review:{sent.review_id}").order_by(Act.id)))


@pytest.mark.parametrize(
    "reason, second", [("attack", ""), ("illegal", ""), ("impersonation", ""), ("off_topic", "yes")]
)
def test_what_takes_two_is_decided_by_the_only_one_there(
    wall: Wall, owner: AtTheDesk, reason: str, second: str
) -> None:
    sent = waits(wall)
    assert owner.decides(sent, "reject", reason=reason, second=second).status_code == 303
    review = wall.review(sent.review_id)
    assert (review.state, review.needs_second) == (State.REJECTED, False)
    assert owner.sees("all") == []
    assert lines(wall, sent)[-1].after["second"] == "nobody"
    assert "nobody to second it" in owner.client.get("/moderation/record").text
    assert "(nobody to second it)" in item(owner, sent)
    wall.screens(later(60))
    assert wall.owed()[-1] == ("rejected", "")
    with wall.look() as session:
        assert list(chain.verify(session)) == []


def test_shown_words_that_the_only_one_takes_down_are_hidden_and_decided(wall: Wall, owner: AtTheDesk) -> None:
    sent = waits(wall)
    owner.approves(sent)
    assert owner.decides(sent, "take_down", reason="attack").status_code == 303
    assert wall.review(sent.review_id).state is State.REJECTED
    assert not wall.shown()
    wall.screens(later(60))
    assert wall.owed()[-1] == ("taken_down", "")


def test_it_is_asked_again_when_a_second_person_comes_and_stays_hidden_meanwhile(wall: Wall, owner: AtTheDesk) -> None:
    sent = waits(wall)
    owner.decides(sent, "reject", reason="attack")
    wall.screens(later(60))
    assert wall.review(sent.review_id).state is State.REJECTED
    ann = wall.moderator("ann")
    wall.screens(later(120))
    review = wall.review(sent.review_id)
    assert (review.state, review.needs_second) == (State.WAITING, True)
    assert ann.sees("all") == [sent.review_id]
    assert not wall.shown()
    page = item(ann, sent)
    assert "own declined it, and nobody was there to second it" in page
    assert "Attacks a person" in page
    assert owner.decides(sent, "approve").status_code == 409
    assert [(act.act, act.actor) for act in lines(wall, sent)][-1] == ("review:second", "program")
    assert ann.decides(sent, "reject", reason="attack").status_code == 303
    assert wall.review(sent.review_id).state is State.REJECTED
    wall.screens(later(240))
    assert wall.review(sent.review_id).state is State.REJECTED  # asked once
    assert [kind for kind, _ in wall.owed()].count("rejected") == 1  # its author has heard of it


def test_the_second_person_may_decide_otherwise_and_the_author_is_told(wall: Wall, owner: AtTheDesk) -> None:
    sent = waits(wall)
    owner.decides(sent, "reject", reason="attack")
    ann = wall.moderator("ann")
    wall.screens(later(60))
    assert ann.decides(sent, "approve").status_code == 303
    assert wall.shown()
    wall.screens(later(120))
    assert [kind for kind, why in wall.owed() if not why][-1] == "approved"


def test_what_the_second_person_takes_back_waits_for_them_again(wall: Wall, owner: AtTheDesk) -> None:
    sent = waits(wall)
    owner.decides(sent, "reject", reason="attack")
    ann = wall.moderator("ann")
    wall.screens(later(1))
    ann.decides(sent, "reject", reason="attack")
    assert ann.decides(sent, "undo").status_code == 303
    assert wall.review(sent.review_id).needs_second
    assert owner.decides(sent, "approve").status_code == 409


def test_the_only_one_takes_it_back_like_any_decision(wall: Wall, owner: AtTheDesk) -> None:
    sent = waits(wall)
    owner.decides(sent, "reject", reason="attack")
    assert owner.decides(sent, "undo").status_code == 303
    review = wall.review(sent.review_id)
    assert (review.state, review.needs_second) == (State.WAITING, False)
    assert owner.decides(sent, "approve").status_code == 303


def test_whoever_proposed_decides_when_the_other_has_left(wall: Wall, owner: AtTheDesk) -> None:
    sent = waits(wall)
    wall.moderator("ann")
    owner.decides(sent, "reject", reason="attack")
    assert wall.review(sent.review_id).state is State.WAITING
    assert owner.decides(sent, "reject", reason="attack").status_code == 409
    with wall.work() as session:
        assert memberships.leave(session, "ann@example.org", "operator", utcnow())
    assert "Somebody else has to decide this" not in item(owner, sent)
    assert owner.decides(sent, "reject", reason="attack").status_code == 303
    assert wall.review(sent.review_id).state is State.REJECTED


def test_a_confirmation_is_not_offered_where_nobody_could_give_one(wall: Wall, owner: AtTheDesk) -> None:
    sent = waits(wall)
    page = item(owner, sent)
    assert "A second moderator has to confirm" not in page
    assert "Nobody is there to second it" in page
    wall.moderator("ann")
    page = item(owner, sent)
    assert "A second moderator has to confirm" in page
    assert "Nobody is there to second it" not in page


def test_who_asks_for_an_opinion_alone_may_still_decide_until_somebody_comes(wall: Wall, owner: AtTheDesk) -> None:
    first, second = waits(wall), waits(wall, "I will ask what would help")
    for sent in (first, second):
        assert owner.decides(sent, "pass", second="yes").status_code == 303
    assert owner.decides(first, "approve").status_code == 303
    ann = wall.moderator("ann")
    assert owner.decides(second, "approve").status_code == 409
    assert ann.decides(second, "approve").status_code == 303


def test_what_was_declined_by_two_or_needs_one_is_not_asked_again(wall: Wall, owner: AtTheDesk) -> None:
    plain = waits(wall, "I will ask what would help")
    owner.decides(plain, "reject", reason="off_topic")
    wall.moderator("ann")
    wall.screens(later(60))
    assert wall.review(plain.review_id).state is State.REJECTED


def test_what_its_author_took_back_since_is_not_asked_again(wall: Wall, owner: AtTheDesk) -> None:
    sent = waits(wall)
    owner.decides(sent, "reject", reason="attack")
    wall.acts(sent, "withdraw")
    wall.moderator("ann")
    wall.screens(later(60))
    assert wall.review(sent.review_id).state is State.WITHDRAWN


def test_a_second_person_of_another_campaign_is_not_one(wall: Wall) -> None:
    mine = wall.moderator("mia", Role.MODERATOR, SLUG)
    sent = waits(wall)
    mine.decides(sent, "reject", reason="attack")
    wall.moderator("oli", Role.MODERATOR, OTHER)
    wall.screens(later(60))
    assert wall.review(sent.review_id).state is State.REJECTED
    assert wall.decisions(sent.review_id)[-1].move is Move.REJECT


def test_the_letter_looked_at_before_says_that_it_goes_out(wall: Wall, owner: AtTheDesk) -> None:
    sent = waits(wall)
    given = {"csrf_token": owner.csrf(), "move": "reject", "reason": "attack"}
    page = owner.client.post(f"/moderation/reviews/{sent.review_id}/letter", data=given).text
    assert "A second moderator has to agree first" not in page
