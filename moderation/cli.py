"""Commands for those who run the wall: `flask --app app …`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from datetime import datetime

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy import select

from pledges import counters, events, presets
from pledges.db import database, transaction, utcnow
from pledges.models import Campaign, CampaignState
from pledges.settings import Settings, settings

from . import accounts, demo, doctor, house_rules, lanes, reasons, record, retention, worker
from .models import Invitation, Membership, Moderator, Role

FIRST_OWNER = "owner@example.org"  # to be replaced: `moderator invite` makes one for a real address
HEAD_SECONDS = 10  # for the head of a request, and between two requests of one connection
INSIDE = "WALL_WORKER_INSIDE"

campaign_commands = AppGroup("campaign", help="Make, list, open and close campaigns.")
moderator_commands = AppGroup("moderator", help="Invite, list and remove moderators.")
record_commands = AppGroup("record", help="The record of what staff did.")


def init_app(app: Flask) -> None:
    for group in (campaign_commands, moderator_commands, record_commands):
        app.cli.add_command(group)
    for command in (migrate, serve, run_worker, demo_command, rebuild_counters, forget, doctor_command):
        app.cli.add_command(command)


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
        link = accounts.invite(session, FIRST_OWNER, Role.OWNER, None, None, now) if nobody else ""
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


@click.command("demo")
@click.option("--pledges", default=demo.USUAL, show_default=True, help="How many example promises to add.")
@click.option("--clear", is_flag=True, help="Remove all example promises.")
@click.option("--campaign", "slug", default="", help="The campaign they stand on.")
def demo_command(pledges: int, clear: bool, slug: str) -> None:
    """Add example promises, or remove them all; never in production."""
    if settings().production and not clear:
        raise click.ClickException("examples are not for production")
    with transaction() as session:
        if clear:
            click.echo(f"Removed {demo.clear(session, utcnow())} example promises.")
        else:
            click.echo(f"Added {demo.add(session, pledges, utcnow(), slug=slug)} example promises.")


@click.command("rebuild-counters")
def rebuild_counters() -> None:
    """Count everything again and say what had drifted."""
    with transaction() as session:
        for campaign in session.scalars(select(Campaign).order_by(Campaign.id)):
            drift = {**counters.recount(session, campaign.id), **lanes.recount(session, campaign.id)}
            click.echo(f"{campaign.slug}: {len(drift)} counters had drifted")
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
        faults = list(record.verify(session))
    for fault in faults:
        click.echo(f"line {fault.act_id}: {fault.what}")
    click.echo("The record is whole." if not faults else f"{len(faults)} faults.")
    if faults:
        raise SystemExit(1)


def _campaign(session, slug: str) -> Campaign:
    campaign = session.scalars(select(Campaign).where(Campaign.slug == slug)).first()
    if campaign is None:
        raise click.ClickException(f"there is no campaign {slug!r}")
    return campaign


@campaign_commands.command("list")
def list_campaigns() -> None:
    with transaction() as session:
        for campaign in session.scalars(select(Campaign).order_by(Campaign.slug)):
            click.echo(f"{campaign.slug:32} {campaign.state:9} {campaign.title.in_('en')}")


@campaign_commands.command("preset")
@click.argument("name", type=click.Choice(presets.NAMES))
@click.option("--slug", default="", help="Another address than the preset's own.")
def add_preset(name: str, slug: str) -> None:
    """Make a campaign from a preset; open it with `campaign open`."""
    with transaction() as session:
        try:
            campaign = presets.add(session, name, utcnow(), slug=slug)
        except ValueError as error:
            raise click.ClickException(str(error)) from None
        click.echo(f"Made {campaign.slug}.")


@campaign_commands.command("create")
@click.argument("slug")
@click.option("--title", required=True)
@click.option("--title-cy", default="")
@click.option("--lang", "languages", multiple=True, default=["en", "cy"], help="The first is the page's own.")
def create_campaign(slug: str, title: str, title_cy: str, languages: Iterable[str]) -> None:
    """Make an empty campaign with the themes of the design."""
    titles = {"en": title, **({"cy": title_cy} if title_cy else {})}
    with transaction() as session:
        try:
            presets.create(session, slug, titles, list(languages), utcnow())
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"Made {slug}.")


@campaign_commands.command("open")
@click.argument("slug")
def open_campaign(slug: str) -> None:
    _set_state(slug, CampaignState.OPEN)


@campaign_commands.command("close")
@click.argument("slug")
def close_campaign(slug: str) -> None:
    _set_state(slug, CampaignState.CLOSED)


@campaign_commands.command("event")
@click.argument("slug")
@click.argument("code")
@click.option("--name", required=True, help="What the event is called.")
@click.option(
    "--ceiling", type=click.IntRange(1, 100_000), required=True, help="Promises that the code lets through in all."
)
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The last day, in the campaign's time zone."
)
@click.option("--from-hour", type=click.DateTime(["%H:%M"]), help="Each day from this time; none: all day.")
@click.option("--until-hour", type=click.DateTime(["%H:%M"]), help="Each day until this time; none: all day.")
def add_event(
    slug: str,
    code: str,
    name: str,
    ceiling: int,
    until: datetime,
    from_hour: datetime | None,
    until_hour: datetime | None,
) -> None:
    """Hand out an event code: it lifts the address limit for a room behind one address."""
    with transaction() as session:
        campaign = _campaign(session, slug)
        try:
            event = events.add(
                session,
                campaign,
                code,
                name=name,
                ceiling=ceiling,
                last_day=until.date(),
                from_hour=from_hour.time() if from_hour else None,
                until_hour=until_hour.time() if until_hour else None,
                now=utcnow(),
            )
        except ValueError as error:
            raise click.ClickException(str(error)) from None
        after = {"ceiling": ceiling, "ends_at": event.ends_at.isoformat()}
        record.add(
            session,
            record.OPERATOR,
            "campaign:event",
            f"event:{event.id}",
            after=after,
            campaign_id=campaign.id,
            now=utcnow(),
        )
    click.echo(f"{settings().base_url}/{slug}/promise?event={code}")


@campaign_commands.command("end-event")
@click.argument("slug")
@click.argument("code")
def end_event(slug: str, code: str) -> None:
    """The code lifts nothing any more."""
    with transaction() as session:
        event = events.end(session, _campaign(session, slug), code, utcnow())
        if event is None:
            raise click.ClickException(f"there is no running event {code!r}")
        record.add(session, record.OPERATOR, "campaign:event-end", f"event:{event.id}", now=utcnow())
    click.echo(f"{code} has ended.")


def _set_state(slug: str, state: CampaignState) -> None:
    with transaction() as session:
        campaign = _campaign(session, slug)
        before, campaign.state = campaign.state, state
        campaign.wall_version += 1
        record.add(
            session,
            record.OPERATOR,
            "campaign:state",
            f"campaign:{campaign.id}",
            before={"state": before},
            after={"state": state},
            campaign_id=campaign.id,
            now=utcnow(),
        )
    click.echo(f"{slug} is {state}.")


@moderator_commands.command("invite")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--campaign", "slug", default="", help="None: all campaigns.")
def invite(email: str, role: str, slug: str) -> None:
    """Print a one-time link with which somebody joins the desk."""
    with transaction() as session:
        campaign_id = _campaign(session, slug).id if slug else None
        try:
            link = accounts.invite(session, email, Role(role), campaign_id, None, utcnow())
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"{settings().base_url}{link}")


@moderator_commands.command("list")
def list_moderators() -> None:
    with transaction() as session:
        held = select(Membership, Moderator).join(Moderator).where(Membership.ended_at.is_(None))
        for membership, moderator in session.execute(held.order_by(Moderator.email)):
            where = membership.campaign.slug if membership.campaign else "all campaigns"
            click.echo(f"{moderator.email:40} {membership.role:10} {where}")
        waiting = select(Invitation).where(Invitation.used_at.is_(None), Invitation.expires_at > utcnow())
        for invitation in session.scalars(waiting.order_by(Invitation.email)):
            click.echo(f"{invitation.email:40} {invitation.role:10} (invited)")


@moderator_commands.command("leave")
@click.argument("email")
def leave(email: str) -> None:
    """Somebody leaves the desk: sessions end, roles end; their acts keep their name."""
    with transaction() as session:
        if not accounts.leave(session, email, record.OPERATOR, utcnow()):
            raise click.ClickException(f"there is no moderator {email!r}")
    click.echo(f"{email} has left the desk.")
