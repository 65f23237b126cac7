"""Organisations, and which were said to be the same."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pledges.db import Base, BigId, text_enum

from .kinds import NAME_CHARS

WORD_CHARS = 60
# in the order of code points on both databases, so that whatever begins alike stands together
WORD = String(WORD_CHARS).with_variant(String(WORD_CHARS, collation="C"), "postgresql")


class Sector(StrEnum):
    """What an organisation is."""

    SCHOOL = "school"
    COLLEGE = "college"
    HEALTH = "health"
    GOVERNMENT = "government"
    JUSTICE = "justice"
    CHARITY = "charity"
    FAITH = "faith"
    BUSINESS = "business"
    CULTURE = "culture"
    SPORT = "sport"
    UNION = "union"
    OTHER = "other"


class Size(StrEnum):
    """How many people it has."""

    TINY = "1-9"
    SMALL = "10-49"
    MIDDLE = "50-249"
    LARGE = "250-999"
    HUGE = "1000+"


class Organisation(Base):
    """A name under which several people promise."""

    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(NAME_CHARS))
    name_key: Mapped[str] = mapped_column(String(400), unique=True)  # text.identity: what makes it this one
    likeness: Mapped[str] = mapped_column(String(400), default="", index=True)  # what it may be taken for
    domain: Mapped[str | None] = mapped_column(String(253))
    verified_at: Mapped[datetime | None]  # by whom: contributions.vouched_at
    verified_how: Mapped[str | None] = mapped_column(String(200))  # a How
    verified_until: Mapped[datetime | None] = mapped_column(index=True)
    told_until: Mapped[datetime | None]  # the end of which whoever holds the badge has been told
    sector: Mapped[Sector | None] = mapped_column(text_enum(Sector))
    size: Mapped[Size | None] = mapped_column(text_enum(Size))
    described_by_id: Mapped[int | None] = mapped_column(BigId)  # the promise whose author chose these two
    logo_hash: Mapped[str | None] = mapped_column(String(64))  # of the picture that is shown while the badge holds
    logo_alt: Mapped[str] = mapped_column(String(120), default="")
    logo_width: Mapped[int] = mapped_column(default=0)
    logo_height: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class MergedOrganisation(Base):
    """A person said that this organisation is the same as another: what stands under it counts for that one."""

    __tablename__ = "merged_organisations"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"), primary_key=True)
    into_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"), index=True)
    merged_at: Mapped[datetime]


class MergedContribution(Base):
    """Words that count for an organisation under another name, and the row of the name that stands in them."""

    __tablename__ = "merged_contributions"

    contribution_id: Mapped[int] = mapped_column(ForeignKey("contributions.id", ondelete="CASCADE"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"), index=True)


class OrganisationOnWall(Base):
    """An organisation that stands on a wall under its name, and how many promises it has there: kept, so that no page counts rows."""

    __tablename__ = "organisations_on_walls"
    __table_args__ = (
        Index("ix_organisations_on_walls_order", "campaign_id", "order_key", "organisation_id"),
        Index("ix_organisations_on_walls_sector", "campaign_id", "sector", "order_key", "organisation_id"),
    )

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"), primary_key=True)
    order_key: Mapped[str] = mapped_column(String(400))  # the name, folded: by it the list is ordered and searched
    sector: Mapped[Sector | None] = mapped_column(text_enum(Sector))  # as the organisation says
    promises: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)

    organisation: Mapped[Organisation] = relationship()


class OrganisationWord(Base):
    """A word of the name of an organisation that stands on a wall: by how it begins its list is searched."""

    __tablename__ = "organisation_words"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(WORD, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisations.id", ondelete="CASCADE"), primary_key=True, index=True
    )
