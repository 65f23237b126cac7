"""The wall and its worker are started, the tables made."""

from __future__ import annotations

import os
import sys

import click
from flask import current_app
from sqlalchemy import select

from moderation.jobs import worker
from moderation.models import Moderator, Role
from moderation.people import memberships
from moderation.rules import house_rules, reasons
from pledges.campaigns import presets
from pledges.db import database, transaction, utcnow
from pledges.models import Campaign
from pledges.settings import Settings, settings

from . import demo

FIRST_OWNER = "owner@example.org"  # to be replaced: `moderator invite` makes one for a real address
HEAD_SECONDS = 10  # for the head of a request, and between two requests of one connection
INSIDE = "WALL_WORKER_INSIDE"


@click.command("migrate")
def migrate() -> None:
    """Bring the database to the newest schema, with the reasons that moderators choose from."""
    click.echo(f"The database stands at {_newest_schema()}.")


@click.command("serve")
def serve() -> None:
    """Set up what is missing, then serve web pages and worker together."""
    wall = settings()
    os.umask(0o077)  # addresses of people lie in these files
    _newest_schema()
    if not wall.production:
        _first_run(wall)
    click.echo(f"\nThe wall is at     {wall.base_url}/")
    if not wall.production:
        click.echo(f"The desk is at     {wall.base_url}/moderation/")
    click.echo("Stop it with Ctrl-C.\n")
    sys.stdout.flush()
    _become_server(wall)


def _newest_schema() -> str:
    import migrations  # only here, since the tool behind it costs a server ten megabytes

    standing = migrations.upgrade(database().engine)
    with transaction() as session:
        reasons.add_usual(session, utcnow())
        house_rules.add_usual(session, utcnow())
    return standing


def _first_run(wall: Settings) -> None:
    """Campaigns, examples, and a link for the first moderator; in production all three are commands."""
    now = utcnow()
    with transaction() as session:
        if session.scalars(select(Campaign.id).limit(1)).first() is None:
            for name in presets.NAMES:
                presets.add(session, name, now, open_now=name == presets.FIRST)
            demo.add(session, demo.USUAL, now)
            click.echo(
                f"Made the preset campaigns and {demo.USUAL} example promises "
                "(marked as examples; `flask --app app demo --clear` removes them)."
            )
        nobody = session.scalars(select(Moderator.id).limit(1)).first() is None
        link = memberships.invite(session, FIRST_OWNER, Role.OWNER, None, None, now) if nobody else ""
    if link:
        click.echo(f"First moderator:   {wall.base_url}{link}\n                   (opens once, within a day)")


def _become_server(wall: Settings) -> None:
    """Replace this process by the web server, one worker process that also holds the job threads."""
    database().engine.dispose()
    os.environ[INSIDE] = "1"
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")  # threads that each keep freed memory would double what we hold
    os.execv(sys.executable, server_command(wall))  # noqa: S606 (no shell: our own interpreter and fixed words)


def server_command(wall: Settings) -> list[str]:
    """The web server as we run it ourselves."""
    return [
        sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "uvloop",
        "--host", wall.host, "--port", str(wall.port), "--workers", "1", "--respawn-failed-workers", "--no-ws",
        "--backlog", "4096", "--backpressure", "4096", "--http1-header-read-timeout", str(HEAD_SECONDS * 1000),
        "--log-level", "warning", "--factory", "app:create_front",
    ]  # fmt: skip


@click.command("worker")
def run_worker() -> None:
    """Screen, send letters, and do nightly work until stopped."""
    os.umask(0o077)
    worker.run(current_app._get_current_object())  # type: ignore[attr-defined]
