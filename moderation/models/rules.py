"""Reasons, house rules and listed words of a campaign."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pledges.db import Base, BigId, Translated, text_enum


class Reason(Base):
    """Why words were declined or a change is asked for; edited by making a new row."""

    __tablename__ = "reasons"
    __table_args__ = (Index(None, "campaign_id", "use", "place"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))  # none: all
    key: Mapped[str] = mapped_column(String(40))
    use: Mapped[str] = mapped_column(String(20))  # reject | revise
    name: Mapped[Translated]
    words: Mapped[Translated]  # what the author reads
    note: Mapped[str] = mapped_column(Text, default="")  # for moderators alone
    rule: Mapped[int | None]  # the number of a house rule
    hidden: Mapped[bool] = mapped_column(default=False)  # the author is not told this reason
    needs_second: Mapped[bool] = mapped_column(default=False)
    place: Mapped[int]
    made_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class HouseRule(Base):
    """A numbered rule with worked examples, per campaign (none: all); edited by making a new row."""

    __tablename__ = "house_rules"
    __table_args__ = (Index(None, "campaign_id", "number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    number: Mapped[int]
    words: Mapped[Translated]
    allowed: Mapped[Translated] = mapped_column(default=dict)  # a worked example of what may stand
    declined: Mapped[Translated] = mapped_column(default=dict)  # and of what may not
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    retired_at: Mapped[datetime | None]


class WordEffect(StrEnum):
    """What a listed word does; none of them declines anything."""

    RAISE = "raise"  # a moderator sees it marked
    MASK = "mask"  # and the text stays hidden until asked for
    HOLD = "hold"  # and it stands in the lane of likely abuse
    ALLOW = "allow"  # a word of the common list means nothing here


class WordRule(Base):
    """A word or phrase that a campaign has listed; edited by making a new row."""

    __tablename__ = "word_rules"
    __table_args__ = (Index(None, "campaign_id", "retired_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    words: Mapped[str] = mapped_column(String(100))
    effect: Mapped[WordEffect] = mapped_column(text_enum(WordEffect))
    note: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    retired_at: Mapped[datetime | None]
