"""Ids and tokens: what is public, what opens a receipt, and what makes one form one contribution."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import time
from base64 import urlsafe_b64encode
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode, int_to_bytes

from .settings import Settings, settings

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # no 0/o, 1/i/l: people read these ids out on the telephone
ID_CHARS = 10  # 31^10, about 2^49: cannot be walked through at the rates we allow
FORM_SECONDS = 24 * 60 * 60
FORM_SALT = "wall-form"
NONCE_BYTES, NONCES = 18, 256  # how long one is, and how many are made at a time
_nonces: deque[bytes] = deque()
os.register_at_fork(after_in_child=_nonces.clear)
_AS_JSON = json.JSONEncoder(separators=(",", ":")).encode


def new_public_id() -> str:
    """A short id that cannot be guessed in order and holds no name."""
    chance = secrets.randbelow(len(ALPHABET) ** ID_CHARS)
    letters = []
    for _ in range(ID_CHARS):
        chance, place = divmod(chance, len(ALPHABET))
        letters.append(ALPHABET[place])
    return "".join(letters)


def _key(purpose: str) -> bytes:
    return _keys(purpose)[0]


def _keys(purpose: str) -> list[bytes]:
    """The key of this purpose, and then those of the older secrets, whose links and addresses still count."""
    secrets_of_ours = [settings().secret_key.get_secret_value(), *settings().secret_key_fallbacks]
    return [hmac.digest(secret.encode(), f"wall:{purpose}".encode(), "sha256") for secret in secrets_of_ours]


def secret_for(purpose: str) -> bytes:
    """A secret of this wall for one purpose, which tells nothing of the others."""
    return _key(purpose)


def keys_for(purpose: str) -> list[bytes]:
    """The secret for one purpose, and then those under which it was kept before our own was changed."""
    return _keys(purpose)


def receipt_token(contribution_id: int, number: int, known: str | None = None) -> str:
    """The token of a receipt's link, 256 bits; the same for the same contribution and number.

    `known` is the hash that is stored of it: one made before the secret was changed stays the one that opens.
    """
    tokens = _receipt_tokens(contribution_id, number)
    return next((token for token in tokens if hash_token(token) == known), tokens[0])


def _receipt_tokens(contribution_id: int, number: int) -> list[str]:
    said = f"{contribution_id}:{number}".encode()
    return [_text(hmac.digest(key, said, "sha256")) for key in _keys("receipt")]


def _text(mac: bytes) -> str:
    return urlsafe_b64encode(mac).decode().rstrip("=")


def hash_token(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def hash_email(email: str) -> str:
    """A keyed hash of an address, for limits and for finding an author, without keeping the address."""
    return hashes_of_email(email)[0]


def hashes_of_email(email: str) -> list[str]:
    """Every hash under which this address may be stored: of our secret, then of the older ones."""
    return [hmac.new(key, email.casefold().encode(), "sha256").hexdigest() for key in _keys("email")]


def hash_network(network: str) -> str:
    """A keyed hash of where somebody wrote from, to tell one network from another without keeping either."""
    return hmac.new(_key("network"), network.encode(), "sha256").hexdigest()


LETTERS = {"q": "follow_up", "i": "invite_again"}  # in a token that stops letters: for what they are sent
_MAC_CHARS = 22


def letters_token(public_id: str, purpose: str) -> str:
    """Stops the letters of one purpose about one promise, and opens nothing; short, since it stands in a header."""
    sign = next(sign for sign, each in LETTERS.items() if each == purpose)
    return f"{public_id}{sign}{_letters_macs(public_id, sign)[0]}"


def read_letters_token(token: str) -> tuple[str, str] | None:
    """The promise's public id and the purpose; none where it was not made by us."""
    public_id, sign, mac = token[: -_MAC_CHARS - 1], token[-_MAC_CHARS - 1 : -_MAC_CHARS], token[-_MAC_CHARS:]
    given = mac.encode("utf-8", "replace")
    if sign not in LETTERS or not any(
        hmac.compare_digest(given, made.encode()) for made in _letters_macs(public_id, sign)
    ):
        return None
    return public_id, LETTERS[sign]


