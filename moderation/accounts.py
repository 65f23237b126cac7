"""Moderators sign in: password, then a second factor; sessions are kept here, so that they can be ended."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Request, Response, abort, current_app, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask.typing import ResponseReturnValue
from flask_login import current_user, user_logged_in, user_logged_out
from flask_security import Security, SQLAlchemySessionUserDatastore, logout_user
from flask_security.totp import Totp
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.local import LocalProxy

from pledges.db import database, utcnow
from pledges.limits import limits_of
from pledges.settings import Settings
from pledges.tokens import hash_token

from . import claims, factors, passwords, permissions, record, tries
from .models import Invitation, Membership, Moderator, Passkey, Role, SecurityRole, SignIn
from .permissions import Act, NotAllowed

INVITATION_LIFE = timedelta(days=1)
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)  # a session's last use is written at most this often
SESSION_KEY = "sid"
DESK = "/moderation"
TRIED = {  # pages on which somebody could guess
    "security.login",
    "security.two_factor_token_validation",
    "security.mf_recovery",
    "security.wan_signin_response",
    "security.verify",
}
SECOND = {  # pages between the password and being signed in
    "security.two_factor_token_validation",
    "security.mf_recovery",
    "security.tf_select",
    "security.wan_signin",
    "security.wan_signin_response",
}
OURS = re.compile(r"/moderation/[^\\\s]*")  # a page of the desk; a browser reads a backslash as a slash
USED = {
    *TRIED,
    *SECOND,
    "security.logout",
    "security.wan_register",
    "security.wan_register_response",
    "security.wan_delete",
    "security.mf_recovery_codes",
}
UNATTENDED = {"desk.tell_news"}

csrf = CSRFProtect()


class DeskSessions(SecureCookieSessionInterface):
    """A session lives at the desk alone: public pages read no cookie, set none, and do not vary by any."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return super().open_session(app, request) if at_the_desk(request) else SecureCookieSession()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Whom an answer turns away keeps the session that they have.

        A page asks by itself, too, and is answered late: its owner may have signed out since, and the browser would take
        that answer's session in place of the one of the form that stands open for signing in again.
        """
        if at_the_desk(request):
            session.modified = session.modified and not g.get("turned_away")
            super().save_session(app, session, response)


def at_the_desk(request: Request) -> bool:
    return request.path == DESK or request.path.startswith(f"{DESK}/")


def init_app(app: Flask, settings: Settings) -> None:
    """Sign-in works under /moderation; nothing else sets a cookie."""
    app.session_interface = DeskSessions()
    app.config |= (
        _cookies(settings) | _sign_in(settings) | factors.configuration(settings.secret_key.get_secret_value())
    )
    csrf.init_app(app)
    store = SQLAlchemySessionUserDatastore(
        LocalProxy(lambda: database().session),  # type: ignore[arg-type]
        Moderator,
        SecurityRole,
        Passkey,
    )
    library = Security(app, store, **factors.parts())
    # one door, a form: no token beside the session, whose reader parses every body, and no answers in JSON
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]
    library.want_json(lambda _request: False)
    factors.init_app(app)
    user_logged_in.connect(_keep_session, app)
    user_logged_out.connect(_end_session, app)
    app.before_request(check_session)


def _cookies(settings: Settings) -> dict[str, Any]:
    """What Flask is told of the desk's one cookie and of its forms."""
    return {
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "SECRET_KEY_FALLBACKS": list(settings.secret_key_fallbacks),
        "SESSION_COOKIE_NAME": "__Host-desk" if settings.secure else "desk",
        "SESSION_COOKIE_SECURE": settings.secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_CHECK_DEFAULT": False,  # public forms carry a token of their own; the desk asks in views/
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: an evening's queue stays open for hours
    }


