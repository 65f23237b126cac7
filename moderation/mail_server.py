"""The connection to the mail server: encrypted where it can be, and no password goes out where it is not."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

log = logging.getLogger(__name__)

SECONDS = 20


class InClear(smtplib.SMTPException):
    """The server offers no encryption, so it is not sent the password."""

    def __init__(self) -> None:
        super().__init__(
            "offers no encryption (STARTTLS), so it is not sent the password:"
            " use smtps:// in WALL_MAIL_URL, or allow it with WALL_MAIL_IN_CLEAR=1"
        )


@contextmanager
def signed_in(url: str, *, in_clear: bool, seconds: float = SECONDS) -> Iterator[smtplib.SMTP]:
    """A server that takes letters; raises InClear where a password would go unencrypted and nobody has allowed it."""
    parts = urlsplit(url)
    with _connected(parts.scheme, parts.hostname or "localhost", parts.port, seconds) as server:
        server.ehlo()
        encrypted = parts.scheme == "smtps"
        if not encrypted and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
            encrypted = True
        if parts.username:
            if not (encrypted or in_clear):
                log.error("the mail server %s", InClear())
                raise InClear
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server


def _connected(scheme: str, host: str, port: int | None, seconds: float) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=seconds, context=ssl.create_default_context())
    return smtplib.SMTP(host, port or 25, timeout=seconds)
