"""What the page of an item offers, and what the post accepts, are the same: every move, role and state."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import update

from moderation import permissions, workflow
from moderation.models import Review, Role
from moderation.permissions import Act
from moderation.workflow import Move, State
from pledges.db import utcnow
from pledges.wall import publishing
from tests.full import full, in_share
from tests.wall import OTHER, SLUG, AtTheDesk, Sent, Wall

MOVES = (*(move.value for move in Move), "park", "pass", "back", "take_down")
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
    walked, seen_in, offers = 0, None, set[str]()
    place = ROLES.index((role, campaign))
    states = [state for row, state in enumerate(State) if in_share(row, place, of=2)]
    for state, move in product(states, MOVES):
        put(wall, sent, state)
        before = wall.review(sent.review_id)
        if seen_in is not state:  # the page changes with the state, and with what was done to the item
            seen_in, offers = state, offered(somebody, sent)
        answer = somebody.decides(sent, move, reason="clearer" if move == "revise" else "off_topic")
        accepted = answer.status_code == 303
        assert answer.status_code in (303, 400, 403, 404, 409), f"{state} {move} {answer.status_code}"
        wanted = move in offers or SAME.get(move) in offers
        # asking for a second opinion on what waits is a tick beside "pass on", so its button is that one's
        wanted = wanted or (move == "propose" and "pass" in offers)
        assert accepted == wanted, f"{role} {state} {move}: offered {sorted(offers)}, answered {answer.status_code}"
        after = wall.review(sent.review_id)
        if accepted:
            seen_in = None
        else:
            assert (after.state, after.version) == (before.state, before.version), f"{state} {move}"
        walked += 1
    assert walked == len(State) * len(MOVES) // (1 if full() else 2)


@pytest.mark.parametrize("role", Role)
def test_the_table_of_acts_says_who_may_decide(wall: Wall, role: Role) -> None:
    somebody = wall.moderator("somebody", role)
    sent = wall.promises()
    offers = offered(somebody, sent)
    assert bool(offers) is (Act.DECIDE in permissions.MAY[role])
    if offers:
        table = {move.value for move in workflow.open_moves(State.WAITING)} - {"propose"}
        assert offers - {"park", "pass"} == table


CLAIM = re.compile(r'<form [^>]*action="/moderation/reviews/\d+/(claim|release|take-over)" data-when="\w+"( hidden)?>')
CLAIMS = ("claim", "take-over")
HELD = ("nobody", "me", "other")


def made(wall: Wall, why: str, mo: AtTheDesk, ann: AtTheDesk) -> Sent:
    """An item that waits, and that mo may not decide for this reason."""
    sent = wall.promises(f"I will listen: {why}")
    wall.screens()
    if why == "appeal":
        mo.decides(sent, "reject", reason="off_topic")
        assert wall.acts(sent, "appeal").status_code == 303
    if why == "proposed and appealed":
        mo.decides(sent, "reject", reason="illegal")
        ann.decides(sent, "reject", reason="illegal")
        assert wall.acts(sent, "appeal").status_code == 303
    if why == "proposed":
        mo.decides(sent, "reject", reason="illegal")
    return sent


def held_by(wall: Wall, sent: Sent, name: str) -> None:
    """It is open at this person, or at nobody; nothing else about it is changed but for marks."""
    with wall.work() as session:
        holder = wall.plain_moderator(session, name).id if name else None
        until = utcnow() + timedelta(minutes=5) if name else None
        marks = {"claimed_by_id": holder, "claimed_until": until, "parked_until": None, "passed_to_id": None}
        session.execute(update(Review).where(Review.id == sent.review_id).values(**marks))


def holder_of(wall: Wall, sent: Sent) -> str:
    with wall.look() as session:
        held = session.get_one(Review, sent.review_id).claimed_by
        return held.name if held is not None else ""


@pytest.mark.parametrize("why", ["", "appeal", "proposed and appealed", "proposed"])
def test_claims_and_what_lays_aside_are_offered_to_whom_the_post_lets(wall: Wall, why: str) -> None:
    mo, ann, cas = wall.moderator("mo"), wall.moderator("ann"), wall.moderator("cas")
    viewer = wall.moderator("vi", Role.VIEWER)
    sent = made(wall, why, mo, ann)
    seen: dict[str, set[str]] = {}
    for who, held in product((mo, ann, cas, viewer), HELD):
        if who is viewer and held == "me":
            continue
        name = {"nobody": "", "me": who.name, "other": "dee"}[held]
        for act in (*CLAIMS, "park", "pass"):
            held_by(wall, sent, name)
            page = who.client.get(f"/moderation/reviews/{sent.review_id}").text
            offers = {found for found, hidden in CLAIM.findall(page) if not hidden}
            offers |= {move for form in FORM.findall(page) for move in MOVE.findall(form)}
            if act in CLAIMS:
                address = f"/moderation/reviews/{sent.review_id}/{act}"
                answer = who.client.post(address, data={"csrf_token": who.csrf()})
            else:
                answer = who.decides(sent, act)
            case = f"{who.name}, {why or 'plain'}, held by {held}: {act}, offered {sorted(offers)}"
            if act in offers:
                assert answer.status_code == 303, case
            elif act in CLAIMS and offers & {"claim", "release", "take-over"}:  # the same button, a moment later
                assert answer.status_code in (303, 409), case
                assert answer.status_code == 303 or holder_of(wall, sent) == name, case
            else:
                assert answer.status_code in (403, 409), case
                assert holder_of(wall, sent) == name, case
            seen.setdefault(who.name, set()).update(offers)
    everything = {"claim", "release", "take-over", "park", "pass"}
    assert everything <= seen["cas"]
    assert not everything & seen["vi"]
    if "appeal" in why:
        assert not everything & seen["mo"]
    if why == "proposed":
        assert everything & seen["mo"] == {"park", "pass"}
    assert bool(everything & seen["ann"]) is (why != "proposed and appealed")


def test_what_is_laid_aside_says_so_and_offers_the_way_back_wherever_it_is_opened(wall: Wall) -> None:
    mo, ann = wall.moderator("mo"), wall.moderator("ann")
    sent = wall.promises()
    wall.screens()
    assert mo.decides(sent, "park").status_code == 303
    for who in (mo, ann):
        for address in (f"/moderation/reviews/{sent.review_id}", "/moderation/?lane=parked"):
            page = who.client.get(address).text
            assert re.search(r"Laid aside until \w+day \d+ \w+, \d\d:\d\d", page), address
            assert "Waiting " not in page.split('class="item-head"')[1].split("</div>")[0]
            assert "Back into the queue" in page and "Lay aside <kbd>" not in page
            assert ("Undo laying aside" in page) is (who is mo)
    assert "park" not in offered(ann, sent)
    assert ann.decides(sent, "park").status_code == 409
    before = wall.review(sent.review_id).parked_until
    assert mo.decides(sent, "park").status_code == 303  # the button pressed twice
    assert wall.review(sent.review_id).parked_until == before
    assert ann.decides(sent, "pass").status_code == 303
    page = mo.client.get(f"/moderation/reviews/{sent.review_id}").text
    assert "Laid aside until" not in page and "Lay aside <kbd>" in page and "Waiting " in page
