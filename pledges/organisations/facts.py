"""What an organisation is and how many people it has: chosen from two lists by an author, so nobody has to read it first."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from flask import request
from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.errors import NotNow
from pledges.models import Contribution, Organisation, Sector, Size

from . import badges, places

SECTORS: dict[Sector, Any] = {
    Sector.SCHOOL: lazy_gettext("School or nursery"),
    Sector.COLLEGE: lazy_gettext("College or university"),
    Sector.HEALTH: lazy_gettext("Health and care"),
    Sector.GOVERNMENT: lazy_gettext("Council or government"),
    Sector.JUSTICE: lazy_gettext("Police, fire or justice"),
    Sector.CHARITY: lazy_gettext("Charity or community group"),
    Sector.FAITH: lazy_gettext("Faith group"),
    Sector.BUSINESS: lazy_gettext("Business"),
    Sector.CULTURE: lazy_gettext("Arts, culture or media"),
    Sector.SPORT: lazy_gettext("Sport"),
    Sector.UNION: lazy_gettext("Union or professional body"),
    Sector.OTHER: lazy_gettext("Another kind"),
}
SIZES: dict[Size, Any] = {
    Size.TINY: lazy_gettext("1 to 9 people"),
    Size.SMALL: lazy_gettext("10 to 49 people"),
    Size.MIDDLE: lazy_gettext("50 to 249 people"),
    Size.LARGE: lazy_gettext("250 to 999 people"),
    Size.HUGE: lazy_gettext("1,000 people or more"),
}


def may_say(session: Session, own: Contribution, now: datetime) -> bool:
    """Whether its author says what the organisation is: who speaks for it, or before anybody does who said so first."""
    organisation = own.organisation
    if organisation is None or own.shown_at is None or own.example:
        return False
    if badges.is_verified(organisation, now):
        return badges.vouched(own, now)
    return organisation.described_by_id == own.id or not _is_described(session, organisation)


def _is_described(session: Session, organisation: Organisation) -> bool:
    """Whether the author of a promise that stands under it has said what it is."""
    if organisation.described_by_id is None:
        return False
    there = select(Contribution.id).where(
        Contribution.id == organisation.described_by_id,
        Contribution.organisation_id == organisation.id,
        Contribution.shown_at.is_not(None),
    )
    return session.scalars(there).first() is not None


def say(session: Session, own: Contribution, sector: Sector | None, size: Size | None, now: datetime) -> None:
    """Its page and the lists say so from now on; the promise is held by whoever calls. Raises NotNow."""
    if own.organisation_id is None:
        raise NotNow
    organisation = badges.lock(session, own.organisation_id)
    if not may_say(session, own, now):
        raise NotNow
    _say(session, own, organisation, sector, size, now)


def _say(
    session: Session,
    own: Contribution,
    organisation: Organisation,
    sector: Sector | None,
    size: Size | None,
    now: datetime,
) -> None:
    organisation.sector, organisation.size, organisation.described_by_id = sector, size, own.id
    session.flush()
    badges.touch(session, organisation, now)
    places.described(session, organisation)


def bring(session: Session, own: Contribution, organisation_id: int | None, now: datetime) -> None:
    """What its author said of the organisation with the promise is true from now on, where nobody has said so before.

    Asked when it comes onto the wall under that organisation, before its campaign is held; once.
    """
    contact = own.contact
    if contact is None or not (contact.sector or contact.size) or organisation_id is None:
        return
    organisation = badges.lock(session, organisation_id)
    if not badges.is_verified(organisation, now) and not _is_described(session, organisation):
        _say(session, own, organisation, contact.sector, contact.size, now)
    contact.sector = contact.size = None


def meaning(given: dict[str, str]) -> dict[str, str]:
    """What a list of organisations is asked, without a sector that is none."""
    return {name: value for name, value in given.items() if name != "sector" or value in list(Sector)}


def sector_asked() -> Sector | None:
    """The sector that the address of this page names; none for what is none."""
    try:
        return Sector(request.args.get("sector", ""))
    except ValueError:
        return None


class Described(Protocol):
    """Whatever says what an organisation is."""

    @property
    def sector(self) -> Sector | None: ...
    @property
    def size(self) -> Size | None: ...


def told(of: Described) -> list[Any]:
    """What is known of it, or was said with a promise, in words."""
    said = [SECTORS.get(of.sector) if of.sector else None, SIZES.get(of.size) if of.size else None]
    return [each for each in said if each is not None]
