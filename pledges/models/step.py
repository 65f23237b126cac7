"""How a promise was going at a moment, as its author chose it from the list."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pledges.db import Base, BigId, text_enum

from .contribution import Contribution
from .kinds import Progress


class Step(Base):
    """One answer to "how is your promise going?": chosen, not written, so it is shown at once.

    A note, a link or new words that came with it are an update with a review of its own.
    """

    __tablename__ = "steps"
    __table_args__ = (
        Index("ix_steps_pledge", "pledge_id", "said_at", "id"),
        Index(
            "ix_steps_hidden",
            "hidden_at",
            "id",
            sqlite_where=text("hidden_at IS NOT NULL"),
            postgresql_where=text("hidden_at IS NOT NULL"),
        ),
        Index("ix_steps_held", "id", sqlite_where=text("held"), postgresql_where=text("held")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    pledge_id: Mapped[int] = mapped_column(ForeignKey("contributions.id", ondelete="CASCADE"))
    update_id: Mapped[int | None] = mapped_column(ForeignKey("contributions.id", ondelete="CASCADE"), unique=True)
    action: Mapped[str | None] = mapped_column(String(16))  # the key of one action of the promise; none: all of it
    status: Mapped[Progress] = mapped_column(text_enum(Progress))
    said_at: Mapped[datetime]
    held: Mapped[bool] = mapped_column(default=False)  # it came in a surge, and is shown when that is over
    hidden_at: Mapped[datetime | None]  # taken back by its author, or off by a moderator

    pledge: Mapped[Contribution] = relationship(foreign_keys=[pledge_id])
    update: Mapped[Contribution | None] = relationship(foreign_keys=[update_id])