def _sign_in(settings: Settings) -> dict[str, Any]:
    """What the sign-in library is told of passwords, addresses and the app's codes."""
    secret = settings.secret_key.get_secret_value()
    return {
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        # OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane; the library's own 64 MB weigh on a small server
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
            "argon2__memory_cost": 19_456,
            "argon2__time_cost": 2,
            "argon2__parallelism": 1,
        },
        "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],
        "SECURITY_PASSWORD_SALT": hashlib.sha256(f"password:{secret}".encode()).hexdigest(),
        "SECURITY_PASSWORD_LENGTH_MIN": passwords.LEAST,
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False, "test_environment": True},
        "SECURITY_URL_PREFIX": "/moderation",
        "SECURITY_LOGIN_URL": "/sign-in",
        "SECURITY_LOGOUT_URL": "/sign-out",
        "SECURITY_LOGOUT_METHODS": ["POST"],
        "SECURITY_POST_LOGIN_VIEW": "/moderation/",
        "SECURITY_POST_LOGOUT_VIEW": "/moderation/sign-in",
        "SECURITY_LOGIN_USER_TEMPLATE": "moderation/sign_in.html",
        "SECURITY_TWO_FACTOR": True,
        "SECURITY_TWO_FACTOR_REQUIRED": True,
        "SECURITY_TWO_FACTOR_ALWAYS_VALIDATE": True,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,
        "SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL": "/sign-in/code",
        "SECURITY_TWO_FACTOR_SETUP_URL": "/sign-in/set-up",
        "SECURITY_TWO_FACTOR_RESCUE_URL": "/sign-in/rescue",
        "SECURITY_TWO_FACTOR_ERROR_VIEW": "/moderation/sign-in",
        "SECURITY_TWO_FACTOR_VERIFY_CODE_TEMPLATE": "moderation/code.html",
        "SECURITY_TOTP_SECRETS": {"1": hashlib.sha256(f"totp:{secret}".encode()).hexdigest()},
        "SECURITY_TOTP_ISSUER": "Promise Wall",
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_FLASH_MESSAGES": False,
        "SECURITY_CACHE_CONTROL": {},  # the desk says it itself, for all its pages alike
        "SECURITY_TRACKABLE": False,
        "SECURITY_SEND_REGISTER_EMAIL": False,
        "SECURITY_USER_IDENTITY_ATTRIBUTES": [{"email": {"mapper": tries.address, "case_insensitive": True}}],
        "SECURITY_CSRF_IGNORE_UNAUTH_ENDPOINTS": False,
    }


def check_session() -> ResponseReturnValue | None:
    """At the desk a session counts only while its row here says so."""
    if not at_the_desk(request):
        return None
    if current_user.is_authenticated:
        g.lang = current_user.lang
    if request.blueprint == "security" and request.endpoint not in USED:
        abort(404)  # pages of the library that we do not use
    _forget_foreign_next()
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        csrf.protect()
    if request.method == "POST" and request.endpoint in TRIED:
        tries.count()
    if not current_user.is_authenticated:
        return None
    now = utcnow()
    this_session()
    row = g.sign_in[2]
    if row is None or row.ended_at or now - row.seen_at > IDLE or now - row.since > LONGEST or current_user.left_at:
        logout_user()
        session.clear()
        g.turned_away = request.endpoint != "security.login"  # which takes an old session away
        return redirect(url_for("security.login"))
    if request.endpoint in SECOND:  # the library would sign out whoever is signed in already
        return redirect(url_for("desk.show_queue"))
    if now - row.seen_at > SEEN_EVERY and not _unattended():
        with database().writing() as own:  # the request's own goes on reading
            own.execute(update(SignIn).where(SignIn.id == row.id).values(seen_at=now))
    return None


def _forget_foreign_next() -> None:
    """Who signs in by an address that would lead elsewhere afterwards comes to the desk's own page."""
    asked = request.args.get("next")
    if request.blueprint == "security" and asked and not OURS.fullmatch(asked):
        request.args = ImmutableMultiDict(pair for pair in request.args.items(multi=True) if pair[0] != "next")


