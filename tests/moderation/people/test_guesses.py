"""Nobody floods a mailbox, learns who has sent something here, or finds an event's code by trying."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from moderation.models import Letter, Shared
from pledges.campaigns import event_codes
from pledges.db import utcnow
from pledges.models import Campaign
from tests.wall import SLUG, AtTheDesk, Wall, later

KNOWN, UNKNOWN = "ann@example.org", "ben@example.org"


def letters_to(wall: Wall) -> int:
    with wall.look() as session:
        return session.scalar(select(func.count()).select_from(Letter).where(Letter.kind == "receipt")) or 0


def asks_for_links(wall: Wall, email: str) -> int:
    return wall.app.test_client().post("/send-link", data={"email": email}).status_code


# -- one mailbox


def test_spellings_of_one_mailbox_share_the_letters_of_a_day(
    walls: Callable[..., Wall], early_in_a_minute: None
) -> None:
    wall = walls(limit_email="5/day")
    answers = [
        wall.sends(f"/{SLUG}/promise", promise=f"I will plant tree {n}", email=f"a.n{'.' * (n % 2)}n+{n}@gmail.com".replace("..", ".")).status_code
        for n in range(8)
    ]  # fmt: skip
    assert answers == [303] * 5 + [429] * 3
    assert letters_to(wall) == 5
    ben = wall.sends(f"/{SLUG}/promise", promise="I will listen", email="ben@gmail.com")
    assert ben.status_code == 303


def test_spellings_of_one_mailbox_share_the_links_of_an_hour(
    walls: Callable[..., Wall], early_in_a_minute: None
) -> None:
    wall = walls(limit_letters="3/hour")
    from_everywhere = wall.app.test_client()
    found = []
    for number in range(5):
        given = {"email": f"ann+{number}@example.org"}
        address = {"REMOTE_ADDR": f"192.0.2.{number}"}
        found.append(from_everywhere.post("/send-link", data=given, environ_base=address).status_code)
    assert found == [200] * 3 + [429] * 2


def test_whoever_reports_as_one_mailbox_has_one_letter_a_day(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    moderator.approves(sent)
    for number in range(4):
        assert wall.reports(sent, email=f"ann+{number}@example.org", note=f"{number}").status_code == 200
    with wall.look() as session:
        received = select(func.count()).select_from(Letter).where(Letter.kind == "report_received")
        assert session.scalar(received) == 1


# -- who has sent something here


def test_asking_for_links_does_the_same_work_for_every_address(wall: Wall) -> None:
    for number in range(3):
        wall.promises(f"I will plant tree {number}", email=KNOWN)
    wall.screens()
    asked: list[str] = []
    event.listen(wall.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    done = []
    for email in (KNOWN, UNKNOWN):
        asked.clear()
        assert asks_for_links(wall, email) == 200
        done.append([*asked])
    assert done[0] == done[1]


def test_the_worker_sends_links_to_whoever_has_sent_something(wall: Wall) -> None:
    wall.promises(email=KNOWN)
    wall.screens()
    before = len(wall.letters())
    for email in (KNOWN, UNKNOWN, KNOWN.upper()):
        asks_for_links(wall, email)
    wall.screens(later(5))
    assert len(wall.letters()) == before + 1
    with wall.look() as session:
        noted = session.scalars(select(Shared.name).where(Shared.name.startswith("links:"))).all()
        assert noted == [], "nothing is left of who asked"


def test_of_who_asked_no_address_is_kept(wall: Wall) -> None:
    asks_for_links(wall, UNKNOWN)
    with wall.look() as session:
        noted = session.scalars(select(Shared).where(Shared.name.startswith("links:"))).one()
        assert UNKNOWN not in str(noted.value)


# -- codes of events


@pytest.fixture
def fair(walls: Callable[..., Wall], early_in_a_minute: None) -> Wall:
    wall = walls(limit_codes="10/minute; 60/hour")
    with wall.work() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        event_codes.add(
            session,
            campaign,
            "HARBOUR7",
            name="The fair",
            ceiling=500,
            last_day=utcnow().date() + timedelta(days=2),
            from_hour=None,
            until_hour=None,
            now=utcnow(),
        )
    return wall


def says(wall: Wall, code: str, network: str = "192.0.2.1") -> str:
    page = wall.app.test_client().get(f"/{SLUG}/promise?event={code}", environ_base={"REMOTE_ADDR": network}).text
    if 'name="event" value="HARBOUR7"' in page:
        return "known"
    return "guessed" if "Many wrong event codes" in page else "unknown"


def test_codes_cannot_be_guessed(fair: Wall) -> None:
    found = [says(fair, f"code{number}") for number in range(30)]
    assert found == ["unknown"] * 10 + ["guessed"] * 20
    assert says(fair, "HARBOUR7") == "guessed", "or going on guessing would pay"
    assert says(fair, "HARBOUR7", "192.0.2.2") == "known"


def test_a_class_that_uses_a_code_is_not_shut_out_by_wrong_ones(fair: Wall) -> None:
    assert [says(fair, "harbour7") for _ in range(15)] == ["known"] * 15
    for number in range(12):
        says(fair, f"code{number}")
    assert says(fair, "code99") == "guessed"
    assert says(fair, "HARBOUR7") == "known"


def test_words_are_taken_while_codes_are_not_looked_up(fair: Wall) -> None:
    for number in range(12):
        says(fair, f"code{number}", "127.0.0.1")
    assert fair.sends(f"/{SLUG}/promise?event=HARBOUR7", promise="I will listen", event="HARBOUR7").status_code == 303
