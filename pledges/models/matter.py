"""What waits for a person's word about an organisation, and domains that prove nothing by themselves."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pledges.db import Base, BigId, text_enum

from .campaign import Campaign
from .contribution import Contribution
from .organisation import Organisation


class MatterKind(StrEnum):
    PROOF = "proof"  # its author speaks for the organisation
    LOGO = "logo"


class How(StrEnum):
    """By what it was proved that somebody speaks for an organisation."""

    DOMAIN = "domain"  # a link mailed to an address at its own domain was pressed
    TELEPHONE = "telephone"  # and these are said by a lead, where the domain is shared
    REGISTER = "register"
    LETTER = "letter"
    COLLEAGUE = "colleague"  # whoever speaks for it already said so


class Matter(Base):
    """Somebody asks something about an organisation; it waits once there is something to decide."""

    __tablename__ = "organisation_matters"
    __table_args__ = (
        Index("ix_organisation_matters_waiting", "waiting_since", "id"),
        Index("ix_organisation_matters_organisation", "organisation_id", "id"),
        Index("ix_organisation_matters_contribution", "contribution_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    kind: Mapped[MatterKind] = mapped_column(text_enum(MatterKind))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"))
    contribution_id: Mapped[int | None] = mapped_column(ForeignKey("contributions.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(254), default="")  # of whoever was written to; gone with the decision
    domain: Mapped[str] = mapped_column(String(253), default="")
    shared: Mapped[bool] = mapped_column(default=False)  # the domain proves nothing by itself
    take_over: Mapped[bool] = mapped_column(default=False)  # from whoever holds the badge now
    lang: Mapped[str] = mapped_column(String(20), default="en")
    asked_at: Mapped[datetime]
    waiting_since: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    accepted: Mapped[bool | None]
    how: Mapped[How | None] = mapped_column(text_enum(How))

    campaign: Mapped[Campaign] = relationship()
    organisation: Mapped[Organisation] = relationship()
    contribution: Mapped[Contribution | None] = relationship()


class Logo(Base):
    """A picture of ours, made of what was sent: it waits with its matter, or is the one that is shown."""

    __tablename__ = "logos"
    __table_args__ = (Index(None, "organisation_id", "hash"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    matter_id: Mapped[int] = mapped_column(ForeignKey("organisation_matters.id", ondelete="CASCADE"), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"))
    hash: Mapped[str] = mapped_column(String(64))
    png: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int]
    height: Mapped[int]
    alt: Mapped[str] = mapped_column(String(120))


class SharedDomain(Base):
    """What leads say of a domain, before our own list: many share it, or it is one organisation's after all."""

    __tablename__ = "shared_domains"

    domain: Mapped[str] = mapped_column(String(253), primary_key=True)
    shared: Mapped[bool]
    made_at: Mapped[datetime]
