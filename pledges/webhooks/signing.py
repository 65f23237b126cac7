"""Messages signed as Standard Webhooks are: an HMAC of id, moment and body, by which a receiver knows us."""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode, b64encode, urlsafe_b64encode
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from pledges.models import Webhook
from pledges.tokens import keys_for

BEGINS = "whsec_"


def new_secret() -> str:
    """A secret as receivers are told it."""
    return BEGINS + b64encode(secrets.token_bytes(32)).decode()


def encrypted(secret: str) -> str:
    """As it is kept: readable with the secret of this wall alone."""
    return _box().encrypt(secret.encode()).decode()


def headers(webhook: Webhook, message_id: str, body: str, now: datetime) -> dict[str, str]:
    """What is sent along; two signatures while a secret is being changed. Raises CannotSign."""
    kept = [webhook.secret]
    if webhook.old_secret and webhook.old_until is not None and now < webhook.old_until:
        kept.append(webhook.old_secret)
    moment = str(int(now.timestamp()))
    signed = f"{message_id}.{moment}.{body}".encode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(f"v1,{_signature(each, signed)}" for each in kept),
    }


class CannotSign(Exception):
    """The secret was kept under a key of this wall that is no more: it has to be changed at the desk."""


def _signature(kept: str, signed: bytes) -> str:
    try:
        secret = _box().decrypt(kept.encode()).decode()
    except InvalidToken as error:
        raise CannotSign from error
    return b64encode(hmac.digest(b64decode(secret.removeprefix(BEGINS)), signed, "sha256")).decode()


def _box() -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in keys_for("webhook")])
