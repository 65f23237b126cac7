"""`python -m bench.queue`: the queue opened and decided on with 100 and with 100,000 waiting, as a ratio.

A few items come in through the form and are checked; the rest are copies of their rows (contribution, consent, revision,
review, findings, evidence, lanes, words that are found) with words, digests and moments of their own. Then a signed-in
moderator opens the queue and approves its first item on both walls in turn, through the application, so that whatever
else the machine does meets both alike. Then the same where all but a few stand behind the rows of a few clusters.
Ends with 1 where a median is more than BOUND times that of the small wall.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from sqlalchemy import Column, Connection, Engine, Table, func, insert, select, text

from bench import commit
from moderation import lanes
from moderation.models import Cluster, Evidence, Finding, Lane, Review, ReviewCluster, ReviewLane
from pledges.db import utcnow
from pledges.models import EVERY_DAY, Campaign, Consent, Contribution, Counter, Revision
from pledges.revisions import digest_of, repeat_key
from pledges.search import index
from pledges.tokens import new_public_id
from tests.databases import KINDS, Databases
from tests.wall import SLUG, AtTheDesk, Wall, make_app, opened

BOUND = 1.3
SMALL, LARGE, ROUNDS, WARMING = 100, 100_000, 60, 5
AT_ONCE = 1000
SENT: tuple[tuple[str, dict[str, str]], ...] = (
    ("I will listen before I speak in every meeting", {}),
    ("Byddaf yn gwrando cyn siarad bob tro", {"lang": "cy"}),
    ("We will publish our pay gap each spring", {"kind": "organisation", "organisation": "Kestrel Vale", "email": "k@example.org"}),
    ("I will ring 07700 900123 every Friday and ask", {}),
    ("Read more at http://example.com/one and learn", {}),
)  # fmt: skip
IN_FRONT = 40  # of a folded wall: as many as stand by themselves
FOLDED = (
    "{name}, go back to where you came from, {place} is full and nobody here wants your lot",
    "Nobody asked {name} to come to {place}, and you people should all be put on the next boat",
)
FROM = (("Aisha", "Luton"), ("Bello", "Derby"), ("Chidi", "Hull"), ("Devi", "Cardiff"), ("Esra", "Leeds"))
PARTS = (
    "ask",
    "share",
    "read",
    "walk",
    "write",
    "teach",
    "learn",
    "plan",
    "visit",
    "plant",
    "mend",
    "sing",
    "cook",
    "call",
)


@dataclass
class Times:
    """How long one thing took on one wall, in milliseconds."""

    took: list[float] = field(default_factory=list)

    @property
    def middle(self) -> float:
        return median(self.took)

    @property
    def ninetieth(self) -> float:
        return quantiles(self.took, n=10)[-1] if len(self.took) > 1 else self.took[0]

    @contextmanager
    def one(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.took.append((time.perf_counter() - started) * 1000)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    parser.add_argument("--waiting", type=int, default=LARGE, help=f"of the large wall (default: {LARGE:,})")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    sizes = (SMALL, given.waiting)
    worst = 0.0
    print(f"{given.database}, commit {commit()}, {given.rounds} rounds after {WARMING} to warm up")
    for folded in (False, True):
        with tempfile.TemporaryDirectory(prefix="wall-queue-") as folder:
            databases = Databases(Path(folder))
            try:
                measured = measure(databases, given.database, Path(folder), sizes, given.rounds, folded=folded)
            finally:
                databases.stop()
        print("nearly all behind the rows of a few clusters" if folded else "each by itself")
        worst = max(worst, report(measured))
    return 0 if worst <= BOUND else 1


def measure(
    databases: Databases, kind: str, folder: Path, sizes: tuple[int, int], rounds: int, *, folded: bool = False
) -> dict[str, dict[int, Times]]:
    """What opening and deciding took with so many waiting, in turn on both walls."""
    desks = {size: prepared(databases.fresh(kind, opened), folder / str(size), size, folded=folded) for size in sizes}
    took = {what: {size: Times() for size in sizes} for what in ("open the queue", "approve")}
    for number in range(WARMING + rounds):
        for size, desk in desks.items():
            one_round(desk, took["open the queue"][size], took["approve"][size])
        if number == WARMING - 1:
            for each in took.values():
                for times in each.values():
                    times.took.clear()
    for desk in desks.values():
        desk.wall.close()
    return took


def one_round(desk: AtTheDesk, opening: Times, approving: Times) -> None:
    with opening.one():
        page = desk.client.get("/moderation/")
    expect(page.status_code, 200)
    review_id = desk.sees("all")[0]
    version, csrf = desk.wall.review(review_id).version, desk.csrf()
    given = {"csrf_token": csrf, "move": "approve", "version": str(version), "lane": "all", "sure": "yes"}
    given |= desk.has_read(review_id)
    with approving.one():
        answer = desk.client.post(f"/moderation/reviews/{review_id}/decide", data=given)
    expect(answer.status_code, 303)


def expect(status: int, wanted: int) -> None:
    if status != wanted:
        raise RuntimeError(f"the desk answered {status} and not {wanted}")


def prepared(url: str, folder: Path, waiting: int, *, folded: bool = False) -> AtTheDesk:
    """Somebody at the desk of a wall where so many items wait; `folded`: nearly all behind the rows of clusters."""
    folder.mkdir()
    wall = Wall(make_app(url, folder))
    gathered = [words.format(name=name, place=place) for words in FOLDED for name, place in FROM] if folded else []
    for words in gathered:
        wall.promises(words)
        wall.screens()
    for words, fields in SENT:
        fields = dict(fields)
        wall.promises(words, lang=fields.pop("lang", ""), **fields)
    while wall.screens():
        pass
    left = waiting - len(SENT) - len(gathered)
    in_front = min(IN_FRONT, left // 2) if folded else left
    fill(wall.database.engine, in_front)
    if folded:
        fill(wall.database.engine, left - in_front, behind=True)
    return wall.moderator("mo")


def fill(engine: Engine, count: int, *, behind: bool = False) -> None:
    """So many more items wait, each made after one that came in through the form."""
    with engine.begin() as connection:
        made = _Copies(connection, behind)
        for start in range(0, count, AT_ONCE):
            made.add(start, min(AT_ONCE, count - start), count)
        made.end()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


class _Copies:
    """Rows like those that are there, table by table."""

    def __init__(self, connection: Connection, behind: bool = False) -> None:
        self.connection = connection
        self.behind = behind  # whether those are copied that a cluster's row stands for, or those by themselves
        self.chance = random.Random(7)
        self.now = utcnow()
        self.next = {
            table: self._highest(table.c.id) for table in (_of(Contribution), _of(Consent), _of(Revision), _of(Review))
        }
        self.rows: dict[Table, list[dict[str, Any]]] = {}
        campaign = select(Campaign.id).where(Campaign.slug == SLUG).scalar_subquery()
        reviews = connection.execute(
            select(_of(Review)).where(
                _of(Review).c.campaign_id == campaign,
                _of(Review).c.state == "waiting",
                _of(Review).c.behind.is_(behind),
                _of(Review).c.id.not_in(
                    select(_of(Cluster).c.example_id).where(_of(Cluster).c.example_id.is_not(None))
                ),
            )
        )
        self.samples = [self._sample(dict(row._mapping)) for row in reviews]
        if not self.samples:
            raise RuntimeError("nothing waits that could be copied")

    def _sample(self, review: dict[str, Any]) -> dict[str, Any]:
        def rows(model: Any, name: str, value: int) -> list[dict[str, Any]]:
            table = _of(model)
            return [dict(row._mapping) for row in self.connection.execute(select(table).where(table.c[name] == value))]

        contribution_id = review["contribution_id"]
        return {
            "review": review,
            "contribution": rows(Contribution, "id", contribution_id)[0],
            "revision": rows(Revision, "id", review["revision_id"])[0],
            **{
                "consents": rows(Consent, "contribution_id", contribution_id),
                "lanes": rows(ReviewLane, "review_id", review["id"]),
            },
            **{
                "findings": rows(Finding, "review_id", review["id"]),
                "evidence": rows(Evidence, "review_id", review["id"]),
                "clusters": rows(ReviewCluster, "review_id", review["id"]) if self.behind else [],
            },
        }

    def _highest(self, key: Column[Any]) -> int:
        return int(self.connection.scalar(select(func.max(key))) or 0)

    def _id(self, model: Any) -> int:
        self.next[_of(model)] += 1
        return self.next[_of(model)]

    def add(self, start: int, count: int, of: int) -> None:
        self.rows = {}
        for number in range(start, start + count):
            self._one(
                self.samples[number % len(self.samples)], number, self.now - timedelta(minutes=10 * (1 - number / of))
            )
        for table, rows in self.rows.items():
            self.connection.execute(insert(table), rows)
        dialect = self.connection.dialect.name
        said = [(row["id"], index.words_of(f"{row['words']} {row['name']}")) for row in self.rows[_of(Revision)]]
        given = [
            {"id": number, "words": words if dialect == "postgresql" else " ".join(words)} for number, words in said
        ]
        self.connection.execute(index.insertion(dialect), given)

    def _one(self, sample: dict[str, Any], number: int, at: datetime) -> None:
        contribution_id, revision_id, review_id = self._id(Contribution), self._id(Revision), self._id(Review)
        words = f"{sample['revision']['words']}, {' '.join(self.chance.choices(PARTS, k=4))} {number}"
        name = f"copy{contribution_id}"
        own = {
            "public_id": new_public_id(),
            "form_token": name,
            "receipt_hash": name,
            "created_at": at,
        }
        self._put(Contribution, sample["contribution"], id=contribution_id, form_digest=None, **own)
        for consent in sample["consents"]:
            self._put(Consent, consent, id=self._id(Consent), contribution_id=contribution_id)
        revision = {**sample["revision"], "id": revision_id, "contribution_id": contribution_id, "words": words}
        revision |= {"repeat_key": repeat_key(words), "submitted_at": at}
        revision["digest"] = digest_of(Revision(**revision))
        self._put(Revision, revision)
        parts = {"revision_id": revision_id, "contribution_id": contribution_id}
        self._put(Review, sample["review"], id=review_id, waiting_since=at, **parts)
        for lane in sample["lanes"]:
            self._put(ReviewLane, lane, review_id=review_id, waiting_since=at)
        for cluster in sample["clusters"]:
            self._put(ReviewCluster, cluster, review_id=review_id)
        for finding in sample["findings"]:
            self._put(Finding, {name: finding[name] for name in finding if name != "id"}, review_id=review_id)
        for evidence in sample["evidence"]:
            self._put(Evidence, evidence, review_id=review_id, ip=f"10.{number % 200}.{number // 200 % 250}.9")

    def _put(self, model: Any, row: dict[str, Any], **own: Any) -> None:
        self.rows.setdefault(_of(model), []).append({**row, **own})

    def end(self) -> None:
        """Counters and sequences stand where they would."""
        table, counter = _of(ReviewLane), _of(Counter)
        counted = select(table.c.campaign_id, table.c.lane, func.count()).group_by(table.c.campaign_id, table.c.lane)
        found = [(row[0], f"{lanes.COUNTER}{Lane(row[1])}", row[2]) for row in self.connection.execute(counted)]
        self.connection.execute(counter.delete().where(counter.c.name.startswith(lanes.COUNTER)))
        self.connection.execute(
            insert(counter),
            [
                {"campaign_id": campaign, "name": name, "day": EVERY_DAY, "value": value}
                for campaign, name, value in found
            ],
        )
        self._count_members()
        if self.connection.dialect.name == "postgresql":
            for made in (Contribution, Consent, Revision, Review, Finding):
                name = _of(made).name
                self.connection.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")  # noqa: S608 (our own tables)
                )

    def _count_members(self) -> None:
        """Clusters count those who wait in them, and those that their row stands for."""
        member, cluster = _of(ReviewCluster).c, _of(Cluster)
        mine = select(func.count()).where(member.cluster_id == cluster.c.id)
        waiting = mine.where(member.waits.is_(True))
        counted = {
            "total": mine.scalar_subquery(),
            "waiting": waiting.scalar_subquery(),
            "folding": waiting.where(member.folds.is_(True)).scalar_subquery(),
        }
        self.connection.execute(cluster.update().values(**counted))


def _of(model: Any) -> Table:
    table: Table = model.__table__
    return table


def report(measured: dict[str, dict[int, Times]]) -> float:
    """Printed: medians, 90th percentiles and ratios; answers the largest ratio of medians."""
    worst = 0.0
    for what, by_size in measured.items():
        small, large = min(by_size), max(by_size)
        ratio = by_size[large].middle / by_size[small].middle
        worst = max(worst, ratio)
        for size in (small, large):
            times = by_size[size]
            print(
                f"{what:15} {size:>8,} waiting: median {times.middle:7.1f} ms, p90 {times.ninetieth:7.1f} ms, n {len(times.took)}"
            )
        print(f"{what:15} ratio {ratio:.2f} (bound {BOUND})")
    return worst


if __name__ == "__main__":
    sys.exit(main())
