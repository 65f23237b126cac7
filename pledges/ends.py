"""An end that is not part of the time before it, as people say it: what ends at midnight ended the day before."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def last_day(end: datetime, time_zone: str) -> date:
    """The last day on which it is not over yet, where the campaign is; told in real time, so over changes of the clock."""
    return _before(end, timedelta(microseconds=1), time_zone).date()


def last_moment(end: datetime, time_zone: str) -> datetime:
    """The end where the campaign is; of a midnight the minute before it, so that it is said with the day that it ends."""
    local = end.astimezone(ZoneInfo(time_zone))
    begins_a_day = last_day(end, time_zone) != local.date()
    return _before(end, timedelta(minutes=1), time_zone) if begins_a_day else local


def _before(end: datetime, how_long: timedelta, time_zone: str) -> datetime:
    """So long before, counted in UTC: on the hands of a clock that has just changed it would be another moment."""
    return (end.astimezone(UTC) - how_long).astimezone(ZoneInfo(time_zone))


def begins(day: date, time_zone: str) -> datetime:
    """The first moment of a day where the campaign is."""
    return datetime.combine(day, time.min, ZoneInfo(time_zone))
