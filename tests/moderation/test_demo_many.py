"""A wall of very many examples is a wall like any other: found, counted, whole, and gone with one command."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select, text

from moderation.models import Review
from moderation.record import chain
from moderation.workflow import State
from pledges.figures import counters
from pledges.models import Campaign, Contribution, Revision
from pledges.organisations import places
from pledges.revisions import digest_of
from tests.test_plans import told
from tests.wall import SLUG, Wall

CARD = re.compile(r'data-pledge="([^"]+)"')
MANY = 130


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderation.cli.demo.MANY", 10)
    monkeypatch.setattr("moderation.cli.demo_many.AT_ONCE", 40)


def runs(wall: Wall, *words: str) -> str:
    with wall.app.app_context():
        done = wall.app.test_cli_runner().invoke(args=["demo", *words])
    assert done.exit_code == 0, done.output
    return done.output


def shown(wall: Wall, **asked: str) -> list[str]:
    found: list[str] = []
    client = wall.app.test_client()
    answer = client.get(f"/{SLUG}", query_string=asked)
    while True:
        assert answer.status_code == 200
        found += CARD.findall(answer.text)
        on = re.search(r'rel="next" href="([^"#]+)', answer.text)
        if on is None:
            return found
        answer = client.get(on[1].replace("&amp;", "&"))


def test_many_examples_stand_on_the_wall_are_counted_and_found(wall: Wall) -> None:
    told = runs(wall, "--pledges", str(MANY), "--campaign", SLUG)
    assert "130 of 130 promises" in told and "Added 130 example promises." in told
    assert len(set(shown(wall))) == len(shown(wall)) == MANY
    assert len(shown(wall, q="117")) == 1 and len(shown(wall, kind="organisation", q="will")) > 1
    with wall.work() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        assert counters.recount(session, campaign.id) == {} and places.recount(session, campaign.id) == 0
        assert list(chain.verify(session)) == []
        for each in session.scalars(select(Revision)):
            assert digest_of(each) == each.digest
        states = session.execute(select(Review.state, func.count()).group_by(Review.state)).all()
        assert [tuple(row) for row in states] == [(State.APPROVED, MANY)]


def test_more_can_be_added_to_what_people_promised_and_people_go_on_promising(wall: Wall) -> None:
    mo = wall.moderator()
    mo.approves(wall.promises("I will ask who is missing"))
    runs(wall, "--pledges", str(MANY), "--campaign", SLUG)
    runs(wall, "--pledges", "20", "--campaign", SLUG)
    later = wall.promises("I will ask who came")
    mo.approves(later)
    assert len(shown(wall)) == MANY + 22
    assert shown(wall)[0] == later.public_id


def test_all_of_them_go_with_one_command_and_what_people_wrote_stays(wall: Wall) -> None:
    mo = wall.moderator()
    runs(wall, "--pledges", str(MANY), "--campaign", SLUG)
    own = wall.promises("I will ask who is missing")
    mo.approves(own)
    under = shown(wall)[5]
    answer = wall.sends(f"/{SLUG}/promises/{under}/comment", comment="This is what I needed to read")
    mo.approves(wall.sent(answer))
    assert f"Removed {MANY} example promises." in runs(wall, "--clear")
    assert shown(wall) == [own.public_id] and shown(wall, q="library") == []
    with wall.work() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        assert counters.recount(session, campaign.id) == {}
        left = session.scalars(select(Revision.words).join(Contribution, Contribution.id == Revision.contribution_id))
        assert sorted(set(left)) == ["", "I will ask who is missing", "This is what I needed to read"]
        table = "wall_words" if session.get_bind().dialect.name == "postgresql" else "wall_words_content"
        assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 1  # noqa: S608 (constants)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_the_queue_reads_no_more_where_the_database_knows_how_much_was_decided(wall: Wall) -> None:
    """Filling tells it: that nearly nobody has an item open made it read all that ever came."""
    runs(wall, "--pledges", "2000", "--campaign", SLUG)
    wall.promises("I will ask who is missing from the table")
    desk, engine = wall.moderator(), wall.database.engine
    with told(engine) as heard:
        assert desk.client.get("/moderation/").status_code == 200
    with engine.connect() as connection:
        plans = [
            row[3]
            for statement, bound in heard
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", bound)
        ]
    assert [step for step in plans if step.startswith("SCAN reviews")] == []
    assert any("ix_reviews_passed" in step for step in plans), "the control: it is asked"
