"""A page of the queue walks past no item that a cluster's row stands for, and what a way down and up again had lost is found.

Lines of the record name their campaign again where the way over the first schema took it, and what waited before items
were gathered is marked, so that the worker gathers it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from pledges.db import Utc, utcnow

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

AT_ONCE = 500
OWED = "gather:"  # + campaign id, among the shared facts

acts = sa.table(
    "acts",
    sa.column("id", sa.BigInteger),
    sa.column("actor", sa.String),
    sa.column("act", sa.String),
    sa.column("subject", sa.String),
    sa.column("campaign_id", sa.BigInteger),
    sa.column("before", sa.JSON),
    sa.column("after", sa.JSON),
    sa.column("at", Utc),
    sa.column("previous", sa.String),
    sa.column("hash", sa.String),
)
clusters = sa.table("clusters", sa.column("id", sa.BigInteger), sa.column("lanes", sa.JSON))
shared = sa.table("shared", sa.column("name", sa.String), sa.column("value", sa.JSON), sa.column("changed_at", Utc))


def upgrade() -> None:
    op.add_column("review_lanes", sa.Column("behind", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("clusters", sa.Column("lanes", sa.JSON(), server_default="[]", nullable=False))
    _tell_where_rows_stand()
    op.execute(
        "UPDATE review_lanes SET behind = true WHERE review_id IN (SELECT id FROM reviews WHERE behind) AND EXISTS ("
        " SELECT 1 FROM review_clusters JOIN clusters ON clusters.id = review_clusters.cluster_id"
        " JOIN review_lanes carried ON carried.review_id = clusters.example_id"
        " WHERE review_clusters.review_id = review_lanes.review_id AND review_clusters.folds"
        " AND carried.lane = review_lanes.lane)"
    )
    op.drop_index("ix_review_lanes_page", table_name="review_lanes")
    op.create_index(
        "ix_review_lanes_page", "review_lanes", ["lane", "campaign_id", "behind", "waiting_since", "review_id"]
    )
    op.create_index("ix_clusters_example", "clusters", ["example_id"])
    op.create_index("ix_review_clusters_newest", "review_clusters", ["cluster_id", "review_id"])
    op.create_index("ix_review_clusters_waiting", "review_clusters", ["cluster_id", "waits", "folds", "review_id"])
    op.drop_index("ix_review_clusters_cluster_id", table_name="review_clusters")
    _owe_gathering()
    _name_campaigns_again()


def _tell_where_rows_stand() -> None:
    rows = op.get_bind().execute(
        sa.text(
            "SELECT clusters.id, review_lanes.lane FROM clusters"
            " JOIN review_lanes ON review_lanes.review_id = clusters.example_id ORDER BY clusters.id, review_lanes.lane"
        )
    )
    lanes: dict[int, list[str]] = {}
    for cluster_id, lane in rows:
        lanes.setdefault(cluster_id, []).append(lane)
    for cluster_id, stands in lanes.items():
        op.get_bind().execute(clusters.update().where(clusters.c.id == cluster_id).values(lanes=stands))


def _owe_gathering() -> None:
    """Items that wait and belong to no cluster came before there were any: the worker looks at them, a few at a time."""
    campaigns = op.get_bind().scalars(
        sa.text(
            "SELECT DISTINCT campaign_id FROM reviews WHERE state = 'waiting' AND NOT EXISTS"
            " (SELECT 1 FROM review_clusters WHERE review_clusters.review_id = reviews.id)"
        )
    )
    owed = [{"name": f"{OWED}{number}", "value": {"after": 0}, "changed_at": utcnow()} for number in campaigns]
    if owed:
        op.get_bind().execute(shared.insert(), owed)


def _name_campaigns_again() -> None:
    """A line that lost its campaign has it again: the one with which its hash fits, since only that one can.

    A line that fits without a campaign never had one; a line that fits with none was changed, and stays so.
    """
    connection = op.get_bind()
    known = "SELECT max(number) FROM (SELECT max(id) AS number FROM campaigns UNION ALL SELECT max(campaign_id) FROM acts) AS every"
    highest = connection.scalar(sa.text(known)) or 0
    last = 0
    while True:
        query = sa.select(acts).where(acts.c.campaign_id.is_(None), acts.c.id > last)
        lines = connection.execute(query.order_by(acts.c.id).limit(AT_ONCE)).all()
        if not lines:
            return
        last = lines[-1].id
        for line in lines:
            number = _campaign_of(line, highest)
            if number is not None:
                connection.execute(acts.update().where(acts.c.id == line.id).values(campaign_id=number))


def _campaign_of(line: Any, highest: int) -> int | None:
    """The number with which the hash of this line fits; none: it fits without one, or with none."""
    said = [line.actor, line.act, line.subject, line.before, line.after, line.at.isoformat(), line.previous]
    if _hash(said) == line.hash:
        return None
    return next((number for number in range(1, highest + 1) if _hash([*said, number]) == line.hash), None)


def _hash(said: list[Any]) -> str:
    """As the record makes it since the second schema."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def downgrade() -> None:
    op.execute(shared.delete().where(shared.c.name.startswith(OWED)))
    op.create_index("ix_review_clusters_cluster_id", "review_clusters", ["cluster_id"])
    op.drop_index("ix_review_clusters_waiting", table_name="review_clusters")
    op.drop_index("ix_review_clusters_newest", table_name="review_clusters")
    op.drop_index("ix_clusters_example", table_name="clusters")
    op.drop_index("ix_review_lanes_page", table_name="review_lanes")
    op.create_index("ix_review_lanes_page", "review_lanes", ["lane", "campaign_id", "waiting_since", "review_id"])
    op.drop_column("clusters", "lanes")
    op.drop_column("review_lanes", "behind")
    to = context.get_revision_argument()  # none: the tables go as well
    if to is None and op.get_bind().dialect.name == "sqlite":  # which drops no table that others still point to
        op.execute("UPDATE contributions SET published_revision_id = NULL, shown_at = NULL, consent_id = NULL")
    elif to != down_revision:
        _put_parked_in_their_lanes()


