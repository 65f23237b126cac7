"""What is limited, and what comes of it. How often stands in the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from limits import RateLimitItem, parse, parse_many

from .mailboxes import mailbox

Kind = Literal["promises", "comments", "reports", "email", "letters", "codes", "sign_in", "api", "receipts"]
Places = dict[tuple[str, ...], int]  # where something is counted -> how many times the limit of its kind fit there

WIDE_TIMES = 8  # a /48 is one customer with many networks, or a campus
TIGHT_PARTS = 2  # above a campaign's ceiling each address gets half
ALARM = "1/hour"
DEEP = ("after", "before", "q", "since")  # what a page can be asked that makes it one of very many
COUNTS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@dataclass(frozen=True)
class LimitSettings:
    """What `Limits` needs: where counts lie, which proxies are ours, and the limits as Flask-Limiter writes them."""

    folder: Path
    limits: Mapping[Kind, str]
    campaign_ceiling: str
    redis_url: str | None = None
    proxies: tuple[str, ...] = ()
    secret: bytes = field(default=b"", repr=False)  # keys the digests of e-mail addresses


@dataclass(frozen=True)
class EventAllowance:
    """An event whose visitors share one network: its own ceiling stands in for the limit of an address."""

    id: str
    ceiling: str


@dataclass(frozen=True)
class Refusal:
    """Not now. `status` is 429, or 503 where nobody can count; `kind` is `email` where that address's limit alone is full."""

    kind: Kind
    retry_after_seconds: int
    at: datetime
    status: int = 429
    limit: str = ""
    tightened: bool = False


@dataclass(frozen=True)
class Count:
    """One place where a request is counted; `allowed` may be less than the item's amount, under the same key."""

    kind: Kind
    item: RateLimitItem
    who: tuple[str, ...]
    allowed: int


REFUSALS = parse("1000000 per 10 minute")  # never reached: only counted


def spellings(kind: Kind, extra: str) -> tuple[str, ...]:
    """What is given beside an address of the network; of an e-mail address also the mailbox that it leads to."""
    if kind not in ("email", "letters"):
        return (extra,)
    return (extra, f"mailbox:{mailbox(extra)}")


def event_counts(event: EventAllowance) -> list[Count]:
    """All that is sent with an event's code counts towards one ceiling, whatever it is."""
    ceiling = parse_many(event.ceiling)
    return [Count("promises", item, ("promises", "event", event.id), item.amount) for item in ceiling]


def scaled(item: RateLimitItem, times: int) -> RateLimitItem:
    return type(item)(item.amount * times, item.multiples, item.namespace)


def written(items: Iterable[RateLimitItem]) -> str:
    return "; ".join(f"{item.amount} per {item.multiples} {item.GRANULARITY.name}" for item in items)
