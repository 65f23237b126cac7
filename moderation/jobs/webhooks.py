"""What other programs are owed is sent, each minute, until it is taken; what is never taken ends after a week, with a letter."""

from __future__ import annotations

import logging
import ssl
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpcore
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from moderation.letters import alerts
from pledges.db import rows_of, transaction
from pledges.models import Campaign, Delivery, Webhook
from pledges.webhooks import keeping, outside, signing

log = logging.getLogger(__name__)

AT_ONCE = 50
ROUND_SECONDS = 30.0  # of one round: what is left waits for the next, since letters wait behind it
LEASE = timedelta(minutes=5)  # so long nobody else takes up what is being sent
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 300, 600, 720)]  # after each try; then the last
WEEK = timedelta(days=7)
AGENT = "promise-wall-webhooks"
GONE = 410


@dataclass(frozen=True)
class Message:
    """One that is ready to go."""

    delivery_id: int
    webhook_id: int
    url: str
    headers: dict[str, str]
    body: str


def send_due(now: datetime, *, most: int = AT_ONCE) -> int:
    """Messages that are due have gone out; answers how many were taken.

    Where one address takes nothing, what else it is owed waits for the next round, like all that is left.
    """
    taken, silent, until = 0, set[int](), time.monotonic() + ROUND_SECONDS
    for _ in range(most):
        if time.monotonic() > until:
            break
        with transaction() as session:
            message = _take(session, silent, now)
        if message is None:
            break
        said = _sent(message)
        if not said.startswith("2"):
            silent.add(message.webhook_id)
        taken += said.startswith("2")
        with transaction() as session:
            _note(session, message, said, now)
    return taken


def _take(session: Session, silent: set[int], now: datetime) -> Message | None:
    """The message that has been due longest, which nobody else takes now; none: nothing is due."""
    due = (
        select(Delivery)
        .join(Webhook)
        .where(Delivery.next_at <= now, Delivery.webhook_id.not_in(silent), Webhook.ended_at.is_(None))
        .order_by(Delivery.next_at, Delivery.id)
        .limit(1)
    )
    delivery = session.scalars(due).first()
    if delivery is None:
        return None
    mine = update(Delivery).where(Delivery.id == delivery.id, Delivery.next_at == delivery.next_at)
    if not rows_of(session.execute(mine.values(next_at=now + LEASE).execution_options(synchronize_session=False))):
        return None
    webhook = delivery.webhook
    try:
        headers = signing.headers(webhook, delivery.message_id, delivery.body, now)
    except signing.CannotSign:
        headers = {}
    return Message(delivery.id, webhook.id, webhook.url, headers, delivery.body)


def _sent(message: Message) -> str:
    """The status that was answered, or in a word why there was none."""
    if not message.headers:
        return "no secret"
    headers = {**message.headers, "content-type": "application/json", "user-agent": AGENT}
    try:
        return str(outside.post(message.url, headers, message.body.encode()))
    except outside.Inside:
        return "inside"
    except (httpcore.TimeoutException, TimeoutError):
        return "too slow"
    except (httpcore.NetworkError, ssl.SSLError, OSError):
        return "unreachable"
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol, ValueError):
        return "no answer"


def _note(session: Session, message: Message, said: str, now: datetime) -> None:
    """The message is taken, or waits for its next try; an address that is gone, or has taken nothing for a week, ends."""
    delivery = session.get(Delivery, message.delivery_id, populate_existing=True)
    webhook = session.get(Webhook, message.webhook_id, with_for_update=True, populate_existing=True)
    if delivery is None or webhook is None:
        return
    delivery.attempts, delivery.tried_at, delivery.said = delivery.attempts + 1, now, said
    if said.startswith("2"):
        delivery.sent_at, delivery.next_at = now, None
        webhook.failing_since = None
        return
    webhook.failing_since = webhook.failing_since or now
    delivery.next_at = now + PAUSES[min(delivery.attempts, len(PAUSES)) - 1]
    if webhook.ended_at is not None:
        delivery.next_at = None
    elif said == str(GONE) or now - webhook.failing_since >= WEEK:
        keeping.end(session, webhook, "gone" if said == str(GONE) else "failed", now)
        alerts.webhook_ended(session, session.get_one(Campaign, webhook.campaign_id), webhook.id, now)
        log.warning("webhook %s has ended: %s", webhook.id, said)
