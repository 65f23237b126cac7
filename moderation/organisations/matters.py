"""What waits about organisations: the rows of its lane, and a moderator's word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, defer, joinedload

from moderation import permissions
from moderation.letters import organisations as letters
from moderation.models import Moderator, Role
from moderation.permissions import Act
from moderation.queue.order import PAGE, Position
from moderation.record import chain
from pledges.campaigns import event_codes
from pledges.errors import NotNow
from pledges.models import Campaign, Contribution, How, Logo, Matter, MatterKind, Organisation
from pledges.models.turns import hold
from pledges.organisations import badges, logos, matters, places

SHOWN = 50  # of what was asked about one organisation
HOWS: dict[str, Any] = {  # by which a lead may say that it was proved
    How.DOMAIN: lazy_gettext("The address is at its own domain"),
    How.TELEPHONE: lazy_gettext("I telephoned, at a number from a public register"),
    How.REGISTER: lazy_gettext("A public register names who asked"),
    How.LETTER: lazy_gettext("By letter, to an address from a public register"),
}


@dataclass(frozen=True)
class Waiting:
    """One line of the lane."""

    matter: Matter
    reference: str
    colleague: bool  # whoever holds the badge may say yes as well


def waiting(
    session: Session, campaigns: list[int] | None, after: Position | None, now: datetime
) -> tuple[list[Waiting], Position | None]:
    """What waits after this place, the oldest first, and where the rest begins; none: this is all."""
    query = (
        select(Matter)
        .where(Matter.waiting_since.is_not(None), Matter.decided_at.is_(None))
        .options(joinedload(Matter.organisation), joinedload(Matter.campaign), joinedload(Matter.contribution))
        .order_by(Matter.waiting_since, Matter.id)
        .limit(PAGE + 1)
    )
    if campaigns is not None:
        query = query.where(Matter.campaign_id.in_(campaigns))
    if after is not None:
        beyond = and_(Matter.waiting_since == after.waiting_since, Matter.id > after.review_id)
        since = Matter.waiting_since >= after.waiting_since
        query = query.where(since, or_(Matter.waiting_since > after.waiting_since, beyond))
    found = session.scalars(query).all()
    last = found[PAGE - 1] if len(found) > PAGE else None
    rest = Position(last.waiting_since, last.id) if last is not None and last.waiting_since is not None else None
    return [_line(each, now) for each in found[:PAGE]], rest


def _line(matter: Matter, now: datetime) -> Waiting:
    reference = matter.contribution.public_id if matter.contribution is not None else matter.public_id
    proof = matter.kind is MatterKind.PROOF
    return Waiting(matter, reference, proof and matters.by_colleague(matter.organisation, matter.contribution, now))


def of(session: Session, organisation: Organisation) -> list[Matter]:
    """All that was asked about it, the newest first; links that nobody pressed left out."""
    query = select(Matter).where(Matter.organisation_id == organisation.id, Matter.waiting_since.is_not(None))
    with_it = (
        joinedload(Matter.contribution).joinedload(Contribution.published_revision),
        joinedload(Matter.organisation),
    )
    return list(session.scalars(query.options(*with_it).order_by(Matter.id.desc()).limit(SHOWN)))


def pictures(session: Session, asked: list[Matter]) -> dict[int, Logo]:
    """The logos among these, by matter."""
    of = [each.id for each in asked if each.kind is MatterKind.LOGO]
    found = session.scalars(select(Logo).where(Logo.matter_id.in_(of)).options(defer(Logo.png)))
    return {each.matter_id: each for each in found}


def take_logo_away(
    session: Session, organisation: Organisation, me: Moderator, campaign_id: int, now: datetime
) -> None:
    """No logo of it is shown."""
    logos.take_away(session, badges.lock(session, organisation.id), now)
    _note(session, me, "organisation:no-logo", organisation, campaign_id, now)


def campaigns_of(session: Session, organisation: Organisation) -> list[Campaign]:
    """Where it has promised, or something waits."""
    asked = select(Matter.campaign_id).where(Matter.organisation_id == organisation.id)
    ids = places.campaigns_of(session, organisation) | set(session.scalars(asked))
    return list(session.scalars(select(Campaign).where(Campaign.id.in_(ids)).order_by(Campaign.id)))


def needs(matter: Matter, how: How, now: datetime) -> Act:
    """What somebody must be allowed to say yes to it: a lead's word where the domain proves nothing, and beside a holder's."""
    if matter.kind is MatterKind.LOGO:
        return Act.DECIDE
    alone = matters.by_colleague(matter.organisation, matter.contribution, now)
    return Act.EDIT_RULES if matter.shared or alone or how is not How.DOMAIN else Act.DECIDE


def decide(
    session: Session,
    matter: Matter,
    me: Moderator,
    held: dict[int | None, Role],
    *,
    accepted: bool,
    how: How,
    now: datetime,
) -> None:
    """It is decided, recorded and told; raises NotAllowed, and NotNow where it is over or a shared domain is all there is."""
    if matter.kind is MatterKind.LOGO:
        permissions.require(held, Act.DECIDE, matter.campaign_id)
        logos.decide(session, matter, accepted, now)
        letters.owe_outcome(session, matter, now)
        act = "organisation:logo" if accepted else "organisation:no-logo"
        _note(session, me, act, matter.organisation, matter.campaign_id, now)
        return
    permissions.require(held, needs(matter, how, now) if accepted else Act.DECIDE, matter.campaign_id)
    if accepted and matter.shared and how is How.DOMAIN:
        raise NotNow
    matters.decide(session, matter, accepted, how, now)
    letters.owe_outcome(session, matter, now)
    _note(
        session,
        me,
        "organisation:prove" if accepted else "organisation:decline",
        matter.organisation,
        matter.campaign_id,
        now,
        how if accepted else None,
    )


def end(session: Session, organisation: Organisation, me: Moderator, campaign_id: int, now: datetime) -> None:
    """The badge is taken away."""
    badges.end(session, badges.lock(session, organisation.id), now)
    _note(session, me, "organisation:end", organisation, campaign_id, now)


def end_link(
    session: Session, organisation: Organisation, link: event_codes.Given, me: Moderator, now: datetime
) -> None:
    """Nobody comes by this link any more; raises NotNow where it has ended."""
    session.refresh(link.event, with_for_update=True)
    if link.event.ended_at is not None:
        raise NotNow
    link.event.ended_at = now
    session.flush()
    _note(session, me, "organisation:end-link", organisation, link.event.campaign_id, now)


def hand_over(
    session: Session, organisation: Organisation, to: Contribution, me: Moderator, campaign_id: int, now: datetime
) -> None:
    """Another of those who speak for it says from now on which colleagues do; raises NotNow."""
    hold(session, to)
    row = badges.lock(session, organisation.id)
    if to.organisation_id != row.id or not badges.vouched(to, now):
        raise NotNow
    badges.hand_over(session, row, to)
    _note(session, me, "organisation:hand-over", organisation, campaign_id, now)


def _note(
    session: Session,
    me: Moderator,
    act: str,
    organisation: Organisation,
    campaign_id: int,
    now: datetime,
    how: How | None = None,
) -> None:
    after = {"proved": how} if how is not None else {}
    chain.add(
        session, chain.actor(me), act, f"organisation:{organisation.id}", after=after, campaign_id=campaign_id, now=now
    )
