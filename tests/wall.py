"""A whole wall without a browser: visitors and moderators send real forms, and the test says what time it is."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from flask_security import login_user
from flask_wtf.csrf import generate_csrf
from pydantic import SecretStr
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

import migrations
from app import create_app
from moderation.decisions import decide, seeing
from moderation.jobs import tasks
from moderation.models import Decision, Letter, Moderator, Review, Role
from moderation.people import memberships
from moderation.rules import house_rules, reasons
from moderation.workflow import Move
from pledges import tokens
from pledges.campaigns import presets
from pledges.db import Database, open_engine, transaction, until_stored, utcnow
from pledges.models import Campaign, Contribution
from pledges.settings import Settings
from tests.forms import Form, form, forms
from tests.markup import check_all

SLUG = presets.FIRST
OTHER = "courageous-conversations"
PASSWORD = "seven quiet rivers run"
OFTEN = "100000/minute"
WORDS = "I will listen before I speak"
TOKEN = re.compile(r'name="token" value="([^"]+)"')
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')
SEEN = re.compile(r'name="seen" value="(\d+)"')
TOTP_SECRET = re.compile(r"data-totp-secret>([^<]+)<")


_of_promises: dict[str, str] = {}  # what the forms of promises are for, by their path


def opened(url: str) -> None:
    """Real migrations, the usual reasons, and two preset campaigns that take promises."""
    engine = open_engine(url)
    migrations.upgrade(engine)
    with Session(engine) as session, session.begin():
        reasons.add_usual(session, utcnow())
        house_rules.add_usual(session, utcnow())
        for name in (SLUG, OTHER):
            presets.add(session, name, utcnow())
    engine.dispose()


def make_app(database_url: str, instance: Path, **given: Any) -> Flask:
    """The whole application on a database as `opened` leaves it; limits out of the way unless given."""
    limits = {f"limit_{name}": OFTEN for name in ("promises", "comments", "reports", "email", "letters", "sign_in")}
    key = given.pop("akismet_api_key", "")
    settings = Settings(
        **{
            "instance": instance,
            "database_url": database_url,
            "secret_key": SecretStr("k" * 64),
            "base_url": "http://wall.example",
            "limit_campaign": OFTEN,
            **limits,
            **given,
        }
    )
    settings.akismet_api_key = SecretStr(key)
    return check_all(create_app(settings))


@dataclass(frozen=True)
class Sent:
    """What a visitor holds, and where the moderators find it."""

    contribution_id: int
    public_id: str
    receipt: str  # the path of the private page
    review_id: int


@dataclass(frozen=True)
class Seat:
    """What somebody holds who is signed in: the cookie, the secret of the codes, and what forms carry of the session."""

    session: str
    secret: str
    token: str = ""


class Wall:
    """One wall, seen by those who test it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.settings: Settings = app.extensions["wall.settings"]
        self.database: Database = app.extensions["wall.database"]
        self.seated: list[AtTheDesk] = []
        self._purposes: dict[str, str] = {}  # of the forms that were opened, by their path

    @classmethod
    def beside(cls, wall: Wall) -> Wall:
        """Another process of the same installation."""
        url = wall.settings.database_url
        given = {name: getattr(wall.settings, name) for name in ("base_url", "limit_campaign")}
        return cls(make_app(url, wall.settings.instance, **given))

    def close(self) -> None:
        self.database.engine.dispose()

    @contextmanager
    def work(self) -> Iterator[Session]:
        """One transaction of the application."""
        with self.app.app_context(), transaction() as session:
            yield session

    @contextmanager
    def look(self) -> Iterator[Session]:
        """A session of its own that sees what has been committed."""
        with self.database.new_session() as session:
            yield session

    # -- visitors ----------------------------------------------------------------------------------

    def sends(self, path: str, **fields: str) -> TestResponse:
        """The form at `path`, filled in and sent as a browser without scripts does; `address`: of whoever sends it."""
        client = self.app.test_client()
        place = {"REMOTE_ADDR": fields.pop("address", "127.0.0.1")}
        headers = {name[7:].replace("_", "-"): fields.pop(name) for name in [*fields] if name.startswith("header_")}
        token = fields.pop("token", "") or self._token_of(client, path)
        given = {"token": token, "company_url": "", "consent": "yes", **fields}
        return client.post(path.split("?")[0], data=given, headers=headers, environ_overrides=place)

    def _token_of(self, client: FlaskClient, path: str) -> str:
        """The token of the form at `path`: the page's own when it is first asked for, then others of the same purpose.

        The form of a promise is for the same on every wall that has this path: one wall of this process asks for it.
        """
        if path not in self._purposes and path in _of_promises:
            self._purposes[path] = _of_promises[path]
        if path not in self._purposes:
            token = found(TOKEN, client.get(path).text)
            with self.app.app_context():
                self._purposes[path] = tokens._forms().loads(token)[1]
            if path.endswith("/promise"):
                _of_promises[path] = self._purposes[path]
            return token
        with self.app.app_context():
            return tokens.new_form_token(self._purposes[path])

    def promises(self, words: str = WORDS, *, slug: str = SLUG, lang: str = "", **fields: str) -> Sent:
        """A promise was sent and acknowledged."""
        prefix = f"/{lang}" if lang else ""
        return self.sent(self.sends(f"{prefix}/{slug}/promise", promise=words, **fields))

    def told_by(self, by: AtTheDesk) -> Sent:
        """A promise from a proved address that `by` has approved, and its author has the letter."""
        sent = self.promises(email="amina@example.org")
        self.proves(sent)
        by.approves(sent)
        self.screens(later(60))
        return sent

    def comments(self, on: Sent, words: str = "Good to hear that", **fields: str) -> Sent:
        return self.sent(self.sends(f"/{SLUG}/promises/{on.public_id}/comment", comment=words, **fields))

    def edits(self, sent: Sent, words: str, **fields: str) -> Sent:
        """Newer words were sent from the author's page."""
        client = self.app.test_client()
        token = found(TOKEN, client.get(f"{sent.receipt}?do=edit").text)
        given = {"act": "edit", "token": token, "promise": words, "company_url": "", "consent": "yes", **fields}
        answer = client.post(sent.receipt, data=given)
        assert answer.status_code == 303, answer.text
        return self._newest(sent.contribution_id, sent.receipt)

    def changes(self, sent: Sent, **fields: str) -> Sent:
        """The edit form was sent as it came but for these fields: what was ticked and typed goes along."""
        client = self.app.test_client()
        given = form(client.get(f"{sent.receipt}?do=edit").text, sent.receipt).sent(**fields)
        answer = client.post(sent.receipt, data=given)
        assert answer.status_code == 303, answer.text
        return self._newest(sent.contribution_id, sent.receipt)

    def acts(self, sent: Sent, act: str, **fields: str) -> TestResponse:
        """The author presses a button of the private page."""
        return self.app.test_client().post(sent.receipt, data={"act": act, **fields})

    def reports(self, sent: Sent, category: str = "hate", **fields: str) -> TestResponse:
        return self.sends(f"/{SLUG}/promises/{sent.public_id}/report", category=category, **fields)

    def sent(self, answer: TestResponse) -> Sent:
        assert answer.status_code == 303, f"{answer.status_code}: {answer.text[:2000]}"
        receipt = answer.headers["Location"].split("?")[0]
        with self.look() as session:
            newest = session.scalars(select(Contribution.id).order_by(Contribution.id.desc()).limit(1)).one()
        return self._newest(newest, receipt)

    def _newest(self, contribution_id: int, receipt: str) -> Sent:
        with self.look() as session:
            contribution = session.get_one(Contribution, contribution_id)
            newest = select(Review.id).where(Review.contribution_id == contribution_id).order_by(Review.id.desc())
            return Sent(contribution_id, contribution.public_id, receipt, session.scalars(newest.limit(1)).one())

    def shown(self, words: str = WORDS, *, slug: str = SLUG) -> bool:
        """Whether the words stand on the wall."""
        return words in self.app.test_client().get(f"/{slug}").text

    # -- the worker --------------------------------------------------------------------------------

    def screens(self, now: datetime | None = None) -> int:
        """The worker does all that is owed at `now`; answers how many items were screened."""
        with self.app.app_context():
            return tasks.sweep(now or utcnow())

    def letters(self, *, staff: bool = False) -> list[str]:
        """Every letter to the public written so far, as its source, oldest first; with `staff` those to moderators."""
        folder = self.settings.instance / "mail"
        every = [path.read_text() for path in sorted(folder.glob("*.eml"))] if folder.exists() else []
        return [letter for letter in every if ("because you moderate here" in letter) is staff]

    def proves(self, sent: Sent) -> None:
        """The author's address counts as proved."""
        with self.work() as session:
            contact = session.get_one(Contribution, sent.contribution_id).contact
            assert contact is not None
            contact.proved_at = utcnow()

    def owed(self) -> list[tuple[str, str]]:
        """Kind, and why it was dropped, of every letter to the public, oldest first."""
        to_the_public = select(Letter).where(Letter.moderator_id.is_(None)).order_by(Letter.id)
        with self.look() as session:
            return [(each.kind, each.dropped_why) for each in session.scalars(to_the_public)]

    # -- moderators --------------------------------------------------------------------------------

    def invitation(self, email: str, role: Role = Role.MODERATOR, slug: str = "") -> str:
        """The path of a one-time link."""
        with self.work() as session:
            campaign = session.scalars(select(Campaign.id).where(Campaign.slug == slug)).one() if slug else None
            return memberships.invite(session, email, role, campaign, None, utcnow())

    def moderator(self, name: str = "mo", role: Role = Role.MODERATOR, slug: str = "") -> AtTheDesk:
        """Somebody who sits at the desk, `name` at example.org."""
        seat = self.seats(f"{name}@example.org", name, role, slug)
        self.seated.append(AtTheDesk(self, self.app.test_client(), name, seat, f"{role} {slug}"))
        return self.seated[-1]

    def seats(self, email: str, name: str, role: Role = Role.MODERATOR, slug: str = "") -> Seat:
        """Somebody was invited, set up both factors, and is signed in: what the page of the invitation does."""
        now, link = utcnow(), self.invitation(email, role, slug)
        with self.app.test_request_context(link), transaction() as session:
            invitation = memberships.open_invitation(session, link.rpartition("/")[2], now)
            assert invitation is not None
            moderator = memberships.accept(session, invitation, name, PASSWORD, now)
            secret = memberships.shown_secret(moderator.tf_totp_secret or "")
            assert memberships.confirm(session, invitation, moderator, pyotp.TOTP(secret).now(), now)
            login_user(moderator, authn_via=["password", "code"])
            token = generate_csrf()
            answer = self.app.process_response(self.app.response_class())
        cookies = dict(each.partition(";")[0].split("=", 1) for each in answer.headers.getlist("Set-Cookie"))
        return Seat(cookies["desk"], secret, token)

    def plain_moderator(self, session: Session, name: str = "mo") -> Moderator:
        """A moderator without a way to sign in, for tests below the pages."""
        email = f"{name}@example.org"
        known = session.scalars(select(Moderator).where(Moderator.email == email)).first()
        if known is None:
            known = Moderator(email=email, name=name, fs_uniquifier=name, created_at=utcnow())
            session.add(known)
            session.flush()
        return known

    def review(self, review_id: int) -> Review:
        """The review as it is committed now."""
        with self.look() as session:
            review = session.get_one(Review, review_id)
            _ = review.revision, review.contribution, review.findings, review.lanes, review.evidence
            return review

    def decisions(self, review_id: int) -> list[Decision]:
        with self.look() as session:
            query = select(Decision).where(Decision.review_id == review_id).order_by(Decision.id)
            return list(session.scalars(query))


