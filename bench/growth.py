"""`python -m bench.growth`: what a page, a search and a decision take on walls of 1,000, 100,000 and 1,000,000 promises.

Each wall is filled by `demo --pledges`, in SQLite and in PostgreSQL, and asked the same questions through the application
itself: each of the walls in turn, round after round, so that what the machine does meets all alike. What is printed are the
medians, and the largest wall's beside the smallest's. Beside each search stands what the database alone took for it, next to
a page of the whole wall. How the desk does where many wait, `bench.queue` measures.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text

from bench import commit
from bench.memory import family
from moderation.cli import demo_many
from moderation.decisions import decide
from moderation.models import Moderator, Review
from moderation.workflow import Move
from pledges.db import reading, transaction, utcnow
from pledges.models import Campaign, Contribution, Type
from pledges.search import wall as index
from pledges.wall import listing
from pledges.wall.filters import Filters
from pledges.web.paging import Cursor
from tests.databases import KINDS, Databases
from tests.wall import SLUG, Wall, make_app, opened, seen_by

SIZES = (1_000, 100_000, 1_000_000)
ROUNDS, WARMING = 30, 3
OFTEN = "100000000/minute"  # one reader asks everything again and again
MOST = 1.3  # of the medians, the largest wall's beside the smallest's
SEARCH_MS = {"sqlite": 1.0, "postgresql": 5.0}
ASKED = {  # the words of the examples: `demo_data`, and a number of its own in each
    "search: a common word": {"q": "will"},
    "search: a rare word": {"q": "number"},
    "search: two words": {"q": "library shelf"},
    "two filters": {"theme": "listen", "status": "kept"},
    "filter and word": {"kind": "organisation", "q": "every"},
    "kept first": {"sort": "kept"},
}


@dataclass(frozen=True)
class Large:
    """A wall of so many promises, and the words and cursor that lead to one of the oldest."""

    wall: Wall
    rare: str
    deep: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="promises, the smallest first")
    parser.add_argument("--databases", default=",".join(KINDS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    sizes = [int(each) for each in given.sizes.split(",")]
    missed = 0
    for kind in given.databases.split(","):
        with tempfile.TemporaryDirectory(prefix="wall-growth-") as folder:
            databases = Databases(Path(folder))
            try:
                took = measured(databases, kind, Path(folder), sizes, given.rounds)
            finally:
                databases.stop()
        missed += report(kind, took, given.rounds)
    return 1 if missed else 0


def measured(
    databases: Databases, kind: str, folder: Path, sizes: list[int], rounds: int
) -> dict[int, dict[str, float]]:
    """By size and question milliseconds of CPU, the median of the rounds; and how many promises a second the wall was filled with."""
    walls = {
        size: Wall(make_app(databases.fresh(kind, opened), folder / f"{kind}-{size}", limit_api=OFTEN))
        for size in sizes
    }
    _postmaster.clear()
    try:
        if kind == "postgresql":
            watch_postgres(walls[sizes[0]].database.engine)
        speed = {size: filled(wall.app, size) for size, wall in walls.items()}
        questions = {size: asked_of(large(wall, size)) for size, wall in walls.items()}
        took: dict[int, dict[str, list[float]]] = {size: {name: [] for name in questions[size]} for size in sizes}
        for number in range(WARMING + rounds):
            for name in questions[sizes[0]]:
                for size in sizes:
                    spent = questions[size][name]()
                    if number >= WARMING:
                        took[size][name].append(spent)
        medians = {size: {name: median(each) for name, each in took[size].items()} for size in sizes}
        return {size: {"filled, a second": speed[size], **medians[size]} for size in sizes}
    finally:
        for wall in walls.values():
            wall.close()


def filled(app: Flask, size: int) -> float:
    begun = time.perf_counter()
    with app.app_context():
        demo_many.add(SLUG, size, utcnow(), lambda done: None)
    return size / (time.perf_counter() - begun)


def large(wall: Wall, size: int) -> Large:
    with wall.look() as session:
        campaign = session.scalars(select(Campaign.id).where(Campaign.slug == SLUG)).one()
        oldest = (
            select(Contribution)
            .where(Contribution.campaign_id == campaign, Contribution.shown_at.is_not(None))
            .order_by(Contribution.shown_at, Contribution.id)
            .limit(30)
        )
        return Large(wall, str(size // 2), str(Cursor.of(list(session.scalars(oldest))[-1])))


def asked_of(large: Large) -> dict[str, Callable[[], float]]:
    wall = large.wall
    client = wall.app.test_client()
    pages = {"first page": {}, "last page": {"after": large.deep}, "theme": {"theme": "listen"}, **ASKED}

    def page(asked: dict[str, str], path: str = f"/{SLUG}", who: FlaskClient = client) -> Callable[[], float]:
        query = {name: large.rare if value == "number" else value for name, value in asked.items()}

        def ask() -> float:
            with timed() as took:
                answer = who.get(path, query_string=query)
            if answer.status_code != 200:
                raise RuntimeError(f"{path}, {query} was answered {answer.status_code}")
            return took[0]

        return ask

    def search(asked: dict[str, str]) -> Callable[[], float]:
        query = {name: large.rare if value == "number" else value for name, value in asked.items()}

        def ask() -> float:
            with wall.app.test_request_context("/"):
                campaign = reading().scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
                look = found_by(campaign, query)
                with timed() as took:
                    look()
            return took[0]

        return ask

    with wall.work() as session:
        by = wall.plain_moderator(session).id
    found: dict[str, Callable[[], float]] = {f"page: {name}": page(asked) for name, asked in pages.items()}
    found |= {f"database: {name}": search(asked) for name, asked in {"first page": {}, **ASKED}.items()}
    found["JSON: count"] = page({}, f"/api/v1/campaigns/{SLUG}/count")
    found["JSON: list"] = page({}, f"/api/v1/campaigns/{SLUG}/pledges")
    sent = [wall.promises(f"I will ask who is missing from table number {number}") for number in range(12)]
    desk = wall.moderator("mo").client
    found["desk: queue"] = page({}, "/moderation/", desk)
    found["desk: item"] = page({}, f"/moderation/reviews/{sent[0].review_id}", desk)
    found["a decision"] = lambda: decided(wall, by)
    return found


def found_by(campaign: Campaign, query: dict[str, str]) -> Callable[[], Sized]:
    """Asks the database for the numbers of a page: of the whole wall, or by its index of words and marks."""
    if not query:
        shown = (Contribution.campaign_id == campaign.id, Contribution.shown_at.is_not(None))
        newest = (Contribution.shown_at.desc(), Contribution.id.desc())
        of_pledges = select(Contribution.id).where(*shown, Contribution.type == Type.PLEDGE)
        page = of_pledges.order_by(*newest).limit(listing.PAGE + 1)
        return lambda: reading().execute(page).all()
    wanted = listing.wanted_by(campaign, Filters.read(query))
    if wanted is None:
        raise RuntimeError(f"nothing can match {query}")
    return lambda: index.places(reading(), wanted, listing.PAGE + 1, index.Bound())


def decided(wall: Wall, by: int) -> float:
    """A promise was sent; what its approval takes, with everything that follows in its transaction."""
    sent = wall.promises(f"I will ask who is missing {time.perf_counter_ns()}")
    with wall.app.test_request_context("/"), timed() as took, transaction() as session:
        review = session.get_one(Review, sent.review_id)
        moderator = session.get_one(Moderator, by)
        decide.decide(
            session,
            review.id,
            Move.APPROVE,
            by=moderator,
            version=review.version,
            now=utcnow(),
            settings=wall.settings,
            seen=seen_by(session, moderator, review.id),
        )
    return took[0]


@contextmanager
def timed() -> Iterator[list[float]]:
    """Holds the milliseconds of CPU that passed in this process and in PostgreSQL's, once the block has ended."""
    took = [0.0]
    theirs, ours = _of_postgres(), time.process_time()
    yield took
    ours = time.process_time() - ours
    took[0] = (ours + _of_postgres() - theirs) * 1000


