"""Who looks whether a comment has replies finds them by an index, and does not read every contribution there is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INDEX = "ix_contributions_reply_to_id"
SET = "reply_to_id IS NOT NULL"


def upgrade() -> None:
    op.create_index(INDEX, "contributions", ["reply_to_id"], sqlite_where=sa.text(SET), postgresql_where=sa.text(SET))


def downgrade() -> None:
    op.drop_index(INDEX, "contributions")
