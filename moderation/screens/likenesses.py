"""What a moderator is asked about the organisation of an item: is it the same as one that is known already?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation import permissions
from moderation.models import Role
from pledges.db import utcnow
from pledges.models import Contribution, Kind, Organisation, Revision
from pledges.organisations import badges, merging, naming


@dataclass(frozen=True)
class Known:
    """An organisation that these words may mean."""

    public_id: str
    name: str
    verified: bool
    shown: int  # promises on the walls that count for it


@dataclass(frozen=True)
class Likeness:
    """What is asked about a name, or what somebody has answered."""

    counts_as: Known | None
    alike: list[Known]
    may_say: bool
    badge: Known | None = None  # it is verified, and nobody has said that the author of these words speaks for it


def of(session: Session, revision: Revision, campaign_id: int, held: dict[int | None, Role]) -> Likeness | None:
    """The question about the organisation that these words name; none where there is nothing to ask."""
    if revision.kind is not Kind.ORGANISATION or not revision.organisation:
        return None
    mine = naming.named(session, revision.organisation)
    root = naming.counted_as(session, mine) if mine is not None else None
    merged = root is not None and mine is not None and root.id != mine.id
    bears_badge = mine is not None and mine.verified_at is not None  # others are the same as it, never the other way
    alike = [] if merged or bears_badge else naming.alike(session, revision.organisation)
    badge = _badge_of_others(session, revision, root)
    if not merged and not alike and badge is None:
        return None
    return Likeness(
        counts_as=_known(session, root) if merged and root is not None else None,
        alike=[_known(session, each) for each in alike],
        badge=badge,
        may_say=permissions.may(held, permissions.Act.EDIT_RULES, campaign_id),
    )


def _badge_of_others(session: Session, revision: Revision, root: Organisation | None) -> Known | None:
    """The organisation that these words name, where it is verified and their author is not known to speak for it."""
    now = utcnow()
    if root is None or not badges.is_verified(root, now) or badges.vouched(revision.contribution, now):
        return None
    return _known(session, root)


def say(session: Session, mine: Organisation, other: Organisation, *, same: bool, now: datetime) -> str:
    """It is said, or taken back; answers the act for the record. Raises NotTheSame."""
    if same:
        merging.merge(session, mine, other, now)
        return "organisation:merge"
    merging.part(session, mine, now)
    return "organisation:part"


def _known(session: Session, row: Organisation) -> Known:
    shown = select(func.count()).where(Contribution.organisation_id == row.id, Contribution.shown_at.is_not(None))
    return Known(row.public_id, row.name, badges.is_verified(row, utcnow()), session.scalar(shown) or 0)
