"""No entry of a list lets anybody be: an event code lifts the limit for a room, and a day told in advance is no flood.

Such entries go, since they could hold nothing any more, and the copies of them that the public side went by.
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
    op.execute("DELETE FROM holds WHERE effect = 'let_be'")
    if not context.is_offline_mode():
        _tell_nobody_to_let_be()


def _tell_nobody_to_let_be() -> None:
    for number, guard in op.get_bind().execute(sa.select(campaigns.c.id, campaigns.c.guard)).all():
        if guard and any(name in guard for name in LET_BE):
            kept = {name: value for name, value in guard.items() if name not in LET_BE}
            op.execute(campaigns.update().where(campaigns.c.id == number).values(guard=kept))


def downgrade() -> None:
    pass
