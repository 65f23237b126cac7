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
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.local import LocalProxy

from moderation.models import Moderator, Passkey, SecurityRole, SignIn
from moderation.record import chain
from pledges.db import database, utcnow
from pledges.limits.counting import limits_of
from pledges.settings import Settings
from pledges.tokens import hash_token

from . import factors, passwords, tries

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


def end_session(db: Session, row: SignIn, by: Moderator, now: datetime) -> None:
    """One session ends; it is out with its next request."""
    row.ended_at = row.ended_at or now
    chain.add(db, chain.actor(by), "moderator:session-end", f"moderator:{row.moderator_id}", now=now)


def end_sessions(db: Session, moderator: Moderator, now: datetime) -> None:
    """Whoever sits somewhere as this moderator is out at once."""
    moderator.fs_uniquifier = secrets.token_hex(32)
    db.flush()
    db.execute(
        update(SignIn).where(SignIn.moderator_id == moderator.id, SignIn.ended_at.is_(None)).values(ended_at=now)
    )
