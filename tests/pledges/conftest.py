"""A small application of the public side alone: a desk that takes notes, and one campaign."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Address
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy.orm import Session

import migrations
import pledges
from pledges.db import Database, open_engine
from pledges.intake.door import Standing
from pledges.models import Audience, Campaign, CampaignState, Contribution, Prompt, Question, Revision, Theme
from pledges.settings import HERE, Settings
from pledges.wall import publishing
from tests.markup import check_all


class NoteTakingDesk:
    """Remembers what it was told; says what the test wants it to say."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, Any]] = []
        self.says = Standing(state="waiting", place=3, usual_wait_minutes=50)
        self.breaks = False
        self.notices: list[Any] = []

    def open_review(self, session, stored, origin, now):
        self.notes.append(("review", (stored.public_id, stored.number, origin)))

    def noticed(self, session, campaign, sent, now):
        return self.notices

    def stored(self, receipt):
        self.notes.append(("stored", receipt.public_id))
        if self.breaks:
            raise RuntimeError("the queue is away")

    def standing(self, session, contribution, lang, now):
        return self.says

    def address_confirmed(self, session, contribution, now):
        self.notes.append(("confirmed", contribution.public_id))

    def withdrawn(self, session, contribution, now):
        self.notes.append(("withdrawn", contribution.public_id))

    def restored(self, session, contribution, now):
        self.notes.append(("restored", contribution.public_id))

    def erased(self, session, contribution, now):
        self.notes.append(("erased", contribution.public_id))

    def appealed(self, session, contribution, now):
        self.notes.append(("appealed", contribution.public_id))

    def ask_for_links(self, session, email_hashes, lang, now):
        self.notes.append(("link", email_hashes))

    def links_asked(self):
        self.notes.append(("links", None))

    def asked_outside(self, session, contribution):
        return False

    def already_reported(self, session, complaint):
        return None

    def file_report(self, session, contribution, complaint, now):
        self.notes.append(("report", (contribution.public_id, complaint)))
        return "r7k4m2px"

    def house_rules(self, session, campaign):
        return []

    def told(self, kind: str) -> list[Any]:
        return [what for name, what in self.notes if name == kind]


class Limiter:
    """Refuses what the test wants refused."""

    def __init__(self) -> None:
        self.wait: dict[str, int] = {}
        self.status = 429
        self.says = "ok"
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def key(self) -> str:
        return str(self.visitor())

    def visitor(self) -> IPv4Address:
        return IPv4Address("203.0.113.7")

    def health(self) -> str:
        return self.says

    def check(self, kind, **about):
        self.asked.append((kind, about))
        told = kind if kind in self.wait or not about.get("email") else "email"
        seconds = self.wait.get(told)
        return SimpleNamespace(kind=told, retry_after_seconds=seconds, status=self.status) if seconds else None

    def has_room(self, event):
        return True

    def of_network(self, name):
        return {(name, self.key()): 1}

    def take(self, kind, places):
        return None

    def give_back(self, kind, places):
        return None

    def has_counted(self, kind, places):
        return False


def migrated(url: str) -> None:
    engine = open_engine(url)
    migrations.upgrade(engine)
    engine.dispose()


@pytest.fixture
def desk() -> NoteTakingDesk:
    return NoteTakingDesk()


@pytest.fixture
def app(tmp_path, desk, databases) -> Flask:
    settings = Settings(instance=tmp_path, secret_key=SecretStr("k" * 64), base_url="https://wall.example")
    app = Flask("wall", root_path=str(HERE))
    database = Database(databases.copy(migrated, tmp_path / "wall.db"))
    database.init_app(app)
    pledges.init_app(app, settings, desk=desk)
    app.extensions["wall.limits"] = Limiter()
    return check_all(app)


@pytest.fixture
def limiter(app) -> Limiter:
    return app.extensions["wall.limits"]


@pytest.fixture
def database(app) -> Database:
    return app.extensions["wall.database"]


@pytest.fixture
def session(database):
    with database.new_session() as session:
        yield session


@pytest.fixture
def campaign(database) -> Campaign:
    now = datetime.now(UTC)
    with database.new_session() as session:
        made = Campaign(
            slug="week",
            state=CampaignState.OPEN,
            title={"en": "Promises for the week", "cy": "Addewidion yr wythnos"},
            words={"hero": {"en": "When we all play a part", "cy": "Pan fyddwn ni i gyd"}},
            created_at=now,
        )
        session.add(made)
        session.flush()
        session.add_all(
            [
                Theme(campaign_id=made.id, key="listen", title={"en": "Listen"}, dye="listen", place=1),
                Theme(campaign_id=made.id, key="work", title={"en": "Fair work"}, dye="work", place=2),
                Audience(campaign_id=made.id, key="parents", title={"en": "Parents"}, place=1),
                Prompt(campaign_id=made.id, use="promise", words={"en": "Next time I hear"}, place=1),
                Question(campaign_id=made.id, public_id="q234567890", words={"en": "What helps?"}, place=1),
            ]
        )
        session.commit()
        return made


class Visitor:
    """A browser without scripts: reads a page, fills in its form, sends it."""

    def __init__(self, client) -> None:
        self.client = client

    def get(self, path: str, **kwargs):
        return self.client.get(path, **kwargs)

    def token(self, path: str) -> str:
        page = self.client.get(path).get_data(as_text=True)
        found = re.search(r'name="token" value="([^"]+)"', page)
        assert found, "there is no form token on the page"
        return found[1]

    def sends(self, path: str, token: str | None = None, **fields: str):
        given = {"token": token or self.token(path), "company_url": "", "consent": "yes", **fields}
        return self.client.post(
            path.split("?")[0], data={name: value for name, value in given.items() if value is not None}
        )

    def promises(self, words: str = "I will listen before I speak", **fields: str):
        return self.sends("/week/promise", promise=words, **fields)


@pytest.fixture
def visitor(app, campaign) -> Visitor:
    return Visitor(app.test_client())


@pytest.fixture
def approve(app, database):
    """Shows the newest words of what has just been sent."""

    def approve(public_id: str | None = None, *, now: datetime | None = None) -> str:
        with app.app_context(), database.new_session() as session:
            query = session.query(Contribution).order_by(Contribution.id.desc())
            found = query.filter_by(public_id=public_id).one() if public_id else query.first()
            publishing.publish(session, found.latest, now or datetime.now(UTC))
            session.commit()
            return found.public_id

    return approve


@pytest.fixture
def hide(app, database):
    def hide(public_id: str) -> None:
        with app.app_context(), database.new_session() as session:
            found = session.query(Contribution).filter_by(public_id=public_id).one()
            publishing.hide(session, found, datetime.now(UTC))
            session.commit()

    return hide


@pytest.fixture
def stored(database):
    """All contributions, newest first."""

    def stored() -> list[Contribution]:
        with database.new_session() as session:
            return list(session.query(Contribution).order_by(Contribution.id.desc()))

    return stored


def in_days(days: int) -> str:
    return (date.today() + timedelta(days=days)).isoformat()  # noqa: DTZ011


def newest_revision(session: Session) -> Revision:
    return session.query(Revision).order_by(Revision.id.desc()).limit(1).one()
