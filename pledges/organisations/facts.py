"""What an organisation is and how many people it has: chosen from two lists by an author, so nobody has to read it first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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
    if organisation.described_by_id in (None, own.id):
        return True
    there = select(Contribution.id).where(
        Contribution.id == organisation.described_by_id,
        Contribution.organisation_id == organisation.id,
        Contribution.shown_at.is_not(None),
    )
    return session.scalars(there).first() is None


def say(session: Session, own: Contribution, sector: Sector | None, size: Size | None, now: datetime) -> None:
    """Its page and the lists say so from now on; the promise is held by whoever calls. Raises NotNow."""
    if own.organisation_id is None:
        raise NotNow
    organisation = badges.lock(session, own.organisation_id)
    if not may_say(session, own, now):
        raise NotNow
    organisation.sector, organisation.size, organisation.described_by_id = sector, size, own.id
    session.flush()
    badges.touch(session, organisation)
    places.described(session, organisation)


def meaning(given: dict[str, str]) -> dict[str, str]:
    """What a list of organisations is asked, without a sector that is none."""
    return {name: value for name, value in given.items() if name != "sector" or value in list(Sector)}


def sector_asked() -> Sector | None:
    """The sector that the address of this page names; none for what is none."""
    try:
        return Sector(request.args.get("sector", ""))
    except ValueError:
        return None


def told(organisation: Organisation) -> list[Any]:
    """What is known of it, in words."""
    said = [SECTORS.get(organisation.sector) if organisation.sector else None]
    return [each for each in [*said, SIZES.get(organisation.size) if organisation.size else None] if each is not None]
