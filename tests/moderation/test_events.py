"""A campaign hands out event codes, and a room behind one address gets in."""

from __future__ import annotations

from collections.abc import Callable

from moderation.cli import campaign_commands
from tests.wall import SLUG, Wall


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


def test_a_code_that_is_over_or_taken_is_refused(walls: Callable[..., Wall]) -> None:
    wall = walls()
    usual = ("--name", "Hall", "--ceiling", "4")
    assert run(wall, "event", SLUG, "hall-7", *usual, "--until", "2001-01-01")[0] == 1
    assert run(wall, "event", SLUG, "hall-7", *usual, "--until", "2099-12-31")[0] == 0
    assert run(wall, "event", SLUG, "hall-7", *usual, "--until", "2099-12-31")[0] == 1
    assert run(wall, "end-event", SLUG, "hall-8")[0] == 1
