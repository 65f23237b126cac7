"""Numbered steps of the schema; never edited once landed."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

ADVISORY_LOCK = 7_214_532  # PostgreSQL: two hosts that start at once migrate one after the other


def config_for(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("version_locations", str(Path(__file__).parent / "versions"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, to: str = "head") -> str:
    """The schema stands at `to`; answers the revision it stands at now."""
    with engine.connect() as connection:
        _lock(connection)
        command.upgrade(config_for(connection), to)
        connection.commit()
    return standing_at(engine) or ""


def downgrade(engine: Engine, to: str) -> None:
    """The schema stands at the older `to` ("base" = no tables)."""
    with engine.connect() as connection:
        _lock(connection)
        command.downgrade(config_for(connection), to)
        connection.commit()


def standing_at(engine: Engine) -> str | None:
    """The revision of the schema as it is; none: no tables yet."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("version_locations", str(Path(__file__).parent / "versions"))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config).get_current_head()


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
