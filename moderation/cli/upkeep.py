"""Counting again, forgetting, examples, the doctor, and the record."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from flask.cli import AppGroup
from sqlalchemy import select

from moderation import lanes
from moderation.jobs import retention
from moderation.record import chain
from pledges.db import database, transaction, utcnow
from pledges.figures import counters
from pledges.models import Campaign
from pledges.organisations import places
from pledges.settings import settings

from . import demo, demo_many, doctor

record_commands = AppGroup("record", help="The record of what staff did.")


@click.command("demo")
@click.option("--pledges", default=demo.USUAL, show_default=True, help="How many example promises to add.")
@click.option("--clear", is_flag=True, help="Remove all example promises.")
@click.option("--campaign", "slug", default="", help="The campaign they stand on.")
def demo_command(pledges: int, clear: bool, slug: str) -> None:
    """Add example promises, or remove them all; never in production."""
    if settings().production and not clear:
        raise click.ClickException("examples are not for production")
    if clear:
        click.echo(f"Removed {_clear()} example promises.")
    elif pledges > demo.MANY:
        click.echo(f"Added {_add_many(pledges, slug)} example promises.")
    else:
        with transaction() as session:
            click.echo(f"Added {demo.add(session, pledges, utcnow(), slug=slug)} example promises.")


def _add_many(pledges: int, slug: str) -> int:
    with _progress(pledges, "promises") as told:
        return demo_many.add(slug, pledges, utcnow(), told)


def _clear() -> int:
    gone = 0
    with transaction() as session:
        many = len(list(session.scalars(demo.EXAMPLES.limit(demo.MANY + 1))))
    if many > demo.MANY:
        with _progress(None, "promises removed") as told:
            gone = demo_many.clear(utcnow(), told)
    with transaction() as session:
        return gone + demo.clear(session, utcnow())


@contextmanager
def _progress(whole: int | None, of: str) -> Iterator[Callable[[int], None]]:
    """Says how far it is and how fast it goes, on one line where somebody looks on."""
    begun = time.monotonic()

    def told(done: int) -> None:
        speed = done / max(0.001, time.monotonic() - begun)
        so_far = f"{done:,} of {whole:,}" if whole else f"{done:,}"
        line = f"{so_far} {of}, {speed:,.0f} a second"
        click.echo(f"\r{line}", nl=False, err=True) if sys.stderr.isatty() else click.echo(line, err=True)

    yield told
    if sys.stderr.isatty():
        click.echo(err=True)


@click.command("rebuild-counters")
def rebuild_counters() -> None:
    """Count everything again and say what had drifted."""
    with transaction() as session:
        for campaign in session.scalars(select(Campaign).order_by(Campaign.id)):
            drift = {**counters.recount(session, campaign.id), **lanes.recount(session, campaign.id)}
            of_organisations = places.recount(session, campaign.id)
            click.echo(f"{campaign.slug}: {len(drift) + of_organisations} counters had drifted")
            for (name, day), (was, is_now) in sorted(drift.items()):
                click.echo(f"  {name} {day}: {was} -> {is_now}")


@click.command("forget")
def forget() -> None:
    """Forget everything whose term is over."""
    for what, count in retention.forget(settings(), utcnow()).items():
        click.echo(f"{what}: {count}")


@click.command("doctor")
def doctor_command() -> None:
    """Check settings, database, limiter, mail and Akismet's key; say what to mend."""
    healthy = True
    for line in doctor.examine(settings()):
        healthy = healthy and line.good
        click.echo(f"{'ok  ' if line.good else 'MEND'} {line.what}: {line.words}")
    if not healthy:
        raise SystemExit(1)


@record_commands.command("verify")
def verify() -> None:
    """Check every line of the record against the one before it."""
    with database().snapshot() as session:
        faults = list(chain.verify(session))
    for fault in faults:
        click.echo(f"line {fault.act_id}: {fault.what}")
    click.echo("The record is whole." if not faults else f"{len(faults)} faults.")
    if faults:
        raise SystemExit(1)
