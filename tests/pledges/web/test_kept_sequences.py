"""Whatever happens in whatever order, both processes answer what Flask says, and nobody sees again what was taken down."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import g
from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation import claims
from moderation.cli.campaigns import _set_state
from moderation.decisions import decide
from moderation.decisions import move as decisions_move
from moderation.jobs import tasks
from moderation.models import Moderator, Reason, Review
from moderation.surge import state, switching
from moderation.workflow import Move, MoveNotAllowed, State
from pledges.campaigns import versions
from pledges.db import transaction, utcnow
from pledges.errors import WallError
from pledges.intake import door, storing
from pledges.intake.sent import Origin, Sent
from pledges.models import Campaign, CampaignState, Contribution, Kind, Organisation, Revision, ShowName, Theme, Type
from pledges.organisations import merging
from pledges.receipt import acts
from tests.kept import Kept
from tests.wall import OTHER, SLUG, seen_by

BEGINS = datetime.fromisoformat("2027-07-20T21:30:00+00:00")
REFUSED = (
    WallError, MoveNotAllowed, claims.Overtaken, decisions_move.ReasonMissing, merging.NotTheSame, switching.NotPossible,
)  # fmt: skip
ORIGIN = Origin("192.0.2.1")
API = f"/api/v1/campaigns/{SLUG}"
LISTS = (
    f"/{SLUG}", f"/{SLUG}", f"/cy/{SLUG}", f"/{SLUG}?theme=work", "/", f"{API}/pledges", f"{API}/pledges?limit=3", f"{API}/count",
    f"{API}/removed", f"/{SLUG}/feed.atom", "/api/v1/campaigns", f"/{SLUG}/promise", f"/{OTHER}",
    f"/{SLUG}/embed", f"/{SLUG}/embed.json?limit=3", f"/{SLUG}/fragment?theme=work",
)  # fmt: skip
OF_ONE = (
    "/{slug}/promises/{id}",
    "/{slug}/promises/{id}/comment",
    "/{slug}/promises/{id}/card.png",
    "/{slug}/promises/{id}/feed.atom",
    "/{slug}/promises/{id}/embed",
    "/{slug}/promises/{id}/embed.json",
    "/oembed?url=http%3A%2F%2Fwall.example%2F{slug}%2Fpromises%2F{id}",
    "/api/v1/pledges/{id}/comments",
    "/{slug}/promises/{id}/report",
)


class Life:
    """One wall with two processes before it, and all that can happen to it."""

    def __init__(self, here: Kept, there: Kept, clock: Any) -> None:
        self.here, self.there, self.wall, self.clock = here, there, here.wall, clock
        self.done: list[str] = []
        self.words = 0
        with self.wall.work() as session:
            self.people = [self.wall.plain_moderator(session, name).id for name in ("ann", "bob")]
            self.work = session.scalars(select(Theme.id).where(Theme.key == "work").limit(1)).one()
            other = session.scalars(select(Campaign).where(Campaign.slug == OTHER)).one()
            other.closes_at = BEGINS + timedelta(days=40)
            versions.touch(session, other.id)

    def acts(self, chance: random.Random) -> Callable[[], None]:
        """One thing that happens next."""
        each = chance.choices([act for act, _ in ACTS], [often for _, often in ACTS])[0]
        number = chance.random()

        def happens() -> None:
            self.done.append(each.__name__)
            with self.wall.app.app_context():
                g.lang, g.campaign = "en", None
                try:
                    with transaction() as session:
                        each(self, session, random.Random(number))
                except REFUSED:
                    self.done.append("(refused)")

        return happens

    # What happens

    def newer(self, type: Type = Type.PLEDGE, chance: random.Random | None = None) -> Sent:
        self.words += 1
        words = f"These are words number-{self.words}-of-all"
        if chance is not None and chance.random() < 0.3:
            name = chance.choice(["Example Trust", "Exámple", "Bright School"])
            given: dict[str, Any] = {
                "kind": Kind.ORGANISATION,
                "organisation": name,
                "show_name": ShowName.ORGANISATION,
            }
        else:
            given = {"name": f"Person-{self.words}", "show_name": ShowName.FULL}
        theme = self.work if type is Type.PLEDGE and self.words % 2 else None
        return Sent(type, words, "en", "en", theme_id=theme, consents={"public": "yes"}, **given)

    def sends(self, session: Session, chance: random.Random) -> None:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        storing.receive(session, campaign.id, self.newer(chance=chance), ORIGIN, door.review_desk(), now=utcnow())

    def comments(self, session: Session, chance: random.Random) -> None:
        parent = self.one(session, chance, Contribution.type == Type.PLEDGE, Contribution.shown_at.is_not(None))
        if parent is not None:
            desk = door.review_desk()
            storing.receive(
                session, parent.campaign_id, self.newer(Type.COMMENT), ORIGIN, desk, now=utcnow(), parent=parent
            )

    def edits(self, session: Session, chance: random.Random) -> None:
        own = self.one(session, chance, Contribution.erased_at.is_(None), Contribution.type == Type.PLEDGE)
        if own is not None:
            storing.change(session, own, self.newer(chance=chance), ORIGIN, door.review_desk(), now=utcnow())

    def approves(self, session: Session, chance: random.Random) -> None:
        self.decides(session, chance, Move.APPROVE, State.RECEIVED, State.WAITING)

    def declines(self, session: Session, chance: random.Random) -> None:
        self.decides(session, chance, chance.choice([Move.REJECT, Move.MARK_SPAM]), *State)

    def takes_down(self, session: Session, chance: random.Random) -> None:
        self.decides(session, chance, Move.REJECT, State.APPROVED)

    def undoes(self, session: Session, chance: random.Random) -> None:
        self.decides(session, chance, Move.UNDO, *State)

    def decides(self, session: Session, chance: random.Random, move: Move, *states: State) -> None:
        reviews = session.scalars(
            select(Review).where(Review.state.in_(states)).order_by(Review.id.desc()).limit(6)
        ).all()
        if not reviews:
            return
        review, by = chance.choice(reviews), session.get_one(Moderator, chance.choice(self.people))
        reason = session.scalars(select(Reason).where(Reason.use == "reject")).first() if move is Move.REJECT else None
        decide.decide(
            session, review.id, move, by=by, version=review.version, now=utcnow(), settings=self.wall.settings,
            reason=reason, seen=seen_by(session, by, review.id),
        )  # fmt: skip

    def withdraws(self, session: Session, chance: random.Random) -> None:
        if (own := self.one(session, chance, Contribution.shown_at.is_not(None))) is not None:
            acts.withdraw(session, own, door.review_desk(), utcnow())

    def restores(self, session: Session, chance: random.Random) -> None:
        if (own := self.one(session, chance, Contribution.withdrawn_at.is_not(None))) is not None:
            acts.restore(session, own, door.review_desk(), utcnow())

    def erases(self, session: Session, chance: random.Random) -> None:
        if (own := self.one(session, chance, Contribution.erased_at.is_(None))) is not None:
            acts.erase(session, own, door.review_desk(), utcnow())

    def hides_name(self, session: Session, chance: random.Random) -> None:
        if (own := self.one(session, chance, Contribution.shown_at.is_not(None))) is not None:
            acts.show_less(session, own, ShowName.ANONYMOUS, "Do not show my name", utcnow())

    def merges(self, session: Session, chance: random.Random) -> None:
        rows = session.scalars(select(Organisation).order_by(Organisation.id)).all()
        if len(rows) > 1:
            one, other = chance.sample(rows, 2)
            merging.merge(session, one, other, utcnow())

    def parts(self, session: Session, chance: random.Random) -> None:
        rows = session.scalars(select(Organisation).order_by(Organisation.id)).all()
        if rows:
            merging.part(session, chance.choice(rows), utcnow())

    def freezes(self, session: Session, chance: random.Random) -> None:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        switches = {"screens": True, "promises": chance.random() < 0.5, "slower": chance.random() < 0.5}
        hours = chance.choice([1, 4])
        switching.start(session, campaign, by=None, why="hand", hours=hours, switches=switches, now=utcnow())

    def thaws(self, session: Session, chance: random.Random) -> None:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        surge = state.running(session, campaign.id, utcnow())
        if surge is not None:
            switching.end(session, campaign, surge, None, utcnow())

    def worker_comes_by(self, session: Session, chance: random.Random) -> None:
        switching.watch(session, utcnow(), lambda _slug: 0)
        session.commit()
        tasks._thaw(utcnow())

    def closes(self, session: Session, chance: random.Random) -> None:
        session.commit()
        _set_state(SLUG, CampaignState.CLOSED)

    def opens(self, session: Session, chance: random.Random) -> None:
        session.commit()
        _set_state(SLUG, CampaignState.OPEN)

    def time_passes(self, session: Session, chance: random.Random) -> None:
        self.clock.shift(chance.choice([1, 600, 4000, 30_000]))

    def one(self, session: Session, chance: random.Random, *where: Any) -> Contribution | None:
        """One of those that were made last."""
        found = session.scalars(select(Contribution).where(*where).order_by(Contribution.id.desc()).limit(5)).all()
        return chance.choice(found) if found else None

    # What is read

    def address(self, chance: random.Random) -> str:
        if chance.random() < 0.5:
            return chance.choice(LISTS)
        with self.wall.look() as session:
            promise = self.one(session, chance, Contribution.type == Type.PLEDGE)
            if promise is None:
                return f"/{SLUG}"
            if chance.random() < 0.1:
                first = self.here.flask_says(f"{API}/pledges?limit=1")
                after = first.text.partition('"next":"')[2].partition('"')[0]
                return f"/{SLUG}?after={after}" if after else f"/{SLUG}"
            return chance.choice(OF_ONE).format(slug=SLUG, id=promise.public_id)

    def hidden(self) -> list[str]:
        """Words of which nothing may be seen: never shown, or taken down."""
        with self.wall.look() as session:
            shown = select(Contribution.published_revision_id).where(Contribution.published_revision_id.is_not(None))
            return list(session.scalars(select(Revision.words).where(Revision.id.not_in(shown), Revision.words != "")))

    def checks(self, *addresses: str) -> None:
        """Both processes have heard of everything: they say what Flask says, and nothing that is hidden."""
        self.there.watcher.look()
        hidden = [words.encode() for words in self.hidden()]
        for address in addresses:
            its = self.here.flask_says(address)
            for name, each in (("here", self.here), ("there", self.there)):
                mine = each.says(address)
                seen = [words for words in hidden if words in mine.body]
                assert not seen, f"{name}, {address}: {seen} after {self.done}"
                assert mine.alike == its.alike, f"{name}, {address} after {self.done}"


ACTS: tuple[tuple[Callable[[Life, Session, random.Random], None], int], ...] = (
    (Life.sends, 4), (Life.comments, 4), (Life.edits, 2), (Life.approves, 10), (Life.declines, 2), (Life.takes_down, 3),
    (Life.undoes, 1), (Life.withdraws, 1), (Life.restores, 1), (Life.erases, 1), (Life.hides_name, 1), (Life.merges, 1),
    (Life.parts, 1), (Life.freezes, 1), (Life.thaws, 1), (Life.worker_comes_by, 1), (Life.closes, 1), (Life.opens, 1),
    (Life.time_passes, 2),
)  # fmt: skip


@pytest.mark.timeout(7200)  # the whole count takes an hour
def test_whatever_happens_both_processes_say_what_flask_says(
    kept: Callable[..., Kept], share: Callable[..., int]
) -> None:
    sequences = share(5000, usual=10)
    with time_machine.travel(BEGINS, tick=False) as clock:
        here = kept()
        life = Life(here, kept(beside=here.wall), clock)
        for number in range(sequences):
            chance = random.Random(number)
            life.done = [f"(sequence {number})"]
            read: list[str] = []
            for _ in range(6):
                address, act = life.address(chance), life.acts(chance)
                reader = chance.choice([life.here, life.there])
                if chance.random() < 0.5:  # it happens after the page was read, and before it can be kept
                    reader.meanwhile = act
                reader.says(address)
                if reader.meanwhile is act or chance.random() < 0.5:
                    reader.meanwhile = None
                    act()
                read.append(address)
                if chance.random() < 0.4:
                    life.checks(address)
            life.checks(*dict.fromkeys(read))


def test_nobody_sees_again_what_was_taken_down_while_many_read(
    kept: Callable[..., Kept], share: Callable[..., int]
) -> None:
    here = kept()
    wall, over = here.wall, threading.Event()
    sent = [wall.promises(f"I will do thing number-{number}-of-all") for number in range(share(100, usual=8))]

    def reads() -> None:
        while not over.is_set():
            here.says(f"/{SLUG}")

    def decides(review_id: int, move: Move) -> None:
        with wall.work() as session:
            by = wall.plain_moderator(session)
            reason = session.scalars(select(Reason).where(Reason.use == "reject")).first()
            decide.decide(
                session, review_id, move, by=by, version=session.get_one(Review, review_id).version, now=utcnow(),
                settings=wall.settings, reason=reason, seen=seen_by(session, by, review_id),
            )  # fmt: skip

    readers = [threading.Thread(target=reads) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for number, each in enumerate(sent):
            decides(each.review_id, Move.APPROVE)
            assert f"number-{number}-of" in here.says(f"/{SLUG}").text
            decides(each.review_id, Move.REJECT)
            assert f"number-{number}-of" not in here.says(f"/{SLUG}").text
    finally:
        over.set()
        for reader in readers:
            reader.join()
