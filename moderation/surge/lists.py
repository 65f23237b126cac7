"""Networks, domains and phrases that are listed for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.checks import word_list, word_reading, words
from moderation.checks.lists import domain_of
from moderation.models import Hold, HoldEffect, HoldKind, Moderator
from moderation.record import chain
from moderation.rules import word_lists
from pledges import networks
from pledges.models import Campaign

from .held import AT_ONCE
from .state import holds, lock

HOLD_CHARS = 100
HOLD_DAYS = 30  # the longest time of an entry of the lists
NOTICED_WITHIN = timedelta(days=90)  # that an entry's time is over, by a worker that stood still meanwhile


class ListedAlready(Exception):
    """The same entry is on the list and still holds."""

    def __init__(self, hold: Hold) -> None:
        super().__init__("listed already")
        self.hold = hold


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
    lock(session, campaign)
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
    lock(session, campaign)
    session.refresh(hold)
    if hold.ended_at is not None:
        return
    hold.ended_at = now
    session.flush()
    word_lists.owe_recheck(session, campaign.id, now)
    _record_hold(session, campaign, hold, "hold:end", by, now)


def end_over(session: Session, campaign: Campaign, now: datetime) -> None:
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
    lock(session, campaign)
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
    if not 1 <= len(word_list.plain_words(value)) <= word_list.LONGEST_PHRASE:
        raise ValueError("a phrase has one to eight words")
    if not word_reading.hits_in(word_reading.read(value), words.campaign_list((value,))):
        raise ValueError("a phrase that is not found where it stands is found nowhere")
    return value


def _same(kind: HoldKind, value: str, other: str) -> bool:
    if kind is HoldKind.PHRASE:
        return word_list.plain_words(value) == word_list.plain_words(other)
    return value == other


def _record_hold(
    session: Session, campaign: Campaign, hold: Hold, act: str, by: Moderator | None, now: datetime
) -> None:
    """What is on a list can be an address or somebody's words, so the record tells kind and effect alone."""
    after = {"hold": hold.id, "kind": hold.kind, "effect": hold.effect, "ends": hold.ends_at.isoformat()}
    chain.add(
        session,
        chain.actor(by),
        act,
        f"campaign:{campaign.id}",
        after=after,
        campaign_id=campaign.id,
        now=now,
    )
