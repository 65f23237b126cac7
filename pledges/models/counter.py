"""Numbers that are kept as things change."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from pledges.db import Base

EVERY_DAY = ""  # the day of a counter that covers all days


class Counter(Base):
    """A number that is kept, so that no page counts rows."""

    __tablename__ = "counters"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True, default=EVERY_DAY)  # ISO date, in UTC
    value: Mapped[int] = mapped_column(default=0)
