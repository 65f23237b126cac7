"""A promise that an organisation has written and not sent: whoever must sign it off reads it by a private link."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pledges.db import Base, BigId

from .campaign import Campaign


class Draft(Base):
    """A form as it was filled in; nobody but who has its link reads it, and it is deleted when it is sent or its term is over."""

    __tablename__ = "drafts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256 of the link's token
    fields: Mapped[list[dict[str, str]]]  # name and value of each that was filled in
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)

    campaign: Mapped[Campaign] = relationship()
