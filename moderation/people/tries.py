"""How often somebody may try to sign in: an account from one network, and strangers shut out nobody whom we know.

What counts is the account that the form leads to, however its address is written, together with the network that it
comes from. A network from which this account has signed in before answers for itself alone. All others share what
strangers may do: few tries for a network, whatever accounts it tries, and not many more for an account, from
wherever. The limits reach from a minute to a day, so that the wait grows with the tries; right ones do not count.
"""

from __future__ import annotations

from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import abort, current_app, g, request, session
from flask_login import current_user
from sqlalchemy import func, select

from moderation.models import Moderator, SignIn
from pledges.db import database
from pledges.limits.counting import limits_of
from pledges.limits.rules import Places

STRANGERS_TIMES = 4  # an account's tries from all networks that it never signed in from, in the measure of one


def address(raw: Any) -> str | None:
    """The one spelling of an address by which an account is found; none: this is no address."""
    try:
        return validate_email(str(raw).strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        return None


def account_named(raw: str) -> int | None:
    """The account to which what was typed leads, for the limit and for the sign-in alike."""
    found = address(raw[:320])
    if found is None:
        return None
    query = select(Moderator.id).where(func.lower(Moderator.email) == func.lower(found))
    with database().new_session() as db:
        return db.scalars(query).first()


def count() -> None:
    """This try is counted, or refused with how long to wait."""
    limits = limits_of(current_app)
    account, typed = _account_tried()
    places = limits.of_network("strangers")
    network = limits.key()
    mine: Places = {("account", typed if account is None else str(account), network): 1}
    if not _has_signed_in(account, network):
        mine |= {**places, ("account", typed if account is None else str(account)): STRANGERS_TIMES}
    wait = limits.take("sign_in", mine)
    if wait is not None:
        abort(wait.status, retry_after=wait.retry_after_seconds)
    g.tried = mine


def was_right() -> None:
    """What was tried was right, so the try does not count."""
    limits_of(current_app).give_back("sign_in", g.pop("tried", {}))


def _account_tried() -> tuple[int | None, str]:
    """The account at which this request tries something, and what was typed where there is none of it."""
    if current_user.is_authenticated:
        return current_user.id, ""
    begun = session.get("tf_user_id") if request.endpoint != "security.login" else None
    if begun:
        with database().new_session() as db:
            return db.scalars(select(Moderator.id).where(Moderator.fs_uniquifier == str(begun))).first(), str(begun)
    typed = request.form.get("email", "")
    return account_named(typed), (address(typed[:320]) or typed[:320].strip()).casefold()


def _has_signed_in(account: int | None, network: str) -> bool:
    if account is None:
        return False
    query = select(SignIn.id).where(SignIn.moderator_id == account, SignIn.network == network[:50]).limit(1)
    with database().new_session() as db:
        return db.scalars(query).first() is not None
