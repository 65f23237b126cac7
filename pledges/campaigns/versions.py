"""The version of a campaign's wall, which moves with everything that is shown."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from pledges.models import Campaign


def touch(session: Session, campaign_id: int) -> None:
    """What is shown has changed: every kept page of the campaign is out of date."""
    session.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id)
        .values(wall_version=Campaign.wall_version + 1)
        .execution_options(synchronize_session=False)
    )
