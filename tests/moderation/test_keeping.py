"""Figures of keeping: one sentence, one picture, JSON; what never counts does not."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from moderation.cli import demo
from moderation.cli.campaigns import set_target
from moderation.cli.upkeep import rebuild_counters
from pledges.db import utcnow
from pledges.figures import keeping
from pledges.models import Contribution, Counter, Progress
from pledges.updates import asking
from tests.wall import SLUG, AtTheDesk, Sent, Wall

NOTHING = {
    "made": 0, "asked": 0, "answered": 0, "unasked": 0, "kept": 0, "under_way": 0, "not_started": 0, "changed": 0,
    "not_kept": 0, "target": None,
}  # fmt: skip


@pytest.fixture
def mo(wall: Wall) -> AtTheDesk:
    return wall.moderator()


def figures(wall: Wall) -> dict[str, int]:
    found = wall.app.test_client().get(f"/api/v1/campaigns/{SLUG}/figures").get_json()
    return {name: value for name, value in found.items() if value != NOTHING[name]}


def says(wall: Wall) -> str:
    found = re.search(r"data-keeping>([^<]+)<", wall.app.test_client().get(f"/{SLUG}").text)
    return found[1].strip() if found else ""


def shown(wall: Wall, mo: AtTheDesk, number: int, *, asked: bool = True) -> list[Sent]:
    made = [wall.promises(f"I will listen before I speak, {each}") for each in range(number)]
    for each in made:
        mo.approves(each)
        if asked:
            with wall.work() as session:
                asking.asked(session, session.get_one(Contribution, each.contribution_id), utcnow())
    return made


def test_who_was_asked_and_what_was_answered_is_one_sentence_and_one_picture(wall: Wall, mo: AtTheDesk) -> None:
    made = shown(wall, mo, 5)
    for each, status in zip(made, ("kept", "kept", "under_way"), strict=False):
        wall.acts(each, "update", status=status)
    assert figures(wall) == {"made": 5, "asked": 5, "answered": 3, "kept": 2, "under_way": 1}
    assert says(wall) == "Of 5 people we asked, 3 have answered: 2 kept, 1 under way."
    page = wall.app.test_client().get(f"/{SLUG}").text
    assert 'role="img" aria-label="A bar of all these answers: 2 kept, 1 under way, 2 not answered yet"' in page
    counts = wall.app.test_client().get(f"/api/v1/campaigns/{SLUG}").get_json()["counts"]
    assert counts == {"pledges": 5, "organisations": 0, "kept": 2, "under_way": 1, "asked": 5, "answered": 3}


def test_whoever_tells_without_being_asked_is_no_answer_to_a_question(wall: Wall, mo: AtTheDesk) -> None:
    unasked = shown(wall, mo, 1, asked=False)[0]
    assert says(wall) == "We ask how it goes when a promise has stood for four weeks. Nobody has been asked yet."
    wall.acts(unasked, "update", status="kept")
    assert says(wall) == "1 person has told us without being asked: 1 kept."
    asked = shown(wall, mo, 2)
    assert says(wall) == "Of 2 people we asked, 0 have answered, and 1 more told us by themselves: 1 kept."
    wall.acts(asked[0], "update", status="not_kept")
    assert says(wall) == "Of 2 people we asked, 1 has answered, and 1 more told us by themselves: 1 kept, 1 not kept."
    assert figures(wall) == {"made": 3, "asked": 2, "answered": 1, "unasked": 1, "kept": 1, "not_kept": 1}


@pytest.mark.parametrize("act", ["withdraw", "erase"])
def test_what_is_withdrawn_or_erased_counts_no_more(wall: Wall, mo: AtTheDesk, act: str) -> None:
    stays, goes = shown(wall, mo, 2)
    for each in (stays, goes):
        wall.acts(each, "update", status="kept")
    wall.acts(goes, act)
    assert figures(wall) == {"made": 1, "asked": 1, "answered": 1, "kept": 1}


def test_examples_never_count(wall: Wall) -> None:
    with wall.work() as session:
        demo.add(session, 20, utcnow(), slug=SLUG)
    assert figures(wall) == {}
    assert says(wall) == ""


def test_the_target_of_the_campaign_is_named(wall: Wall, mo: AtTheDesk) -> None:
    shown(wall, mo, 1, asked=False)
    with wall.app.app_context():
        assert wall.app.test_cli_runner().invoke(set_target, [SLUG, "500"]).exit_code == 0
    assert figures(wall) == {"made": 1, "target": 500}
    assert says(wall).endswith("1 promise has been made; the campaign hopes for 500.")


def test_counters_that_drifted_are_mended(wall: Wall, mo: AtTheDesk) -> None:
    for each in shown(wall, mo, 2):
        wall.acts(each, "update", status="kept")
    right = figures(wall)
    with wall.work() as session:
        for counter in session.scalars(select(Counter).where(Counter.name.startswith("keeping:"))):
            counter.value += 3
    assert figures(wall) != right
    with wall.app.app_context():
        assert "keeping:asked" in wall.app.test_cli_runner().invoke(rebuild_counters).output
    assert figures(wall) == right


@pytest.mark.parametrize("silent", [0, 3])
def test_the_parts_of_the_picture_fill_it(silent: int) -> None:
    by = {Progress.KEPT: 121, Progress.UNDER_WAY: 51, Progress.CHANGED: 16}
    goes = keeping.Keeping(made=500, asked=180 + silent, answered=180, unasked=8, by=by)
    parts = goes.parts()
    assert sum(each.count for each in parts) == goes.whole
    assert abs(sum(each.width for each in parts) - keeping.WIDTH) < 1
    assert [each.name for each in parts] == ["kept", "under_way", "changed", *(["silent"] if silent else [])]
