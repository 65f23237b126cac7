"""How often something may be sent: counted by visitor, network, campaign and address of mail."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from math import ceil
from typing import Any, get_args

from flask import Flask, Response, request
from flask_limiter import Limiter
from limits import parse_many
from limits.strategies import SlidingWindowCounterRateLimiter

from pledges.networks import Address, key_of, networks_of, wide_key_of
from pledges.settings import Settings

from .rules import (
    ALARM,
    COUNTS,
    DEEP,
    REFUSALS,
    TIGHT_PARTS,
    WIDE_TIMES,
    Count,
    EventAllowance,
    Kind,
    LimitSettings,
    Places,
    Refusal,
    event_counts,
    scaled,
    spellings,
    written,
)
from .store import RETRY_AFTER_SECONDS, Health, NobodyCounts, WallStorage
from .visitors import visitor_of

log = logging.getLogger(__name__)
KINDS: tuple[Kind, ...] = get_args(Kind)  # each has its setting, `limit_` and its name


class Limits:
    """All limits of the wall, counted in one store.

    `check` is for pages that answer in their own words; `route` hangs a plain limit on a view or a blueprint.
    """

    def __init__(self, settings: LimitSettings, *, alarm: Callable[[str, Kind], None] | None = None) -> None:
        self._settings = settings
        self._alarm = alarm
        self._proxies = networks_of(settings.proxies)
        self._items = {kind: parse_many(text) for kind, text in settings.limits.items()}
        self._ceiling = parse_many(settings.campaign_ceiling)
        file = settings.folder.absolute() / "limits.db"
        self.storage = WallStorage(f"wall://{file}", redis_url=settings.redis_url)
        self._strategy = SlidingWindowCounterRateLimiter(self.storage)
        self.limiter = Limiter(
            self.key,
            storage_uri="wallhanded://",
            storage_options={"storage": self.storage},  # type: ignore[dict-item]
            strategy="sliding-window-counter",
            headers_enabled=True,
            retry_after="delta-seconds",
        )

    def init_app(self, app: Flask) -> None:
        """`route` works in `app`; its answers carry X-RateLimit-*, and refusals Retry-After."""
        app.after_request(_tell_whom_it_concerns)  # registered first, it comes after what the library writes
        self.limiter.init_app(app)
        app.extensions["wall.limits"] = self

    def visitor(self) -> Address:
        """The visitor of the current request."""
        return visitor_of(request.remote_addr, request.headers.get("X-Forwarded-For"), self._proxies)

    def key(self) -> str:
        return key_of(self.visitor())

    def health(self) -> Health:
        """Whether somebody counts: who was chosen to, the file in the meantime, or nobody."""
        return self.storage.health()

    def check(
        self,
        kind: Kind,
        *,
        address: Address,
        extra: str | None = None,
        email: str | None = None,
        campaign: str | None = None,
        event: EventAllowance | None = None,
        guarded: bool = False,
    ) -> Refusal | None:
        """None, and counted everywhere; or a refusal, and counted nowhere.

        `extra` is an e-mail address or the like that has the same limit of its own, whatever address it comes from;
        of it only a keyed digest is stored. For `email` it is the only thing counted; given as `email` beside another
        kind, it is counted with it, or neither is. With `event` the event's ceiling stands in for the limit of the
        address; where it is used up the limit of the address holds, so that nobody is shut out by a code. `campaign`
        feeds the campaign's ceiling, which tightens and alarms, and shuts nobody out; `guarded` tightens whatever was counted.
        """

        def tried(event: EventAllowance | None) -> Refusal | None:
            tight = campaign is not None and event is None and (guarded or self.is_tight(kind, campaign))
            counts = self._counts(kind, address, extra, event, TIGHT_PARTS if tight else 1)
            if email:
                counts += self._counts("email", address, email, None, 1)
            refusal = self._take(kind, counts, tight)
            if refusal is None and campaign is not None and event is None:
                self._count_for_campaign(kind, campaign)
            return refusal

        try:
            refusal = tried(event)
            if refusal is not None and event is not None and not self.has_room(event):
                refusal = tried(None)
            if refusal is not None and campaign is not None and refusal.kind == kind:
                self._strategy.hit(REFUSALS, "refused", campaign)
        except NobodyCounts:
            return self._refused(kind, RETRY_AFTER_SECONDS, status=503)
        return refusal

    def of_network(self, name: str) -> Places:
        """The places in which the visitor's network is counted under this name."""
        wide = wide_key_of(self.visitor())
        return {(name, self.key()): 1, **({(name, wide): WIDE_TIMES} if wide else {})}

    def take(self, kind: Kind, places: Places) -> Refusal | None:
        """None, and counted in all places; or a refusal, and counted in none."""
        counts = self._in(kind, places)
        try:
            return self._take(kind, counts, False)
        except NobodyCounts:
            return self._refused(kind, RETRY_AFTER_SECONDS, status=503)

    def give_back(self, kind: Kind, places: Places) -> None:
        """What `take` has just counted is not counted."""
        with suppress(NobodyCounts):
            for each in self._in(kind, places):
                self.storage.give_back(each.item.key_for(*each.who), each.item.get_expiry())

    def has_counted(self, kind: Kind, places: Places) -> bool:
        """Whether something was counted in one of these places, in the present or the last span of the limit; no where nobody can tell."""
        with suppress(NobodyCounts):
            for each in self._in(kind, places):
                earlier, _, present, _ = self.storage.get_sliding_window(
                    each.item.key_for(*each.who), each.item.get_expiry()
                )
                if earlier or present:
                    return True
        return False

    def _in(self, kind: Kind, places: Places) -> list[Count]:
        """Only digests of the places are kept, since an address of somebody may stand in them."""
        return [
            Count(kind, scaled(item, times), (kind, self._digest("\0".join(place))), item.amount * times)
            for place, times in places.items()
            for item in self._items[kind]
        ]

    def has_room(self, event: EventAllowance) -> bool:
        """Whether the event's ceiling lets one more in; yes where nobody can tell."""
        try:
            return all(self._wait_seconds(count) <= 0 for count in event_counts(event))
        except NobodyCounts:
            return True

    def used(self, event: EventAllowance) -> int | None:
        """How much was sent by it so far; none where nobody can tell."""
        try:
            (count,) = event_counts(event)
            earlier, _, present, _ = self.storage.get_sliding_window(
                count.item.key_for(*count.who), count.item.get_expiry()
            )
        except NobodyCounts:
            return None
        return earlier + present

    def refusals(self, campaign: str) -> int:
        """How often somebody was refused in this campaign in the last ten minutes, as near as the store counts."""
        try:
            return REFUSALS.amount - self._strategy.get_window_stats(REFUSALS, "refused", campaign).remaining
        except NobodyCounts:
            return 0

    def is_tight(self, kind: Kind, campaign: str) -> bool:
        """Whether the campaign is above its ceiling, so that each address gets half for now."""
        return not all(self._strategy.test(item, "campaign", campaign, kind) for item in self._ceiling)

    def route(self, kind: Kind, **options: Any) -> Callable[[Any], Any]:
        """A decorator for a view, or a blueprint: the limit of `kind` for a visitor, and the wider one for a /48.

        All routes of one kind share the count. Options are those of Flask-Limiter's `shared_limit`.
        """
        narrow = self.limiter.shared_limit(
            written(self._items[kind]), scope=kind, exempt_when=_costs_nothing, **options
        )
        wide = self.limiter.shared_limit(
            written([scaled(item, WIDE_TIMES) for item in self._items[kind]]),
            scope=f"{kind}-wide",
            key_func=lambda: wide_key_of(self.visitor()) or "",
            exempt_when=lambda: _costs_nothing() or wide_key_of(self.visitor()) is None,
            **options,
        )

        def hang(view: Any) -> Any:
            widened = wide(view)
            return narrow(view if widened is None else widened)  # of a blueprint Flask-Limiter answers nothing

        return hang

    def _counts(
        self, kind: Kind, address: Address, extra: str | None, event: EventAllowance | None, parts: int
    ) -> list[Count]:
        items = self._items[kind]
        counts: list[Count] = []
        for each in spellings(kind, extra) if extra else ():
            counts += [Count(kind, item, (kind, "extra", self._digest(each)), item.amount) for item in items]
        if kind == "email":
            return counts
        if event:
            return counts + event_counts(event)
        counts += [Count(kind, item, (kind, key_of(address)), max(1, item.amount // parts)) for item in items]
        wide = wide_key_of(address)
        if wide:
            wider = [scaled(item, WIDE_TIMES) for item in items]
            counts += [Count(kind, item, (kind, wide), max(1, item.amount // parts)) for item in wider]
        return counts

    def _refusal(self, kind: Kind, counts: list[Count], tight: bool) -> Refusal | None:
        """A refusal if any count is full; the longest wait among them.

        An e-mail address that is full comes last, since the visitor can leave it out.
        """
        waits = {count: self._wait_seconds(count) for count in counts}
        full = [count for count in counts if waits[count] > 0]
        mine = [count for count in full if count.kind != "email"]
        longest = max(mine or full, key=lambda count: waits[count], default=None)
        if longest is None:
            return None
        told = kind if mine else longest.kind
        return self._refused(told, ceil(waits[longest] + 0.001), limit=written([longest.item]), tightened=tight)

    def _wait_seconds(self, count: Count) -> float:
        """Until one more fits: 0 if it does now. Counts of the window before fade evenly as the present one grows old."""
        length = count.item.get_expiry()
        earlier, earlier_left, present, present_left = self.storage.get_sliding_window(
            count.item.key_for(*count.who), length
        )
        left = earlier_left if earlier else max(0.0, present_left - length)
        if earlier * left / length + present < count.allowed:
            return 0.0
        if present < count.allowed:
            return max(0.001, left - (count.allowed - present) * length / earlier)
        return max(0.001, left + length * (1 - count.allowed / present))

    def _take(self, kind: Kind, counts: list[Count], tight: bool) -> Refusal | None:
        """Counts everywhere; a refusal, and nothing counted, where one of the counts is full."""
        if self.storage.count_all(
            [(each.item.key_for(*each.who), each.allowed, each.item.get_expiry()) for each in counts]
        ):
            return None
        return self._refusal(kind, counts, tight) or self._refused(kind, 1, tightened=tight)

    def _count_for_campaign(self, kind: Kind, campaign: str) -> None:
        fitted = [self._strategy.hit(item, "campaign", campaign, kind) for item in self._ceiling]
        if all(fitted) and not self.is_tight(kind, campaign):
            return
        if all(self._strategy.hit(item, "alarm", campaign, kind) for item in parse_many(ALARM)):
            log.warning("limits: campaign %s is above its ceiling of %s", campaign, kind)
            if self._alarm:
                self._alarm(campaign, kind)

    def _refused(
        self, kind: Kind, seconds: int, *, status: int = 429, limit: str = "", tightened: bool = False
    ) -> Refusal:
        at = datetime.fromtimestamp(ceil(datetime.now(UTC).timestamp() + seconds), UTC)
        return Refusal(kind, seconds, at, status, limit, tightened)

    def _digest(self, extra: str) -> str:
        """The same for every spelling in capitals and spaces; useless without the secret."""
        return hmac.new(self._settings.secret, extra.strip().casefold().encode("utf-8"), hashlib.sha256).hexdigest()


def _costs_nothing() -> bool:
    """A browser that asks for a page of another site if it may, and a read that others share: these are not counted."""
    return request.method == "OPTIONS" or (request.method in ("GET", "HEAD") and not is_deep())


def is_deep() -> bool:
    """Whether the page is one of very many, each of which has to be made for whoever asks."""
    return any(request.args.get(name) for name in DEEP)


def _tell_whom_it_concerns(response: Response) -> Response:
    """What a cache may hand to others holds nobody's count, and nobody is told to wait who was not refused."""
    if response.status_code in (429, 503):
        return response
    kept_for_others = request.method in {"GET", "HEAD"}
    for name in ("Retry-After", *(COUNTS if kept_for_others else ())):
        response.headers.pop(name, None)
    return response


def init_app(app: Flask, settings: Settings) -> None:
    """The limits of these settings hold in `app`; views reach them as `limits_of(app)`."""
    Limits(
        LimitSettings(
            folder=settings.instance,
            redis_url=settings.redis_url,
            proxies=tuple(str(network) for network in settings.proxy_networks),
            limits={kind: getattr(settings, f"limit_{kind}") for kind in KINDS},
            campaign_ceiling=settings.limit_campaign,
            secret=hashlib.sha256(b"limits:" + settings.secret_key.get_secret_value().encode()).digest(),
        )
    ).init_app(app)


def limits_of(app: Flask) -> Limits:
    return app.extensions["wall.limits"]
