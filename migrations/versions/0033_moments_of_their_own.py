"""Each promise of a wall has a moment of its own, as it has a place, so that the wall and a search have them in one order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from pledges.db import BigId, Utc

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

AT_ONCE = 2_000
STEPS = 2048  # places in a microsecond
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

contributions = sa.table(
    "contributions",
    sa.column("id", BigId),
    sa.column("wall_place", sa.BigInteger()),
    sa.column("published_at", Utc()),
    sa.column("shown_at", Utc()),
)


def upgrade() -> None:
    """Those that came later in one microsecond are some microseconds later, as their places are."""
    connection, last = op.get_bind(), 0
    some = sa.select(contributions.c.id, contributions.c.wall_place, contributions.c.published_at).where(
        contributions.c.wall_place.is_not(None), contributions.c.published_at.is_not(None)
    )
    while rows := connection.execute(
        some.where(contributions.c.id > last).order_by(contributions.c.id).limit(AT_ONCE)
    ).all():
        last = rows[-1].id
        for row in rows:
            moment = EPOCH + timedelta(microseconds=row.wall_place // STEPS)
            if moment != row.published_at:
                own = contributions.update().where(contributions.c.id == row.id)
                connection.execute(own.values(published_at=moment))
                connection.execute(own.where(contributions.c.shown_at.is_not(None)).values(shown_at=moment))


def downgrade() -> None:
    """Moments stay apart."""
