"""What a wall that faces the public may not be started with, and who may read what lies in its folder."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv6Network
from pathlib import Path
from urllib.parse import urlsplit

from .networks import Network, is_this_machine

SECRET_CHARS = 32  # fewer cannot hold the 256 bits that receipts promise
LEAST_PACKED = 30  # bytes; 32 random digits cannot be packed into fewer, and a repeated word always can
WIDEST = {4: 8, 6: 16}  # prefixes: the widest network that one organisation holds
OWN = IPv6Network("fc00::/7")  # private addresses, of which a site may name all
MAIL = {"smtp", "smtps"}


def weak_secret(name: str, secret: str) -> str | None:
    """What is wrong with this secret."""
    if len(secret) < SECRET_CHARS:
        return f"{name} is shorter than {SECRET_CHARS} characters: make a longer one"
    if len(zlib.compress(secret.encode(), 9)) < LEAST_PACKED:
        return f"{name} repeats itself: take random characters, as `openssl rand -hex 32` makes them"
    return None


def believed_by_too_many(networks: Iterable[Network]) -> str | None:
    """Proxies so wide that any visitor would be one, and could write whatever address they like."""
    wide = [str(network) for network in networks if _is_wide(network)]
    if not wide:
        return None
    return f"WALL_PROXIES names {', '.join(wide)}: whoever sends from there is believed; name your own proxies alone"


def _is_wide(network: Network) -> bool:
    if isinstance(network, IPv6Network) and network.subnet_of(OWN):
        return False
    return network.prefixlen < WIDEST[network.version]


def debugging() -> str | None:
    """Whether Flask was asked for its debugger, which runs whatever a visitor types."""
    asked = os.environ.get("FLASK_DEBUG", "").lower()
    return None if asked in ("", "0", "false", "no") else "FLASK_DEBUG is set: unset it"


def sends_in_clear(name: str, url: str) -> str | None:
    """A service elsewhere to which words of people and a key would go unencrypted."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(parts.hostname or "")):
        return None
    return f"{name} has to begin with https://"


def no_mail_address(url: str) -> str | None:
    """Whether the address of the mail server is of a kind that we speak."""
    return None if not url or urlsplit(url).scheme in MAIL else "WALL_MAIL_URL has to begin with smtp:// or smtps://"


def keep_to_ourselves(folder: Path) -> None:
    """What this process writes, and what lies in the folder already, is for the user alone who runs it."""
    os.umask(0o077)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, mode in ((folder, 0o700), *((each, 0o700 if each.is_dir() else 0o600) for each in folder.iterdir())):
        with suppress(OSError):  # of another user, or gone meanwhile, as files beside a database come and go
            if not path.is_symlink() and path.stat().st_mode & 0o077:
                path.chmod(mode)
