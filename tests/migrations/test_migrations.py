"""The schema goes up, down and up again with rows in it, and equals the models, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

import migrations
import moderation.models  # noqa: F401 (its tables join the metadata)
from pledges.db import Base, open_engine
from pledges.search import no_part_of_it


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


def test_up_down_and_up_again_with_rows(database_url: str) -> None:
    engine = open_engine(database_url)
    migrations.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO moderators (id, email, name, lang, active, fs_uniquifier, failed_codes, shortcuts, created_at)"
                " VALUES (1, 'a@example.org', 'A', 'en', :yes, 'u', 0, :yes, '2027-02-01 00:00:00+00:00')"
            ),
            {"yes": True},
        )
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
