"""The chained lines of the record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from pledges.db import Base, BigId


class Act(Base):
    """One line of the record: who did what to what, chained to the line before. Ids and digests, never words."""

    __tablename__ = "acts"
    __table_args__ = (Index("ix_acts_campaign", "campaign_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    actor: Mapped[str] = mapped_column(String(60))  # moderator:<id> | program | author | operator
    act: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(80), index=True)
    campaign_id: Mapped[int | None] = mapped_column(BigId)  # of the subject, if it has one; for who may read the line
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class RecordHead(Base):
    """The last line of the record; its row is locked while a line is added."""

    __tablename__ = "record_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_act_id: Mapped[int | None] = mapped_column(BigId)
    hash: Mapped[str] = mapped_column(String(64))
    length: Mapped[int] = mapped_column(default=0)
