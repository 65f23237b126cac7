"""The library's two forms with a password, as our door has them: an address and a password, and no more."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext
from flask_security.forms import LoginForm, VerifyForm

from moderation.models import Moderator
from pledges.db import database

from . import passwords, tries


class SignInForm(LoginForm):
    """Finds the account by the same reading of the address as the limit does; nothing keeps anybody signed in."""

    remember = None

    def validate(self, **kwargs: Any) -> bool:
        if not _is_readable(self.password):
            return False
        self.ifield = self.email
        account = tries.account_named(request.form.get("email", ""))
        self.user = database().session.get(Moderator, account) if account is not None else None
        return _told(super().validate(**kwargs))


class AgainForm(VerifyForm):
    """The password once more, before something that matters."""

    def validate(self, **kwargs: Any) -> bool:
        return _is_readable(self.password) and _told(super().validate(**kwargs))


def _is_readable(field: Any) -> bool:
    """What no password of ours can be is wrong like any other, and costs no more."""
    if passwords.readable(field.data or ""):
        return True
    field.errors = [gettext("Email address or password is not right.")]
    return False


def _told(right: bool) -> bool:
    if right:
        tries.was_right()
    return right
