"""A launch is no flood: what much arriving does, what attacks do, and days that were told in advance."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from moderation.models import Act, Role, Surge
from moderation.surge import expecting, flood
from pledges.db import utcnow
from pledges.models import Campaign, EventCode, Revision
from tests.forms import form
from tests.moderation.surge.test_surge import kinds_owed, presses, sweeps
from tests.wall import OTHER, SLUG, Wall, later

SCHOOLS = "I will plant {} trees with my class"
MANY = flood.FEWEST_ARRIVALS + 2


def arrive(wall: Wall, words: str, count: int, slug: str = SLUG) -> None:
    for number in range(count):
        wall.promises(words.format(number + 2), slug=slug)


def surges(wall: Wall) -> list[str]:
    with wall.look() as session:
        return [each.why for each in session.scalars(select(Surge).order_by(Surge.id))]


def offers(wall: Wall) -> list[dict]:
    return [detail for _, detail in kinds_owed(wall, "alert") if detail["what"] == "much"]


def today(wall: Wall) -> str:
    with wall.look() as session:
        zone = session.scalars(select(Campaign.time_zone).where(Campaign.slug == SLUG)).one()
    return datetime.now(ZoneInfo(zone)).date().isoformat()


def came_a_week_ago(wall: Wall, count: int, each_day: int) -> None:
    """Of what came, `count` came in the days before, so many a day; the oldest more than a week ago."""
    with wall.work() as session:
        for place, number in enumerate(session.scalars(select(Revision.id).order_by(Revision.id).limit(count))):
            at = utcnow() - timedelta(days=8 - place // each_day, minutes=place)
            session.execute(update(Revision).where(Revision.id == number).values(submitted_at=at))


def flooded(wall: Wall, refusals: int = 0) -> flood.Flood | None:
    with wall.work() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        return flood.seen(session, campaign, utcnow() + timedelta(seconds=1), refusals)


def test_a_launch_on_a_fresh_wall_starts_nothing_and_the_letter_offers_surge_mode(wall: Wall) -> None:
    wall.moderator("mo")
    arrive(wall, SCHOOLS, MANY)
    sweeps(wall)
    sweeps(wall, minutes=1)
    assert surges(wall) == []
    with wall.look() as session:
        assert session.scalars(select(Campaign.guard).where(Campaign.slug == SLUG)).one() == {}
    (told,) = offers(wall)  # once in some hours
    assert told["count"] == MANY
    (letter,) = [each for each in wall.letters(staff=True) if "Subject: Much is arriving at once" in each]
    assert f"{MANY} came within ten minutes." in letter
    assert f"http://wall.example/moderation/surge?campaign=3D{SLUG}" in letter or f"?campaign={SLUG}" in letter
    assert "usual" not in letter


def test_with_a_week_behind_it_ten_times_the_usual_is_told_and_less_is_not(wall: Wall) -> None:
    wall.moderator("mo")
    arrive(wall, SCHOOLS, MANY + 8)
    came_a_week_ago(wall, 8, each_day=1)
    found = flooded(wall)
    assert found is not None and (found.why, found.starts) == ("arrivals", False)
    with wall.work() as session:  # where that many come all the time, it is a day like others
        some = list(session.scalars(select(Revision.id).order_by(Revision.id)))
        usual = {number: utcnow() - timedelta(minutes=11 + place) for place, number in enumerate(some[8:12])}
        for number, at in usual.items():
            session.execute(update(Revision).where(Revision.id == number).values(submitted_at=at))
    assert flooded(wall) is None or flooded(wall) == flood.Flood("arrivals", MANY - 4, False)
    assert surges(wall) == []


@pytest.mark.parametrize(
    "words, why",
    [
        ("Go back to where you came from, number {}", "words"),
        ("See https://a.example https://b.example https://c{}.example", ""),
        ("The very same words, sent again and again and again", "likeness"),
    ],
)
def test_what_is_spoken_against_starts_it_however_few_came_besides(wall: Wall, words: str, why: str) -> None:
    wall.moderator("mo")
    arrive(wall, words, flood.FEWEST_BAD + 1)
    sweeps(wall)
    assert surges(wall) == ([why] if why else [])


def test_some_strong_words_among_very_many_start_nothing(wall: Wall) -> None:
    arrive(wall, "Go back to where you came from, number {}", flood.FEWEST_BAD)
    arrive(wall, SCHOOLS, flood.FEWEST_BAD * (flood.BAD_SHARE - 1) + 1)
    wall.screens()
    found = flooded(wall)
    assert found is not None and (found.why, found.starts) == ("arrivals", False)


def test_refusals_start_it_on_any_day_but_one_that_was_told(wall: Wall) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    crowd = flooded(wall, flood.FEWEST_REFUSALS)
    assert crowd is not None and crowd.starts
    assert presses(lead, "expected", day=today(wall), about="500").status_code == 303
    crowd = flooded(wall, flood.FEWEST_REFUSALS)
    assert crowd is not None and (crowd.why, crowd.starts) == ("refusals", False)


def test_a_day_that_was_told_expects_what_was_told_and_says_so_when_much_more_comes(wall: Wall) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    presses(lead, "expected", day=today(wall), about=str(MANY))
    arrive(wall, SCHOOLS, MANY)
    assert flooded(wall) is None
    sweeps(wall)
    assert (surges(wall), offers(wall)) == ([], [])
    arrive(wall, "I will read {} books by other people", MANY + 1)
    found = flooded(wall)
    assert found is not None and (found.why, found.starts) == ("arrivals", False)


def test_what_is_spoken_against_starts_it_on_such_a_day_too(wall: Wall) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    presses(lead, "expected", day=today(wall), about="100000")
    arrive(wall, "Go back to where you came from, number {}", flood.FEWEST_BAD)
    sweeps(wall)
    assert surges(wall) == ["words"]


@pytest.mark.parametrize("role", [Role.LEAD, Role.OWNER])
def test_a_day_is_told_and_taken_back_by_a_lead_or_an_owner_and_stands_in_the_record(wall: Wall, role: Role) -> None:
    lead = wall.moderator("lead", role)
    assert presses(lead, "expected", day=today(wall), about="1,500").status_code == 303
    page = lead.client.get(f"/moderation/surge?campaign={SLUG}").text
    assert "about 1,500 promises" in page
    assert presses(lead, "expected", day=today(wall), about="20").status_code == 422
    end = re.search(r'action="/moderation/surge/(expected/\d+/end)"', page)
    assert end is not None
    assert presses(lead, end[1]).status_code == 303
    assert "data-expected" not in lead.client.get(f"/moderation/surge?campaign={SLUG}").text
    with wall.look() as session:
        lines = session.scalars(select(Act).where(Act.act.startswith("expected:")).order_by(Act.id)).all()
    assert [(line.act, line.after["about"]) for line in lines] == [("expected:add", 1500), ("expected:end", 1500)]
    assert "told of a day on which much is expected" in lead.client.get("/moderation/record").text


def test_a_moderator_reads_such_days_and_tells_none(wall: Wall) -> None:
    mo, stranger = wall.moderator("mo"), wall.moderator("stranger", Role.LEAD, OTHER)
    assert presses(mo, "expected", day=today(wall), about="20").status_code == 403
    assert presses(stranger, "expected", day=today(wall), about="20").status_code == 404
    assert "A lead or an owner tells such days." in mo.client.get(f"/moderation/surge?campaign={SLUG}").text


@pytest.mark.parametrize("day, about", [("2020-01-01", "5"), ("", "5"), ("soon", "5"), ("today", "0"), ("today", "x")])
def test_a_day_that_cannot_be_meant_is_refused_with_words(wall: Wall, day: str, about: str) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    answer = presses(lead, "expected", day=today(wall) if day == "today" else day, about=about)
    assert answer.status_code == 422 and "Choose a day, from today on" in answer.text
    assert form(answer.text, "/surge/expected").sent()["about"] == [about]


@pytest.mark.parametrize("clock", ["2027-03-28", "2027-10-31"])
def test_a_day_of_a_change_of_the_clock_is_that_day_where_the_campaign_is(wall: Wall, clock: str) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    presses(lead, "expected", day=clock, about="20")
    zone = ZoneInfo("Europe/London")
    day = datetime.fromisoformat(clock)
    first, last = day.replace(tzinfo=zone), day.replace(hour=23, minute=59, tzinfo=zone)
    with wall.work() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        told = [expecting.on(session, campaign, at.astimezone(ZoneInfo("UTC"))) for at in (first, last)]
        assert all(told)
        before, after = first - timedelta(seconds=1), last + timedelta(minutes=1)
        assert [expecting.on(session, campaign, at) for at in (before, after)] == [None, None]


def test_the_page_that_asks_to_wait_tells_of_event_codes_and_takes_one(walls: Callable[..., Wall]) -> None:
    wall = walls(limit_promises="1/hour")
    with wall.work() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        values = {"campaign_id": campaign.id, "code": "HALL7", "ceiling": 50, "starts_at": later(-60)}
        session.add(EventCode(**values, ends_at=later(3600), name="Assembly"))
    wall.promises("I will listen")
    refused = wall.sends(f"/{SLUG}/promise", promise="I will read")
    assert refused.status_code == 429
    assert "Ask whoever runs the campaign for an event code" in refused.text
    offered = form(refused.text, "/promise")
    client = wall.app.test_client()
    given = offered.sent(event="HALL7", promise="I will read", consent="yes")
    assert client.post(offered.action, data=given).status_code == 303
    with wall.look() as session:
        assert session.scalar(select(func.count()).select_from(Revision)) == 2
