"""A campaign's webhooks: added, their secrets changed, ended; and what was sent, again where it is wished."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from pledges import networks
from pledges.db import rows_of
from pledges.models import Campaign, Delivery, Webhook

from . import signing

MOST = 10  # of a campaign
URL_CHARS = 500
BOTH_SIGN = timedelta(days=1)  # after a change of a secret
LISTED = 50
KEPT = timedelta(days=30)


class BadAddress(ValueError):
    """Nothing can be sent there: `why` is 'address', 'inside' or 'full'."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def add(session: Session, campaign: Campaign, url: str, now: datetime, *, plain: bool = False) -> tuple[Webhook, str]:
    """The webhook, and its secret, which is told this once. Raises BadAddress. `plain`: http will do."""
    _look_at(url, plain=plain)
    if len([each for each in of(session, campaign) if each.ended_at is None]) >= MOST:
        raise BadAddress("full")
    secret = signing.new_secret()
    webhook = Webhook(campaign_id=campaign.id, url=url, secret=signing.encrypted(secret), made_at=now)
    session.add(webhook)
    session.flush()
    return webhook, secret


def _look_at(url: str, *, plain: bool) -> None:
    """What can be said of an address before anybody connects to it."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise BadAddress("address") from None
    odd = not url.isascii() or not url.isprintable() or " " in url or len(url) > URL_CHARS
    schemes = ("https", "http") if plain else ("https",)
    if odd or parts.scheme not in schemes or not host or parts.username is not None or parts.fragment:
        raise BadAddress("address")
    address = networks.address_of(host)
    if address is not None and not networks.is_outside(address):
        raise BadAddress("inside")


def of(session: Session, campaign: Campaign) -> Sequence[Webhook]:
    """The campaign's webhooks, those in use first; of those that ended the last few."""
    mine = select(Webhook).where(Webhook.campaign_id == campaign.id)
    used = session.scalars(mine.where(Webhook.ended_at.is_(None)).order_by(Webhook.id)).all()
    ended = mine.where(Webhook.ended_at.is_not(None)).order_by(Webhook.ended_at.desc()).limit(MOST)
    return [*used, *session.scalars(ended)]


def in_use(session: Session, campaign: Campaign, webhook_id: int) -> Webhook | None:
    """The webhook of this number, where the campaign has it and it is not ended."""
    webhook = session.get(Webhook, webhook_id, with_for_update=True, populate_existing=True)
    return webhook if webhook is not None and webhook.campaign_id == campaign.id and not webhook.ended_at else None


def change_secret(session: Session, webhook: Webhook, now: datetime) -> str:
    """A new secret, told this once; for a day the old one signs along."""
    secret = signing.new_secret()
    webhook.old_secret, webhook.old_until = webhook.secret, now + BOTH_SIGN
    webhook.secret = signing.encrypted(secret)
    session.flush()
    return secret


def end(session: Session, webhook: Webhook, why: str, now: datetime) -> None:
    """Nothing more is sent there, nor what was owed already; its secrets are gone."""
    webhook.ended_at, webhook.ended_why = now, why
    webhook.secret = webhook.old_secret = ""
    session.execute(update(Delivery).where(Delivery.webhook_id == webhook.id).values(next_at=None))
    session.flush()


def log(session: Session, campaign: Campaign) -> Sequence[Delivery]:
    """What was sent last, or is owed, the newest first."""
    mine = select(Delivery).join(Webhook).where(Webhook.campaign_id == campaign.id)
    return session.scalars(mine.order_by(Delivery.id.desc()).limit(LISTED)).all()


def send_again(session: Session, campaign: Campaign, delivery_id: int, now: datetime) -> bool:
    """Whether the message is owed anew, under its own id, by which a receiver knows that it is the same."""
    delivery = session.get(Delivery, delivery_id)
    if delivery is None or in_use(session, campaign, delivery.webhook_id) is None:
        return False
    delivery.next_at, delivery.sent_at, delivery.attempts = now, None, 0
    session.flush()
    return True


def forget(session: Session, now: datetime) -> int:
    """What was told long ago is gone."""
    return rows_of(session.execute(delete(Delivery).where(Delivery.made_at <= now - KEPT)))
