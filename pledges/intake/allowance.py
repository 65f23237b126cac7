"""Whether this visitor may send now, and what an event's code changes about it."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app, g, request
from flask_babel import format_datetime, format_time

from pledges.campaigns import event_codes, guarding
from pledges.db import reading, utcnow
from pledges.limits.counting import limits_of
from pledges.limits.rules import EventAllowance, Kind, Places, Refusal
from pledges.models import Campaign, EventCode
from pledges.networks import Address
from pledges.text import clean
from pledges.web.language import today

ENDLESS = 1_000_000  # times a limit: never full, only counted


def why(wait: Refusal) -> str:
    """`wait` where the visitor sends too often, `wait_email` where an email address was used too often.

    `away` where we cannot count, which is no fault of theirs.
    """
    if wait.status == 503:
        return "away"
    return "wait_email" if wait.kind == "email" else "wait"


def clock(wait: Refusal, now: datetime) -> str:
    """Until when to wait, with the day where it is not today; a minute is added, since no seconds are shown."""
    until = now + timedelta(seconds=wait.retry_after_seconds + 59)
    return format_time(until, "HH:mm") if today(until) == today(now) else format_datetime(until, "d MMMM, HH:mm")


def refusal(
    kind: Kind, *, email: str = "", event: EventCode | None = None, address: Address | None = None
) -> Refusal | None:
    """How long to wait where this visitor, or this address of an author, sends too often; none: go on.

    `address` is the visitor's where somebody else sends for them.
    """
    limits = limits_of(current_app)
    campaign = g.get("campaign")
    allowance = _allowance(event) if event else None
    slug = campaign.slug if campaign is not None else None
    # a letter costs whoever is written to, so there the address itself has the limit too
    extra = email if kind == "letters" else None
    guarded = campaign is not None and guarding.is_tight(campaign, kind, utcnow())
    written_to = email if kind in ("promises", "comments") else None
    return limits.check(
        kind,
        address=address or limits.visitor(),
        extra=extra,
        email=written_to,
        campaign=slug,
        event=allowance,
        guarded=guarded,
    )


def _allowance(event: EventCode) -> EventAllowance:
    return EventAllowance(str(event.id), f"{event.ceiling} per 1 year")


def used(event: EventCode) -> int | None:
    """How much has been sent with its code; none where nobody can tell."""
    return limits_of(current_app).used(_allowance(event))


def event_asked(campaign: Campaign, now: datetime) -> EventCode | None:
    """The event whose code came along; none where a network has guessed too often, and `guessed` says so."""
    code = code_asked()
    if not code:
        return None
    limits = limits_of(current_app)
    guesses = limits.of_network("code")
    right: Places = {("right code", limits.key(), campaign.slug, code.casefold()): ENDLESS}
    wait = limits.take("codes", guesses)
    if wait is not None and not limits.has_counted("codes", right):  # known there, so no guess
        g.guessed = True
        return None
    event = event_codes.event_code(reading(), campaign, code, now)
    if event is not None and wait is None:
        limits.give_back("codes", guesses)
        limits.take("codes", right)
    return event


def code_asked() -> str:
    return clean(request.values.get("event", ""))[:40]


def event_says(event: EventCode | None) -> str:
    """What a visitor should know who came with a code: `unknown`, `guessed` too often, `used_up`, or nothing."""
    if event is None:
        return ("guessed" if g.get("guessed") else "unknown") if code_asked() else ""
    return "" if limits_of(current_app).has_room(_allowance(event)) else "used_up"


def visitor() -> str:
    """The visitor's address, as far as our own proxies vouch for it."""
    return str(limits_of(current_app).visitor())
