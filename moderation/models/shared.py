"""What the processes of one wall remember together."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from pledges.db import Base


class Shared(Base):
    """A small fact that all processes share: Akismet's circuit, today's budget, an operator's alert."""

    __tablename__ = "shared"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(default=dict)
    changed_at: Mapped[datetime]