_postmaster: list[int] = []  # where there is one, its process


def watch_postgres(engine: Engine) -> None:
    """From now on its CPU counts."""
    with engine.connect() as connection:
        backend = int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)
    _postmaster[:] = [int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])]


def _of_postgres() -> float:
    spent = 0
    for pid in [each for first in _postmaster for each in family(first)]:
        with suppress(OSError):  # it has ended meanwhile
            spent += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    return spent / 1e9


def report(kind: str, took: dict[int, dict[str, float]], rounds: int) -> int:
    """Prints the table; answers how many bounds were missed."""
    sizes = [*took]
    print(f"\n{kind}, commit {commit()}, {rounds} rounds after {WARMING} to warm up; milliseconds of CPU, medians")
    print(f"{'':32}" + "".join(f"{size:>12,}" for size in sizes) + f"{'last ÷ first':>14}")
    missed = 0
    for name in took[sizes[0]]:
        each = [took[size][name] for size in sizes]
        ratio = each[-1] / each[0]
        bad = name.startswith(("page", "JSON", "desk", "a decision")) and ratio > MOST
        bad |= name.startswith("database: search") and each[-1] > SEARCH_MS[kind]
        missed += bad
        print(f"{name:32}" + "".join(f"{value:12,.2f}" for value in each) + f"{ratio:14.2f}{' missed' if bad else ''}")
    return missed


if __name__ == "__main__":
    sys.exit(main())