def _put_parked_in_their_lanes() -> None:
    """What is laid aside stands in the lanes of its kind, since below 0003 there is no lane of that alone."""
    parked = " FROM reviews JOIN contributions ON contributions.id = reviews.contribution_id"
    parked += " JOIN revisions ON revisions.id = reviews.revision_id"
    aside = " WHERE reviews.parked_until IS NOT NULL AND reviews.state = 'waiting'"
    changed = (
        "contributions.published_revision_id IS NOT NULL AND contributions.published_revision_id <> reviews.revision_id"
    )
    reported = (
        "EXISTS (SELECT 1 FROM reports WHERE reports.contribution_id = contributions.id AND closed_by_id IS NULL)"
    )
    appealed = "EXISTS (SELECT 1 FROM appeals WHERE appeals.review_id = reviews.id AND closed_by_id IS NULL)"
    own = (
        ("welsh", "revisions.lang = 'cy'"),
        ("updates", "contributions.type = 'update'"),
        ("answers", "contributions.type = 'answer'"),
        ("reported", reported),
        ("appeals", appealed),
        ("changed", changed),
    )
    row = "INSERT INTO review_lanes (review_id, lane, campaign_id, waiting_since) SELECT"
    op.execute(
        f"{row} DISTINCT reviews.id, findings.lane, reviews.campaign_id, reviews.waiting_since{parked}"
        f" JOIN findings ON findings.review_id = reviews.id AND findings.round = reviews.round{aside}"
        " AND findings.lane IS NOT NULL AND findings.lane <> '' ON CONFLICT DO NOTHING"
    )
    for lane, holds in own:
        op.execute(
            f"{row} reviews.id, '{lane}', reviews.campaign_id, reviews.waiting_since{parked}{aside}"
            f" AND {holds} ON CONFLICT DO NOTHING"
        )
    others = "('spam', 'abuse', 'personal_data', 'reported', 'appeals', 'changed')"
    op.execute(
        f"{row} reviews.id, 'new', reviews.campaign_id, reviews.waiting_since{parked}{aside} AND NOT EXISTS"  # noqa: S608
        f" (SELECT 1 FROM review_lanes stands WHERE stands.review_id = reviews.id AND stands.lane IN {others})"
        " ON CONFLICT DO NOTHING"
    )
