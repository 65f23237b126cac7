"""A campaign hands out event codes, and a room behind one address gets in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import select

from moderation.cli.campaigns import campaign_commands
from pledges.models import Campaign, Contribution, EventCode
from tests.clock import VISITORS, stands_at
from tests.wall import SLUG, TOKEN, Wall, found


def run(wall: Wall, *words: str) -> tuple[int, str]:
    answer = wall.app.test_cli_runner().invoke(campaign_commands, list(words))
    return answer.exit_code, answer.output


def sends(wall: Wall, number: int, event: str = "") -> int:
    path = f"/{SLUG}/promise" + (f"?event={event}" if event else "")
    return wall.sends(path, promise=f"I will bring chair number {number}.", consent="yes", event=event).status_code


def test_an_event_code_lifts_the_limit_of_the_room_up_to_its_own_ceiling(walls: Callable[..., Wall]) -> None:
    wall = walls(limit_promises="2/hour")
    assert [sends(wall, number) for number in range(3)] == [303, 303, 429]
    code, said = run(wall, "event", SLUG, "hall-7", "--name", "Hall 7", "--ceiling", "4", "--until", "2099-12-31")
    assert code == 0 and f"/{SLUG}/promise?event=hall-7" in said
    assert [sends(wall, 10 + number, "hall-7") for number in range(5)] == [303] * 4 + [429]
    assert run(wall, "end-event", SLUG, "hall-7")[0] == 0
    assert sends(wall, 20, "hall-7") == 429


def hands_out(wall: Wall, code: str, ceiling: int = 4) -> None:
    said = ("--name", "Hall", "--ceiling", str(ceiling), "--until", "2099-12-31")
    assert run(wall, "event", SLUG, code, *said)[0] == 0


def form_page(wall: Wall, event: str, path: str = f"/{SLUG}/promise") -> str:
    return wall.app.test_client().get(path, query_string={"event": event}).text


def test_nobody_is_shut_out_by_a_code_that_is_used_up(walls: Callable[..., Wall]) -> None:
    wall = walls(limit_promises="2/hour")
    hands_out(wall, "ROOM-1", 2)
    assert "used up" not in form_page(wall, "ROOM-1")
    assert [sends(wall, number, "ROOM-1") for number in range(2)] == [303, 303]
    assert "The code of this event is used up" in form_page(wall, "ROOM-1")
    assert [sends(wall, 10 + number, "ROOM-1") for number in range(3)] == [303, 303, 429]
    answer = wall.sends(f"/{SLUG}/promise?event=ROOM-1", promise="I will bring a table.", event="ROOM-1")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 7200


@pytest.mark.parametrize("typed", ["ROOM-1", "room-1", " Room-1 "])
def test_a_code_counts_however_it_is_typed(walls: Callable[..., Wall], typed: str) -> None:
    wall = walls(limit_promises="1/hour")
    hands_out(wall, "ROOM-1")
    assert 'name="event" value="ROOM-1"' in form_page(wall, typed)
    assert [sends(wall, number, typed) for number in range(2)] == [303, 303]
    usual = ("--name", "Hall", "--ceiling", "4", "--until", "2099-12-31")
    assert run(wall, "event", SLUG, "room-1", *usual)[0] == 1
    assert run(wall, "end-event", SLUG, "room-1")[0] == 0
    assert 'name="event"' not in form_page(wall, "ROOM-1")


def test_a_code_that_is_not_known_or_over_is_said_so_and_holds_nobody_up(wall: Wall) -> None:
    hands_out(wall, "ROOM-1")
    assert "We do not know the event code" not in form_page(wall, "ROOM-1")
    assert "We do not know the event code “ROOM-9”" in form_page(wall, "ROOM-9")
    assert sends(wall, 1, "ROOM-9") == 303
    assert run(wall, "end-event", SLUG, "ROOM-1")[0] == 0
    assert "We do not know the event code “ROOM-1”" in form_page(wall, "ROOM-1")


def test_comments_with_a_code_count_towards_its_ceiling(walls: Callable[..., Wall]) -> None:
    wall = walls(limit_comments="1/hour")
    sent = wall.promises()
    wall.moderator().approves(sent)
    hands_out(wall, "ROOM-1", 2)
    path = f"/{SLUG}/promises/{sent.public_id}/comment"
    assert 'name="event" value="ROOM-1"' in form_page(wall, "room-1", path)
    assert "We do not know the event code" in form_page(wall, "room-2", path)
    said = [wall.sends(path, comment=f"Well said {number}", event="room-1").status_code for number in range(4)]
    assert said == [303, 303, 303, 429]
    with wall.look() as session:
        assert session.query(Contribution).filter(Contribution.event_code_id.is_not(None)).count() == 3


def test_changes_of_what_came_with_a_code_use_it_while_it_is_on(walls: Callable[..., Wall]) -> None:
    wall = walls(limit_promises="2/hour")
    hands_out(wall, "ROOM-1", 4)
    sent = wall.sent(wall.sends(f"/{SLUG}/promise?event=ROOM-1", promise="I will bring a chair.", event="ROOM-1"))
    assert [sends(wall, number) for number in range(3)] == [303, 303, 429]
    wall.edits(sent, "I will bring two chairs.")
    assert run(wall, "end-event", SLUG, "ROOM-1")[0] == 0
    with pytest.raises(AssertionError, match="Please wait until"):
        wall.edits(sent, "I will bring three chairs.")


def test_what_is_refused_for_the_email_address_takes_no_place_of_the_connection(walls: Callable[..., Wall]) -> None:
    wall = walls(limit_promises="4/day", limit_email="1/day")
    given = {"promise": "I will bring a chair.", "email": "a@example.org"}
    with time_machine.travel(datetime(2026, 11, 21, 22, 30, tzinfo=UTC), tick=True):
        assert wall.sends(f"/{SLUG}/promise", **given).status_code == 303
        answers = [wall.sends(f"/{SLUG}/promise", **given) for _ in range(5)]
        assert {answer.status_code for answer in answers} == {429}
        assert "This email address has been used a lot today" in answers[0].text
        assert "from your connection" not in answers[0].text
        assert "I will bring a chair." in answers[0].text
        assert re.search(r"wait until 2[23] November, \d\d:\d\d", answers[0].text)
        assert int(answers[0].headers["Retry-After"]) > 3600
        without = {"promise": "I will bring a chair.", "token": found(TOKEN, answers[0].text)}
        assert wall.sends(f"/{SLUG}/promise", **without).status_code == 303
        assert [sends(wall, number) for number in range(3)] == [303, 303, 429]


def test_a_wait_within_the_day_is_told_by_the_clock_alone(walls: Callable[..., Wall]) -> None:
    wall = walls(limit_promises="1/minute")
    with time_machine.travel(datetime(2026, 11, 21, 12, 30, tzinfo=UTC), tick=True):
        assert sends(wall, 1) == 303
        answer = wall.sends(f"/{SLUG}/promise", promise="I will bring a chair.")
    assert re.search(r"Please wait until 12:3\d", answer.text)


def test_a_code_that_is_over_or_taken_is_refused(walls: Callable[..., Wall]) -> None:
    wall = walls()
    usual = ("--name", "Hall", "--ceiling", "4")
    assert run(wall, "event", SLUG, "hall-7", *usual, "--until", "2001-01-01")[0] == 1
    assert run(wall, "event", SLUG, "hall-7", *usual, "--until", "2099-12-31")[0] == 0
    assert run(wall, "event", SLUG, "hall-7", *usual, "--until", "2099-12-31")[0] == 1
    assert run(wall, "end-event", SLUG, "hall-8")[0] == 1


def at(wall: Wall, monkeypatch: pytest.MonkeyPatch, day: int, hour: int) -> str:
    """What the form says to who comes with the code at this hour of January 2027, by the campaign's clock."""
    now = datetime(2027, 1, day, hour, 30, tzinfo=UTC)
    stands_at(monkeypatch, lambda: now, *VISITORS)
    return "on" if 'name="event"' in form_page(wall, "NIGHT") else "off"


