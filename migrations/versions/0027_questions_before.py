"""Authors who wished to be asked, or invited, before anybody could be: when they are, and how long their addresses are kept."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from pledges.db import BigId, Utc

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

AT_ONCE = 500
KEPT, INVITED_WITHIN = timedelta(days=30), timedelta(days=549)

contacts = sa.table(
    "contacts",
    sa.column("id", BigId),
    sa.column("contribution_id", BigId),
    sa.column("follow_up", sa.Boolean()),
    sa.column("next_question_at", Utc()),
    sa.column("forget_after", Utc()),
)
contributions = sa.table(
    "contributions",
    sa.column("id", BigId),
    sa.column("campaign_id", BigId),
    sa.column("type", sa.String()),
    sa.column("published_revision_id", BigId),
    sa.column("published_at", Utc()),
    sa.column("created_at", Utc()),
)
revisions = sa.table("revisions", sa.column("id", BigId), sa.column("by_when", sa.Date()))
campaigns = sa.table("campaigns", sa.column("id", BigId), sa.column("time_zone", sa.String()))
consents = sa.table(
    "consents",
    sa.column("contribution_id", BigId),
    sa.column("purpose", sa.String()),
    sa.column("withdrawn_at", Utc()),
)


def upgrade() -> None:
    """Of those who are asked for nothing yet; nobody is asked for a date that is over."""
    connection, now, last = op.get_bind(), datetime.now(UTC), 0
    while rows := connection.execute(_after(last)).all():
        last = rows[-1].id
        for row in rows:
            asked, forget_after = _planned(row, now)
            if forget_after is not None:
                connection.execute(
                    contacts.update()
                    .where(contacts.c.id == row.id)
                    .values(next_question_at=asked, forget_after=forget_after)
                )


def downgrade() -> None:
    """What was planned stays true."""


def _after(last: int) -> sa.Select[Any]:
    invites = (
        sa.select(consents.c.contribution_id)
        .where(
            consents.c.contribution_id == contributions.c.id,
            consents.c.purpose == "invite_again",
            consents.c.withdrawn_at.is_(None),
        )
        .exists()
    )
    return (
        sa.select(
            contacts.c.id,
            contacts.c.follow_up,
            contributions.c.published_at,
            contributions.c.created_at,
            revisions.c.by_when,
            campaigns.c.time_zone,
            invites.label("invites"),
        )
        .join(contributions, contributions.c.id == contacts.c.contribution_id)
        .join(campaigns, campaigns.c.id == contributions.c.campaign_id)
        .outerjoin(revisions, revisions.c.id == contributions.c.published_revision_id)
        .where(
            contacts.c.id > last,
            contributions.c.type == "pledge",
            contacts.c.next_question_at.is_(None),
            contacts.c.forget_after.is_(None),
            sa.or_(contacts.c.follow_up, invites),
        )
        .order_by(contacts.c.id)
        .limit(AT_ONCE)
    )


def _planned(row: Any, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The next question and the end of the address, as for what is shown today; a month at least is left of it."""
    asked, ends = None, []
    if row.follow_up and row.published_at is not None:
        moments = _moments(row.published_at, row.by_when, ZoneInfo(row.time_zone))
        asked = next((each for each in moments if each > now), None)
        ends.append(max(moments[-1], now) + KEPT)
    if row.invites:
        ends.append(max((row.published_at or row.created_at) + INVITED_WITHIN, now + KEPT))
    return asked, max(ends, default=None)


def _moments(made: datetime, by_when: date | None, zone: ZoneInfo) -> list[datetime]:
    found = [made + timedelta(weeks=4), _months_after(made, 3), _months_after(made, 12)]
    if by_when is not None and by_when > made.astimezone(zone).date():
        found.append(datetime.combine(by_when, time(9), zone))
    return sorted({each.astimezone(zone).date(): each for each in reversed(found)}.values())


def _months_after(moment: datetime, months: int) -> datetime:
    month, year = (moment.month - 1 + months) % 12 + 1, moment.year + (moment.month - 1 + months) // 12
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
