"""Which sites embed a wall: counted by origin and day as the front answers, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from moderation.jobs import retention
from moderation.models import Role
from pledges.db import utcnow
from pledges.figures import counters, sites
from pledges.front import sites as front_sites
from pledges.models import Campaign, Counter
from tests.databases import Databases
from tests.kept import Kept, Loop
from tests.wall import SLUG, Wall, make_app, opened

DATA, FRAME = f"/{SLUG}/embed.json", f"/cy/{SLUG}/embed"


@pytest.fixture
def front(databases: Databases, tmp_path: Path) -> Iterator[Kept]:
    wall, loop = Wall(make_app(databases.copy(opened, tmp_path / "wall.db"), tmp_path)), Loop()
    yield Kept(wall, loop)
    loop.stop()
    wall.close()


def held(front: Kept) -> dict[str, int]:
    found: front_sites.Sites = front.wall.app.extensions["wall.sites"]
    return found.held(SLUG)


def stored(front: Kept) -> list[sites.Site]:
    front.wall.app.extensions["wall.sites"].store()
    with front.wall.look() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        return sites.seen(session, campaign.id, date(2000, 1, 1))


def test_pages_of_other_sites_are_counted_by_their_origin(front: Kept) -> None:
    for _ in range(3):
        front.says(DATA, origin="https://www.example.org")
    front.says(FRAME, referer="https://Blog.example.org/a/page?with=words", sec_fetch_dest="iframe")
    front.says(DATA, origin="http://intranet.example:8080")
    assert held(front) == {"www.example.org": 3, "blog.example.org": 1, "http://intranet.example:8080": 1}


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (DATA, {}),
        (DATA, {"origin": "null"}),
        (DATA, {"origin": "http://wall.example"}),
        (DATA, {"origin": "https://" + "a" * 300 + ".example"}),
        (DATA, {"origin": "javascript:alert(1)"}),
        (DATA, {"origin": "https://<script>.example"}),
        (FRAME, {"referer": "https://www.example.org/", "sec_fetch_dest": "document"}),
        ("/no-such-wall/embed.json", {"origin": "https://www.example.org"}),
        (f"/{SLUG}", {"referer": "https://www.example.org/"}),
    ],
)
def test_what_is_no_page_of_another_site_is_not_counted(front: Kept, path: str, headers: dict[str, str]) -> None:
    front.says(path, **headers)
    assert held(front) == {}
    assert stored(front) == []


def test_who_looks_again_at_what_they_have_is_not_counted_again(front: Kept) -> None:
    tag = front.says(DATA, origin="https://www.example.org", accept_encoding="identity").headers["etag"]
    assert front.says(DATA, origin="https://www.example.org", if_none_match=tag).status == 304
    assert held(front) == {"www.example.org": 1}


def test_what_was_seen_is_stored_by_day_and_shown_at_the_desk(front: Kept) -> None:
    front.says(DATA, origin="https://www.example.org")
    assert [(each.origin, each.times) for each in stored(front)] == [("www.example.org", 1)]
    assert held(front) == {}
    front.says(DATA, origin="https://www.example.org")
    page = front.wall.moderator("owner", Role.OWNER).client.get(f"/moderation/campaigns/{SLUG}/embed").text
    assert "<bdi>www.example.org</bdi></th><td>2</td>" in page
    with front.wall.look() as session:
        kept = session.scalars(select(Counter.day).where(Counter.name.startswith(counters.SITES))).all()
    assert kept == [utcnow().date().isoformat()]


def test_it_is_stored_by_itself_once_a_minute_is_over(front: Kept) -> None:
    found: front_sites.Sites = front.wall.app.extensions["wall.sites"]
    found._clock = lambda: 1e9
    front.says(DATA, origin="https://www.example.org")
    front.front._threads.shutdown(wait=True)
    assert held(front) == {}
    assert [each.times for each in stored(front)] == [1]


def test_many_invented_sites_fill_neither_memory_nor_the_database(front: Kept) -> None:
    for number in range(700):
        front.says(DATA, origin=f"https://{number}.example")
        if number % 300 == 1:
            front.says(DATA, origin="https://www.example.org")
    assert len(held(front)) <= front_sites.MOST + 1
    found = stored(front)
    assert len(found) == sites.MOST_A_DAY + 1
    assert sum(each.times for each in found) == 703, "none is lost"
    assert ("www.example.org", 3) in [(each.origin, each.times) for each in found], "who comes again has a name"
    for number in range(700, 900):
        front.says(DATA, origin=f"https://{number}.example")
    assert len(stored(front)) == sites.MOST_A_DAY + 1
    with time_machine.travel(utcnow() + timedelta(days=1)):
        for number in range(300):
            front.says(DATA, origin=f"https://{number}.other.example")
        stored(front)
        front.says(DATA, origin="https://www.example.org")
        assert ("www.example.org", 4) in [(each.origin, each.times) for each in stored(front)], (
            "and so has who came before"
        )


def test_it_is_forgotten_after_its_term_and_no_counting_anew_takes_it(front: Kept) -> None:
    front.says(DATA, origin="https://www.example.org")
    assert stored(front)
    with front.wall.work() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        counters.recount(session, campaign.id)
    assert stored(front)
    with front.wall.app.app_context():
        retention.forget(front.wall.settings, utcnow() + timedelta(days=sites.KEPT_DAYS))
        assert stored(front)
        retention.forget(front.wall.settings, utcnow() + timedelta(days=sites.KEPT_DAYS + 1))
    assert stored(front) == []
