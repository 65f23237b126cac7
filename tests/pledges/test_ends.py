"""An end that is not part of the time before it is said as the last day, or the last moment, before it."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from pledges import ends

UTC = ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("end", "zone", "day"),
    [
        ("2026-11-27T00:00", "Europe/London", "2026-11-26"),
        ("2026-11-27T00:01", "Europe/London", "2026-11-27"),
        ("2026-11-26T23:59:59", "Europe/London", "2026-11-26"),
        ("2027-03-28T00:00", "Europe/London", "2027-03-27"),  # the day on which clocks go forward
        ("2027-03-29T00:00", "Europe/London", "2027-03-28"),
        ("2027-10-31T00:00", "Europe/London", "2027-10-30"),  # and back
        ("2027-11-01T00:00", "Europe/London", "2027-10-31"),
        ("2027-04-30T01:00", "Africa/Cairo", "2027-04-29"),  # there the clock jumps at midnight, from 0:00 to 1:00
        ("2027-03-01T00:00", "Pacific/Auckland", "2027-02-28"),
        ("2028-03-01T00:00", "America/New_York", "2028-02-29"),
    ],
)
def test_the_last_day_is_the_one_before_an_end_at_midnight(end: str, zone: str, day: str) -> None:
    moment = datetime.fromisoformat(end).replace(tzinfo=ZoneInfo(zone))
    assert ends.last_day(moment, zone) == date.fromisoformat(day)
    assert ends.last_day(moment.astimezone(UTC), zone) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("end", "shown"),
    [
        ("2026-11-27T00:00", "2026-11-26T23:59"),
        ("2026-11-27T14:00", "2026-11-27T14:00"),
        ("2027-03-29T00:00", "2027-03-28T23:59"),
        ("2027-11-01T00:00", "2027-10-31T23:59"),
    ],
)
def test_a_moment_is_said_with_the_day_that_it_ends(end: str, shown: str) -> None:
    zone = ZoneInfo("Europe/London")
    moment = datetime.fromisoformat(end).replace(tzinfo=zone).astimezone(UTC)
    assert ends.last_moment(moment, "Europe/London") == datetime.fromisoformat(shown).replace(tzinfo=zone)