class AtTheDesk:
    """A moderator's browser."""

    def __init__(self, wall: Wall, client: FlaskClient, name: str, seat: Seat, role: str = "") -> None:
        self.wall = wall
        self.client = client
        self.name = name
        self.role = role
        self.sits(seat)

    def sits(self, seat: Seat) -> None:
        """It is this session's browser."""
        self.seat, self.secret = seat, seat.secret
        if seat.session:
            self.client.set_cookie("desk", seat.session)
        self._tokens = {seat.session: seat.token}  # against forged forms, by the session they belong to

    def decides(self, on: Sent | int, move: str, *, version: int | None = None, **fields: str) -> TestResponse:
        """The decision is posted with the version that stands now, unless the test says another.

        Who approves has read the words, opened them where they were hidden, and says so again where a check found something.
        """
        review_id = on if isinstance(on, int) else on.review_id
        if move == "approve" and "seen" not in fields:
            fields = {**self.has_read(review_id), **fields}
        version = self.wall.review(review_id).version if version is None else version
        given = {"csrf_token": self.csrf(), "move": move, "version": str(version), **fields}
        answer = self.client.post(f"/moderation/reviews/{review_id}/decide", data=given)
        if answer.status_code == 409 and " data-sure" in answer.text:
            asked = approving(answer.text)
            assert asked is not None
            given |= {name: asked.values(name)[0] for name in ("seen", "sure", "named")}
            answer = self.client.post(f"/moderation/reviews/{review_id}/decide", data=given)
        return answer

    def has_read(self, review_id: int) -> dict[str, str]:
        """What the item's page says that it has shown, once its hidden text is opened; nothing where it shows none."""
        address = f"/moderation/reviews/{review_id}"
        page = self.client.get(address).text
        offered = approving(page)
        if offered is not None and not offered.values("seen"):
            offered = approving(self.opens_text(address))
        proofs = offered.values("seen") if offered is not None else []
        return {"seen": proofs[0]} if proofs else {}

    def approves(self, on: Sent) -> None:
        """The words were approved, for tests of what comes after: as the button does it that `decides` presses."""
        until_stored(lambda: self._approves(on.review_id))

    def _approves(self, review_id: int) -> None:
        with self.wall.work() as session:
            by = session.scalars(select(Moderator).where(Moderator.email == f"{self.name}@example.org")).one()
            version, seen = session.get_one(Review, review_id).version, seen_by(session, by, review_id)
            given: dict[str, Any] = {
                "by": by,
                "version": version,
                "now": utcnow(),
                "settings": self.wall.settings,
                "seen": seen,
            }
            decide.decide(session, review_id, Move.APPROVE, **given)

    def opens_text(self, address: str, **fields: str) -> str:
        """The page at `address` after the button that shows its harsh text."""
        page = self.client.get(address).text
        given = {"csrf_token": found(CSRF, page), "seen": found(SEEN, page), **fields}
        answer = self.client.post(address, data=given)
        assert answer.status_code == 200, answer.text
        return answer.text

    def csrf(self) -> str:
        """A token that counts as long as the same session does."""
        signed_in = self._session()
        if signed_in not in self._tokens:
            self._tokens[signed_in] = found(CSRF, self.client.get("/moderation/history").text)
        return self._tokens[signed_in]

    def _session(self) -> str:
        cookie = self.client.get_cookie("desk")
        return cookie.value if cookie else ""

    def sees(self, lane: str) -> list[int]:
        """The reviews that stand in this lane, oldest first."""
        page = self.client.get(f"/moderation/?lane={lane}")
        assert page.status_code == 200
        return [int(number) for number in re.findall(r'<li class="q" data-review="(\d+)"', page.text)]

    def next_code(self) -> str:
        """A code that was not used yet: the one of the step after this."""
        return pyotp.TOTP(self.secret).at(int(time.time()) + 30)


def seen_by(session: Session, by: Moderator | None, review_id: int) -> seeing.Seen | None:
    """What a page that showed these words would send, for tests below the pages: the checks' findings named."""
    review = session.get_one(Review, review_id)
    return None if by is None else seeing.Seen(seeing.proof(by, review), True, seeing.names(review))


def approving(page: str) -> Form | None:
    """The form of a page that approves its item; none where it has none."""
    return next((each for each in forms(page) if each.values("move") == ["approve"]), None)


def unguarded(session: Session) -> None:
    """The record can be changed, as by somebody who may alter the schema."""
    if session.get_bind().dialect.name == "sqlite":
        for what in ("update", "delete", "replace"):
            session.execute(text(f"DROP TRIGGER IF EXISTS acts_no_{what}"))
    else:
        session.execute(text("ALTER TABLE acts DISABLE TRIGGER USER"))


def found(pattern: re.Pattern[str], page: str) -> str:
    """What the pattern finds in the page; the page, if it finds nothing."""
    match = pattern.search(page)
    assert match, page[:3000]
    return match[1]


def later(seconds: float = 0, **rest: float) -> datetime:
    """That much later than now."""
    return utcnow() + timedelta(seconds=seconds, **rest)
