"""Who may send what visitors of other sites wrote there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pledges.db import Base, BigId

from .campaign import Campaign


class PartnerKey(Base):
    """A key that a campaign gave to a partner; it was shown once, and only its hash is kept."""

    __tablename__ = "partner_keys"
    __table_args__ = (Index(None, "campaign_id", "ended_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))  # of the partner, for those who look after the keys
    hash: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256 of the key
    hint: Mapped[str] = mapped_column(String(8))  # its last letters, to tell one from another
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    campaign: Mapped[Campaign] = relationship()
