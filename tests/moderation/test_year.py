"""A year of promises: asked, answered, noted, changed, declined, stopped, bounced, erased, and the same on every page all along.

The clock is the test's. The worker is killed at random statements and taken up by another: each letter arrives once.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import event, select

from moderation.cli.upkeep import rebuild_counters
from moderation.jobs import retention
from moderation.models import Review
from pledges.db import utcnow
from pledges.models import Contact, Contribution, Step, Type
from pledges.updates import asking
from tests.servers.smtp import SmtpSink
from tests.wall import SLUG, AtTheDesk, Sent, Wall

WHOLE, USUAL = 60, 4
START = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)  # a Monday in February
BARE = ("not_started", "under_way", "kept", "not_kept")
LOOKS = (1, 27, 28, 29, 40, 60, 88, 90, 120, 200, 364, 366, 396)  # days after the start at which all is compared
QUESTION = "How is your promise going?"


class Killed(BaseException):
    """The worker died at this statement."""


@dataclass
class Told:
    """One answer, as the test remembers it."""

    status: str
    note: str = ""
    shown: bool = True  # "changed" alone waits for its words
    note_shown: bool = False


@dataclass
class Author:
    """What the test knows of one promise and of whoever made it."""

    sent: Sent
    email: str
    asked_for: bool
    proved: bool
    by_when: int = 0  # days after the start
    told: list[Told] = field(default_factory=list)
    stopped_on: int | None = None  # by one press, or since its mailbox is no more
    gone: bool = False

    @property
    def shown(self) -> list[Told]:
        return [each for each in self.told if each.shown]

    @property
    def status(self) -> str:
        return self.shown[-1].status if self.shown else "promised"

    def dates(self) -> list[int]:
        """The days on which a letter may ask, as the test counts them: 1 February, 3 and 12 months later."""
        found = {28, (datetime(2027, 5, 1, tzinfo=UTC) - START).days + 1, 365}
        return sorted(found | ({self.by_when} if self.by_when else set()))


class Year:
    """The wall, its authors, and the day."""

    def __init__(self, wall: Wall, mo: AtTheDesk, sink: SmtpSink, clock: Any, chance: random.Random) -> None:
        self.wall, self.mo, self.sink, self.clock, self.chance = wall, mo, sink, clock, chance
        self.authors: list[Author] = []
        self.kills = 0

    # -- what happens ---------------------------------------------------------------------------------

    def goes_to(self, day: int) -> None:
        self.clock.move_to(START + timedelta(days=day, hours=1))
        self.mo = self.wall.moderator(f"mo-{day}")  # nobody stays signed in for so long

    def promises(self, number: int) -> None:
        """One more promise on the wall: most authors want to be asked, some have not proved their address."""
        email = f"author-{number}@example.org"
        asked_for, proved = number % 5 != 4, number % 7 != 6
        by_when = 50 + number if number % 3 == 0 else 0
        day = (START + timedelta(days=by_when)).date().isoformat() if by_when else ""
        sent = self.wall.promises(
            f"I will keep this promise, the one with number {number}",
            email=email, follow_up="yes" if asked_for else "", by_when=day,
        )  # fmt: skip
        if proved:
            self.wall.proves(sent)
        self.mo.approves(sent)
        self.authors.append(Author(sent, email, asked_for, proved, by_when))

    def works(self) -> None:
        """The worker sweeps; it is killed at a random statement, and another takes up what is left."""
        for _ in range(2):
            try:
                with self._dying(self.chance.randrange(1, 60)):
                    self.wall.screens()
            except Killed:
                self.kills += 1
        for _ in range(3):
            self.wall.screens(utcnow() + timedelta(minutes=5))  # past the first wait of what was on its way

    @contextmanager
    def _dying(self, after: int) -> Iterator[None]:
        left = [after]

        def dies(*_of: Any) -> None:
            left[0] -= 1
            if left[0] <= 0:
                raise Killed

        engine = self.wall.database.engine
        event.listen(engine, "before_cursor_execute", dies)
        try:
            yield
        finally:
            event.remove(engine, "before_cursor_execute", dies)

    def answers(self, author: Author) -> None:
        """By one press, or with a note that is approved or declined, or that the promise has changed."""
        kind = self.chance.choice(("bare", "bare", "note", "declined", "changed", "changed and declined"))
        if kind == "bare":
            told = Told(self.chance.choice([each for each in BARE if each != author.status]))
            self._tells(author, told, status=told.status)
            return
        note = f"What happened is number {self.chance.randrange(10**6)}"
        changed = kind.startswith("changed")
        told = Told("changed" if changed else self.chance.choice(BARE), note, shown=not changed)
        new = {"promise": f"{note}, and now I promise this instead"} if changed else {}
        self._tells(author, told, status=told.status, note=note, **new)
        self.wall.screens()
        self.agree()  # while it waits
        declined = kind.endswith("declined")
        move = "reject" if declined else "approve"
        answer = self.mo.decides(self._newest_review(), move, reason="off_topic")
        assert answer.status_code == 303, answer.text
        told.note_shown, told.shown = not declined, told.shown or not declined

    def _tells(self, author: Author, told: Told, **fields: str) -> None:
        answer = self.wall.acts(author.sent, "update", **fields)
        assert answer.status_code == 303, answer.text
        author.told.append(told)

    def _newest_review(self) -> int:
        with self.wall.look() as session:
            return session.scalars(select(Review.id).order_by(Review.id.desc()).limit(1)).one()

    def stops(self, author: Author, day: int) -> None:
        """A mail program presses the button of the last letter."""
        letters = [each.message for each in self.sink.received if each.recipients == (author.email,)]
        link = next(each["List-Unsubscribe"] for each in reversed(letters) if each["List-Unsubscribe"])
        path = link.strip("<>").removeprefix("http://wall.example")
        answer = self.wall.app.test_client().post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        author.stopped_on = day

    def erases(self, author: Author) -> None:
        assert self.wall.acts(author.sent, "erase").status_code == 200
        author.gone = True

    # -- what is the same everywhere ----------------------------------------------------------------------

    def agree(self) -> None:
        """Wall, promise, figures, JSON and feed say what the test knows, and the counters what the rows say."""
        client = self.wall.app.test_client()
        there = {each.sent.public_id: each for each in self.authors if not each.gone}
        listed = client.get(f"/api/v1/campaigns/{SLUG}/pledges?limit=100").get_json()["pledges"]
        assert {each["id"]: each["status"] for each in listed} == {id: each.status for id, each in there.items()}
        for status in ("promised", "changed", *BARE):
            wanted = {id for id, each in there.items() if each.status == status}
            assert self._on_the_wall(status) == wanted, status
        assert self._in_the_feed("How it is going: Kept") == sum(each.status == "kept" for each in there.values())
        self._figures_agree(list(there.values()))
        for author in self.chance.sample(list(there.values()), k=min(4, len(there))):
            self._page_agrees(author)
        for author in self.authors:
            if author.gone:
                assert client.get(f"/api/v1/pledges/{author.sent.public_id}/updates").status_code == 404

    def _on_the_wall(self, status: str) -> set[str]:
        """Every piece of the wall narrowed to this, page by page."""
        client, found, next = self.wall.app.test_client(), set(), f"/{SLUG}?status={status}"
        while next:
            page = client.get(next).text
            found |= set(re.findall(r'data-pledge="(\w+)"', page))
            more = re.search(r'rel="next" href="([^"]+)"', page)
            next = more[1].replace("&amp;", "&") if more else ""
        return found

    def _in_the_feed(self, words: str) -> int:
        """How often they stand in the feed, page by page."""
        client, found, next = self.wall.app.test_client(), 0, f"/{SLUG}/feed.atom"
        while next:
            page = client.get(next).text
            found += page.count(words)
            more = re.search(
                r'<link[^>]* href="([^"]+)"[^>]* rel="next"|<link[^>]* rel="next"[^>]* href="([^"]+)"', page
            )
            next = (more[1] or more[2]).replace("&amp;", "&").removeprefix("http://wall.example") if more else ""
        return found

    def _figures_agree(self, there: list[Author]) -> None:
        client = self.wall.app.test_client()
        asked = [each for each in there if self._asked(each)]
        known = [each for each in there if each.status != "promised"]
        by = Counter(each.status for each in known)
        answered = sum(each in asked for each in known)
        figures = client.get(f"/api/v1/campaigns/{SLUG}/figures").get_json()
        expected = {"made": len(there), "asked": len(asked), "answered": answered, "unasked": len(known) - answered}
        expected |= {status: by[status] for status in (*BARE, "changed")}
        assert {name: figures[name] for name in expected} == expected
        counts = client.get(f"/api/v1/campaigns/{SLUG}/count").get_json()
        assert {name: counts[name] for name in ("asked", "answered", "under_way", "kept")} == {
            name: expected[name] for name in ("asked", "answered", "under_way", "kept")
        }
        says = re.search(r"data-keeping>([^<]+)<", client.get(f"/{SLUG}").text)
        assert says
        if asked and known:
            assert f"Of {len(asked)} " in says[1], says[1]
            for status, words in {"kept": "kept", "under_way": "under way", "not_kept": "not kept"}.items():
                assert bool(by[status]) == bool(re.search(rf"\b{by[status]} {words}\b", says[1])), says[1]

    def _page_agrees(self, author: Author) -> None:
        client = self.wall.app.test_client()
        page = client.get(f"/{SLUG}/promises/{author.sent.public_id}").text
        updates = client.get(f"/api/v1/pledges/{author.sent.public_id}/updates").get_json()
        assert [each["status"] for each in updates["updates"]] == [each.status for each in reversed(author.shown)]
        assert page.count("data-update=") == len(author.shown)
        assert ("No update yet." in page) is not author.shown or not author.shown
        for told in author.told:
            assert (told.note in page) is told.note_shown or not told.note, told

    def _asked(self, author: Author) -> list[Any]:
        """The questions that have arrived, a repeat after a crash counted once."""
        theirs = [each.message for each in self.sink.received if each.recipients == (author.email,)]
        return list({each["Message-ID"]: each for each in theirs if each["Subject"] == QUESTION}.values())

    def nobody_was_asked_too_much(self, day: int) -> None:
        for author in self.authors:
            wanted = author.asked_for and author.proved
            until = day if author.stopped_on is None else min(day, author.stopped_on)
            due = [each for each in author.dates() if each <= until] if wanted else []
            assert len(self._asked(author)) <= len(due), (author, day)
            if wanted and not author.gone:
                assert len(self._asked(author)) == len(due), (author, due, day)


@pytest.fixture
def year(walls: Callable[..., Wall], smtp_sink: SmtpSink, request: pytest.FixtureRequest) -> Iterator[Year]:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    with time_machine.travel(START, tick=True) as clock:
        wall = walls(mail_url=smtp_sink.url)
        yield Year(wall, wall.moderator(), smtp_sink, clock, random.Random(seed))


@pytest.mark.timeout(1800)  # the whole of it, on cores that others use, too
def test_a_year_of_promises_is_the_same_on_every_page_and_nobody_is_asked_twice(
    year: Year, share: Callable[..., int]
) -> None:
    number = share(WHOLE, usual=USUAL)
    for each in range(number):
        year.promises(each)
    year.works()
    bouncing, stopping, leaving = year.authors[1], year.authors[2], year.authors[3]
    year.agree()
    for day in LOOKS:
        year.goes_to(day)
        if day == 60:  # before the day of its next letter
            year.sink.gone.add(bouncing.email)
            bouncing.stopped_on = day
        year.works()
        if day == 29:
            year.stops(stopping, day)
        if day == 88:
            year.erases(leaving)
        there = [each for each in year.authors if not each.gone]
        for author in year.chance.sample(there, k=max(2, len(there) // 4)):
            year.answers(author)
        year.works()
        year.agree()
        year.nobody_was_asked_too_much(day)
    assert year.kills > len(LOOKS) // 2
    with year.wall.app.app_context():
        said = year.wall.app.test_cli_runner().invoke(rebuild_counters).output
        assert "->" not in said, said
        retention.forget(year.wall.settings, utcnow() + timedelta(days=1))
    _nothing_is_left(year, leaving)


def _nothing_is_left(year: Year, erased: Author) -> None:
    """Of who erased all there are no steps, no words and no address; of the rest no address that was kept to ask."""
    with year.wall.look() as session:
        assert not session.scalars(select(Step.id).where(Step.pledge_id == erased.sent.contribution_id)).all()
        theirs = select(Contribution).where(Contribution.parent_id == erased.sent.contribution_id)
        updates = session.scalars(theirs.where(Contribution.type == Type.UPDATE)).all()
        assert all(words == "" for each in updates for words in [one.words for one in each.revisions])
        kept = session.scalars(select(Contact).where(Contact.follow_up)).all()
        assert all(asking.moments(each.contribution)[-1] + asking.KEPT > utcnow() for each in kept)