def test_hours_over_midnight_are_on_in_the_night_and_the_last_night_is_whole(
    wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = ("--from-hour", "22:00", "--until-hour", "01:00")
    said = ("--name", "Vigil", "--ceiling", "4", "--until", "2027-01-10", *hours)
    assert run(wall, "event", SLUG, "NIGHT", *said)[0] == 0
    with wall.work() as session:
        for campaign in session.scalars(select(Campaign)):  # the campaigns of the presets have dates of their own
            campaign.opens_at = campaign.closes_at = None
        session.scalars(select(EventCode)).one().starts_at = datetime(2027, 1, 1, tzinfo=UTC)
    assert [hour for hour in range(24) if at(wall, monkeypatch, 8, hour) == "on"] == [0, 22, 23]
    assert [at(wall, monkeypatch, 10, 23), at(wall, monkeypatch, 11, 0)] == ["on", "on"]
    assert [at(wall, monkeypatch, 11, 1), at(wall, monkeypatch, 11, 23)] == ["off", "off"]


def test_hours_of_no_length_are_refused(wall: Wall) -> None:
    said = (
        "--name",
        "Vigil",
        "--ceiling",
        "4",
        "--until",
        "2099-01-10",
        "--from-hour",
        "22:00",
        "--until-hour",
        "22:00",
    )
    code, told = run(wall, "event", SLUG, "NIGHT", *said)
    assert (code, "leave both out" in told) == (1, True)
