"""G-10: whatever comes in whatever order, only approved words are shown, and nothing that was taken back."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from moderation import claims
from moderation.checks.base import Outcome, Verdict
from moderation.decisions import decide
from moderation.decisions import move as decisions_move
from moderation.models import Act, Decision, Moderator, Report, Review
from moderation.queue import aside
from moderation.record import chain
from moderation.screening import run
from moderation.workflow import Move, MoveNotAllowed, State
from pledges.db import transaction, utcnow
from pledges.errors import WallError
from pledges.intake import door, storing
from pledges.intake.door import Complaint
from pledges.intake.sent import Origin, Sent
from pledges.models import Campaign, Contribution, Type
from pledges.receipt import acts
from pledges.revisions import digest_of
from tests.wall import SLUG, Wall, make_app, opened, seen_by

PEOPLE = (Move.APPROVE, Move.REJECT, Move.REVISE, Move.MARK_SPAM, Move.REOPEN, Move.UNDO)
ORIGIN = Origin("192.0.2.1")
REFUSED = (WallError, MoveNotAllowed, claims.Overtaken, decisions_move.ReasonMissing)


class Promise(RuleBasedStateMachine):
    """One promise, two moderators, its author, a reporter, and checks that answer late."""

    wall: Wall  # set by the test that runs the machine

    @initialize()
    def sent(self) -> None:
        self.now = utcnow()
        self.held: list[run.Work] = []
        self.words = 0
        self.gone_for_good = False
        with self.wall.work() as session:
            campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
            desk = door.review_desk()
            given = storing.receive(session, campaign.id, self.newer(), ORIGIN, desk, now=self.now)
            self.id = given.contribution_id
            self.people = [self.wall.plain_moderator(session, name).id for name in ("ann", "bob")]

    def newer(self) -> Sent:
        self.words += 1
        return Sent(Type.PLEDGE, f"I will do thing number {self.words}", "en", "en", consents={"public": "yes"})

    def tries(self, act: Any) -> None:
        """The act is done, or refused by a rule; anything else is a bug."""
        try:
            with self.wall.app.app_context(), transaction() as session:
                act(session, session.get_one(Contribution, self.id), door.review_desk())
        except REFUSED:
            pass

    @rule(seconds=st.sampled_from([1, 10, 40, 200]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def a_week_passes(self) -> None:
        """Afterwards nothing that is reported waits for an author who sends nothing."""
        self.now += aside.AUTHOR_HAS + timedelta(hours=1)
        with self.wall.app.app_context(), transaction() as session:
            aside.ask_again(session, self.now, self.wall.settings)
        with self.wall.look() as session:
            reported = select(Report.contribution_id).where(Report.closed_by_id.is_(None))
            left = (
                select(Review.id)
                .join(Contribution, Contribution.published_revision_id == Review.revision_id)
                .where(Review.state == State.REVISE, Contribution.id.in_(reported))
            )
            assert session.scalars(left).all() == []

    @rule()
    def edits(self) -> None:
        self.tries(lambda session, own, desk: storing.change(session, own, self.newer(), ORIGIN, desk, now=self.now))

    @rule()
    def withdraws(self) -> None:
        self.tries(lambda session, own, desk: acts.withdraw(session, own, desk, self.now))

    @rule()
    def restores(self) -> None:
        self.tries(lambda session, own, desk: acts.restore(session, own, desk, self.now))

    @rule(sure=st.integers(0, 5))
    def erases(self, sure: int) -> None:
        if sure == 0:  # seldom, since little can happen after it
            self.tries(lambda session, own, desk: acts.erase(session, own, desk, self.now))
            self.gone_for_good = True

    @rule()
    def is_reported(self) -> None:
        complaint = Complaint("hate", "", "", "en", None)
        self.tries(lambda session, own, desk: desk.file_report(session, own, complaint, self.now))

    @rule()
    def appeals(self) -> None:
        self.tries(lambda session, own, desk: desk.appealed(session, own, self.now))

    @rule(move=st.sampled_from(PEOPLE), who=st.integers(0, 1), which=st.integers(0, 3), stale=st.integers(0, 4))
    def decides(self, move: Move, who: int, which: int, stale: int) -> None:
        self.decides_on(move, who, which, stale)

    def decides_on(self, move: Move, who: int, which: int, stale: int) -> None:
        def act(session: Any, own: Contribution, desk: Any) -> None:
            reviews = session.scalars(
                select(Review).where(Review.contribution_id == self.id).order_by(Review.id.desc())
            ).all()
            review = reviews[min(which, len(reviews) - 1)]
            by = session.get_one(Moderator, self.people[who])
            reason = desk_reason(session) if move in (Move.REJECT, Move.REVISE) else None
            version = review.version - (1 if stale == 0 else 0)
            decide.decide(
                session,
                review.id,
                move,
                by=by,
                version=version,
                now=self.now,
                settings=self.wall.settings,
                reason=reason,
                seen=seen_by(session, by, review.id),
            )

        self.tries(act)

    @rule()
    def approves_the_newest(self) -> None:
        """What happens most: without it few runs would ever show anything."""
        self.decides_on(Move.APPROVE, 0, 0, 1)

    @rule()
    def worker_takes(self) -> None:
        with self.wall.app.app_context(), transaction() as session:
            own = (Review.contribution_id == self.id, Review.check_after.is_not(None))
            due = session.scalars(select(Review.id).where(*own).order_by(Review.id)).all()
            taken = [run.take(session, review_id, self.now) for review_id in due]
            self.held += [work for work in taken if work is not None]

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, 3), blatant=st.booleans())
    def word_comes(self, which: int, blatant: bool) -> None:
        work = self.held[which % len(self.held)]
        seen = run.Seen([Outcome("trap", Verdict.STOP if blatant else Verdict.CLEAR, blatant=blatant)], None)
        with self.wall.app.app_context(), transaction() as session:
            run.settle(session, work, seen, self.now, self.wall.settings)

    @invariant()
    def only_approved_words_are_shown(self) -> None:
        with self.wall.look() as session:
            own = session.get_one(Contribution, self.id)
            if own.withdrawn_at is not None or own.erased_at is not None or self.gone_for_good:
                assert own.published_revision_id is None
            if own.published_revision is None:
                assert own.shown_at is None
                return
            shown = own.published_revision
            assert digest_of(shown) == shown.digest
            review = session.scalars(select(Review).where(Review.revision_id == shown.id)).one()
            # Somebody asks to look again, or the author was asked for a change: both leave the wall as it is (contract 5).
            assert review.state in (State.APPROVED, State.WAITING, State.REVISE), review.state
            approved = select(Act.after).where(Act.act == "review:approve", Act.subject == f"review:{review.id}")
            assert shown.digest in {after["revision"] for after in session.scalars(approved)}
            if review.state is not State.APPROVED:
                last = decisions_move.last_decision(session, review)
                assert last is not None and last.shown_after_id == shown.id

    @invariant()
    def what_is_reported_waits_and_what_waits_can_be_decided(self) -> None:
        with self.wall.look() as session:
            own = session.get_one(Contribution, self.id)
            reviews = session.scalars(select(Review).where(Review.contribution_id == self.id)).all()
            undecided = [each for each in reviews if each.state in (State.RECEIVED, State.WAITING)]
            if own.withdrawn_at is not None:
                assert undecided == []
            reports = session.scalars(select(Report.id).where(Report.closed_by_id.is_(None))).all()
            if reports and own.published_revision_id is not None and own.id == self.id:
                of_own = select(Report.id).where(Report.contribution_id == self.id, Report.closed_by_id.is_(None))
                if session.scalars(of_own).first() is not None:
                    waits_for_author = [
                        each for each in reviews if each.state is State.REVISE
                    ]  # read again after a week
                    assert undecided or waits_for_author, "a report that nobody sees"
            for each in reviews:
                count = len(session.scalars(select(Decision.id).where(Decision.review_id == each.id)).all())
                assert each.version == count + 1
                if each.state is State.APPROVED:
                    assert own.published_revision_id == each.revision_id, "approved, and other words are shown"

    def teardown(self) -> None:
        with self.wall.look() as session:
            assert list(chain.verify(session)) == []


def desk_reason(session: Any) -> Any:
    from moderation.models import Reason

    return session.scalars(select(Reason).where(Reason.use == "reject")).first()


@pytest.mark.timeout(1800)  # the whole count takes minutes
def test_g_10_only_approved_words_are_ever_shown(fresh_database: Any, share: Any, database_kind: str) -> None:
    count = share(500, usual=10)
    with tempfile.TemporaryDirectory() as folder:
        wall = Wall(make_app(fresh_database(fill=opened), Path(folder)))
        machine = type("Machine", (Promise,), {"wall": wall})
        try:
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=count,
                    phases=tuple(Phase) if count == 500 else (Phase.generate,),  # the whole run has time to shrink
                    stateful_step_count=30,
                    deadline=None,
                    derandomize=True,
                    database=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            wall.close()
