"""The second factor: a code of an authenticator app, a passkey, or a recovery code when both are lost."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask, flash, session
from flask_babel import gettext
from flask_security import wan_deleted, wan_registered
from flask_security.forms import TwoFactorVerifyCodeForm
from flask_security.recovery_codes import MfRecoveryForm
from flask_security.totp import Totp
from flask_security.webauthn import WebAuthnSigninResponseForm
from sqlalchemy import delete
from sqlalchemy.orm import Session

from moderation.models import Moderator, Passkey
from moderation.record import chain
from pledges.db import database, utcnow

from . import tries
from .forms import AgainForm, SignInForm

CODES_TRIED = 5
LOCKED = timedelta(minutes=15)
FRESH = timedelta(minutes=15)  # after the password: so long a passkey or recovery codes may be set up
RECOVERY_CODES = 8


def configuration(secret: str) -> dict[str, Any]:
    """What the sign-in library is told of the factors. Passkeys stand beside a password, never in its place."""
    key = base64.urlsafe_b64encode(hashlib.sha256(f"recovery:{secret}".encode()).digest())
    return {
        "SECURITY_DATETIME_FACTORY": utcnow,
        "SECURITY_FRESHNESS": FRESH,
        "SECURITY_FRESHNESS_GRACE_PERIOD": timedelta(minutes=5),
        "SECURITY_VERIFY_URL": "/sign-in/again",
        "SECURITY_VERIFY_TEMPLATE": "moderation/sign_in_again.html",
        "SECURITY_TWO_FACTOR_SELECT_URL": "/sign-in/how",
        "SECURITY_TWO_FACTOR_SELECT_TEMPLATE": "moderation/choose_factor.html",
        "SECURITY_WEBAUTHN": True,
        "SECURITY_WAN_RP_NAME": "Promise Wall",
        "SECURITY_WAN_ALLOW_AS_FIRST_FACTOR": False,
        "SECURITY_WAN_ALLOW_AS_MULTI_FACTOR": False,
        "SECURITY_WAN_ALLOW_AS_VERIFY": [],
        "SECURITY_WAN_ALLOW_USER_HINTS": False,
        "SECURITY_WAN_REGISTER_URL": "/passkeys",
        "SECURITY_WAN_DELETE_URL": "/passkeys/remove",
        "SECURITY_WAN_POST_REGISTER_VIEW": "/moderation/passkeys",
        "SECURITY_WAN_SIGNIN_URL": "/sign-in/passkey",
        "SECURITY_WAN_REGISTER_TEMPLATE": "moderation/passkeys.html",
        "SECURITY_WAN_SIGNIN_TEMPLATE": "moderation/passkey.html",
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_N": RECOVERY_CODES,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS": [key],
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_URL": "/recovery-codes",
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_TEMPLATE": "moderation/recovery_codes.html",
        "SECURITY_MULTI_FACTOR_RECOVERY_URL": "/sign-in/recovery",
        "SECURITY_MULTI_FACTOR_RECOVERY_TEMPLATE": "moderation/recovery.html",
    }


def parts() -> dict[str, Any]:
    """Our own forms and classes for the sign-in library."""
    return {
        "login_form": SignInForm,
        "verify_form": AgainForm,
        "totp_cls": OnceTotp,
        "two_factor_verify_code_form": CodeForm,
        "mf_recovery_form": RecoveryForm,
        "wan_signin_response_form": PasskeyForm,
    }


def init_app(app: Flask) -> None:
    wan_registered.connect(_passkey_added, app)
    wan_deleted.connect(_passkey_removed, app)


def _passkey_added(_app: Flask, user: Moderator, **_extra: Any) -> None:
    chain.add(database().session, chain.actor(user), "moderator:passkey", f"moderator:{user.id}", now=utcnow())


def _passkey_removed(_app: Flask, user: Moderator, **_extra: Any) -> None:
    act = "moderator:passkey-removed"
    chain.add(database().session, chain.actor(user), act, f"moderator:{user.id}", now=utcnow())


class OnceTotp(Totp):
    """A code is taken once: the time step of the last one is kept with the moderator."""

    def get_last_counter(self, user: Any) -> int | None:
        return user.tf_last_counter

    def set_last_counter(self, user: Any, tmatch: Any) -> None:
        user.tf_last_counter = tmatch.counter


class CodeForm(TwoFactorVerifyCodeForm):
    """Counts wrong codes in the database, where an old cookie cannot wind them back."""

    def validate(self, **kwargs: Any) -> bool:
        return _counted(self.user, self.code, lambda: super(CodeForm, self).validate(**kwargs))


class RecoveryForm(MfRecoveryForm):
    """A recovery code opens once; wrong ones count like wrong codes of an app."""

    def validate(self, **kwargs: Any) -> bool:
        self.code.data = (self.code.data or "").strip().lower()
        good = _counted(self.user, self.code, lambda: super(RecoveryForm, self).validate(**kwargs))
        if good:
            moderator: Any = self.user
            act = "moderator:recovery-code"
            chain.add(database().session, chain.actor(moderator), act, f"moderator:{moderator.id}", now=utcnow())
        return good


class PasskeyForm(WebAuthnSigninResponseForm):
    """A passkey completes the sign-in of its own owner alone: the library takes anybody's after any password."""

    def validate(self, **kwargs: Any) -> bool:
        if super().validate(**kwargs) and self._is_its_owners():
            tries.was_right()
            return True
        flash("passkey", "error")  # the library leads back to the page, which tells it
        return False

    def _is_its_owners(self) -> bool:
        if self.user is not None and self.user.fs_uniquifier == session.get("tf_user_id"):
            return True
        self.credential.errors = [gettext("This passkey is not yours.")]
        return False


def _counted(user: Any, field: Any, check: Callable[[], bool]) -> bool:
    """Whether the code is right; the fifth wrong one in a row locks for a quarter of an hour."""
    now = utcnow()
    # two tries at once are two tries; columns alone, since PostgreSQL locks no outer join
    names = ["tf_last_counter", "failed_codes", "locked_until", "mf_recovery_codes"]
    database().session.refresh(user, attribute_names=names, with_for_update=True)
    if user.locked_until is not None and user.locked_until > now:
        field.errors = [gettext("Too many wrong codes. Please wait a quarter of an hour, then sign in again.")]
        return False
    good = bool(check())
    if good:
        user.failed_codes, user.locked_until = 0, None
    else:
        user.failed_codes += 1
        if user.failed_codes >= CODES_TRIED:
            user.failed_codes, user.locked_until = 0, now + LOCKED
    database().session.commit()
    if good:
        tries.was_right()
    return good


def forget(session: Session, moderator: Moderator) -> None:
    """No second factor of this moderator opens anything any more."""
    moderator.tf_primary_method = moderator.tf_totp_secret = moderator.tf_last_counter = None
    moderator.mf_recovery_codes = None
    session.execute(delete(Passkey).where(Passkey.moderator_id == moderator.id))
    session.expire(moderator, ["webauthn"])
