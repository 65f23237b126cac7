"""Wherever an end or a day is shown: the last day before it, where the campaign is, and day before month."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import update

from moderation.models import Hold, Role, Surge
from pledges.models import Campaign, CampaignState
from tests.moderation.surge.test_surge import presses, starts
from tests.wall import SLUG, Wall, later

MONTH_FIRST = re.compile(r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{1,2}, \d{4}")


def midnight(day: str, zone: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("end", "zone", "shown"),
    [
        ("2025-11-27", "Europe/London", "26 November 2025"),
        ("2025-03-31", "Europe/London", "30 March 2025"),
        ("2025-10-27", "Europe/London", "26 October 2025"),
        ("2025-11-27", "Pacific/Auckland", "26 November 2025"),
    ],
)
def test_a_wall_that_closed_at_midnight_took_promises_until_the_day_before(
    wall: Wall, end: str, zone: str, shown: str
) -> None:
    with wall.work() as session:
        values = {"closes_at": midnight(end, zone), "time_zone": zone, "state": CampaignState.OPEN}
        session.execute(update(Campaign).where(Campaign.slug == SLUG).values(**values))
    page = wall.app.test_client().get(f"/{SLUG}/promise").text
    assert f"They were taken until {shown}." in page


def test_how_long_words_can_be_put_back_is_said_by_the_last_day(wall: Wall) -> None:
    sent = wall.promises()
    london = ZoneInfo("Europe/London")
    with time_machine.travel(datetime(2027, 3, 1, tzinfo=london), tick=False):
        wall.acts(sent, "withdraw")
        page = wall.app.test_client().get(sent.receipt).text
    assert "You can put it back until 31 March 2027." in page or "until 30 March 2027" in page


@pytest.mark.parametrize(("zone", "shown"), [("Europe/London", "31 Oct, 23:59"), ("America/New_York", "31 Oct, 23:59")])
def test_surge_mode_and_lists_that_end_at_midnight_end_with_the_day_before(wall: Wall, zone: str, shown: str) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    starts(lead)
    presses(lead, "lists", kind="phrase", value="my neighbours", effect="hold", days="3")
    year = later().year + 1
    with wall.work() as session:
        session.execute(update(Campaign).where(Campaign.slug == SLUG).values(time_zone=zone))
        for table in (Surge, Hold):
            session.execute(update(table).values(ends_at=midnight(f"{year}-11-01", zone)))
    page = lead.client.get(f"/moderation/surge?campaign={SLUG}").text
    assert f"On until {shown}." in page
    assert page.count(shown) == 2
    assert f"until {shown}." in lead.client.get("/moderation/").text
    again = presses(lead, "lists", kind="phrase", value="my neighbours", effect="hold", days="3")
    assert f"until {shown}." in again.text


def test_a_day_at_the_desk_is_day_month_year(wall: Wall) -> None:
    mo = wall.moderator("mo")
    day = later(days=60).date()
    sent = wall.promises(by_when=day.isoformat())
    wall.screens()
    page = mo.client.get(f"/moderation/reviews/{sent.review_id}").text
    assert f"By when: {day.day} {day:%B %Y}" in page
    assert not MONTH_FIRST.search(page)


def test_no_template_asks_for_a_day_in_a_locales_own_way() -> None:
    for path in (Path(__file__).parents[3] / "templates").rglob("*.*"):
        assert not re.search(
            r'(?:dateformat|datetimeformat|timeformat)\("(?:short|medium|long|full)"', path.read_text()
        ), path
