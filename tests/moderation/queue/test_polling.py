"""A page of the queue asks what happened meanwhile: most answers cost one query, and nothing moves."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

from sqlalchemy import event, select, update
from werkzeug.test import TestResponse

from moderation.models import Lane, Review, ReviewLane, SignIn
from pledges.db import utcnow
from tests.moderation.queue.test_claims import says, waiting
from tests.moderation.queue.test_queue import waits_since
from tests.wall import OTHER, AtTheDesk, Wall, found, later

NEWS = re.compile(r'data-news="([^"]+)"')
ROW = re.compile(r'data-review="(\d+)" data-version="(\d+)"')


class Page:
    """A page of the queue that stays open."""

    def __init__(self, at: AtTheDesk, lane: str = "all") -> None:
        self.at = at
        self.html = at.client.get(f"/moderation/?lane={lane}").text
        ids = ",".join(".".join(row) for row in ROW.findall(self.html))
        self.address = f"{unescape(found(NEWS, self.html))}&ids={ids}"

    def asks(self, etag: str = "") -> TestResponse:
        return self.at.client.get(self.address, headers={"If-None-Match": etag} if etag else {})

    def told(self) -> dict[str, Any]:
        answer = self.asks()
        assert answer.status_code == 200
        return dict(json.loads(answer.text))


def arrives_one(wall: Wall, words: str = "We open the hall on Sundays", **fields: str) -> int:
    sent = wall.promises(words, **fields)
    while wall.screens():
        pass
    return sent.review_id


def test_nothing_new_is_told_by_one_cheap_query(wall: Wall, moderator: AtTheDesk) -> None:
    waiting(wall, 5)
    page = Page(moderator)
    first = page.asks()
    assert json.loads(first.text)["new"] == 0
    statements: list[str] = []

    @event.listens_for(wall.database.engine, "before_cursor_execute")
    def heard(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    answer = page.asks(first.headers["ETag"])
    assert answer.status_code == 304
    assert answer.data == b""
    asked = [each for each in statements if "FROM moderators" not in each and "FROM sign_ins" not in each]
    asked = [each for each in asked if each.startswith("SELECT") and "security_roles" not in each]
    assert len(asked) == 1, asked


def test_what_came_since_is_counted_and_leads_to_where_it_stands(wall: Wall, moderator: AtTheDesk) -> None:
    waiting(wall, 2)
    page = Page(moderator, "new")
    etag = page.asks().headers["ETag"]
    review_id = arrives_one(wall)
    assert page.asks(etag).status_code == 200
    told = page.told()
    assert (told["new"], told["words"]) == (1, "1 new")
    there = moderator.client.get("/moderation/", query_string={"lane": "new", "after": told["after"]}).text
    assert next(row[0] for row in ROW.findall(there)) == str(review_id)
    assert Page(moderator, "new").told()["new"] == 0
    assert Page(moderator, "spam").told()["new"] == 0


def test_a_narrowed_page_is_told_only_of_what_it_would_show(wall: Wall, moderator: AtTheDesk) -> None:
    waiting(wall, 1)
    welsh, every, late = (Page(moderator, f"all&{kept}") for kept in ("lang=cy", "lang=en", "age=over"))
    arrives_one(wall)
    assert (welsh.told()["new"], every.told()["new"], late.told()["new"]) == (0, 1, 0)
    elsewhere = Page(moderator, f"all&campaign={OTHER}")
    arrives_one(wall, "We share our hall with a choir")
    assert elsewhere.told()["new"] == 0


def test_what_is_no_business_of_this_moderator_is_not_told(wall: Wall) -> None:
    at = wall.moderator("eva", slug=OTHER)
    page = Page(at)
    review_id = arrives_one(wall)
    assert page.told()["new"] == 0
    page.address += f"{review_id}.2"
    assert page.told()["rows"] == {}


def test_who_decided_what_and_who_has_it_open_is_told(wall: Wall, moderator: AtTheDesk) -> None:
    sent = waiting(wall, 4)
    page = Page(moderator)
    ann = wall.moderator("ann")
    etag = page.asks().headers["ETag"]
    ann.approves(sent[0])
    says(ann, sent[1], "claim")
    ann.decides(sent[2], "park")
    assert page.asks(etag).status_code == 200
    rows = page.told()["rows"]
    assert rows[str(sent[0].review_id)] == {"state": "gone", "words": "ann was quicker: Approved"}
    assert rows[str(sent[1].review_id)] == {"state": "held", "words": "ann has it open"}
    assert rows[str(sent[2].review_id)] == {"state": "gone", "words": "ann: laid it aside"}
    assert rows[str(sent[3].review_id)] == {"state": "free", "words": ""}


def test_the_answer_changes_when_a_lease_begins_and_when_it_runs_out(wall: Wall, moderator: AtTheDesk) -> None:
    (sent,) = waiting(wall)
    page = Page(moderator)
    free = page.asks().headers["ETag"]
    says(wall.moderator("ann"), sent, "claim")
    held = page.asks(free)
    assert held.status_code == 200
    with wall.work() as session:
        session.execute(update(Review).values(claimed_until=utcnow()))
    over = page.asks(held.headers["ETag"])
    assert over.status_code == 200
    assert json.loads(over.text)["rows"][str(sent.review_id)]["state"] == "free"


def test_what_was_passed_to_me_is_new_in_that_lane(wall: Wall, moderator: AtTheDesk) -> None:
    (sent,) = waiting(wall)
    page = Page(moderator, "mine")
    wall.moderator("ann").decides(sent, "pass", to="mo@example.org")
    assert page.told()["new"] == 1


def their_time_comes(wall: Wall) -> None:
    """What was laid aside comes back by now, though no worker has looked yet."""
    moment = utcnow()  # of this second, as if the page had been open since yesterday
    with wall.work() as session:
        session.execute(update(Review).where(Review.parked_until.is_not(None)).values(parked_until=moment))
        session.execute(update(ReviewLane).where(ReviewLane.lane == Lane.PARKED).values(waiting_since=moment))


def test_what_was_laid_aside_is_new_when_its_time_comes_with_a_worker_and_without(
    wall: Wall, moderator: AtTheDesk
) -> None:
    stays, aside = waiting(wall, 2)
    moderator.decides(aside, "park")
    every, new, spam, late = (Page(moderator, lane) for lane in ("all", "new", "spam", "all&age=over"))
    etags = [page.asks().headers["ETag"] for page in (every, new)]
    assert [page.told()["new"] for page in (every, new, spam)] == [0, 0, 0]
    their_time_comes(wall)
    assert every.asks(etags[0]).status_code == 200
    assert every.told()["new"] == 1
    wall.screens()  # the worker puts it back into its lanes
    assert new.asks(etags[1]).status_code == 200
    assert [page.told()["new"] for page in (every, new, spam, late)] == [1, 1, 0, 0]
    there = moderator.client.get("/moderation/", query_string={"lane": "new", "after": new.told()["after"]}).text
    assert str(aside.review_id) in [row[0] for row in ROW.findall(there)]
    assert [Page(moderator, lane).told()["new"] for lane in ("all", "new")] == [0, 0]
    story = moderator.client.get(f"/moderation/reviews/{aside.review_id}").text
    assert "The program: put it back after it was laid aside" in story
    assert stays.review_id in moderator.sees("new")


def test_what_comes_back_late_is_new_to_who_narrowed_the_lane_to_what_is_late(wall: Wall, moderator: AtTheDesk) -> None:
    (aside,) = waiting(wall)
    waits_since(wall, aside, later(-24 * 3600))
    moderator.decides(aside, "park")
    late, fresh = Page(moderator, "all&age=over"), Page(moderator, "all&age=under")
    their_time_comes(wall)
    wall.screens()
    assert (late.told()["new"], fresh.told()["new"]) == (1, 0)


def test_what_a_colleague_puts_back_is_new(wall: Wall, moderator: AtTheDesk) -> None:
    (aside,) = waiting(wall)
    moderator.decides(aside, "park")
    page, parked = Page(moderator, "new"), Page(moderator, "parked")
    wall.moderator("ann").decides(aside, "pass")
    assert page.told()["new"] == 1
    assert parked.told()["rows"][str(aside.review_id)]["state"] == "gone"


def test_what_is_not_mine_to_see_comes_back_unheard(wall: Wall, moderator: AtTheDesk) -> None:
    (aside,) = waiting(wall)
    moderator.decides(aside, "park")
    elsewhere = Page(wall.moderator("eva", slug=OTHER))
    their_time_comes(wall)
    assert elsewhere.told()["new"] == 0
    wall.screens()
    assert elsewhere.told()["new"] == 0


def test_asking_by_itself_keeps_nobody_signed_in(wall: Wall, moderator: AtTheDesk) -> None:
    (sent,) = waiting(wall)
    page = Page(moderator)
    csrf = moderator.csrf()
    with wall.work() as session:
        session.execute(update(SignIn).values(seen_at=later(-25 * 60)))
    assert page.asks().status_code == 200
    given = {"csrf_token": csrf, "unattended": "1"}
    claimed = moderator.client.post(f"/moderation/reviews/{sent.review_id}/claim", data=given, headers={"X-Part": "1"})
    assert claimed.status_code == 200
    with wall.look() as session:
        assert session.scalars(select(SignIn.seen_at)).one() < later(-20 * 60)
    with wall.work() as session:
        session.execute(update(SignIn).values(seen_at=later(-31 * 60)))
    assert page.asks().status_code == 302


def test_what_cannot_be_read_is_refused(wall: Wall, moderator: AtTheDesk) -> None:
    for query in ("", "?lane=all&since=x", "?lane=nowhere&since=1.1.1", "?lane=all&since=1.1.99999999999999999"):
        assert moderator.client.get(f"/moderation/queue.json{query}").status_code == 400


def test_the_desk_lets_its_scripts_ask_and_write_no_markup(moderator: AtTheDesk) -> None:
    policy = moderator.client.get("/moderation/").headers["Content-Security-Policy"]
    assert "connect-src 'self'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "connect-src" not in moderator.wall.app.test_client().get("/").headers["Content-Security-Policy"]
