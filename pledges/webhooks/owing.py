"""What changes on a wall is owed to every webhook of its campaign, in the transaction of the change."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.models import Campaign, Contribution, Delivery, Organisation, Type, Webhook
from pledges.settings import settings

APPROVED, CHANGED, REMOVED, UPDATED = "approved", "changed", "removed", "updated"
ORGANISATION = "organisation"
EVENTS = (
    *(f"pledge.{what}" for what in (APPROVED, CHANGED, UPDATED, REMOVED)),
    *(f"comment.{what}" for what in (APPROVED, CHANGED, REMOVED)),
    f"{ORGANISATION}.{CHANGED}",
)  # all that is ever sent, each with its line in the description of the API


def owe(session: Session, contribution: Contribution, what: str, now: datetime) -> None:
    """Every webhook is owed `pledge.approved` or the like.

    Comments are told as they come and go; those that go with what they stand under are not told each.
    """
    event = f"{'comment' if contribution.type is Type.COMMENT else 'pledge'}.{what}"
    _send(session, contribution.campaign_id, event, lambda: _data(session, contribution), now)


def owe_organisation(session: Session, organisation: Organisation, campaign_id: int, now: datetime) -> None:
    """Every webhook of this campaign is owed that its badge, its logo, what it says of itself or what counts as it is another."""
    _send(session, campaign_id, f"{ORGANISATION}.{CHANGED}", lambda: _about(session, organisation, campaign_id), now)


def _send(session: Session, campaign_id: int, event: str, data: Callable[[], dict[str, str]], now: datetime) -> None:
    told = select(Webhook.id).where(Webhook.campaign_id == campaign_id, Webhook.ended_at.is_(None))
    webhooks = session.scalars(told.order_by(Webhook.id)).all()
    if not webhooks:
        return
    assert event in EVENTS  # noqa: S101 (what is not described is not sent)
    body = json.dumps({"type": event, "timestamp": _moment(now), "data": data()})
    for webhook_id in webhooks:
        session.add(
            Delivery(
                webhook_id=webhook_id,
                message_id=f"msg_{secrets.token_urlsafe(20)}",
                event=event,
                body=body,
                made_at=now,
                next_at=now,
            )
        )
    session.flush()


def _data(session: Session, about: Contribution) -> dict[str, str]:
    """What it is and where it is read: whoever wants the words asks for them, and gets those of now."""
    slug = session.scalars(select(Campaign.slug).where(Campaign.id == about.campaign_id)).one()
    base = settings().base_url
    on = about.parent if about.type is Type.COMMENT and about.parent is not None else about
    page = f"{base}/{slug}/{'answers' if on.type is Type.ANSWER else 'promises'}/{on.public_id}"
    data = {"id": about.public_id, "campaign": slug, "kind": about.type.value}
    if on is about:
        return data | {"url": page, "api_url": f"{base}/api/v1/pledges/{about.public_id}"}
    comments = f"{base}/api/v1/pledges/{on.public_id}/comments"
    return data | {"pledge": on.public_id, "url": f"{page}#c-{about.public_id}", "api_url": comments}


def _about(session: Session, organisation: Organisation, campaign_id: int) -> dict[str, str]:
    """Where it is read: its page, and the list in which it stands while something is promised in its name."""
    slug = session.scalars(select(Campaign.slug).where(Campaign.id == campaign_id)).one()
    base = settings().base_url
    page = f"{base}/{slug}/organisations/{organisation.public_id}"
    listed = f"{base}/api/v1/campaigns/{slug}/organisations"
    return {"id": organisation.public_id, "campaign": slug, "kind": ORGANISATION, "url": page, "api_url": listed}


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
