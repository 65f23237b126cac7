"""Authors who wished to be asked, of promises with actions: they are at the day of each action too, and their addresses are kept as long."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from pledges.db import BigId, Utc

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

AT_ONCE = 500
KEPT = timedelta(days=30)

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
    sa.column("published_revision_id", BigId),
    sa.column("published_at", Utc()),
)
revisions = sa.table("revisions", sa.column("id", BigId), sa.column("actions", sa.JSON()))
campaigns = sa.table("campaigns", sa.column("id", BigId), sa.column("time_zone", sa.String()))


def upgrade() -> None:
    """Nobody is asked for a day that is over, and a question that is due stays so."""
    connection, now, last = op.get_bind(), datetime.now(UTC), 0
    while rows := connection.execute(_after(last)).all():
        last = rows[-1].id
        for row in rows:
            moments = [each for each in _moments(row) if each > now]
            if not moments:
                continue
            planned, ends = row.next_question_at, row.forget_after
            connection.execute(
                contacts.update()
                .where(contacts.c.id == row.id)
                .values(
                    next_question_at=min([*moments, *([planned] if planned is not None else [])]),
                    forget_after=max([moments[-1] + KEPT, *([ends] if ends is not None else [])]),
                )
            )


def downgrade() -> None:
    """What was planned stays true."""


def _after(last: int) -> sa.Select[Any]:
    return (
        sa.select(
            contacts.c.id,
            contacts.c.next_question_at,
            contacts.c.forget_after,
            contributions.c.published_at,
            revisions.c.actions,
            campaigns.c.time_zone,
        )
        .join(contributions, contributions.c.id == contacts.c.contribution_id)
        .join(campaigns, campaigns.c.id == contributions.c.campaign_id)
        .join(revisions, revisions.c.id == contributions.c.published_revision_id)
        .where(contacts.c.id > last, contacts.c.follow_up, contributions.c.published_at.is_not(None))
        .order_by(contacts.c.id)
        .limit(AT_ONCE)
    )


def _moments(row: Any) -> list[datetime]:
    """Nine in the morning of each day that its actions name after it was shown first, in order."""
    zone = ZoneInfo(row.time_zone)
    days = {date.fromisoformat(each["by"]) for each in row.actions or [] if each["by"]}
    shown_on = row.published_at.astimezone(zone).date()
    return [datetime.combine(day, time(9), zone) for day in sorted(days) if day > shown_on]
