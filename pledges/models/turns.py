"""Who writes about one contribution takes turns with all others who do, and nobody waits in a circle.

Rows are held in one order: contributions from the oldest on, then the campaign's row, then what is kept beside them. Where two
still wait for each other, the database stops one of them, who tries again (`pledges.db.until_stored`).
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from .contribution import Contribution


def hold(session: Session, contribution: Contribution) -> None:
    """It is read as it stands now, and nobody else changes it until this transaction ends.

    Neither do they change what it stands under and what it began from: both are older, and may change with it.
    """
    session.flush()
    session.expire(contribution)
    hold_by_ids(session, contribution.id, contribution.parent_id, contribution.inspired_by_id)


def hold_by_ids(session: Session, *ids: int | None) -> None:
    """The same for contributions of which only these numbers are known; none: left out.

    Keys are not locked: others may go on to name these rows as what theirs stand under.
    """
    session.scalars(
        select(Contribution)
        .where(Contribution.id.in_([each for each in ids if each is not None]))
        .order_by(Contribution.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
