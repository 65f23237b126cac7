"""What changes on a wall is owed to every webhook of its campaign, in the transaction of the change."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.models import Campaign, Contribution, Delivery, Type, Webhook
from pledges.settings import settings

APPROVED, CHANGED, REMOVED, UPDATED = "approved", "changed", "removed", "updated"


def owe(session: Session, contribution: Contribution, what: str, now: datetime) -> None:
    """Every webhook is owed `pledge.approved` or the like.

    Comments are told as they come and go; those that go with what they stand under are not told each.
    """
    told = select(Webhook.id).where(Webhook.campaign_id == contribution.campaign_id, Webhook.ended_at.is_(None))
    webhooks = session.scalars(told.order_by(Webhook.id)).all()
    if not webhooks:
        return
    event = f"{'comment' if contribution.type is Type.COMMENT else 'pledge'}.{what}"
    body = json.dumps({"type": event, "timestamp": _moment(now), "data": _data(session, contribution)})
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


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
