"""Whatever the description allows and forbids is asked, and every answer is one that it describes.

Without --full a share of the requests is made.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from pydantic import ValidationError
from schemathesis import engine
from schemathesis.engine import events
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from pledges.api import keys, schemas
from pledges.db import utcnow
from pledges.models import Campaign, Question
from tests.databases import Databases
from tests.full import full
from tests.wall import OFTEN, SLUG, Wall, make_app, opened

EXAMPLES = 300 if full() else 15
ONE_SPELLING = re.compile("[0-9a-z]+")
CONFIG = {
    "generation": {
        "max-examples": EXAMPLES,
        "deterministic": True,
        "no-shrink": not full(),
        "allow-extra-parameters": False,  # what a page cannot be asked is no part of it, and no error
    },
    "checks": {
        # whether words are a promise, and a choice one that is offered, no shape can say: 422 tells by field
        "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "404", "409", "422"]},
    },
}
REAL = {"name": "", "email": "", "theme": "", "lang": "", "by_when": "", "page_lang": ""}
WORDING = "I know that my promise will be public, and I am 13 or over."


@pytest.fixture(scope="module")
def wall(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    """A wall with two promises, an answer and a comment that are shown, and one that was taken down."""
    wall = Wall(make_app(databases.fresh("sqlite", opened), tmp_path_factory.mktemp("api"), limit_api=OFTEN))
    mo = wall.moderator()
    with wall.work() as session:
        campaign = session.scalars(select(Campaign.id).where(Campaign.slug == SLUG)).one()
        session.add(Question(campaign_id=campaign, public_id="quest1234", words={"en": "What helps?"}, place=9))
    for sent in (wall.promises(theme="work", name="Ada", show_name="full"), wall.promises("I will speak up")):
        mo.approves(sent)
        mo.approves(wall.comments(sent))
    mo.approves(wall.sent(wall.sends(f"/{SLUG}/questions/quest1234/answer", answer="It helps to be asked")))
    gone = wall.promises("I will be quiet")
    mo.approves(gone)
    wall.acts(gone, "withdraw")
    yield wall
    wall.close()


@pytest.fixture(scope="module")
def api_schema(wall: Wall) -> Iterator[Any]:
    """The description as it is served; ids and cursors that it cannot know stand beside those that are made up."""
    client = wall.app.test_client()
    listed: Any = client.get(f"/api/v1/campaigns/{SLUG}/pledges?limit=1").json
    with wall.work() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        key = keys.give(session, campaign, "Test", utcnow())[1]
    ids = [each["id"] for each in listed["pledges"]]
    with serving(wall) as address:
        yield _schema(address, listed["next"], ids[0], key)


class Quiet(WSGIRequestHandler):
    """Thousands of requests are not logged."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@contextmanager
def serving(wall: Wall) -> Iterator[str]:
    """The wall on a port of this machine: the checks send requests of their own beside those that are made up."""
    server = make_server("127.0.0.1", 0, wall.app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/api/v1"
    server.shutdown()
    thread.join()


def _schema(address: str, next: str, id: str, key: str) -> Any:
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json", config=schemathesis.Config.from_dict(CONFIG))
    schema.config.update(base_url=address)
    chance = random.Random(7)

    @schema.hook
    def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
        """Mostly what is there; and of what is not nothing that is another spelling of it, which leads on by 308."""
        real = {"slug": SLUG, "id": id}
        return {
            name: value if chance.random() < 0.2 and ONE_SPELLING.fullmatch(str(value)) else real[name]
            for name, value in (path_parameters or {}).items()
        }

    @schema.hook
    def map_query(context: Any, query: dict[str, Any] | None) -> dict[str, Any] | None:
        """A cursor is what an earlier answer gave, and a question one that was asked."""
        known = {"after": next if context.operation.path.endswith("/pledges") else "", "question": "quest1234"}
        single = {  # of a field that comes several times the first counts, whatever the others are
            name: "several" if isinstance(value, list | dict) else value for name, value in (query or {}).items()
        }
        return {name: known.get(name, value) for name, value in single.items()} or query

    @schema.hook
    def map_body(context: Any, body: Any) -> Any:
        """Of what could be a promise, some is one: the words of a field are more than its description can say."""
        shape = schemas.NewPledge if context.operation.path.endswith("/pledges") else schemas.NewComment
        try:
            shape.model_validate(body)
        except ValidationError:
            return body
        return body | {"visitor_address": "203.0.113.9", "consents": {"public": WORDING}} | chance.choice([{}, REAL])

    @schema.auth()
    class Key:
        def get(self, case: Any, context: Any) -> str:
            return key

        def set(self, case: Any, data: str, context: Any) -> None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}

    return schema


def test_every_answer_is_as_described(api_schema: Any) -> None:
    """All checks of schemathesis, over examples, edges of each field, chance, and chains of requests."""
    asked, failures = 0, []
    for event in engine.from_schema(api_schema).execute():
        assert not isinstance(event, events.FatalError), event.exception
        if isinstance(event, events.NonFatalError):
            failures.append(f"{event.label}: {event.value!r}")
        if isinstance(event, events.ScenarioFinished):
            asked += len(event.recorder.interactions)
            for checks in event.recorder.checks.values():
                failures += [
                    f"{event.label}: {check.name}: {check.failure_info.failure} {check.failure_info.code_sample}"
                    for check in checks
                    if check.failure_info is not None
                ]
    assert failures == [], "\n\n".join(dict.fromkeys(failures))
    assert asked > EXAMPLES
