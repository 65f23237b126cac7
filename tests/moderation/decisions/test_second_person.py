"""What two have to agree on, second opinions, and appeals: who may decide, and who may not."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from moderation.models import Appeal, Letter, Role
from moderation.people import memberships
from moderation.record import chain
from moderation.workflow import Move, State
from pledges.db import utcnow
from tests.wall import OTHER, AtTheDesk, Sent, Wall, found, later


def item(who: AtTheDesk, sent: Sent) -> str:
    return who.client.get(f"/moderation/reviews/{sent.review_id}").text


@pytest.mark.parametrize("reason", ["illegal", "attack", "impersonation"])
def test_such_a_reason_is_a_proposal_until_a_second_person_confirms_it(wall: Wall, reason: str) -> None:
    sent = wall.promises(email="amina@example.org")
    wall.proves(sent)
    wall.screens()
    mo, ann = wall.moderator("mo"), wall.moderator("ann")
    assert mo.decides(sent, "reject", reason=reason, note="see line two").status_code == 303
    review = wall.review(sent.review_id)
    assert (review.state, review.needs_second) == (State.WAITING, True)
    wall.screens(later(60))
    assert [kind for kind, _ in wall.owed()] == ["receipt"]
    assert "mo proposes to decline it" in item(ann, sent)
    assert "see line two" in item(ann, sent)
    assert mo.decides(sent, "reject", reason=reason).status_code == 409
    assert mo.decides(sent, "approve").status_code == 409
    assert ann.decides(sent, "reject", reason=reason).status_code == 303
    review = wall.review(sent.review_id)
    assert (review.state, review.needs_second) == (State.REJECTED, False)
    assert [kind for kind, _ in wall.owed()] == ["receipt", "rejected"]
    with wall.look() as session:
        assert list(chain.verify(session)) == []


def test_the_second_person_may_decide_otherwise(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    mo, ann = wall.moderator("mo"), wall.moderator("ann")
    mo.decides(sent, "reject", reason="illegal")
    assert ann.decides(sent, "approve").status_code == 303
    assert wall.shown()


def test_whoever_proposed_sees_why_the_buttons_are_gone(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    mo, _ann = wall.moderator("mo"), wall.moderator("ann")
    mo.decides(sent, "reject", reason="illegal")
    page = item(mo, sent)
    assert "You were the first of two" in page
    assert not re.search(r'name="move" value="(approve|reject|revise|spam|take_down)"', page)
    assert "Nobody else at this desk may decide it" not in page


def test_a_proposal_is_undone_by_its_maker_and_the_undo_of_a_confirmation_brings_it_back(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    mo, ann = wall.moderator("mo"), wall.moderator("ann")
    mo.decides(sent, "reject", reason="illegal")
    ann.decides(sent, "reject", reason="illegal")
    assert ann.decides(sent, "undo").status_code == 303
    assert wall.review(sent.review_id).needs_second
    assert mo.decides(sent, "approve").status_code == 409
    other = wall.promises("I will ask what would help")
    wall.screens()
    mo.decides(other, "reject", reason="illegal")
    assert mo.decides(other, "undo").status_code == 303
    assert not wall.review(other.review_id).needs_second
    assert mo.decides(other, "approve").status_code == 303


def test_a_second_opinion_is_given_by_somebody_else_and_keeps_the_place_in_the_queue(wall: Wall) -> None:
    first, second = wall.promises(), wall.promises("I will ask what would help")
    wall.screens()
    mo, ann = wall.moderator("mo"), wall.moderator("ann")
    assert mo.decides(first, "pass", second="yes", note="is this a threat?").status_code == 303
    assert ann.sees("all") == [first.review_id, second.review_id]
    assert "mo asks for a second opinion" in item(ann, first)
    assert "is this a threat?" in item(ann, first)
    assert "Second opinion" in ann.client.get("/moderation/").text
    assert mo.decides(first, "approve").status_code == 409
    assert ann.decides(first, "approve").status_code == 303


def test_any_decline_can_be_put_to_a_second_person(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    mo, _ann = wall.moderator("mo"), wall.moderator("ann")
    mo.decides(sent, "reject", reason="off_topic", second="yes")
    assert wall.review(sent.review_id).state is State.WAITING
    assert wall.decisions(sent.review_id)[-1].proposes is Move.REJECT


def test_an_author_cannot_wipe_out_a_proposal_by_taking_back_and_restoring(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    mo, _ann = wall.moderator("mo"), wall.moderator("ann")
    mo.decides(sent, "reject", reason="illegal")
    wall.acts(sent, "withdraw")
    wall.acts(sent, "restore")
    assert mo.decides(sent, "approve").status_code == 409


def test_an_appeal_is_closed_to_both_who_declined(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    mo, ann, cas = wall.moderator("mo"), wall.moderator("ann"), wall.moderator("cas")
    mo.decides(sent, "reject", reason="illegal")
    ann.decides(sent, "reject", reason="illegal")
    assert wall.acts(sent, "appeal").status_code == 303
    for who in (mo, ann):
        assert who.decides(sent, "approve").status_code == 409
        assert "asks for another pair of eyes" in item(who, sent)
    assert cas.decides(sent, "approve").status_code == 303


def test_where_one_moderator_sits_alone_the_lead_is_told_of_an_appeal(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    mo, lead = wall.moderator("mo"), wall.moderator("lea", Role.LEAD)
    mo.decides(sent, "reject", reason="off_topic")
    wall.acts(sent, "appeal")
    with wall.look() as session:
        (call,) = session.scalars(select(Letter).where(Letter.kind == "second_needed")).all()
        assert call.moderator_id is not None
    wall.screens()
    assert "To: lea@example.org" in wall.letters(staff=True)[-1]
    assert lead.decides(sent, "approve").status_code == 303


def test_where_others_can_decide_an_appeal_nobody_is_called(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    mo, _ann, _lead = wall.moderator("mo"), wall.moderator("ann"), wall.moderator("lea", Role.LEAD)
    mo.decides(sent, "reject", reason="off_topic")
    wall.acts(sent, "appeal")
    assert wall.owed() == []


def test_after_a_second_opinion_without_a_word_of_ones_own_such_a_reason_still_needs_two(wall: Wall) -> None:
    sent = wall.promises(email="amina@example.org")
    wall.proves(sent)
    wall.screens()
    mo, ann, cas = wall.moderator("mo"), wall.moderator("ann"), wall.moderator("cas")
    mo.decides(sent, "pass", second="yes")
    preview = {"csrf_token": ann.csrf(), "move": "reject", "reason": "illegal"}
    page = ann.client.post(f"/moderation/reviews/{sent.review_id}/letter", data=preview).text
    assert "A second moderator has to agree first" in page
    assert ann.decides(sent, "reject", reason="illegal").status_code == 303
    review = wall.review(sent.review_id)
    assert (review.state, review.needs_second) == (State.WAITING, True)
    assert wall.decisions(sent.review_id)[-1].proposes is Move.REJECT
    assert "ann proposes to decline it" in item(cas, sent)
    assert ann.decides(sent, "reject", reason="illegal").status_code == 409
    assert mo.decides(sent, "reject", reason="illegal").status_code == 303  # who asked may be the second
    assert wall.review(sent.review_id).state is State.REJECTED


def test_a_proposal_of_another_move_does_not_make_a_decline_final(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    mo, ann, cas = wall.moderator("mo"), wall.moderator("ann"), wall.moderator("cas")
    mo.decides(sent, "revise", reason="clearer", second="yes")
    assert 'name="second"' in item(ann, sent)
    ann.decides(sent, "reject", reason="illegal")
    assert wall.review(sent.review_id).state is State.WAITING
    assert wall.decisions(sent.review_id)[-1].proposes is Move.REJECT
    cas.decides(sent, "reject", reason="illegal")
    assert wall.review(sent.review_id).state is State.REJECTED


def test_a_decline_for_an_everyday_reason_answers_a_second_opinion(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    mo, ann = wall.moderator("mo"), wall.moderator("ann")
    mo.decides(sent, "pass", second="yes")
    ann.decides(sent, "reject", reason="off_topic")
    assert wall.review(sent.review_id).state is State.REJECTED


def test_what_a_proposal_took_down_is_told_as_taken_down_whoever_proposed_since(wall: Wall) -> None:
    sent = wall.promises(email="amina@example.org")
    wall.proves(sent)
    wall.screens()
    mo, ann, cas = wall.moderator("mo"), wall.moderator("ann"), wall.moderator("cas")
    cas.approves(sent)
    wall.screens(later(60))
    mo.decides(sent, "take_down", reason="illegal")
    ann.decides(sent, "revise", reason="clearer", second="yes")
    cas.decides(sent, "reject", reason="off_topic")
    assert [kind for kind, _ in wall.owed()][-1] == "taken_down"


def declined_twice(wall: Wall) -> tuple[Sent, AtTheDesk, AtTheDesk]:
    """A promise that mo declined, whose author appealed, and that bo declined as well."""
    sent = wall.promises()
    wall.screens()
    mo, bo = wall.moderator("mo"), wall.moderator("bo")
    mo.decides(sent, "reject", reason="off_topic")
    wall.acts(sent, "appeal")
    bo.decides(sent, "reject", reason="off_topic")
    return sent, mo, bo


def test_an_appeal_whose_answer_is_opened_again_stays_closed_to_whoever_it_is_against(wall: Wall) -> None:
    sent, mo, bo = declined_twice(wall)
    assert bo.decides(sent, "reopen").status_code == 303
    assert bo.sees("appeals") == [sent.review_id]
    assert mo.decides(sent, "reject", reason="off_topic").status_code == 409
    assert bo.decides(sent, "approve").status_code == 303


def test_taking_back_that_an_appeal_is_opened_again_closes_it_again(wall: Wall) -> None:
    sent, _, bo = declined_twice(wall)
    bo.decides(sent, "reopen")
    assert bo.decides(sent, "undo").status_code == 303
    with wall.look() as session:
        assert session.scalars(select(Appeal.closed_by_id)).one() == wall.decisions(sent.review_id)[-3].id
    bo.decides(sent, "reopen")
    assert bo.sees("appeals") == [sent.review_id]


@pytest.mark.parametrize("second", ["", "yes"])
def test_what_is_passed_to_somebody_who_cannot_decide_it_is_not_passed_and_the_note_is_kept(
    wall: Wall, second: str
) -> None:
    mo = wall.moderator("mo")
    wall.moderator("vi", Role.VIEWER)
    wall.moderator("ola", Role.MODERATOR, OTHER)
    wall.moderator("gone")
    with wall.work() as session:
        assert memberships.leave(session, "gone@example.org", "operator", utcnow())
    sent = wall.promises()
    wall.screens()
    before, told = wall.review(sent.review_id), len(wall.decisions(sent.review_id))
    for to in ("vi@example.org", "ola@example.org", "gone@example.org", "nobody@example.org", "999999"):
        answer = mo.decides(sent, "pass", to=to, second=second, note="is this a threat?")
        assert answer.status_code == 422, to
        assert "It was not passed on" in answer.text
        assert "is this a threat?</textarea>" in answer.text
        asked = found(re.compile(r'data-opens="p" open>.*?name="second" value="yes"([^>]*)>', re.DOTALL), answer.text)
        assert asked == (" checked" if second else "")
    review = wall.review(sent.review_id)
    assert (review.version, review.passed_to_id, review.needs_second) == (before.version, None, False)
    assert len(wall.decisions(sent.review_id)) == told
    assert mo.decides(sent, "pass", note="is this a threat?").status_code == 303  # to whoever comes next


def test_a_decline_without_a_reason_comes_back_with_its_note(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    answer = moderator.decides(sent, "reject", note="see line two", second="yes", tell="no")
    assert answer.status_code == 422
    assert "see line two</textarea>" in answer.text
    assert wall.review(sent.review_id).state is State.WAITING


def appealed(wall: Wall) -> tuple[Sent, AtTheDesk]:
    """An appeal against ann, and bob, who alone is left to answer it."""
    sent = wall.promises()
    wall.screens()
    ann, bob = wall.moderator("ann"), wall.moderator("bob")
    wall.moderator("vera", Role.VIEWER)
    ann.decides(sent, "reject", reason="off_topic")
    wall.acts(sent, "appeal")
    return sent, bob


@pytest.mark.parametrize("reason, second", [("illegal", ""), ("off_topic", "yes")])
def test_an_appeal_is_answered_by_the_only_one_who_is_left(wall: Wall, reason: str, second: str) -> None:
    sent, bob = appealed(wall)
    assert "Somebody else has to decide this" not in item(bob, sent)
    assert bob.decides(sent, "reject", reason=reason, second=second).status_code == 303
    assert wall.review(sent.review_id).state is State.REJECTED
    assert wall.decisions(sent.review_id)[-1].alone
    wall.screens(later(60))
    assert wall.review(sent.review_id).state is State.REJECTED  # who was appealed against is no second person


def test_no_second_opinion_on_an_appeal_is_asked_for_where_nobody_could_give_one(wall: Wall) -> None:
    sent, bob = appealed(wall)
    answer = bob.decides(sent, "pass", second="yes")
    assert answer.status_code == 409
    assert "Nobody else at this desk could give a second opinion." in answer.text
    assert not wall.review(sent.review_id).needs_second


@pytest.mark.parametrize("role", [Role.LEAD, Role.OWNER])
def test_an_appeal_that_only_a_lead_or_owner_could_confirm_is_put_to_them_and_they_are_told(
    wall: Wall, role: Role
) -> None:
    sent = wall.promises()
    wall.screens()
    ann, bob, lea = wall.moderator("ann"), wall.moderator("bob"), wall.moderator("lea", role)
    ann.decides(sent, "reject", reason="off_topic")
    wall.acts(sent, "appeal")
    assert bob.decides(sent, "reject", reason="illegal").status_code == 303
    wall.screens(later(60))
    assert "To: lea@example.org" in wall.letters(staff=True)[-1]
    assert lea.decides(sent, "approve").status_code == 303
