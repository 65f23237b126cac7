"""Moderators, what they may do and where, how they come in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from flask_security import AsaList, RoleMixin, UserMixin, WebAuthnMixin
from sqlalchemy import JSON, Boolean, ForeignKey, Index, LargeBinary, String
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pledges.db import Base, BigId, text_enum, utcnow
from pledges.models import Campaign


class Role(StrEnum):
    VIEWER = "viewer"
    MODERATOR = "moderator"
    LEAD = "lead"
    OWNER = "owner"


class Words(AsaList):
    """The library's list in one column; without this word, statements that read it are compiled anew each time."""

    cache_ok = True


class SecurityRole(Base, RoleMixin):
    """What the sign-in library calls a role; ours are memberships, so this table stays empty."""

    __tablename__ = "security_roles"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    description: Mapped[str | None] = mapped_column(String(255))
    permissions: Mapped[Any] = mapped_column(MutableList.as_mutable(Words()), nullable=True)


class Moderator(Base, UserMixin):
    """Somebody who works at the desk; never deleted while an act names them."""

    __tablename__ = "moderators"
    __table_args__ = (Index("ix_moderators_fs_webauthn_user_handle", "fs_webauthn_user_handle", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100), default="")
    lang: Mapped[str] = mapped_column(String(20), default="en")
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255))
    tf_last_counter: Mapped[int | None] = mapped_column(BigId)  # a code is taken once
    mf_recovery_codes: Mapped[Any] = mapped_column(MutableList.as_mutable(Words()), nullable=True)
    failed_codes: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    shortcuts: Mapped[bool] = mapped_column(default=True)
    no_harsh_until: Mapped[datetime | None]
    skips: Mapped[list[Any]] = mapped_column(JSON, default=list)  # lanes this person does not want to read
    quiet_text: Mapped[bool] = mapped_column(default=False)  # harsh texts grey and small
    on_call: Mapped[bool] = mapped_column(default=False)  # agreed to be written to when help is asked for
    alerts: Mapped[bool] = mapped_column(default=True)  # letters as things happen; the digest comes all the same
    digest: Mapped[bool] = mapped_column(default=True)
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(String(64))  # type: ignore[assignment]
    created_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    roles: Mapped[list[SecurityRole]] = relationship(secondary="moderator_roles")  # type: ignore[assignment]
    memberships: Mapped[list[Membership]] = relationship(back_populates="moderator")
    webauthn: Mapped[list[Passkey]] = relationship(back_populates="moderator")  # type: ignore[assignment]


class ModeratorRole(Base):
    __tablename__ = "moderator_roles"

    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="CASCADE"), primary_key=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("security_roles.id", ondelete="CASCADE"), primary_key=True)


class Membership(Base):
    """A moderator's role in one campaign, or in all (no campaign)."""

    __tablename__ = "memberships"
    __table_args__ = (Index("ix_memberships_moderator", "moderator_id", "campaign_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="RESTRICT"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    role: Mapped[Role] = mapped_column(text_enum(Role))
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    moderator: Mapped[Moderator] = relationship(back_populates="memberships")
    campaign: Mapped[Campaign | None] = relationship()


class Invitation(Base):
    """A one-time link to join the desk; only its hash is kept."""

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[Role] = mapped_column(text_enum(Role))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignIn(Base):
    """A session at the desk, kept here so that it can be listed and ended."""

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="CASCADE"), index=True)
    session_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    network: Mapped[str] = mapped_column(String(50), default="")
    since: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    harsh_opened: Mapped[int] = mapped_column(default=0)  # masked texts shown in this session
    rested_at: Mapped[datetime | None]  # when this person last took a break
    harsh_at_rest: Mapped[int] = mapped_column(default=0)  # of `harsh_opened`, those before that break


class Passkey(Base, WebAuthnMixin):
    """A passkey of a moderator, as the sign-in library keeps it."""

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1024), index=True, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    transports: Mapped[Any] = mapped_column(MutableList.as_mutable(Words()), nullable=True)
    extensions: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(64))
    usage: Mapped[str] = mapped_column(String(64))
    device_type: Mapped[str] = mapped_column(String(64))
    backup_state: Mapped[bool]
    create_datetime: Mapped[datetime] = mapped_column(default=utcnow)  # the library fills in all but this
    lastuse_datetime: Mapped[datetime]

    moderator: Mapped[Moderator] = relationship(back_populates="webauthn")

    def get_user_mapping(self) -> dict[str, Any]:
        """How the sign-in library finds the owner."""
        return {"id": self.moderator_id}
