"""G-09: however many decide at once, one decision is made, and the others are told which."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError, Event
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from moderation import workflow
from moderation.claims import Overtaken
from moderation.decisions import decide as decisions_decide
from moderation.decisions import move, show
from moderation.models import Act, Decision, Letter, Membership, Moderator, Review, Role
from moderation.people import memberships
from moderation.record import chain
from moderation.workflow import Move, State
from pledges.db import transaction, utcnow
from pledges.errors import WallError
from pledges.figures import counters
from pledges.intake import door, storing
from pledges.intake.sent import Origin, Sent
from pledges.models import Campaign, Contribution, Organisation, OrganisationOnWall, Type
from pledges.organisations import merging, naming
from pledges.receipt import acts
from tests.forms import forms
from tests.moderation.surge.test_surge import starts
from tests.wall import OTHER, SLUG, TOKEN, AtTheDesk, Wall, found, later, seen_by
from tests.wall import Sent as Posted

MOVES = (Move.APPROVE, Move.MARK_SPAM)


def received(wall: Wall, number: int) -> int:
    """One more item that waits, of an author with a proved address; answers the id of its review."""
    with wall.app.app_context(), transaction() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        words = Sent(
            Type.PLEDGE,
            f"I will do thing number {number}",
            "en",
            "en",
            email="a@example.org",
            consents={"public": "yes"},
        )
        desk = door.review_desk()
        given = storing.receive(session, campaign.id, words, Origin("192.0.2.1"), desk, now=utcnow())
        review = session.scalars(select(Review).where(Review.contribution_id == given.contribution_id)).one()
        return review.id


def race(wall: Wall, pool: ThreadPoolExecutor, review_id: int, people: list[int]) -> list[str]:
    """Everybody decides at once on what they saw; answers what each was told."""
    together = Barrier(len(people))

    def decide(place: int) -> str:
        with wall.app.app_context():
            together.wait()
            try:
                with transaction() as session:
                    by = session.get_one(Moderator, people[place])
                    decisions_decide.decide(
                        session,
                        review_id,
                        MOVES[place % 2],
                        by=by,
                        version=1,
                        now=utcnow(),
                        settings=wall.settings,
                        seen=seen_by(session, by, review_id),
                    )
            except Overtaken as error:
                with transaction() as session:
                    other = move.last_decision(session, session.get_one(Review, review_id))
                    assert error.other is not None and other is not None
                    return f"after {other.moderator_id}"
            return "done"

    return list(pool.map(decide, range(len(people))))


@pytest.mark.timeout(1800)  # the whole count takes minutes
@pytest.mark.parametrize("moderators, races", [(2, 800), (8, 200)])
def test_g_09_one_decision_however_many_decide_at_once(
    wall: Wall, share: Callable[..., int], moderators: int, races: int
) -> None:
    began, count = time.monotonic(), share(races, usual=16 if moderators == 2 else 6)
    with wall.work() as session:
        people = [wall.plain_moderator(session, f"m{number}").id for number in range(moderators)]
    with ThreadPoolExecutor(moderators) as pool:
        for number in range(count):
            review_id = received(wall, number)
            told = race(wall, pool, review_id, people)
            assert told.count("done") == 1, told
            winner = people[told.index("done")]
            assert set(told) - {"done"} == {f"after {winner}"}, told
            check_one(wall, review_id, winner)
    with wall.look() as session:
        assert list(chain.verify(session)) == []
        assert session.scalars(select(func.count(Act.id)).where(Act.act.startswith("review:"))).one() == count
    print(f"G-09: {count} races of {moderators}, {time.monotonic() - began:.1f} s")


def check_one(wall: Wall, review_id: int, winner: int) -> None:
    with wall.look() as session:
        (decision,) = session.scalars(select(Decision).where(Decision.review_id == review_id))
        assert decision.moderator_id == winner
        shown = session.get_one(Review, review_id).contribution.published_revision_id is not None
        assert shown == (decision.move is Move.APPROVE)
        letters = session.scalars(select(Letter.id).where(Letter.decision_id == decision.id)).all()
        assert len(letters) == (1 if decision.move is Move.APPROVE else 0)


def test_two_reports_of_one_promise_at_the_same_moment_are_both_taken(wall: Wall, share: Callable[..., int]) -> None:
    sent = wall.promises()
    wall.moderator().approves(sent)
    address = f"/{SLUG}/promises/{sent.public_id}/report"
    for number in range(share(100, usual=8)):
        tokens = [found(TOKEN, wall.app.test_client().get(address).text) for _ in range(2)]
        together = Barrier(2)

        def report(token: str, together: Barrier = together, number: int = number) -> int:
            client = wall.app.test_client()
            given = {"token": token, "category": "hate", "note": f"number {number}", "company_url": ""}
            together.wait()
            return client.post(address, data=given).status_code

        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(report, tokens)) == [200, 200]


def test_a_report_that_postgresql_stopped_in_a_circle_of_waiting_is_filed_again(
    wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = wall.promises()
    wall.moderator().approves(sent)
    desk = wall.app.extensions[door.DOOR]
    real, stops = desk.file_report, iter([True])

    def stopped_once(*args: Any) -> str:
        if next(stops, False):
            raise OperationalError("INSERT", {}, Stopped())
        return real(*args)

    monkeypatch.setattr(desk, "file_report", stopped_once)
    assert wall.reports(sent).status_code == 200
    assert next(stops, None) is None


class Stopped(Exception):
    """What the driver says when PostgreSQL has stopped one of two that waited for each other."""

    sqlstate = "40P01"


@pytest.mark.parametrize("what", ["decision", "thaw"])
def test_what_postgresql_stopped_in_a_circle_of_waiting_is_done_again(
    wall: Wall, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    moderator = wall.moderator("mo")
    sent = wall.promises()
    wall.screens()
    if what == "thaw":
        starts(moderator, hours="1", screens="yes")
        moderator.approves(sent)
    real, stops = move.follow, iter([True])

    def stopped_once(*args: Any) -> None:
        if next(stops, False):
            raise OperationalError("UPDATE", {}, Stopped())
        real(*args)

    monkeypatch.setattr(show if what == "thaw" else decisions_decide, "follow", stopped_once)
    if what == "thaw":
        assert not wall.shown()
        wall.screens(later(hours=1, seconds=5))
    else:
        assert moderator.decides(sent, "approve").status_code == 303
    assert wall.shown()
    assert len([made for made in wall.decisions(sent.review_id) if made.moderator_id]) == 1
    assert next(stops, None) is None


AUTHOR = {
    "withdraw": lambda session, own, desk: acts.withdraw(session, own, desk, utcnow()),
    "erase": lambda session, own, desk: acts.erase(session, own, desk, utcnow()),
    "edit": lambda session, own, desk: storing.change(
        session, own, Sent(Type.PLEDGE, "Newer words", "en", "en"), Origin("192.0.2.1"), desk, now=utcnow()
    ),
}


@pytest.mark.parametrize("act", sorted(AUTHOR))
def test_what_the_author_takes_back_while_it_is_approved_is_never_shown(
    wall: Wall, share: Callable[..., int], act: str
) -> None:
    with wall.work() as session:
        person = wall.plain_moderator(session).id
    for number in range(share(200, usual=8)):
        review_id = received(wall, number)
        together = Barrier(2)

        def author(review_id: int = review_id, together: Barrier = together) -> None:
            with wall.app.app_context(), transaction() as session:
                own = session.get_one(Review, review_id).contribution
                _ = own.published_revision_id
                session.commit()  # what it read may be old by now, as after the page's own reading
                together.wait()
                AUTHOR[act](session, own, door.review_desk())

        def moderator(review_id: int = review_id, together: Barrier = together) -> None:
            with wall.app.app_context():
                together.wait()
                with transaction() as session:
                    by = session.get_one(Moderator, person)
                    decisions_decide.decide(
                        session,
                        review_id,
                        Move.APPROVE,
                        by=by,
                        version=1,
                        now=utcnow(),
                        settings=wall.settings,
                        seen=seen_by(session, by, review_id),
                    )

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(author), pool.submit(moderator)]:
                with contextlib.suppress(Overtaken, WallError, workflow.MoveNotAllowed):
                    done.result()
        with wall.look() as session:
            review = session.get_one(Review, review_id)
            own = session.get_one(Contribution, review.contribution_id)
            if act == "edit":
                assert own.published_revision_id in (None, review.revision_id)
                assert (own.published_revision_id is None) == (review.state is State.SUPERSEDED)
            else:
                assert own.published_revision_id is None
                assert review.state is State.WITHDRAWN


def test_two_owners_who_end_each_others_role_at_once_leave_one(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = wall.moderator("ann", Role.OWNER), wall.moderator("bob", Role.OWNER)
    with wall.look() as session:
        roles = {member.moderator.name: member.id for member in session.scalars(select(Membership))}
    tokens = {who.name: who.csrf() for who in (ann, bob)}
    looked = memberships.last_owner

    def slowly(session: Session, membership: Membership) -> bool:
        answer = looked(session, membership)
        time.sleep(0.5)  # both have looked before one of them writes, unless they wait for each other
        return answer

    monkeypatch.setattr(memberships, "last_owner", slowly)
    together = Barrier(2)

    def ends(who: AtTheDesk, other: str) -> int:
        together.wait()
        address = f"/moderation/people/roles/{roles[other]}/end"
        return who.client.post(address, data={"csrf_token": tokens[who.name]}).status_code

    with ThreadPoolExecutor(2) as pool:
        codes = [done.result() for done in [pool.submit(ends, ann, "bob"), pool.submit(ends, bob, "ann")]]
    with wall.look() as session:
        left = session.scalars(select(Membership).where(Membership.ended_at.is_(None))).all()
        assert [(member.role, member.campaign_id) for member in left] == [(Role.OWNER, None)], codes
    assert codes.count(303) == 1


def _meeting(at: Barrier, work: Callable[..., Any]) -> Callable[..., Any]:
    """The same work, once the other has come as far, or cannot."""

    def waits(*given: Any, **named: Any) -> Any:
        with contextlib.suppress(BrokenBarrierError):
            at.wait(0.5)
        return work(*given, **named)

    return waits


def _of(wall: Wall, *names: str, slugs: tuple[str, ...] = (SLUG, SLUG, SLUG)) -> list[Posted]:
    made = [
        wall.promises(f"We will plant {n} trees", slug=slug, kind="organisation", organisation=name, email="a@e.org")
        for n, (name, slug) in enumerate(zip(names, slugs, strict=False))
    ]
    wall.screens()
    return made


def test_two_approvals_that_name_one_new_organisation_at_once_are_both_made(
    wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    mo, lea = wall.moderator("mo"), wall.moderator("lea")
    one, other = _of(wall, "Northbrook", "northbrook", slugs=(SLUG, OTHER))  # of one campaign they take turns
    monkeypatch.setattr(naming, "named", _meeting(Barrier(2), naming.named))
    pairs = [(mo, one), (lea, other)]
    seen = [by.has_read(each.review_id) for by, each in pairs]
    with ThreadPoolExecutor(2) as pool:
        told = list(
            pool.map(lambda n: pairs[n][0].decides(pairs[n][1], "approve", seen=seen[n]["seen"]).status_code, range(2))
        )
    assert told == [303, 303]
    with wall.look() as session:
        assert len(session.scalars(select(Organisation.id)).all()) == 1
        named = {session.get_one(Contribution, each.contribution_id).organisation_id for each in (one, other)}
        assert len(named) == 1 and None not in named


def test_a_merge_and_an_approval_at_once_leave_the_promise_under_the_organisation_that_both_count_as(
    wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    mo, lead = wall.moderator("mo"), wall.moderator("lea", Role.LEAD)
    first, second, late = _of(wall, "Example Trust", "Exámple", "Exámple")
    for each in (first, second):
        mo.approves(each)
    seen = mo.has_read(late.review_id)
    page = lead.client.get(f"/moderation/reviews/{second.review_id}").text
    (same,) = [each for each in forms(page) if "same" in each.values("act")]
    reached, merged, note, merge = Event(), Event(), naming.note, merging.merge

    def notes(*given: Any) -> None:
        """The approval has seen what its name counts as: time for the other to change that, unless it has to wait."""
        if not reached.is_set():
            reached.set()
            merged.wait(0.5)
        note(*given)

    def merges(*given: Any) -> None:
        merge(*given)
        merged.set()

    monkeypatch.setattr(naming, "note", notes)
    monkeypatch.setattr(merging, "merge", merges)
    work: list[Callable[[], int]] = [
        lambda: reached.wait(5) and lead.client.post(same.action, data=same.sent()).status_code,
        lambda: mo.decides(late, "approve", seen=seen["seen"]).status_code,
    ]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda does: does(), work)) == [303, 303]
    with wall.look() as session:
        rows = session.scalars(select(OrganisationOnWall)).all()
        assert [(row.organisation.name, row.promises) for row in rows] == [("Example Trust", 3)]
        counted = counters.read(session, rows[0].campaign_id, [counters.ORGANISATIONS])
        assert counted == {counters.ORGANISATIONS: 1}
