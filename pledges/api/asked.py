"""What programs ask for, in one spelling."""

from __future__ import annotations

from datetime import UTC, datetime

from pledges.wall import listing

MOST = 100


def is_limit(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 7 and int(text) >= 1


def limit_meant(given: dict[str, str]) -> dict[str, str]:
    """With a number that we give, as we would write it, or none where it is the usual one; what is wrong stays to be told so."""
    asked = given.get("limit", "")
    if not is_limit(asked):
        return given
    most = min(int(asked), MOST)
    return {**given, "limit": str(most)} if most != listing.PAGE else {k: v for k, v in given.items() if k != "limit"}


def since_meant(given: dict[str, str]) -> dict[str, str]:
    """With the moment in one spelling; what is none stays to be told so."""
    try:
        return {**given, "since": moment(given["since"]).isoformat()} if "since" in given else given
    except ValueError:
        return given


def moment(text: str) -> datetime:
    """Raises ValueError."""
    found = datetime.fromisoformat(text.upper().replace(" ", "+"))
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError:  # hours before the first year of the calendar, or after the last
        return found.replace(tzinfo=UTC)
