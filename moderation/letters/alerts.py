"""Letters to moderators: the first item after a quiet time, people who wait too long, reports; else one a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation import permissions
from moderation.models import Decision, Membership, Moderator, Report, Review, Shared, held
from moderation.permissions import Act
from moderation.workflow import State
from pledges.models import Campaign, CampaignState, Contribution

from . import outbox
from .outbox import Kind

QUIET = timedelta(hours=12)  # nothing came for so long: the next item is news
REPEAT_OVERDUE = timedelta(hours=6)
REPEAT_REPORTS = timedelta(hours=1)
REPEAT_OFFER = timedelta(hours=6)
DIGEST_FROM = 8  # o'clock, in the campaign's time zone
COUNTED = 1000  # "1,000 or more": nobody needs to know better in a letter


def watch(session: Session, now: datetime) -> None:
    """Whoever decides in a campaign has been told what is new there; called each minute."""
    open_campaigns = select(Campaign).where(Campaign.state.in_((CampaignState.OPEN, CampaignState.CLOSED)))
    for campaign in session.scalars(open_campaigns.order_by(Campaign.id)).all():
        memory = _memory(session, campaign, now)
        _first_after_quiet(session, campaign, memory, now)
        _overdue(session, campaign, memory, now)
        _reported(session, campaign, memory, now)
        _digest(session, campaign, memory, now)


def tell(session: Session, campaign: Campaign, what: str, cause: str, now: datetime, **counts: Any) -> int:
    """Everybody who decides in this campaign and wants alerts is owed this one; answers how many."""
    people = [person for person in deciders(session, campaign.id) if person.alerts]
    for person in people:
        outbox.owe_staff(
            session, Kind.ALERT, f"{what}:{cause}", person, {"what": what, "campaign": campaign.id, **counts}, now
        )
    return len(people)


def webhook_ended(session: Session, campaign: Campaign, webhook_id: int, now: datetime) -> None:
    """Whoever looks after webhooks is told that one has ended, whatever other letters they want."""
    for person in those_who_may(session, Act.CONNECT, campaign.id):
        detail = {"what": "webhook", "campaign": campaign.id}
        outbox.owe_staff(session, Kind.ALERT, f"webhook:{webhook_id}", person, detail, now)


def offer_surge(session: Session, campaign: Campaign, why: str, count: int, now: datetime) -> None:
    """That much arrives, or is refused, is told once in some hours: whoever reads it starts surge mode, or knows why."""
    memory = _memory(session, campaign, now)
    told = _moment(memory, "offered")
    if told is not None and now - told < REPEAT_OFFER:
        return
    cause = f"{campaign.id}:{now:%Y-%m-%dT%H:%M}"
    tell(session, campaign, "much", cause, now, why=why, count=count, waiting=waiting(session, campaign.id))
    _keep(memory, now, offered=now.isoformat())


def deciders(session: Session, campaign_id: int) -> list[Moderator]:
    """Who may decide in this campaign and is at the desk."""
    return those_who_may(session, Act.DECIDE, campaign_id)


def those_who_may(session: Session, act: Act, campaign_id: int) -> list[Moderator]:
    """Whose role in this campaign allows this act, and who is at the desk."""
    roles = [role for role, acts in permissions.MAY.items() if act in acts]
    people = session.scalars(
        select(Moderator)
        .join(Membership, Membership.moderator_id == Moderator.id)
        .where(
            Membership.ended_at.is_(None),
            Membership.role.in_(roles),
            (Membership.campaign_id == campaign_id) | Membership.campaign_id.is_(None),
            Moderator.left_at.is_(None),
        )
        .order_by(Moderator.id)
    )
    return list(dict.fromkeys(people))


def _memory(session: Session, campaign: Campaign, now: datetime) -> Shared:
    """What was told last, kept so that two workers and a restart tell it once."""
    return held(session, f"alerts:{campaign.id}", now)


def _keep(memory: Shared, now: datetime, **told: str | int) -> None:
    memory.value = {**memory.value, **told}
    memory.changed_at = now


def _moment(memory: Shared, name: str) -> datetime | None:
    told = memory.value.get(name)
    return datetime.fromisoformat(told) if told else None


def _first_after_quiet(session: Session, campaign: Campaign, memory: Shared, now: datetime) -> None:
    newest = session.execute(
        select(Review.id, Review.waiting_since)
        .where(Review.campaign_id == campaign.id, Review.state == State.WAITING)
        .order_by(Review.waiting_since.desc(), Review.id.desc())
        .limit(1)
    ).first()
    if newest is None:
        return
    review_id, since = newest
    last = _moment(memory, "arrived")
    if last is not None and since <= last:
        return
    if last is None or since - last >= QUIET:
        tell(session, campaign, "first", f"{campaign.id}:{review_id}", now, waiting=waiting(session, campaign.id))
    _keep(memory, now, arrived=since.isoformat())


def _overdue(session: Session, campaign: Campaign, memory: Shared, now: datetime) -> None:
    late = now - timedelta(minutes=campaign.wait_target_minutes)
    count = _count(session, _waits(campaign.id, now).where(Review.waiting_since < late))
    told = _moment(memory, "overdue")
    if not count or (told is not None and now - told < REPEAT_OVERDUE):
        return
    tell(session, campaign, "overdue", f"{campaign.id}:{now:%Y-%m-%dT%H:%M}", now, waiting=count)
    _keep(memory, now, overdue=now.isoformat())


def _reported(session: Session, campaign: Campaign, memory: Shared, now: datetime) -> None:
    seen = int(memory.value.get("report", 0))
    fresh = (
        select(Report.id)
        .join(Contribution, Contribution.id == Report.contribution_id)
        .where(Contribution.campaign_id == campaign.id, Report.id > seen, Report.closed_by_id.is_(None))
    )
    newest = session.scalar(select(func.max(fresh.subquery().c.id)))
    told = _moment(memory, "reports")
    if newest is None or (told is not None and now - told < REPEAT_REPORTS):
        return
    tell(session, campaign, "reports", f"{campaign.id}:{newest}", now, reports=_count(session, fresh))
    _keep(memory, now, report=newest, reports=now.isoformat())


def _digest(session: Session, campaign: Campaign, memory: Shared, now: datetime) -> None:
    """Once a day, in the morning, where there is anything to say."""
    local = now.astimezone(ZoneInfo(campaign.time_zone))
    today = local.date().isoformat()
    if local.hour < DIGEST_FROM or memory.value.get("digest") == today:
        return
    _keep(memory, now, digest=today)
    counts = {"waiting": waiting(session, campaign.id), "decided": _decided_since(session, campaign.id, now)}
    if not any(counts.values()):
        return
    for person in deciders(session, campaign.id):
        if person.digest:
            detail = {"campaign": campaign.id, **counts}
            outbox.owe_staff(session, Kind.DIGEST, f"{campaign.id}:{today}", person, detail, now)


def waiting(session: Session, campaign_id: int) -> int:
    """How many wait for a person, 1,000 at most."""
    return _count(session, select(Review.id).where(Review.campaign_id == campaign_id, Review.state == State.WAITING))


def _waits(campaign_id: int, now: datetime) -> Any:
    return select(Review.id).where(
        Review.campaign_id == campaign_id,
        Review.state == State.WAITING,
        Review.parked_until.is_(None) | (Review.parked_until <= now),
    )


def _decided_since(session: Session, campaign_id: int, now: datetime) -> int:
    return _count(
        session,
        select(Decision.id)
        .join(Review, Review.id == Decision.review_id)
        .where(
            Review.campaign_id == campaign_id,
            Decision.moderator_id.is_not(None),
            Decision.decided_at > now - timedelta(days=1),
        ),
    )


def _count(session: Session, query: Any) -> int:
    return session.scalar(select(func.count()).select_from(query.limit(COUNTED).subquery())) or 0
