"""Surge mode: a campaign that is flooded or attacked is guarded for a while, and everybody is told honestly.

Any moderator may start it and switch more of it on; a lead may switch off and end it early, else the clock does. The public
side reads `Campaign.guard`, which is written here alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from pledges import networks
from pledges.guarding import SWITCHES
from pledges.models import Campaign, CampaignState, Contact, Contribution

from . import alerts, flood, letters, record, word_lists
from .checks import words
from .checks.lists import domain_of
from .flood import FEWEST_ARRIVALS as FEWEST_ARRIVALS
from .flood import FEWEST_REFUSALS as FEWEST_REFUSALS
from .letters import Kind
from .models import Decision, Hold, HoldEffect, HoldKind, Letter, Moderator, Review, Surge
from .workflow import WAITS, Move, State

LONGEST = timedelta(hours=72)
AUTOMATIC = timedelta(hours=2)
REST = timedelta(hours=1)  # after a lead has ended one, the program starts none for so long
AT_ONCE = 200
HELP_AGAIN = timedelta(hours=1)
HOLD_CHARS = 100
HOLD_DAYS = 30  # the longest time of an entry of the lists
NOTICED_WITHIN = timedelta(days=90)  # that an entry's time is over, by a worker that stood still meanwhile


class ListedAlready(Exception):
    """The same entry is on the list and still holds."""

    def __init__(self, hold: Hold) -> None:
        super().__init__("listed already")
        self.hold = hold


class NotPossible(Exception):
    """The switch cannot be moved as asked; the text is for the log, the page says why."""


def running(session: Session, campaign_id: int, now: datetime, *, lock: bool = False) -> Surge | None:
    """The surge of this campaign that is on now."""
    query = select(Surge).where(Surge.campaign_id == campaign_id, Surge.ended_at.is_(None), Surge.ends_at > now)
    return session.scalars(query.with_for_update() if lock else query).first()


def everywhere(session: Session, campaigns: list[int] | None, now: datetime) -> list[tuple[Surge, Campaign]]:
    """What is on now in these campaigns (none: in all), the one that ends first first."""
    query = select(Surge, Campaign).join(Campaign, Campaign.id == Surge.campaign_id)
    query = query.where(Surge.ended_at.is_(None), Surge.ends_at > now)
    if campaigns is not None:
        query = query.where(Surge.campaign_id.in_(campaigns))
    return [(surge, campaign) for surge, campaign in session.execute(query.order_by(Surge.ends_at, Surge.id))]


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
    _lock(session, campaign)
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
    _guard(session, campaign, surge, now)
    _record(session, campaign, surge, "surge:start", by, now)
    alerts.tell(session, campaign, "surge", str(surge.id), now, why=why, waiting=alerts.waiting(session, campaign.id))
    return surge


def change(
    session: Session, campaign: Campaign, surge: Surge, switches: dict[str, bool], by: Moderator, now: datetime
) -> None:
    """The switches stand as given; turning the screens off shows what was approved meanwhile."""
    _lock(session, campaign)
    before = {name: getattr(surge, name) for name in SWITCHES}
    for name in SWITCHES:
        setattr(surge, name, bool(switches.get(name)))
    session.flush()
    _guard(session, campaign, surge, now)
    _record(session, campaign, surge, "surge:change", by, now, before=before)


def end(session: Session, campaign: Campaign, surge: Surge, by: Moderator | None, now: datetime) -> None:
    """The campaign is as ever; what was approved while the wall stood still is shown by `thaw`."""
    _lock(session, campaign)
    surge.ended_at, surge.ended_by_id = now, by.id if by else None
    session.flush()
    _guard(session, campaign, running(session, campaign.id, now), now)
    _record(session, campaign, surge, "surge:end", by, now)
    alerts.tell(session, campaign, "surge_over", str(surge.id), now)


def _lock(session: Session, campaign: Campaign) -> None:
    session.flush()
    session.refresh(campaign, with_for_update=True)


def _guard(session: Session, campaign: Campaign, surge: Surge | None, now: datetime) -> None:
    """What the public side goes by; the wall's version changes, so that no cached page outlives it."""
    if surge is None:
        campaign.guard, campaign.guard_until, campaign.frozen_at = {}, None, None
    else:
        campaign.guard = {name: getattr(surge, name) for name in SWITCHES}
        campaign.guard_until = surge.ends_at
        campaign.frozen_at = (campaign.frozen_at or now) if surge.screens else None
    campaign.wall_version += 1
    session.flush()


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
    record.add(
        session,
        record.actor(by),
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
        _end_over(session, campaign, now)
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


def held_back(session: Session) -> list[int]:
    """Reviews that were approved while a wall stood still that moves again now, oldest first, a few at a time.

    Each minute asks, so only what was decided during a surge is looked at.
    """
    # by the moment alone first, which is an index: a join of all would begin with everything that was ever approved
    during = and_(
        Decision.decided_at >= Surge.started_at, Decision.decided_at <= func.coalesce(Surge.ended_at, Surge.ends_at)
    )
    query = (
        select(Review.id)
        .join(Decision, Decision.review_id == Review.id)
        .join(Surge, and_(Surge.campaign_id == Review.campaign_id, during))
        .join(Contribution, Contribution.id == Review.contribution_id)
        .join(Campaign, Campaign.id == Review.campaign_id)
        .where(
            Review.id.in_(select(Decision.review_id).join(Surge, during).correlate(None)),
            Decision.move == Move.APPROVE,
            Decision.shown_after_id.is_distinct_from(Review.revision_id),  # the wall stood still then
            Review.state == State.APPROVED,
            Campaign.frozen_at.is_(None),
            Contribution.withdrawn_at.is_(None),
            Contribution.erased_at.is_(None),
            Contribution.published_revision_id.is_(None) | (Contribution.published_revision_id != Review.revision_id),
        )
    )
    return list(session.scalars(query.distinct().order_by(Review.id).limit(AT_ONCE)))


def tell_waiting(session: Session, now: datetime) -> int:
    """Some of those who wait in a campaign with "slower than usual" are owed that letter; 0 when all have it."""
    owed = 0
    surges = select(Surge).where(Surge.slower.is_(True), Surge.ended_at.is_(None), Surge.ends_at > now)
    for surge in session.scalars(surges):
        for contribution in session.scalars(_to_tell(surge).limit(AT_ONCE)):
            letters.owe(session, Kind.SLOWER, _cause(surge, contribution.id), contribution=contribution, now=now)
            owed += 1
    return owed


def to_tell(session: Session, campaign_id: int) -> int:
    """How many would get the letter "slower than usual" now."""
    return session.scalar(select(func.count()).select_from(_waiting_authors(campaign_id).subquery())) or 0


def _waiting_authors(campaign_id: int) -> Any:
    return (
        select(Contribution.id)
        .join(Contact, Contact.contribution_id == Contribution.id)
        .where(
            Contribution.campaign_id == campaign_id,
            Contact.email_hash.in_(letters.proved_addresses()),
            Contact.letters_wanted.is_(True),
            select(Review.id)
            .where(Review.contribution_id == Contribution.id, Review.state.in_(WAITS))
            .correlate(Contribution)
            .exists(),
        )
    )


def _to_tell(surge: Surge) -> Any:
    told = select(Letter.id).where(
        Letter.kind == Kind.SLOWER, Letter.contribution_id == Contribution.id, Letter.queued_at >= surge.started_at
    )
    return select(Contribution).where(
        Contribution.id.in_(_waiting_authors(surge.campaign_id)), ~told.correlate(Contribution).exists()
    )


def _cause(surge: Surge, contribution_id: int) -> str:
    return f"slower:{surge.id}:{contribution_id}"


def ask_for_help(session: Session, campaign: Campaign, surge: Surge, by: Moderator, now: datetime) -> int:
    """The moderators who agreed to be called are written to; answers how many. Raises NotPossible within the hour."""
    _lock(session, campaign)
    session.refresh(surge)
    if surge.asked_for_help_at is not None and now - surge.asked_for_help_at < HELP_AGAIN:
        raise NotPossible("help was asked for a short while ago")
    surge.asked_for_help_at = now
    people = [person for person in alerts.deciders(session, campaign.id) if person.on_call and person.id != by.id]
    count = alerts.waiting(session, campaign.id)
    for person in people:
        detail = {"campaign": campaign.id, "waiting": count}
        letters.owe_staff(session, Kind.HELP, f"{surge.id}:{now:%Y-%m-%dT%H}", person, detail, now)
    _record(session, campaign, surge, "surge:help", by, now)
    return len(people)


# -- the lists -------------------------------------------------------------------------------------------


def holds(session: Session, campaign_id: int, now: datetime) -> list[Hold]:
    """The entries that hold now, those that end first first."""
    query = select(Hold).where(Hold.campaign_id == campaign_id, Hold.ended_at.is_(None), Hold.ends_at > now)
    return list(session.scalars(query.order_by(Hold.ends_at, Hold.id)))


def add_hold(
    session: Session,
    campaign: Campaign,
    kind: HoldKind,
    value: str,
    effect: HoldEffect,
    *,
    days: int,
    note: str,
    by: Moderator,
    now: datetime,
) -> Hold:
    """The entry holds for so many days; raises ListedAlready, and ValueError where `value` can never be met."""
    value = _read(kind, value)
    _lock(session, campaign)
    for hold in holds(session, campaign.id, now):
        if hold.kind is kind and _same(kind, hold.value, value):
            raise ListedAlready(hold)
    hold = Hold(
        campaign_id=campaign.id,
        kind=kind,
        value=value,
        effect=effect,
        note=note,
        made_at=now,
        made_by_id=by.id,
        ends_at=now + timedelta(days=max(1, min(days, HOLD_DAYS))),
    )
    session.add(hold)
    session.flush()
    word_lists.owe_recheck(session, campaign.id, now)
    _record_hold(session, campaign, hold, "hold:add", by, now)
    return hold


def end_hold(session: Session, campaign: Campaign, hold: Hold, by: Moderator, now: datetime) -> None:
    """The entry holds nothing any more; what it held apart is looked at again."""
    _lock(session, campaign)
    session.refresh(hold)
    if hold.ended_at is not None:
        return
    hold.ended_at = now
    session.flush()
    word_lists.owe_recheck(session, campaign.id, now)
    _record_hold(session, campaign, hold, "hold:end", by, now)


def _end_over(session: Session, campaign: Campaign, now: datetime) -> None:
    """Entries whose time is over are ended as by hand, each once: what they held apart is looked at again.

    A few in a sweep, the next takes the rest; an entry that ended has `ended_at`, so no sweep finds it again.
    """
    over = (
        select(Hold)
        .where(
            Hold.campaign_id == campaign.id,
            Hold.ends_at <= now,
            Hold.ends_at > now - NOTICED_WITHIN,
            Hold.ended_at.is_(None),
        )
        .order_by(Hold.ends_at, Hold.id)
        .limit(AT_ONCE)
    )
    if session.scalars(over.with_only_columns(Hold.id).limit(1)).first() is None:
        return
    _lock(session, campaign)
    for hold in session.scalars(over.execution_options(populate_existing=True)):
        hold.ended_at = now
        _record_hold(session, campaign, hold, "hold:over", None, now)
    session.flush()
    word_lists.owe_recheck(session, campaign.id, now)


def _read(kind: HoldKind, value: str) -> str:
    """The entry as it is compared; raises ValueError where nothing can ever be met by it."""
    value = value.strip()
    if kind is HoldKind.NETWORK:
        return _read_network(value)
    if kind is HoldKind.DOMAIN:
        domain = domain_of(value)
        if len(domain) > HOLD_CHARS:
            raise ValueError("a domain has at most 100 characters")
        return domain
    return _read_phrase(value)


def _read_network(value: str) -> str:
    network = networks.network_of(value)
    if network.prefixlen < (16 if network.version == 4 else 32):
        raise ValueError("a network as wide as that holds everybody")
    return str(network)


def _read_phrase(value: str) -> str:
    if not 4 <= len(value) <= HOLD_CHARS:
        raise ValueError("a phrase has 4 to 100 characters")
    if not 1 <= len(words.plain_words(value)) <= words.LONGEST_PHRASE:
        raise ValueError("a phrase has one to eight words")
    if not words.hits_in(words.read(value), words.campaign_list((value,))):
        raise ValueError("a phrase that is not found where it stands is found nowhere")
    return value


def _same(kind: HoldKind, value: str, other: str) -> bool:
    if kind is HoldKind.PHRASE:
        return words.plain_words(value) == words.plain_words(other)
    return value == other


def _record_hold(
    session: Session, campaign: Campaign, hold: Hold, act: str, by: Moderator | None, now: datetime
) -> None:
    """What is on a list can be an address or somebody's words, so the record tells kind and effect alone."""
    after = {"hold": hold.id, "kind": hold.kind, "effect": hold.effect, "ends": hold.ends_at.isoformat()}
    record.add(
        session,
        record.actor(by),
        act,
        f"campaign:{campaign.id}",
        after=after,
        campaign_id=campaign.id,
        now=now,
    )
