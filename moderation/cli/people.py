"""Moderators are invited, listed and let go."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from sqlalchemy import select

from moderation.models import Invitation, Membership, Moderator, Role
from moderation.people import memberships
from moderation.record import chain
from pledges.db import transaction, utcnow
from pledges.settings import settings

from .campaigns import campaign_named

moderator_commands = AppGroup("moderator", help="Invite, list and remove moderators.")


@moderator_commands.command("invite")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--campaign", "slug", default="", help="None: all campaigns.")
def invite(email: str, role: str, slug: str) -> None:
    """Print a one-time link with which somebody joins the desk."""
    with transaction() as session:
        campaign_id = campaign_named(session, slug).id if slug else None
        try:
            link = memberships.invite(session, email, Role(role), campaign_id, None, utcnow())
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
        if not memberships.leave(session, email, chain.OPERATOR, utcnow()):
            raise click.ClickException(f"there is no moderator {email!r}")
    click.echo(f"{email} has left the desk.")
