"""Which domain an address stands at, and whether it belongs to one organisation alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import idna
from publicsuffixlist import PublicSuffixList
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.models import SharedDomain

LIST = Path(__file__).parent / "shared_domains.txt"


def host_of(email: str) -> str:
    return email.rpartition("@")[2].strip().rstrip(".").lower()


def registrable(host: str) -> str | None:
    """What somebody has registered, of this host, by the Public Suffix List; none for what nobody can."""
    name = plain(host)
    return suffixes().privatesuffix(name) if name and "." in name else None


def plain(host: str) -> str:
    """A host as mail servers spell it; empty where it is none."""
    try:
        return idna.encode(host.strip().rstrip(".").lower(), uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return ""


def is_shared(session: Session, host: str) -> bool:
    """Whether many have addresses there who are not one organisation; what leads say goes before our own list."""
    names = [*_above(plain(host))]
    rows = select(SharedDomain.domain, SharedDomain.shared).where(SharedDomain.domain.in_(names))
    said = {name: shared for name, shared in session.execute(rows)}
    return next((said.get(name, True) for name in names if name in said or name in usual()), False)


def _above(host: str) -> Iterator[str]:
    """The name, and each above it."""
    parts = host.split(".")
    return (".".join(parts[number:]) for number in range(len(parts)))


@lru_cache(maxsize=1)
def suffixes() -> PublicSuffixList:
    """The list as it came with its package; a name in no list counts as it would under any other ending."""
    return PublicSuffixList()


@lru_cache(maxsize=1)
def usual() -> frozenset[str]:
    lines = LIST.read_text("utf-8").split("\n")
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