def _unattended() -> bool:
    """Whether the page asks by itself: that keeps nobody signed in who has gone."""
    return request.endpoint in UNATTENDED or "unattended" in request.form


def _row_of_session() -> SignIn | None:
    token = session.get(SESSION_KEY)
    if not token:
        return None
    return database().session.scalars(select(SignIn).where(SignIn.session_hash == hash_token(token))).first()


def _keep_session(_app: Flask, user: Moderator, **_extra: Any) -> None:
    """A new session, of which the browser holds the token and we the hash; no earlier token lives on in it."""
    token = secrets.token_urlsafe(32)
    session.pop("csrf_token", None)
    session[SESSION_KEY] = token
    now = utcnow()
    database().session.add(
        SignIn(
            moderator_id=user.id,
            session_hash=hash_token(token),
            user_agent=(request.user_agent.string or "")[:200],
            network=limits_of(current_app).key()[:50],
            since=now,
            seen_at=now,
        )
    )
    database().session.commit()


def _end_session(_app: Flask, **_extra: Any) -> None:
    row = _row_of_session()
    if row is not None:
        with_id, now = row.id, utcnow()
        database().session.execute(update(SignIn).where(SignIn.id == with_id).values(ended_at=now))
        database().session.commit()
    session.pop(SESSION_KEY, None)


def signed_in() -> Moderator | None:
    """Who is at the desk, both factors given; none: nobody."""
    return current_user._get_current_object() if current_user.is_authenticated else None


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
    by_whom = record.actor(by) if by else record.OPERATOR
    after = {"role": role, "campaign": campaign_id}
    record.add(
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
    record.add(
        db, record.actor(moderator), "moderator:join", subject, after=after, campaign_id=invitation.campaign_id, now=now
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
    by_whom = record.actor(by) if by else record.OPERATOR
    record.add(db, by_whom, "moderator:renew", f"moderator:{moderator.id}", now=now)
    return invite(db, moderator.email, first.role, first.campaign_id, by, now)


def sessions(db: Session, moderator: Moderator, now: datetime) -> list[SignIn]:
    """Where somebody is signed in now, newest use first."""
    rows = db.scalars(
        select(SignIn)
        .where(
            SignIn.moderator_id == moderator.id,
            SignIn.ended_at.is_(None),
            SignIn.seen_at > now - IDLE,
            SignIn.since > now - LONGEST,
        )
        .order_by(SignIn.seen_at.desc())
    )
    return list(rows)


def this_session() -> int | None:
    """The id of the session that asks; looked up once for a request."""
    token = session.get(SESSION_KEY)
    if "sign_in" not in g or g.sign_in[0] != token:
        row = _row_of_session()
        g.sign_in = (token, row.id if row is not None else None, row)  # held, so that the session finds it again
    return g.sign_in[1]


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


def end_session(db: Session, row: SignIn, by: Moderator, now: datetime) -> None:
    """One session ends; it is out with its next request."""
    row.ended_at = row.ended_at or now
    record.add(db, record.actor(by), "moderator:session-end", f"moderator:{row.moderator_id}", now=now)


def end_role(db: Session, membership: Membership, by: Moderator, now: datetime) -> None:
    """A role is held no longer; who holds none has left the desk."""
    membership.ended_at = now
    before = {"role": membership.role, "campaign": membership.campaign_id}
    record.add(
        db,
        record.actor(by),
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
        leave(db, membership.moderator.email, record.actor(by), now)


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


def end_sessions(db: Session, moderator: Moderator, now: datetime) -> None:
    """Whoever sits somewhere as this moderator is out at once."""
    moderator.fs_uniquifier = secrets.token_hex(32)
    db.flush()
    db.execute(
        update(SignIn).where(SignIn.moderator_id == moderator.id, SignIn.ended_at.is_(None)).values(ended_at=now)
    )


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
    record.add(db, by, "moderator:leave", f"moderator:{moderator.id}", now=now)
    return True
