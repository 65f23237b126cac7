"""No entry of a list lets anybody be: an event code lifts the limit for a room, and a day told in advance is no flood.

Such entries go, since they could hold nothing any more, and the copies of them that the public side went by. So do
columns that nothing reads.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

LET_BE = ("let_be", "let_be_until")

campaigns = sa.table("campaigns", sa.column("id", sa.BigInteger), sa.column("guard", sa.JSON))


def upgrade() -> None:
    op.drop_column("campaigns", "contact_email")
    op.drop_column("contributions", "featured_at")
    op.drop_column("reviews", "surely_spam")
    op.drop_column("clusters", "first_at")
    op.execute("DELETE FROM holds WHERE effect = 'let_be'")
    if not context.is_offline_mode():
        _tell_nobody_to_let_be()


def _tell_nobody_to_let_be() -> None:
    for number, guard in op.get_bind().execute(sa.select(campaigns.c.id, campaigns.c.guard)).all():
        if guard and any(name in guard for name in LET_BE):
            kept = {name: value for name, value in guard.items() if name not in LET_BE}
            op.execute(campaigns.update().where(campaigns.c.id == number).values(guard=kept))


def downgrade() -> None:
    moment = "1970-01-01 00:00:00+00:00"  # nobody knows it any more, and nothing asks
    op.add_column("clusters", sa.Column("first_at", sa.DateTime(timezone=True), server_default=moment, nullable=False))
    op.add_column("reviews", sa.Column("surely_spam", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("contributions", sa.Column("featured_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("campaigns", sa.Column("contact_email", sa.String(254), server_default="", nullable=False))
