"""The versions of what a campaign shows: they move in the transaction of each change, and kept pages hang on them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from pledges.db import MOVED
from pledges.front import CHANNEL, Versions
from pledges.models import Campaign, Contribution


def touch(session: Session, campaign_id: int) -> None:
    """What is shown has changed: every kept page of the campaign is out of date."""
    _move(session, Campaign.id == campaign_id)


def touch_all(session: Session) -> None:
    """What stands on pages of every campaign has changed."""
    _move(session, Campaign.id.is_not(None))


def _move(session: Session, of: object) -> None:
    session.execute(
        update(Campaign)
        .where(of)  # type: ignore[arg-type]
        .values(wall_version=Campaign.wall_version + 1)
        .execution_options(synchronize_session=False)
    )
    _call(session)


def talk(session: Session, campaign_id: int, contribution_id: int) -> None:
    """A comment under this contribution has come or gone: pages that show it or count it are out of date.

    The campaign's row is held until the commit, so these versions are committed in their order.
    """
    session.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id)
        .values(talk_version=Campaign.talk_version + 1)
        .execution_options(synchronize_session=False)
    )
    now = select(Campaign.talk_version).where(Campaign.id == campaign_id).scalar_subquery()
    session.execute(
        update(Contribution)
        .where(Contribution.id == contribution_id)
        .values(talk_version=now)
        .execution_options(synchronize_session=False)
    )
    _call(session)


def _call(session: Session) -> None:
    """Other processes hear of it when this is committed, and this one before its commit returns."""
    session.info[MOVED] = True
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})


def read(session: Session, heard: Mapping[int, int]) -> Versions:
    """All versions as they stand, and what was talked under since `heard` (campaign id -> talk)."""
    rows = session.execute(select(Campaign.id, Campaign.wall_version, Campaign.talk_version)).all()
    talked = {}
    for campaign_id, _wall, talk_version in rows:
        since = heard.get(campaign_id, talk_version)
        if talk_version > since:
            talked[campaign_id] = _talked(session, campaign_id, since)
    return Versions({row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}, talked)


def _talked(session: Session, campaign_id: int, since: int) -> list[tuple[int, int]]:
    found = select(Contribution.talk_version, Contribution.id).where(
        Contribution.campaign_id == campaign_id, Contribution.talk_version > since
    )
    return [(row[0], row[1]) for row in session.execute(found.order_by(Contribution.talk_version))]
