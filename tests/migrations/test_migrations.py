"""The schema goes up, down and up again with rows in it, and equals the models, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, select, text, update
from sqlalchemy.orm import Session

import migrations
import moderation.models  # noqa: F401 (its tables join the metadata)
from moderation.cli.upkeep import rebuild_counters
from moderation.models import Act, Appeal, Decision, Hold, Report, Review
from moderation.record import chain
from moderation.workflow import Move, State
from pledges.db import Base, open_engine, utcnow
from pledges.models import Campaign, Contact, Contribution
from pledges.search import terms
from pledges.search.index import no_part_of_it
from tests.moderation.clusters.test_clusters import arrives, astray, declines, flood, rows
from tests.wall import SLUG, AtTheDesk, Sent, Wall, later, make_app, opened, unguarded


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": no_part_of_it})
        return list(compare_metadata(context, Base.metadata))


def test_the_newest_schema_equals_the_models(database_url: str) -> None:
    engine = open_engine(database_url)
    migrations.upgrade(engine)
    assert migrations.standing_at(engine) == migrations.newest()
    assert differences(engine) == []
    engine.dispose()


@dataclass
class Evening:
    """A desk in the middle of its work: every kind of row that a way down and up has to carry."""

    wall: Wall
    mo: AtTheDesk
    folded: list[Sent]
    parked: Sent
    reported: Sent
    appealed: Sent
    proposed: Sent
    held: Sent

    def lanes(self, sent: Sent) -> list[str]:
        with self.wall.look() as session:
            found = session.execute(text("SELECT lane FROM review_lanes WHERE review_id = :id"), {"id": sent.review_id})
            return sorted(row.lane for row in found)

    def goes(self, *ways: str) -> None:
        """The schema goes down to each of these and up again, to the newest at the end."""
        self.wall.database.engine.dispose()
        engine = open_engine(self.wall.settings.database_url)
        for to in ways:
            migrations.downgrade(engine, to)
        migrations.upgrade(engine)
        assert differences(engine) == []
        engine.dispose()

    def faults(self) -> list[chain.Fault]:
        with self.wall.look() as session:
            return list(chain.verify(session))

    def drift(self) -> list[str]:
        with self.wall.app.app_context():
            answer = self.wall.app.test_cli_runner().invoke(rebuild_counters)
        assert answer.exit_code == 0, answer.output
        return [line.strip() for line in answer.output.splitlines() if "->" in line]


@pytest.fixture
def evening(fresh_database: Callable[..., str], tmp_path: Path) -> Iterator[Evening]:
    wall = Wall(make_app(fresh_database(fill=opened), tmp_path))
    mo, ann = wall.moderator("mo"), wall.moderator("ann")
    folded = flood(wall)
    others = ("Laid", "Shown and", "Declined and", "Proposed and", "Opened and")
    parked, reported, appealed, proposed, held = (
        arrives(wall, f"{what} the {'abcde'[n] * 30} of it", 30 + n, lang="cy" if n == 0 else "en")
        for n, what in enumerate(others)
    )
    wall.screens()
    mo.decides(parked, "park")
    mo.approves(reported)
    wall.reports(reported)
    mo.decides(appealed, "reject", reason="off_topic")
    wall.acts(appealed, "appeal")
    mo.decides(proposed, "pass", second="yes", note="is this a threat?")
    ann.client.get(f"/moderation/reviews/{held.review_id}")
    ann.client.post(f"/moderation/reviews/{held.review_id}/claim", data={"csrf_token": ann.csrf()})
    yield Evening(wall, mo, folded, parked, reported, appealed, proposed, held)
    wall.close()


def test_the_desk_stands_as_before_after_a_step_down_and_up(evening: Evening) -> None:
    wall, mo = evening.wall, evening.mo
    before = {lane: mo.sees(lane) for lane in ("all", "new", "abuse", "welsh", "reported", "appeals", "parked")}
    assert before["abuse"] == [evening.folded[0].review_id]
    assert len(before["all"]) == 5
    evening.goes("0003")
    assert {lane: mo.sees(lane) for lane in before} == before
    assert evening.lanes(evening.parked) == ["parked"]
    assert astray(wall) == [] and evening.drift() == [] and evening.faults() == []
    assert [words for _, words in rows(mo)] == ["5 nearly the same, from 5 networks"]
    assert declines(mo, rows(mo)[0][0]).status_code == 303


def test_the_desk_finds_itself_again_after_the_whole_way_down_to_the_first_schema(evening: Evening) -> None:
    wall, mo = evening.wall, evening.mo
    with wall.look() as session:
        named = {line.id: line.campaign_id for line in session.scalars(select(Act))}
        assert any(named.values()) and not all(named.values())
    evening.goes("0001")
    with wall.look() as session:
        assert {line.id: line.campaign_id for line in session.scalars(select(Act))} == named
        assert (
            session.scalars(select(Decision.move).where(Decision.review_id == evening.proposed.review_id)).all()[-1]
            is Move.PROPOSE
        )
        assert session.get_one(Review, evening.proposed.review_id).needs_second
        assert session.scalars(select(Report.contribution_id)).all() == [evening.reported.contribution_id]
        assert session.scalars(select(Appeal.review_id)).all() == [evening.appealed.review_id]
    assert evening.faults() == [] and evening.drift() == []
    assert mo.sees("parked") == [evening.parked.review_id]
    assert len(mo.sees("all")) == 9  # each by itself, since the first schema knows no clusters
    wall.screens(later(60))
    assert len(mo.sees("all")) == 9
    assert astray(wall) == []
    assert wall.review(evening.reported.review_id).state is State.WAITING


def test_below_the_third_schema_what_is_laid_aside_stands_in_the_lanes_of_its_kind(evening: Evening) -> None:
    evening.wall.database.engine.dispose()
    engine = open_engine(evening.wall.settings.database_url)
    migrations.downgrade(engine, "0002")
    assert evening.lanes(evening.parked) == ["new", "welsh"]
    assert evening.lanes(evening.reported) == ["reported"]
    assert evening.lanes(evening.appealed) == ["appeals"]
    migrations.upgrade(engine)
    engine.dispose()
    assert evening.lanes(evening.parked) == ["parked"]


def test_a_line_of_the_record_that_was_changed_is_still_named_after_the_way_down_and_up(evening: Evening) -> None:
    with evening.wall.work() as session:
        changed = session.scalars(select(Act).where(Act.act == "review:park")).one()
        unguarded(session)
        session.execute(update(Act).where(Act.id == changed.id).values(actor="moderator:2"))
    evening.goes("0001")
    (fault,) = evening.faults()
    assert fault.act_id == changed.id
    with evening.wall.look() as session:
        assert session.get_one(Act, changed.id).campaign_id is None


def test_the_whole_way_down_takes_every_table_and_up_again_brings_them(evening: Evening) -> None:
    evening.wall.database.engine.dispose()
    engine = open_engine(evening.wall.settings.database_url)
    migrations.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    migrations.upgrade(engine)
    assert differences(engine) == []
    engine.dispose()


def test_two_hosts_that_start_at_once_both_find_the_newest_schema(database_url: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    if database_url.startswith("sqlite"):  # one host has one starter there, held apart by the lock of deploy/start.py
        engines = [open_engine(database_url)]
    else:
        engines = [open_engine(database_url), open_engine(database_url)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(migrations.upgrade, engines)) == [migrations.newest()] * len(engines)
    for engine in engines:
        engine.dispose()


def test_organisations_that_one_fold_had_made_one_are_parted_and_words_are_found_by_their_marks(
    fresh_database: Callable[..., str], tmp_path: Path
) -> None:
    """As it stood below 0006: three names under one row with a badge, and one count of it."""
    wall = Wall(make_app(fresh_database(fill=opened), tmp_path))
    mo = wall.moderator("mo")
    names = ("C++ Club", "C Club", "c++  CLUB")
    sent = [
        wall.promises(
            f"काम {n}: {'कमरा' if n else 'विश्वविद्यालय'} trees",
            kind="organisation",
            organisation=name,
            email="a@example.org",
        )
        for n, name in enumerate(names)
    ]
    wall.screens()
    for each in sent:
        mo.approves(each)
    wall.database.engine.dispose()
    engine = open_engine(wall.settings.database_url)
    migrations.downgrade(engine, "0005")
    with engine.begin() as connection:
        first = connection.scalar(text("SELECT min(id) FROM organisations"))
        connection.execute(
            text("UPDATE contributions SET organisation_id = :id WHERE organisation_id IS NOT NULL"), {"id": first}
        )
        connection.execute(text("DELETE FROM organisations WHERE id <> :id"), {"id": first})
        connection.execute(text("UPDATE organisations SET name_key = 'c club', verified_at = created_at"))
        connection.execute(text("UPDATE counters SET value = 1 WHERE name = 'organisations'"))
        connection.execute(text("UPDATE revisions SET repeat_key = 'old'"))
    migrations.upgrade(engine)
    assert differences(engine) == []
    engine.dispose()
    visitor = wall.app.test_client()
    told = [visitor.get(f"/api/v1/pledges/{each.public_id}").text for each in sent]
    assert ['"verified":true' in each for each in told] == [True, False, True]
    answer = wall.app.test_cli_runner().invoke(rebuild_counters)
    assert "->" not in answer.output
    page = mo.client.get("/moderation/search", query_string={"q": "कमरा"}).text
    assert [f'data-review="{each.review_id}"' in page for each in sent] == [False, True, True]
    asked = {"q": "विश्वविद्या"}
    engine = open_engine(wall.settings.database_url)
    migrations.downgrade(engine, "0031")
    forget_beginnings(engine, "विश्वविद्यालय")
    with wall.look() as session:
        before = session.execute(MOMENTS).all()
    with engine.begin() as connection:  # as if all had been approved in the moment of the first
        connection.execute(update(Contribution).values(published_at=before[0].shown_at, shown_at=before[0].shown_at))
    found = f"/api/v1/campaigns/{SLUG}/pledges"
    assert visitor.get(found, query_string=asked).get_json()["pledges"] == []
    migrations.upgrade(engine)
    engine.dispose()
    with wall.look() as session:
        assert session.execute(MOMENTS).all() == before
    listed = visitor.get(found, query_string=asked).get_json()["pledges"]
    assert [each["id"] for each in listed] == [sent[0].public_id]
    page = mo.client.get("/moderation/search", query_string=asked).text
    assert [f'data-review="{each.review_id}"' in page for each in sent] == [True, False, False]
    wall.close()


MOMENTS = select(Contribution.published_at, Contribution.shown_at).order_by(Contribution.id)


def forget_beginnings(engine: Engine, word: str) -> None:
    """As it stood before long words with marks were found by how they begin."""
    known = terms.tokens_of(word)[1:]
    assert len(known) > 2
    with engine.begin() as connection:
        for table in ("revision_words", "wall_words"):
            if engine.dialect.name == "postgresql":
                change = f"UPDATE {table} SET words = ts_delete(words, CAST(:known AS text[]))"  # noqa: S608 (constants)
                connection.execute(text(change), {"known": known})
                continue
            for number, words in connection.execute(text(f"SELECT rowid, words FROM {table}")).all():  # noqa: S608
                left = " ".join(each for each in words.split() if each not in known)
                change = f"UPDATE {table} SET words = :left WHERE rowid = :number"  # noqa: S608
                connection.execute(text(change), {"left": left, "number": number})


def test_no_list_lets_anybody_be_after_the_ninth_step(fresh_database: Callable[..., str]) -> None:
    engine = open_engine(fresh_database(fill=opened))
    migrations.downgrade(engine, "0008")
    entry = "INSERT INTO holds (campaign_id, kind, value, effect, note, made_at, ends_at)"
    with engine.begin() as connection:
        campaign = connection.scalar(text("SELECT min(id) FROM campaigns"))
        for effect in ("let_be", "hold"):
            moments = {"id": campaign, "effect": effect, "now": "2026-03-02 09:00:00+00:00"}
            values = " VALUES (:id, 'network', '192.0.2.0/24', :effect, '', :now, :now)"
            connection.execute(text(entry + values), moments)
        guard = '{"promises": true, "let_be": ["192.0.2.0/24"], "let_be_until": {"192.0.2.0/24": "2026-03-02"}}'
        connection.execute(text("UPDATE campaigns SET guard = :guard WHERE id = :id"), {"guard": guard, "id": campaign})
    migrations.upgrade(engine)
    with Session(engine) as session:
        assert [hold.effect for hold in session.scalars(select(Hold))] == ["hold"]
        assert session.get_one(Campaign, campaign).guard == {"promises": True}
    engine.dispose()


def test_who_wished_to_be_asked_before_anybody_could_be_is_asked_from_then_on(
    fresh_database: Callable[..., str], tmp_path: Path
) -> None:
    wall = Wall(make_app(fresh_database(fill=opened), tmp_path))
    mo = wall.moderator()
    wishes: tuple[dict[str, str], ...] = (
        {"follow_up": "yes"},
        {"invite_again": "yes"},
        {"follow_up": "yes", "by_when": in_days(10)},
        {},
        {"follow_up": "yes", **ORGANISATION, "action-1": "Train", "action-1-by": in_days(200)},
    )
    sent = [
        wall.promises(f"I will listen {number} times", email="a@example.org", **each)
        for number, each in enumerate(wishes)
    ]
    wishes_no_more = wall.promises("I was invited", email="b@example.org", invite_again="yes")
    sent.append(wishes_no_more)
    sent.append(wall.promises("I wait to be read", email="a@example.org", follow_up="yes"))
    for each in sent[:-1]:
        wall.proves(each)
        mo.approves(each)
    with wall.work() as session:  # an invitation that was taken back, and an address that is kept for nothing since
        for consent in session.get_one(Contribution, wishes_no_more.contribution_id).consents:
            consent.withdrawn_at = utcnow() if consent.purpose == "invite_again" else None
        session.execute(
            update(Contact).where(Contact.contribution_id == wishes_no_more.contribution_id).values(forget_after=None)
        )
    planned = "SELECT next_question_at, forget_after FROM contacts ORDER BY id"
    with wall.look() as session:
        before = session.execute(text(planned)).all()
    assert [(bool(asked), bool(kept)) for asked, kept in before] == [
        (True, True),
        (False, True),
        (True, True),
        (False, False),
        (True, True),
        (False, False),
        (False, False),
    ]
    wall.database.engine.dispose()
    engine = open_engine(wall.settings.database_url)
    migrations.downgrade(engine, "0026")
    with engine.begin() as connection:
        connection.execute(text("UPDATE contacts SET next_question_at = NULL, forget_after = NULL"))
    migrations.upgrade(engine)
    with wall.look() as session:
        assert session.execute(text(planned)).all() == before
    migrations.downgrade(engine, "0028")
    with engine.begin() as connection:  # as if nobody were asked at the day of an action
        connection.execute(text("UPDATE contacts SET next_question_at = NULL WHERE next_question_at IS NOT NULL"))
    migrations.upgrade(engine)
    engine.dispose()
    with wall.look() as session:
        after = session.execute(text(planned)).all()
    assert [asked is not None for asked, _kept in after] == [False, False, False, False, True, False, False]
    assert f"{after[4][0]}"[:10] == in_days(200)
    wall.close()


ORGANISATION = {"kind": "organisation", "organisation": "Northbrook Trust"}


def in_days(number: int) -> str:
    return (utcnow() + timedelta(days=number)).date().isoformat()
