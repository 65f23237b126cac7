"""Surges, lists of networks, domains and phrases, and days on which much is expected."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pledges.db import Base, BigId, text_enum


class HoldKind(StrEnum):
    NETWORK = "network"
    DOMAIN = "domain"  # of a mail address
    PHRASE = "phrase"


class HoldEffect(StrEnum):
    HOLD = "hold"  # kept apart, in the lane of likely abuse
    MASK = "mask"  # and hidden until asked for


class Hold(Base):
    """An entry of a surge's lists: it holds, or holds and masks, and ends by itself."""

    __tablename__ = "holds"
    __table_args__ = (Index(None, "campaign_id", "ends_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    kind: Mapped[HoldKind] = mapped_column(text_enum(HoldKind))
    value: Mapped[str] = mapped_column(String(100))
    effect: Mapped[HoldEffect] = mapped_column(text_enum(HoldEffect))
    note: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ExpectedDay(Base):
    """A day on which much is expected, as a lead or an owner has told it; see expecting.py."""

    __tablename__ = "expected_days"
    __table_args__ = (Index(None, "campaign_id", "day"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    day: Mapped[date]  # in the campaign's zone
    about: Mapped[int]  # so many promises, as somebody thinks
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    ended_at: Mapped[datetime | None]


class Surge(Base):
    """A time in which a campaign is guarded: limits tighter, the wall as it stands; at most one is open."""

    __tablename__ = "surges"
    __table_args__ = (Index(None, "campaign_id", "ends_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    started_at: Mapped[datetime]
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))  # none: program
    why: Mapped[str] = mapped_column(String(40))  # hand | refusals | words | spam | likeness; arrivals of older ones
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    promises: Mapped[bool] = mapped_column(default=True)  # forms of promises and answers have tighter limits
    comments: Mapped[bool] = mapped_column(default=True)
    letters: Mapped[bool] = mapped_column(default=False)  # letters to authors wait
    screens: Mapped[bool] = mapped_column(default=True)  # wall, feeds and screens stay as they stand
    slower: Mapped[bool] = mapped_column(default=False)  # who waits is told that it takes longer
    asked_for_help_at: Mapped[datetime | None]
