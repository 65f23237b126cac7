"""A promise without a theme is counted under the dye of its id, and an audience may be all of a kind.

The picture of the wall draws no grey: what was counted as "no theme" is counted again from the rows, by dye. Whoever is
an organisation speaks as one without saying so a second time.
"""

from __future__ import annotations

import hashlib
from collections import Counter

import sqlalchemy as sa
from alembic import context, op

from pledges.db import Utc

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

DYES = ("listen", "speak", "schools", "work", "families", "services")
AT_ONCE = 500
PLAIN, LOOSE = "cloth:0", "cloth:loose:"

contributions = sa.table(
    "contributions",
    sa.column("campaign_id", sa.BigInteger),
    sa.column("public_id", sa.String),
    sa.column("type", sa.String),
    sa.column("theme_id", sa.BigInteger),
    sa.column("published_at", Utc),
    sa.column("shown_at", Utc),
)
counters = sa.table(
    "counters",
    sa.column("campaign_id", sa.BigInteger),
    sa.column("name", sa.String),
    sa.column("day", sa.String),
    sa.column("value", sa.Integer),
)


def upgrade() -> None:
    op.add_column("audiences", sa.Column("kind", sa.String(24), nullable=True))
    op.execute("UPDATE audiences SET kind = 'organisation' WHERE key = 'organisations'")
    if not context.is_offline_mode():
        blocks = _blocks()
        op.execute(sa.delete(counters).where(counters.c.name == PLAIN))
        _add(blocks)


def _blocks() -> Counter[tuple[int, str, str]]:
    """How many promises without a theme stand there, by campaign, counter and day."""
    shown = sa.select(contributions.c.campaign_id, contributions.c.public_id, contributions.c.published_at).where(
        contributions.c.type == "pledge",
        contributions.c.theme_id.is_(None),
        contributions.c.shown_at.is_not(None),
        contributions.c.published_at.is_not(None),
    )
    rows = op.get_bind().execute(shown)
    return Counter((row.campaign_id, LOOSE + _dye(row.public_id), row.published_at.date().isoformat()) for row in rows)


def _dye(public_id: str) -> str:
    number = int.from_bytes(hashlib.sha256(f"dye {public_id}".encode()).digest()[:8], "big")
    return DYES[number % len(DYES)]


def _add(blocks: Counter[tuple[int, str, str]]) -> None:
    rows = [{"campaign_id": where[0], "name": where[1], "day": where[2], "value": n} for where, n in blocks.items()]
    for start in range(0, len(rows), AT_ONCE):
        op.get_bind().execute(sa.insert(counters), rows[start : start + AT_ONCE])


def downgrade() -> None:
    if not context.is_offline_mode():
        loose = counters.c.name.startswith(LOOSE)
        summed = sa.select(counters.c.campaign_id, counters.c.day, sa.func.sum(counters.c.value)).where(loose)
        days = op.get_bind().execute(summed.group_by(counters.c.campaign_id, counters.c.day)).all()
        op.execute(sa.delete(counters).where(loose | (counters.c.name == PLAIN)))
        _add(Counter({(campaign, PLAIN, day): int(n) for campaign, day, n in days}))
    op.drop_column("audiences", "kind")