def _letters_macs(public_id: str, sign: str) -> list[str]:
    said = f"{public_id}:{sign}".encode("utf-8", "replace")
    return [_text(hmac.digest(key, said, "sha256")[:16]) for key in _keys("letters")]


def matter_token(public_id: str) -> str:
    """Stands in a letter to an organisation's address alone: who holds it has read that letter."""
    return f"{public_id}{_matter_macs(public_id)[0]}"


def read_matter_token(token: str) -> str | None:
    """The public id of what is to be proved; none where it was not made by us."""
    public_id, mac = token[:-_MAC_CHARS], token[-_MAC_CHARS:].encode("utf-8", "replace")
    good = any(hmac.compare_digest(mac, made.encode()) for made in _matter_macs(public_id))
    return public_id if good else None


def _matter_macs(public_id: str) -> list[str]:
    said = public_id.encode("utf-8", "replace")
    return [_text(hmac.digest(key, said, "sha256")[:16]) for key in _keys("organisation proof")]


@dataclass(frozen=True)
class FormToken:
    """A form as it was handed out: its one-use number, for what, and when."""

    nonce: str
    purpose: str
    made_at: datetime
    aged: bool  # older than a day: the form is given back with a fresh token


def _forms_of(wall: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer([*wall.secret_key_fallbacks, wall.secret_key.get_secret_value()], salt=FORM_SALT)


def _forms() -> URLSafeTimedSerializer:
    return _forms_of(settings())


def _new_nonce() -> bytes:
    """144 bits of chance, each given out once, in whatever thread."""
    try:
        return _nonces.pop()
    except IndexError:
        chance = secrets.token_bytes(NONCE_BYTES * NONCES)
        first, *others = [base64_encode(chance[at : at + NONCE_BYTES]) for at in range(0, len(chance), NONCE_BYTES)]
        _nonces.extend(others)
        return first


@lru_cache(maxsize=512)
def _in_json(purpose: str) -> bytes:
    return _AS_JSON(purpose).encode()


class FormTokens:
    """Makes tokens of forms, which `itsdangerous` reads.

    A form that is kept costs little besides its token. So the key is derived once, chance is fetched for many at a time, nothing
    is packed, and nothing here lets go of the interpreter, as `hmac.digest` and `os.urandom` do: to get it back takes longer
    than all the rest.
    """

    def __init__(self, wall: Settings) -> None:
        self._signing = hmac.new(_forms_of(wall).make_signer(FORM_SALT).derive_key(), digestmod="sha1")

    def new(self, purpose: str) -> bytes:
        """A signed, dated token for one form; `purpose` names form and campaign, so it fits no other."""
        said = b'["%s",%s]' % (_new_nonce(), _in_json(purpose))
        dated = base64_encode(said) + b"." + base64_encode(int_to_bytes(int(time.time())))
        signing = self._signing.copy()
        signing.update(dated)
        return dated + b"." + base64_encode(signing.digest())


def new_form_token(purpose: str) -> str:
    """A token as `FormTokens` makes it."""
    return FormTokens(settings()).new(purpose).decode()


def read_form_token(token: str, purpose: str, now: datetime) -> FormToken | None:
    """The token, or none where it was not made by us for this form."""
    try:
        value: Any
        value, made_at = _forms().loads(token, return_timestamp=True)
        nonce, made_for = value
    except (BadData, ValueError, TypeError):
        return None
    if made_for != purpose:
        return None
    age = (now - made_at).total_seconds()
    return FormToken(str(nonce), purpose, made_at, aged=not -300 <= age <= FORM_SECONDS)


def proof_of(contribution_id: int, email_hash: str) -> str:
    """Stands in the mailed link alone: who holds it has read a letter to that address."""
    return _proofs(contribution_id, email_hash)[0]


def proves(proof: str, contribution_id: int, email_hash: str) -> bool:
    given = proof.encode("utf-8", "replace")
    return any(hmac.compare_digest(given, made.encode()) for made in _proofs(contribution_id, email_hash))


def _proofs(contribution_id: int, email_hash: str) -> list[str]:
    said = f"{contribution_id}:{email_hash}".encode()
    return [_text(hmac.digest(key, said, "sha256")[:16]) for key in _keys("proof")]
