"""What waited before items were gathered is looked at again, a few at a time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import delete, func, select, update

from moderation import gathering
from moderation.models import Cluster, ClusterBand, Finding, Review, ReviewCluster, ReviewLane, Shared
from pledges.db import utcnow
from pledges.models import Campaign
from tests.akismet_service import KEY, AkismetService
from tests.forms import form
from tests.moderation.test_clusters import astray, flood, rows
from tests.moderation.test_sheet import on_it, sheet, twelve
from tests.moderation.test_surge import presses
from tests.wall import SLUG, AtTheDesk, Wall


def forgets_what_belongs_together(wall: Wall) -> None:
    """All stands as it came up from the first schema: nothing gathered, nothing clear, and marked as owed."""
    with wall.work() as session:
        for table in (ReviewCluster, ClusterBand, Cluster):
            session.execute(delete(table))
        session.execute(update(Review).values(behind=False, clear=False))
        session.execute(update(ReviewLane).values(behind=False))
        campaign = session.scalars(select(Campaign.id).where(Campaign.slug == SLUG)).one()
        session.add(Shared(name=f"{gathering.OWED}{campaign}", value={"after": 0}, changed_at=utcnow()))


def gathered(wall: Wall) -> int:
    with wall.look() as session:
        return session.scalar(select(func.count(func.distinct(ReviewCluster.review_id)))) or 0


def test_what_waits_is_gathered_a_few_at_a_time_and_then_nothing_is_owed(wall: Wall, moderator: AtTheDesk) -> None:
    flood(wall)
    forgets_what_belongs_together(wall)
    assert rows(moderator) == []
    with wall.app.app_context():
        assert gathering.gather_owed(utcnow(), most=2) == 2
    assert gathered(wall) == 2
    wall.screens()
    assert gathered(wall) == 5
    assert [words for _, words in rows(moderator)] == ["5 nearly the same, from 5 networks"]
    assert len(moderator.sees("all")) == 1
    assert astray(wall) == []
    with wall.look() as session:
        assert session.scalars(select(Shared).where(Shared.name.startswith(gathering.OWED))).all() == []


def test_a_check_that_was_not_there_then_has_its_word_and_is_asked_once(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("I will bring turnips to the meeting")
    wall.screens()
    with wall.work() as session:
        session.execute(delete(Finding).where(Finding.check == "lists"))
    presses(moderator, "lists", kind="phrase", value="turnips", effect="mask", days="3")
    forgets_what_belongs_together(wall)
    assert moderator.sees("abuse") == []
    with wall.app.app_context():
        assert gathering.gather_owed(utcnow()) == 1
    assert moderator.sees("abuse") == [sent.review_id]
    review = wall.review(sent.review_id)
    assert review.masked
    assert len([finding for finding in review.findings if finding.check == "lists"]) == 1


@pytest.fixture
def calm(walls: Callable[..., Wall], akismet: AkismetService) -> Wall:
    return walls(akismet_api_key=KEY, akismet_endpoint=akismet.url, akismet_timeout_seconds=2)


def test_what_is_clear_comes_on_a_sheet_again_but_nothing_that_was_taken_out_of_one(
    calm: Wall, akismet: AkismetService
) -> None:
    reader = calm.moderator("mo")
    sent = twelve(calm)
    offered = form(sheet(reader), "/sheet/approve")
    out = sent[1]
    reader.client.post(offered.action, data=offered.sent(item=[offered.values("item")[1]], out=[str(out.review_id)]))
    asked = len(akismet.requests)
    forgets_what_belongs_together(calm)
    assert on_it(sheet(reader)) == []
    calm.screens()
    assert on_it(sheet(reader)) == [each.review_id for each in sent if each is not out][:10]
    assert len(akismet.requests) == asked
