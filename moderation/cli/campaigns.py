"""Campaigns and their event codes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.letters import questions
from moderation.record import chain
from pledges.campaigns import event_codes, presets, versions
from pledges.db import transaction, utcnow
from pledges.models import Campaign, CampaignState
from pledges.settings import settings

campaign_commands = AppGroup("campaign", help="Make, list, open and close campaigns.")


def campaign_named(session, slug: str) -> Campaign:
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
        campaign = campaign_named(session, slug)
        try:
            event = event_codes.add(
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
        chain.add(
            session,
            chain.OPERATOR,
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
        event = event_codes.end(session, campaign_named(session, slug), code, utcnow())
        if event is None:
            raise click.ClickException(f"there is no running event {code!r}")
        chain.add(session, chain.OPERATOR, "campaign:event-end", f"event:{event.id}", now=utcnow())
    click.echo(f"{code} has ended.")


@campaign_commands.command("target")
@click.argument("slug")
@click.argument("promises", type=click.IntRange(0, 100_000_000))
def set_target(slug: str, promises: int) -> None:
    """How many promises the campaign hopes for, as its wall says; 0: none is named."""
    with transaction() as session:
        campaign = campaign_named(session, slug)
        before, campaign.target = campaign.target, promises or None
        versions.touch(session, campaign.id)
        _note(session, campaign, "campaign:target", before={"target": before}, after={"target": campaign.target})
    click.echo(f"{slug} hopes for {promises} promises." if promises else f"{slug} names no target.")


@campaign_commands.command("invite")
@click.argument("slug")
@click.option("--from", "before", required=True, help="The campaign in which they took part.")
def invite(slug: str, before: str) -> None:
    """Invite those who took part before and agreed to it: one letter to an address, however often this is run."""
    with transaction() as session:
        campaign, earlier = campaign_named(session, slug), campaign_named(session, before)
        if campaign.id == earlier.id or campaign.state is not CampaignState.OPEN:
            raise click.ClickException("invite to another campaign, which is open")
        owed = questions.invite(session, campaign, earlier, utcnow())
        _note(session, campaign, "campaign:invite", after={"from": earlier.slug, "invited": owed})
    click.echo(f"{owed} letters are owed; the worker sends them.")


def _note(
    session: Session, campaign: Campaign, act: str, *, after: dict[str, Any], before: dict[str, Any] | None = None
) -> None:
    chain.add(
        session, chain.OPERATOR, act, f"campaign:{campaign.id}", before=before, after=after,
        campaign_id=campaign.id, now=utcnow(),
    )  # fmt: skip


def _set_state(slug: str, state: CampaignState) -> None:
    with transaction() as session:
        campaign = campaign_named(session, slug)
        before, campaign.state = campaign.state, state
        versions.touch(session, campaign.id)
        chain.add(
            session,
            chain.OPERATOR,
            "campaign:state",
            f"campaign:{campaign.id}",
            before={"state": before},
            after={"state": state},
            campaign_id=campaign.id,
            now=utcnow(),
        )
    click.echo(f"{slug} is {state}.")
