"""What moderators are written: the first item after a quiet time, late items, reports, and one digest a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from moderation.letters import alerts
from moderation.models import Letter, Moderator, Review, Role
from moderation.post import sending
from pledges.db import utcnow
from tests.wall import OTHER, SLUG, AtTheDesk, Wall

NOON = datetime(2027, 2, 3, 12, tzinfo=UTC)


def watches(wall: Wall, now: datetime) -> None:
    with wall.work() as session:
        alerts.watch(session, now)


def owed(wall: Wall, *kinds: str) -> list[tuple[str, str]]:
    """(to whom, what) of every letter to a moderator, oldest first."""
    with wall.look() as session:
        rows = session.execute(
            select(Moderator.email, Letter.kind, Letter.detail)
            .join(Moderator, Moderator.id == Letter.moderator_id)
            .order_by(Letter.id)
        )
        told = [(email.split("@")[0], detail.get("what", kind)) for email, kind, detail in rows]
    return [each for each in told if each[1] in kinds] if kinds else told


def waits_since(wall: Wall, review_id: int, moment: datetime) -> None:
    with wall.work() as session:
        session.execute(update(Review).where(Review.id == review_id).values(waiting_since=moment))


def arrives(wall: Wall, words: str, moment: datetime) -> int:
    sent = wall.promises(words)
    wall.screens()
    waits_since(wall, sent.review_id, moment)
    return sent.review_id


def test_the_first_item_after_a_quiet_time_is_news_and_the_next_is_not(wall: Wall, moderator: AtTheDesk) -> None:
    arrives(wall, "I will listen to my neighbours", NOON)
    watches(wall, NOON)
    arrives(wall, "I will read with my team", NOON + timedelta(minutes=5))
    watches(wall, NOON + timedelta(minutes=6))
    assert owed(wall, "first") == [("mo", "first")]
    later = NOON + timedelta(minutes=5) + alerts.QUIET
    arrives(wall, "I will plant trees with my class", later)
    watches(wall, later)
    watches(wall, later + timedelta(minutes=1))
    assert owed(wall, "first") == [("mo", "first")] * 2


def test_who_waits_longer_than_the_target_is_told_of_once_in_six_hours(wall: Wall, moderator: AtTheDesk) -> None:
    arrives(wall, "I will listen to my neighbours", NOON)
    watches(wall, NOON + timedelta(minutes=119))
    assert owed(wall, "overdue") == []
    for minutes in (121, 180, 300):
        watches(wall, NOON + timedelta(minutes=minutes))
    assert owed(wall, "overdue") == [("mo", "overdue")]
    watches(wall, NOON + timedelta(minutes=121) + alerts.REPEAT_OVERDUE)
    assert len(owed(wall, "overdue")) == 2


def test_what_was_laid_aside_is_not_late(wall: Wall, moderator: AtTheDesk) -> None:
    review_id = arrives(wall, "I will listen to my neighbours", utcnow() - timedelta(hours=5))
    moderator.decides(review_id, "park")
    watches(wall, utcnow())
    assert owed(wall, "overdue") == []


def test_many_reports_are_one_letter_an_hour(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    moderator.approves(sent)
    for _ in range(5):
        wall.reports(sent)
    now = utcnow()
    watches(wall, now)
    watches(wall, now + timedelta(minutes=1))
    wall.reports(sent)
    watches(wall, now + timedelta(minutes=30))
    assert owed(wall, "reports") == [("mo", "reports")]
    watches(wall, now + alerts.REPEAT_REPORTS)
    assert len(owed(wall, "reports")) == 2


def test_the_digest_comes_once_a_day_in_the_morning_where_there_is_something_to_say(
    wall: Wall, moderator: AtTheDesk
) -> None:
    watches(wall, NOON)
    assert owed(wall, "digest") == []
    wall.promises("I will listen to my neighbours")
    wall.screens(NOON)  # by the real time of day a digest could be due
    early = NOON.replace(hour=7) + timedelta(days=1)
    watches(wall, early)
    assert owed(wall, "digest") == []
    for hours in (1, 2, 5):
        watches(wall, early + timedelta(hours=hours))
    assert owed(wall, "digest") == [("mo", "digest")]
    watches(wall, early + timedelta(days=1, hours=1))
    assert len(owed(wall, "digest")) == 2


@pytest.mark.parametrize("column, kind", [("alerts", "first"), ("digest", "digest")])
def test_who_does_not_want_a_letter_gets_none(wall: Wall, moderator: AtTheDesk, column: str, kind: str) -> None:
    wall.moderator("wants")
    with wall.work() as session:
        session.execute(update(Moderator).where(Moderator.email == "mo@example.org").values({column: False}))
    arrives(wall, "I will listen to my neighbours", NOON)
    watches(wall, NOON)
    watches(wall, NOON + timedelta(days=1))
    assert {who for who, _ in owed(wall, kind)} == {"wants"}


def test_letters_go_to_those_who_decide_in_that_campaign(wall: Wall) -> None:
    wall.moderator("here", Role.MODERATOR, SLUG)
    wall.moderator("there", Role.MODERATOR, OTHER)
    wall.moderator("viewer", Role.VIEWER, SLUG)
    arrives(wall, "I will listen to my neighbours", NOON)
    watches(wall, NOON)
    assert owed(wall, "first") == [("here", "first")]


def test_a_letter_to_a_moderator_holds_numbers_and_no_words_of_the_public(wall: Wall, moderator: AtTheDesk) -> None:
    arrives(wall, "I will feed the Kanarienvogel", NOON)
    watches(wall, NOON)
    watches(wall, NOON + timedelta(days=1))
    with wall.app.app_context():
        sending.send_due(wall.settings, utcnow() + timedelta(days=400))
    with wall.work() as session:
        session.execute(update(Letter).values(queued_at=utcnow(), due_at=utcnow(), dropped_at=None))
    with wall.app.app_context():
        sending.send_due(wall.settings, utcnow() + timedelta(minutes=1))
    letters = wall.letters(staff=True)
    assert {"Something waits after a quiet time", "The desk today"} <= {
        line.removeprefix("Subject: ")
        for letter in letters
        for line in letter.splitlines()
        if line.startswith("Subject:")
    }
    assert not any("Kanarienvogel" in letter for letter in letters)
    assert all("/moderation/" in letter for letter in letters)
