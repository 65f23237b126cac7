"""Where other programs want to be told of changes, and what each of them is owed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pledges.db import Base, BigId

from .campaign import Campaign


class Webhook(Base):
    """An address of another program that is told what changes on a wall."""

    __tablename__ = "webhooks"
    __table_args__ = (Index(None, "campaign_id", "ended_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    url: Mapped[str] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(Text)  # what it is signed with, encrypted
    old_secret: Mapped[str] = mapped_column(Text, default="")  # signs along after a change of it
    old_until: Mapped[datetime | None]
    made_at: Mapped[datetime]
    failing_since: Mapped[datetime | None]  # nothing has been taken there since
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str] = mapped_column(String(20), default="")  # by whom: desk | failed | gone

    campaign: Mapped[Campaign] = relationship()


class Delivery(Base):
    """One message for one address; ids and links alone lie in it, so that nothing outlives what it tells of."""

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_due", "next_at", "id"), Index(None, "webhook_id", "id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(String(40), unique=True)
    event: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None]
    said: Mapped[str] = mapped_column(String(40), default="")  # what came of the last try: a status, or why none
    sent_at: Mapped[datetime | None]  # it was taken
    next_at: Mapped[datetime | None]  # none: taken, or given up

    webhook: Mapped[Webhook] = relationship()
