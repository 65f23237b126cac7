"""A wall on which everything stands that some page shows: as much of each as its size says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation import lanes
from moderation.bulk import batches
from moderation.bulk import picks as bulk_picks
from moderation.decisions import decide
from moderation.models import (
    Cluster,
    ClusterKind,
    Decision,
    ExpectedDay,
    Hold,
    HoldEffect,
    HoldKind,
    HouseRule,
    Invitation,
    Membership,
    Moderator,
    Reason,
    Report,
    Review,
    ReviewCluster,
    Role,
    SignIn,
    Surge,
    WordEffect,
    WordRule,
)
from moderation.workflow import Move
from pledges.campaigns import presets
from pledges.db import Base, utcnow
from pledges.figures import counters
from pledges.intake import drafts
from pledges.models import (
    AkismetUse,
    Campaign,
    Contribution,
    EventCode,
    How,
    Logo,
    Matter,
    MatterKind,
    Organisation,
    Question,
    SharedDomain,
    Step,
)
from pledges.organisations import badges, logos, pictures, places
from pledges.tokens import letters_token, matter_token, new_public_id
from pledges.wall import indexing
from tests.databases import Databases
from tests.wall import OTHER, SLUG, AtTheDesk, Seat, Sent, Wall, make_app, opened, seen_by

Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True)
class Size:
    """How much stands there."""

    campaigns: int
    shown: int  # promises
    comments: int  # under one promise
    waiting: int
    surges: int  # that are over
    people: int  # at the desk, beside whoever asks
    others: int  # of all else: rules, reasons, reports, answers, entries of lists


SMALL = Size(campaigns=2, shown=2, comments=1, waiting=2, surges=0, people=1, others=1)
LARGE = Size(campaigns=20, shown=30, comments=50, waiting=40, surges=100, people=12, others=8)


@dataclass
class Filled:
    """A wall of some size, who sits at its desk, and what its addresses are filled in with."""

    wall: Wall
    desk: AtTheDesk
    ids: dict[str, str]

    def path(self, path: str) -> str:
        """`/{slug}/promises/{promise}` with the names of this wall."""
        return path.format_map(self.ids)


@contextmanager
def filled(size: Size, url: str, instance: Path) -> Iterator[Filled]:
    """A wall of this size in an empty database as `opened` leaves it."""
    wall = Wall(make_app(url, instance, limit_api="100000/minute"))
    try:
        desk = wall.moderator("mo", Role.OWNER)
        yield Filled(wall, desk, _fill(wall, size))
    finally:
        wall.close()


@contextmanager
def filled_before(size: Size, databases: Databases, instance: Path) -> Iterator[Filled]:
    """A copy of a wall of this size that one of the processes has filled for all of them."""
    made = databases.made_once(f"filled-{size.campaigns}", partial(_fill_for_all, size, databases))
    told = json.loads((made / "told.json").read_text())
    url = f"sqlite:///{shutil.copyfile(made / 'wall.sqlite', instance / 'filled.sqlite')}"
    wall = Wall(make_app(url, instance, limit_api="100000/minute"))
    try:
        desk = AtTheDesk(wall, wall.app.test_client(), "mo", Seat(**told["seat"]))
        yield Filled(wall, desk, told["ids"])
    finally:
        wall.close()


def _fill_for_all(size: Size, databases: Databases, folder: Path) -> None:
    with filled(size, databases.copy(opened, folder / "wall.sqlite"), folder / "instance") as made:
        told = {"ids": made.ids, "seat": asdict(made.desk.seat)}
    (folder / "told.json").write_text(json.dumps(told))


def _fill(wall: Wall, size: Size) -> dict[str, str]:
    """All is there; the names that addresses ask for. A few of each kind come through the forms, the rest are copies."""
    with wall.work() as session:
        question = _open_campaigns(session, size)
        _fill_desk(session, size)
    promise = wall.promises(
        "I will listen before I speak", theme="listen", audience="workers", name="Ada", show_name="full"
    )
    other = wall.promises(
        "We will open our hall", kind="organisation", organisation="Kestrel Vale", email="k@example.org"
    )
    answer = wall.sent(wall.sends(f"/{SLUG}/questions/{question}/answer", answer="It helps to be asked"))
    colleague = wall.promises(
        "We will open our kitchen", kind="organisation", organisation="Kestrel Vale", email="c@example.org"
    )
    _decide(wall, [promise, other, colleague, answer], Move.APPROVE)
    comment = wall.comments(promise, "This is good", name="Bo", show_name="full")
    _decide(wall, [comment], Move.APPROVE)
    reply = wall.comments(promise, "So it is", reply_to=comment.public_id)
    _decide(wall, [reply], Move.APPROVE)
    wall.reports(promise, note="I do not like it")
    wall.acts(promise, "update", status="under_way", note="Half of it is done")
    update = _newest(wall)
    _decide(wall, [update], Move.APPROVE)
    calm = wall.comments(promise, "Well said")
    waiting = [_waits(wall, number) for number in range(2)]
    alike = [wall.promises(f"Read more at http://shop.example/{number} and buy") for number in range(3)]
    aside = wall.promises("I will think about it")
    while wall.screens():
        pass
    with wall.work() as session:
        for each in [promise, other]:
            _copy(session, each, size.shown // 2 - 1)
        for each in [waiting[1], calm]:
            session.get_one(Review, each.review_id).clear = True  # but for the haste of these visitors
        _copy(session, waiting[0], size.waiting // 2 - 1)
        _copy(session, waiting[1], size.waiting // 2 - 1, list(session.scalars(select(Campaign.id))))
        _copy(session, comment, size.comments - 1)
        for each in [answer, reply, alike[0], calm]:
            _copy(session, each, size.others - 1)
        copied = _copy(session, aside, size.others - 1)
        _copy_reports(session, size.others - 1)
        _copy_steps(session, size.others - 1)
        _proves(session, other, size.others)
        for campaign in session.query(Campaign):
            counters.recount(session, campaign.id)
            places.recount(session, campaign.id)
            lanes.recount(session, campaign.id)
    batch_id = _lay_aside(wall, [aside.review_id, *copied])
    with wall.look() as session:
        me = _me(session)
        clusters = session.query(Cluster).filter_by(kind=ClusterKind.DOMAIN)
        return {
            "slug": SLUG,
            "since": f"0.0.{int(utcnow().timestamp())}",
            "promise": promise.public_id,
            "answer": answer.public_id,
            "question": question,
            "organisation": session.query(Organisation.public_id).limit(1).scalar(),
            "comment": comment.public_id,
            "update": update.public_id,
            "letters": _stop(wall, promise),
            "proof": _proof(wall, session),
            "draft": _draft(wall),
            "logo": session.scalars(select(Logo.hash)).first(),
            "logo_matter": session.scalars(select(Matter.public_id).where(Matter.kind == MatterKind.LOGO)).first(),
            "receipt": other.receipt.rpartition("/")[2],
            "listed": ",".join(f"{each}.0" for each in session.scalars(select(Review.id).limit(40))),
            "waiting": str(waiting[0].review_id),
            "reported": str(promise.review_id),
            "reply": str(reply.review_id),
            "alike": str(alike[0].review_id),
            "cluster": str(clusters.join(ReviewCluster).filter_by(review_id=alike[0].review_id).one().id),
            "batch": str(batch_id),
            "moderator": str(me.id),
            "decided": str(session.query(Decision.id).filter_by(moderator_id=me.id).limit(1).scalar()),
        }


def _proves(session: Session, sent: Sent, others: int) -> None:
    """Its author holds the badge of the organisation, and colleagues ask for it."""
    now, holder = utcnow(), session.get_one(Contribution, sent.contribution_id)
    assert holder.organisation is not None
    badges.give(session, holder.organisation, holder, how=How.DOMAIN, domain="k.example", take_over=False, now=now)
    theirs = select(Contribution).where(
        Contribution.organisation_id == holder.organisation_id, Contribution.id != holder.id
    )
    for number, each in enumerate(session.scalars(theirs.order_by(Contribution.id).limit(others)).all()):
        if number % 2:
            each.vouched_at = now
        session.add(
            Matter(
                public_id=new_public_id(),
                kind=MatterKind.PROOF,
                campaign_id=each.campaign_id,
                organisation_id=holder.organisation_id,
                contribution_id=each.id,
                email="c@k.example",
                domain="k.example",
                asked_at=now,
                waiting_since=now,
            )
        )
    first = logos.send(session, holder, pictures.Picture(b"\x89PNG", 9, 4), "A leaf", "en", now)
    logos.decide(session, first, True, now)
    session.add(SharedDomain(domain="grid.example", shared=True, made_at=now))


def _proof(wall: Wall, session: Session) -> str:
    """The link that was mailed to the first of the colleagues."""
    with wall.app.app_context():
        return matter_token(session.scalars(select(Matter.public_id).order_by(Matter.id).limit(1)).one())


def _draft(wall: Wall) -> str:
    """The link of a form that was kept to be signed off."""
    given = {"kind": "organisation", "organisation": "Northbrook Trust", "promise": "We will listen before we speak"}
    with wall.work() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        return drafts.keep(session, campaign, given, utcnow())


def _newest(wall: Wall) -> Sent:
    """What was sent last."""
    with wall.look() as session:
        review = session.scalars(select(Review).order_by(Review.id.desc()).limit(1)).one()
        return Sent(review.contribution_id, review.contribution.public_id, "", review.id)


def _stop(wall: Wall, sent: Sent) -> str:
    """The token that ends the questions about it."""
    with wall.app.app_context():
        return letters_token(sent.public_id, "follow_up")


def _copy(session: Session, of: Sent, times: int, campaigns: list[int] | None = None) -> list[int]:
    """So many more of it, in the same state, and in each of these campaigns in turn (none: in its own); their reviews."""
    where = cycle(campaigns or [session.get_one(Review, of.review_id).campaign_id])
    return [_copied(session, of, number, next(where)) for number in range(times)]


def _copied(session: Session, of: Sent, number: int, campaign_id: int) -> int:
    first = session.get_one(Contribution, of.contribution_id)
    review = session.get_one(Review, of.review_id)
    later = timedelta(microseconds=1 + number)
    here = {"campaign_id": campaign_id}
    own = {
        **here,
        "public_id": new_public_id(),
        "form_token": None,
        "receipt_hash": None,
        "shown_at": None,
        "wall_place": None,
    }
    contribution = _row(session, first, **own, published_revision_id=None, consent_id=None)
    revision = _row(
        session, review.revision, contribution_id=contribution.id, words=f"{review.revision.words} {number}"
    )
    consents = {each.id: _row(session, each, contribution_id=contribution.id) for each in first.consents}
    if first.shown_at is not None and first.consent_id is not None:
        contribution.published_revision_id, contribution.consent_id = revision.id, consents[first.consent_id].id
        contribution.published_at = contribution.shown_at = first.shown_at + later
        indexing.put(session, contribution)
    waits = {**here, "waiting_since": review.waiting_since + later}
    copy = _row(session, review, contribution_id=contribution.id, revision_id=revision.id, **waits)
    for lane in review.lanes:
        _row(session, lane, review_id=copy.id, **waits)
    for found in review.findings:
        _row(session, found, review_id=copy.id)
    if review.evidence is not None:
        _row(session, review.evidence, review_id=copy.id)
    places = session.query(ReviewCluster).filter_by(review_id=review.id).join(Cluster)
    for place in places.filter(Cluster.kind != ClusterKind.NETWORK):  # else one sender would fill all sheets
        _row(session, place, review_id=copy.id)
    return copy.id


def _copy_reports(session: Session, times: int) -> None:
    first = session.query(Report).one()
    for number in range(times):
        _row(session, first, reference=new_public_id(), form_token=None, note=f"{first.note}, {number}")


def _copy_steps(session: Session, times: int) -> None:
    first = session.query(Step).one()
    for _number in range(times):
        _row(session, first, public_id=new_public_id(), update_id=None)


def _row(session: Session, of: Row, **own: Any) -> Row:
    """One more row like this one, but for what is its own."""
    kept = {each.key: getattr(of, each.key) for each in of.__mapper__.column_attrs if each.key != "id"}
    made = type(of)(**{**kept, **own})
    session.add(made)
    session.flush()
    return made


def _me(session: Session) -> Moderator:
    return session.query(Moderator).filter_by(name="mo").one()


def _open_campaigns(session: Session, size: Size) -> str:
    """All campaigns take promises; the id of a question that the first asks."""
    for number in range(size.campaigns - 2):  # two are there
        presets.add(session, SLUG, utcnow(), slug=f"campaign-{number}")
    for campaign in session.query(Campaign):
        campaign.akismet = AkismetUse.DO_NOT_ASK  # so that some of it is clear
        for number in range(size.surges):
            ended = utcnow() - timedelta(days=1 + number)
            session.add(
                Surge(
                    campaign_id=campaign.id,
                    started_at=ended - timedelta(hours=1),
                    why="hand",
                    ends_at=ended,
                    ended_at=ended,
                )
            )
    first = session.query(Campaign).filter_by(slug=SLUG).one()
    question = Question(campaign_id=first.id, public_id=new_public_id(), words={"en": "What helps?"}, place=9)
    session.add(question)
    return question.public_id


def _fill_desk(session: Session, size: Size) -> None:
    """Colleagues, and all that is listed on pages of its own."""
    now, me = utcnow(), _me(session)
    first = session.query(Campaign).filter_by(slug=SLUG).one()
    for number in range(size.people):
        name = f"colleague-{number}"
        person = Moderator(email=f"{name}@example.org", name=name, fs_uniquifier=name, created_at=now)
        session.add(person)
        session.flush()
        where = None if number % 2 else first.id
        session.add(Membership(moderator_id=person.id, campaign_id=where, role=Role.MODERATOR, since=now))
    end, by = now + timedelta(days=3), {"campaign_id": first.id, "made_by_id": me.id}
    for number in range(size.others):
        session.add_all(
            [
                Hold(kind=HoldKind.PHRASE, value=f"phrase {number}", effect=HoldEffect.HOLD, made_at=now, ends_at=end, **by),
                ExpectedDay(day=end.date() + timedelta(days=number), about=100, made_at=now, **by),
                HouseRule(number=90 + number, words={"en": f"Rule {number}"}, made_at=now, **by),
                WordRule(words=f"word {number}", effect=WordEffect.RAISE, made_at=now, **by),
                Reason(
                    campaign_id=first.id,
                    key=f"reason-{number}",
                    use="reject",
                    name={"en": f"Reason {number}"},
                    words={"en": "Because it is so."},
                    place=90 + number,
                    made_at=now,
                ),
                Invitation(
                    token_hash=f"hash {number}",
                    email=f"guest-{number}@example.org",
                    role=Role.MODERATOR,
                    campaign_id=first.id,
                    invited_by_id=me.id,
                    made_at=now,
                    expires_at=end,
                ),
                SignIn(moderator_id=me.id, session_hash=f"hash {number}", since=now, seen_at=now),
                EventCode(
                    campaign_id=first.id, code=f"HALL{number}", name="Hall", starts_at=now, ends_at=end, ceiling=90
                ),
            ]
        )  # fmt: skip


def _waits(wall: Wall, number: int) -> Sent:
    """In either campaign, from a person or an organisation, clear or with something that a check finds."""
    if number % 2:
        return wall.promises("I will open my hall", slug=OTHER, email="a@example.org")
    return wall.promises("I will open my hall, ring 07700 900123", theme="work")


def _decide(wall: Wall, sent: list[Sent], move: Move) -> None:
    while wall.screens():
        pass
    for each in sent:
        with wall.work() as session:
            by, version = _me(session), session.get_one(Review, each.review_id).version
            seen = seen_by(session, by, each.review_id)
            decide.decide(
                session, each.review_id, move, by=by, version=version, now=utcnow(), settings=wall.settings, seen=seen
            )


def _lay_aside(wall: Wall, review_ids: list[int]) -> int:
    """The batch by which these were laid aside at once."""
    with wall.work() as session:
        picks = [bulk_picks.Pick(each, session.get_one(Review, each).version) for each in review_ids]
        batch_id = batches.begin(session, picks, bulk_picks.PARK, by=_me(session), now=utcnow()).id
    with wall.app.app_context():
        batches.go_on(batch_id, wall.settings, utcnow())
    return batch_id
