"""Domains at which many have addresses who are not one organisation: our own list, and what leads say of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation.models import Moderator
from moderation.record import chain
from pledges.models import SharedDomain
from pledges.organisations import domains

MOST = 500


class BadDomain(ValueError):
    """This is no domain that could be listed, or the list is full, or says so already: `why` is 'none', 'full' or 'known'."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def said(session: Session) -> list[SharedDomain]:
    """What leads have said, by name."""
    return list(session.scalars(select(SharedDomain).order_by(SharedDomain.domain).limit(MOST)))


def usual() -> list[str]:
    """Our own list, by name."""
    return sorted(domains.usual())


def say(session: Session, typed: str, shared: bool, by: Moderator, now: datetime) -> SharedDomain:
    """The domain, and all below it, proves nothing from now on, or proves as others do. Raises BadDomain."""
    domain = domains.plain(domains.host_of(typed.strip().removeprefix("@")) if "@" in typed else typed)
    if "." not in domain or len(domain) > 253:
        raise BadDomain("none")
    known = session.get(SharedDomain, domain, with_for_update=True)
    if (known.shared if known is not None else domains.is_shared(session, domain)) is shared:
        raise BadDomain("known")
    if known is None:
        if (session.scalar(select(func.count()).select_from(SharedDomain)) or 0) >= MOST:
            raise BadDomain("full")
        known = SharedDomain(domain=domain, shared=shared, made_at=now)
        session.add(known)
    known.shared, known.made_at = shared, now
    session.flush()
    _note(session, by, "shared_domain:add" if shared else "shared_domain:let", now)
    return known


def unsay(session: Session, domain: str, by: Moderator, now: datetime) -> bool:
    """Our own list alone says again what is true of this domain; False where nobody had said otherwise."""
    known = session.get(SharedDomain, domain[:253], with_for_update=True)
    if known is None:
        return False
    session.delete(known)
    session.flush()
    _note(session, by, "shared_domain:end", now)
    return True


def _note(session: Session, by: Moderator, act: str, now: datetime) -> None:
    chain.add(session, chain.actor(by), act, "shared_domains", now=now)
