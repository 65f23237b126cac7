"""What the page of an item offers, and what the post accepts, are the same: every move, role and state."""

from __future__ import annotations

import re
from itertools import product

import pytest
from sqlalchemy import update

from moderation import permissions, workflow
from moderation.models import Review, Role
from moderation.permissions import Act
from moderation.workflow import Move, State
from pledges import publishing
from pledges.db import utcnow
from tests.wall import OTHER, SLUG, AtTheDesk, Sent, Wall

MOVES = (*(move.value for move in Move), "park", "pass", "take_down")
FORM = re.compile(r'<form [^>]*action="/moderation/reviews/\d+/decide".*?</form>', re.DOTALL)
MOVE = re.compile(r'name="move" value="(\w+)"')
ROLES = [(role, SLUG) for role in Role] + [(Role.OWNER, ""), (Role.OWNER, OTHER)]
SAME = {"take_down": "reject", "reject": "take_down"}  # one button: what is on the wall is taken down by declining it


def put(wall: Wall, sent: Sent, state: State) -> None:
    """The item stands in this state, shown where that state is shown, whatever happened to it before."""
    with wall.work() as session:
        review = session.get_one(Review, sent.review_id)
        contribution = review.contribution
        contribution.withdrawn_at = utcnow() if state is State.WITHDRAWN else None
        publishing.hide(session, contribution, utcnow())
        if state is State.APPROVED:
            publishing.publish(session, review.revision, utcnow())
        session.execute(
            update(Review)
            .where(Review.id == sent.review_id)
            .values(
                state=state, needs_second=False, parked_until=None, passed_to_id=None, claimed_by_id=None,
                claimed_until=None, version=Review.version + 1,
            )
        )  # fmt: skip


def offered(by: AtTheDesk, sent: Sent) -> set[str]:
    page = by.client.get(f"/moderation/reviews/{sent.review_id}")
    if page.status_code == 404:
        return set()
    return {move for form in FORM.findall(page.text) for move in MOVE.findall(form)}


@pytest.mark.parametrize("role, campaign", ROLES, ids=[f"{role}-{slug or 'all'}" for role, slug in ROLES])
def test_what_the_page_offers_is_what_the_post_accepts(wall: Wall, role: Role, campaign: str) -> None:
    somebody = wall.moderator("somebody", role, campaign)
    sent = wall.promises()
    walked = 0
    for state, move in product(State, MOVES):
        put(wall, sent, state)
        before = wall.review(sent.review_id)
        offers = offered(somebody, sent)
        answer = somebody.decides(sent, move, reason="clearer" if move == "revise" else "off_topic")
        accepted = answer.status_code == 303
        assert answer.status_code in (303, 400, 403, 404, 409), f"{state} {move} {answer.status_code}"
        wanted = move in offers or SAME.get(move) in offers
        # asking for a second opinion on what waits is a tick beside "pass on", so its button is that one's
        wanted = wanted or (move == "propose" and "pass" in offers)
        assert accepted == wanted, f"{role} {state} {move}: offered {sorted(offers)}, answered {answer.status_code}"
        after = wall.review(sent.review_id)
        if not accepted:
            assert (after.state, after.version) == (before.state, before.version), f"{state} {move}"
        walked += 1
    assert walked == len(State) * len(MOVES)


@pytest.mark.parametrize("role", Role)
def test_the_table_of_acts_says_who_may_decide(wall: Wall, role: Role) -> None:
    somebody = wall.moderator("somebody", role)
    sent = wall.promises()
    offers = offered(somebody, sent)
    assert bool(offers) is (Act.DECIDE in permissions.MAY[role])
    if offers:
        table = {move.value for move in workflow.open_moves(State.WAITING)} - {"propose"}
        assert offers - {"park", "pass"} == table
