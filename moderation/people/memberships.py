"""Who works at the desk, in which role, from invitation to leaving."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from flask import current_app
from flask_security.totp import Totp
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from moderation import claims, permissions
from moderation.models import Invitation, Membership, Moderator, Role
from moderation.permissions import Act, NotAllowed
from moderation.record import chain
from pledges.tokens import hash_token

from . import factors, passwords, tries
from .sign_in import end_sessions

INVITATION_LIFE = timedelta(days=1)


def invite(db: Session, email: str, role: Role, campaign_id: int | None, by: Moderator | None, now: datetime) -> str:
    """A one-time link, as a path; raises ValueError where `email` is no address."""
    address = tries.address(email)
    if address is None:
        raise ValueError(f"{email!r} is no e-mail address")
    if by is not None and not _may_touch(db, by, address):
        raise NotAllowed(Act.INVITE)
    same = [Invitation.campaign_id == campaign_id]
    if by is not None:  # what somebody with more rights has offered stays
        same.append(Invitation.role.in_(permissions.may_hand_out(permissions.roles(db, by), campaign_id)))
    _void_invitations(db, address, now, *same)
    token = secrets.token_urlsafe(32)
    invitation = Invitation(
        token_hash=hash_token(token),
        email=address,
        role=role,
        campaign_id=campaign_id,
        invited_by_id=by.id if by else None,
        made_at=now,
        expires_at=now + INVITATION_LIFE,
    )
    db.add(invitation)
    db.flush()
    by_whom = chain.actor(by) if by else chain.OPERATOR
    after = {"role": role, "campaign": campaign_id}
    chain.add(
        db, by_whom, "moderator:invite", f"invitation:{invitation.id}", after=after, campaign_id=campaign_id, now=now
    )
    return f"/moderation/invitation/{token}"


def _void_invitations(db: Session, address: str, now: datetime, *which: ColumnElement[bool]) -> None:
    """Links to this address that nobody has used yet open nothing any more."""
    unused = (Invitation.email == address, Invitation.used_at.is_(None), Invitation.expires_at > now)
    db.execute(update(Invitation).where(*unused, *which).values(expires_at=now))


def _may_touch(db: Session, by: Moderator, address: str) -> bool:
    """Whether a link to this address opens nothing that is above `by`: it sets up who has lost their second factor."""
    known = db.scalars(select(Moderator).where(Moderator.email == address)).first()
    if known is None or known.tf_primary_method is not None:
        return True
    theirs = permissions.roles(db, known)
    return not theirs or permissions.may_manage(permissions.roles(db, by), theirs)


def open_invitation(db: Session, token: str, now: datetime, *, lock: bool = False) -> Invitation | None:
    """The invitation that this token opens, unless it is used or over."""
    query = select(Invitation).where(Invitation.token_hash == hash_token(token), Invitation.used_at.is_(None))
    invitation = db.scalars(query.with_for_update() if lock else query).first()
    return invitation if invitation is not None and invitation.expires_at > now else None


def new_totp_secret() -> str:
    """A fresh secret of an authenticator app, encrypted as it is stored."""
    return _totp().generate_totp_secret()


def shown_secret(stored: str) -> str:
    """The secret as somebody types it into the app."""
    return _totp().get_totp_b32_key(stored)


def secret_uri(stored: str, email: str) -> str:
    """The `otpauth:` address that the app reads from a QR code."""
    return _totp().get_totp_uri(email, stored)


def _totp() -> Totp:
    return current_app.extensions["security"].totp_factory


def known_already(db: Session, invitation: Invitation) -> Moderator | None:
    """The moderator of this address who has both factors: an invitation may add a role, and change nothing else."""
    moderator = db.scalars(select(Moderator).where(Moderator.email == invitation.email)).first()
    set_up = moderator is not None and moderator.tf_primary_method is not None and moderator.left_at is None
    return moderator if set_up else None


def take_role(db: Session, invitation: Invitation, moderator: Moderator, now: datetime) -> None:
    """The link is used and its role is held."""
    invitation.used_at = now
    if not _holds(db, moderator, invitation.role, invitation.campaign_id):
        membership = Membership(
            moderator_id=moderator.id, campaign_id=invitation.campaign_id, role=invitation.role, since=now
        )
        db.add(membership)
    db.flush()
    after = {"role": invitation.role, "campaign": invitation.campaign_id}
    subject = f"moderator:{moderator.id}"
    chain.add(
        db, chain.actor(moderator), "moderator:join", subject, after=after, campaign_id=invitation.campaign_id, now=now
    )


def _holds(db: Session, moderator: Moderator, role: Role, campaign_id: int | None) -> bool:
    held = select(Membership.campaign_id).where(
        Membership.moderator_id == moderator.id, Membership.role == role, Membership.ended_at.is_(None)
    )
    return campaign_id in db.scalars(held).all()


def renew(db: Session, moderator: Moderator, by: Moderator | None, now: datetime) -> str:
    """Somebody lost password or second factor: both are void, and a one-time link, as a path, sets new ones."""
    first = db.scalars(
        select(Membership).where(Membership.moderator_id == moderator.id, Membership.ended_at.is_(None))
    ).first()
    if first is None:
        raise ValueError(f"moderator {moderator.id} has left the desk")
    moderator.password = None
    factors.forget(db, moderator)
    end_sessions(db, moderator, now)
    _void_invitations(db, moderator.email, now)  # whoever holds an older link would set up this account
    by_whom = chain.actor(by) if by else chain.OPERATOR
    chain.add(db, by_whom, "moderator:renew", f"moderator:{moderator.id}", now=now)
    return invite(db, moderator.email, first.role, first.campaign_id, by, now)


def lock_owners(db: Session) -> None:
    """Until the transaction ends nobody else ends the role of an owner of all campaigns.

    In one order, so that two who end each other's role wait and do not block each other.
    """
    owners = select(Membership.id).where(
        Membership.role == Role.OWNER, Membership.campaign_id.is_(None), Membership.ended_at.is_(None)
    )
    db.execute(owners.order_by(Membership.id).with_for_update())


def last_owner(db: Session, membership: Membership) -> bool:
    """Whether nobody else could invite a new owner of all campaigns if this role ended; `lock_owners` comes first."""
    if membership.role is not Role.OWNER or membership.campaign_id is not None:
        return False
    others = select(Membership.id).where(
        Membership.role == Role.OWNER,
        Membership.campaign_id.is_(None),
        Membership.ended_at.is_(None),
        Membership.id != membership.id,
    )
    return db.scalars(others.limit(1)).first() is None


def end_role(db: Session, membership: Membership, by: Moderator, now: datetime) -> None:
    """A role is held no longer; who holds none has left the desk."""
    membership.ended_at = now
    before = {"role": membership.role, "campaign": membership.campaign_id}
    chain.add(
        db,
        chain.actor(by),
        "moderator:role-end",
        f"moderator:{membership.moderator_id}",
        before=before,
        campaign_id=membership.campaign_id,
        now=now,
    )
    db.flush()
    still = permissions.campaigns(permissions.roles(db, membership.moderator), Act.DECIDE)
    claims.leave_behind(db, membership.moderator, still)
    others = select(Membership.id).where(
        Membership.moderator_id == membership.moderator_id, Membership.ended_at.is_(None)
    )
    if db.scalars(others.limit(1)).first() is None:
        leave(db, membership.moderator.email, chain.actor(by), now)


def accept(db: Session, invitation: Invitation, name: str, password: str, now: datetime) -> Moderator:
    """The password is set and an authenticator's secret is ready; the link is used once the first code was right."""
    moderator = db.scalars(select(Moderator).where(Moderator.email == invitation.email)).first()
    if moderator is None:
        moderator = Moderator(email=invitation.email, fs_uniquifier=secrets.token_hex(32), created_at=now)
        db.add(moderator)
    moderator.name = name or moderator.name or invitation.email.split("@")[0]
    moderator.password = passwords.hashed(password)
    db.flush()
    factors.forget(db, moderator)
    moderator.tf_totp_secret = new_totp_secret()
    end_sessions(db, moderator, now)
    return moderator


def confirm(db: Session, invitation: Invitation, moderator: Moderator, code: str, now: datetime) -> bool:
    """Whether the first code was right; then the link is used and the role is held."""
    stored = moderator.tf_totp_secret
    if not stored or not _totp().verify_totp(token=code.strip(), totp_secret=stored, user=moderator, window=30):
        return False
    moderator.tf_primary_method = "authenticator"
    moderator.active, moderator.left_at = True, None
    take_role(db, invitation, moderator, now)
    return True


def leave(db: Session, email: str, by: str, now: datetime) -> bool:
    """Sessions and roles end; False where there is nobody of that address."""
    moderator = db.scalars(select(Moderator).where(Moderator.email == (tries.address(email) or ""))).first()
    if moderator is None:
        return False
    moderator.active, moderator.left_at = False, now
    factors.forget(db, moderator)
    end_sessions(db, moderator, now)
    db.execute(
        update(Membership)
        .where(Membership.moderator_id == moderator.id, Membership.ended_at.is_(None))
        .values(ended_at=now)
    )
    claims.leave_behind(db, moderator, [])
    chain.add(db, by, "moderator:leave", f"moderator:{moderator.id}", now=now)
    return True
