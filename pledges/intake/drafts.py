"""A form is kept for some days without being sent, for whoever has its link."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pledges.db import rows_of
from pledges.models import Campaign, Draft
from pledges.tokens import hash_token

KEPT = timedelta(days=14)


def keep(session: Session, campaign: Campaign, fields: Mapping[str, str], now: datetime) -> str:
    """The form is kept; answers the token of its link, which stands nowhere else."""
    token = secrets.token_urlsafe(32)
    filled = [{"name": name, "value": value} for name, value in fields.items() if value]
    session.add(
        Draft(campaign_id=campaign.id, token_hash=hash_token(token), fields=filled, made_at=now, ends_at=now + KEPT)
    )
    return token


def of_token(session: Session, token: str, now: datetime) -> Draft | None:
    """What this link opens, while it does."""
    wanted = select(Draft).where(Draft.token_hash == hash_token(token), Draft.ends_at > now)
    return session.scalars(wanted).first()


def fields_of(draft: Draft) -> dict[str, str]:
    return {each["name"]: each["value"] for each in draft.fields}


def end(session: Session, token: str) -> None:
    """Nothing of it is kept, and its link opens nothing."""
    session.execute(delete(Draft).where(Draft.token_hash == hash_token(token)))


def forget(session: Session, now: datetime, most: int) -> int:
    """Those whose term is over are gone, so many at once; answers how many."""
    over = select(Draft.id).where(Draft.ends_at <= now).order_by(Draft.ends_at).limit(most)
    return rows_of(session.execute(delete(Draft).where(Draft.id.in_(over))))
