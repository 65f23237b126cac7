"""Letters that are owed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pledges.db import Base, BigId


class Letter(Base):
    """The outbox: a letter owed, written out when it is sent, so no link and no words lie in it."""

    __tablename__ = "letters"
    __table_args__ = (
        UniqueConstraint("kind", "cause"),
        Index("ix_letters_due", "sent_at", "due_at", "id"),
        Index(None, "failed_how"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    cause: Mapped[str] = mapped_column(String(80))
    contribution_id: Mapped[int | None] = mapped_column(ForeignKey("contributions.id", ondelete="CASCADE"))
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id", ondelete="CASCADE"), index=True)
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="CASCADE"))
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)  # counts and ids, never words or links
    lang: Mapped[str] = mapped_column(String(20), default="en")
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]  # not sent on purpose: undone, unproved address, nobody to write to
    dropped_why: Mapped[str] = mapped_column(String(40), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    failed_how: Mapped[str] = mapped_column(String(20), default="")  # of the last try; see posting.py
    failed_code: Mapped[str] = mapped_column(String(40), default="")
    message_id: Mapped[str] = mapped_column(String(120), default="")
    queued_at: Mapped[datetime]
