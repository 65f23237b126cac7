"""Surge mode is started, changed and ended, by people or by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.letters import alerts, outbox
from moderation.letters.outbox import Kind
from moderation.models import Moderator, Surge
from moderation.record import chain
from pledges.campaigns.guarding import SWITCHES
from pledges.models import Campaign, CampaignState

from . import flood
from .lists import end_over
from .state import guard, lock, running

LONGEST = timedelta(hours=72)
AUTOMATIC = timedelta(hours=2)
REST = timedelta(hours=1)  # after a lead has ended one, the program starts none for so long
HELP_AGAIN = timedelta(hours=1)


class NotPossible(Exception):
    """The switch cannot be moved as asked; the text is for the log, the page says why."""


def start(
    session: Session,
    campaign: Campaign,
    *,
    by: Moderator | None,
    why: str,
    hours: float,
    switches: dict[str, bool],
    now: datetime,
) -> Surge:
    """The campaign is guarded from now; raises NotPossible where it is already."""
    lock(session, campaign)
    if running(session, campaign.id, now) is not None:
        raise NotPossible("a surge is on already")
    for over in _expired(session, now, campaign.id):  # no sweep has come by since
        end(session, campaign, over, None, now)
    length = min(timedelta(hours=hours), LONGEST)
    surge = Surge(
        campaign_id=campaign.id,
        started_at=now,
        started_by_id=by.id if by else None,
        why=why,
        ends_at=now + length,
        **{name: bool(switches.get(name)) for name in SWITCHES},
    )
    session.add(surge)
    session.flush()
    guard(session, campaign, surge, now)
    _record(session, campaign, surge, "surge:start", by, now)
    alerts.tell(session, campaign, "surge", str(surge.id), now, why=why, waiting=alerts.waiting(session, campaign.id))
    return surge


def change(
    session: Session, campaign: Campaign, surge: Surge, switches: dict[str, bool], by: Moderator, now: datetime
) -> None:
    """The switches stand as given; turning the screens off shows what was approved meanwhile."""
    lock(session, campaign)
    before = {name: getattr(surge, name) for name in SWITCHES}
    for name in SWITCHES:
        setattr(surge, name, bool(switches.get(name)))
    session.flush()
    guard(session, campaign, surge, now)
    _record(session, campaign, surge, "surge:change", by, now, before=before)


def end(session: Session, campaign: Campaign, surge: Surge, by: Moderator | None, now: datetime) -> None:
    """The campaign is as ever; what was approved while the wall stood still is shown by `thaw`."""
    lock(session, campaign)
    surge.ended_at, surge.ended_by_id = now, by.id if by else None
    session.flush()
    guard(session, campaign, running(session, campaign.id, now), now)
    _record(session, campaign, surge, "surge:end", by, now)
    alerts.tell(session, campaign, "surge_over", str(surge.id), now)


def _record(
    session: Session,
    campaign: Campaign,
    surge: Surge,
    act: str,
    by: Moderator | None,
    now: datetime,
    before: dict[str, Any] | None = None,
) -> None:
    after = {name: getattr(surge, name) for name in SWITCHES} | {"why": surge.why, "until": surge.ends_at.isoformat()}
    chain.add(
        session,
        chain.actor(by),
        act,
        f"campaign:{campaign.id}",
        before=before,
        after=after,
        campaign_id=campaign.id,
        now=now,
    )


# -- what the minute's sweep does ----------------------------------------------------------------------


def watch(session: Session, now: datetime, refusals: Callable[[str], int]) -> None:
    """A surge whose time is over ends; a campaign that is attacked is guarded, and its moderators are told.

    Where only much arrives they are told, and start it themselves if they think so.
    """
    for over in _expired(session, now):
        end(session, session.get_one(Campaign, over.campaign_id), over, None, now)
    for campaign in session.scalars(select(Campaign).order_by(Campaign.id)):
        end_over(session, campaign, now)
    for campaign in session.scalars(select(Campaign).where(Campaign.state == CampaignState.OPEN).order_by(Campaign.id)):
        if running(session, campaign.id, now) is not None:
            continue
        found = flood.seen(session, campaign, now, refusals(campaign.slug))
        if found is None or _just_ended(session, campaign, now):
            continue
        if found.starts:
            hours = AUTOMATIC / timedelta(hours=1)
            switches = {"promises": True, "comments": True}
            start(session, campaign, by=None, why=found.why, hours=hours, switches=switches, now=now)
        else:
            alerts.offer_surge(session, campaign, found.why, found.count, now)


def _expired(session: Session, now: datetime, campaign_id: int | None = None) -> list[Surge]:
    """Surges whose time is over and that nobody has ended, whatever became of their campaign."""
    query = select(Surge).where(Surge.ended_at.is_(None), Surge.ends_at <= now).order_by(Surge.id)
    return list(session.scalars(query if campaign_id is None else query.where(Surge.campaign_id == campaign_id)))


def _just_ended(session: Session, campaign: Campaign, now: datetime) -> bool:
    """Whether a person has ended one a short while ago, knowing better than our numbers."""
    ended = select(Surge.id).where(
        Surge.campaign_id == campaign.id, Surge.ended_by_id.is_not(None), Surge.ended_at > now - REST
    )
    return session.scalars(ended.limit(1)).first() is not None


def ask_for_help(session: Session, campaign: Campaign, surge: Surge, by: Moderator, now: datetime) -> int:
    """The moderators who agreed to be called are written to; answers how many. Raises NotPossible within the hour."""
    lock(session, campaign)
    session.refresh(surge)
    if surge.asked_for_help_at is not None and now - surge.asked_for_help_at < HELP_AGAIN:
        raise NotPossible("help was asked for a short while ago")
    surge.asked_for_help_at = now
    people = [person for person in alerts.deciders(session, campaign.id) if person.on_call and person.id != by.id]
    count = alerts.waiting(session, campaign.id)
    for person in people:
        detail = {"campaign": campaign.id, "waiting": count}
        outbox.owe_staff(session, Kind.HELP, f"{surge.id}:{now:%Y-%m-%dT%H}", person, detail, now)
    _record(session, campaign, surge, "surge:help", by, now)
    return len(people)
