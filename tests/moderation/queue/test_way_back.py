"""Whoever narrowed a lane comes back to it, whatever they pressed and whatever went wrong; and is handed from it."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import select
from werkzeug.test import TestResponse

from moderation.models import Moderator, Review, Role
from pledges.models import Campaign, Theme
from tests.forms import form, forms
from tests.moderation.clusters.test_clusters import COPIES, flood
from tests.moderation.queue.test_queue import ROW, waits_since
from tests.wall import OTHER, SLUG, AtTheDesk, Wall, later

HERE = {"lane": "new", "campaign": SLUG, "lang": "en"}
NARROWED = f"/moderation/?lane=new&campaign={SLUG}&lang=en"
BACK = re.compile(r'<a [^>]*href="(/moderation/\?[^"]*)"[^>]*>(?:Back to the queue|Back, and choose again)')


def carries(address: str) -> dict[str, str]:
    """Lane and filters of an address of the desk."""
    given = dict(parse_qsl(urlsplit(unescape(address)).query))
    return {name: given[name] for name in HERE if name in given}


def leads_back(page: str) -> dict[str, str]:
    found = BACK.search(page)
    assert found, page[:3000]
    return carries(found[1])


def went(answer: TestResponse) -> dict[str, str]:
    """Where a post led, as lane and filters."""
    assert answer.status_code == 303, answer.text[:2000]
    return carries(answer.headers["Location"])


def presses(
    at: AtTheDesk, page: str, action: str, button: str | None = None, **fields: str | list[str]
) -> TestResponse:
    there = form(page, action)
    return at.client.post(unescape(there.action), data=there.sent(button, **fields))


def test_twenty_are_handed_out_of_what_is_shown(wall: Wall, moderator: AtTheDesk) -> None:
    with wall.look() as session:
        theme = session.scalars(select(Theme).join(Campaign).where(Campaign.slug == SLUG)).first()
        assert theme is not None
        key = theme.key
    old = wall.promises("We open the hall on Sundays")
    wall.promises("Byddaf yn dysgu enwau pawb yn y tîm", lang="cy")
    wall.promises("Our shop translates its price list", kind="organisation", organisation="Siop", email="s@example.org")
    wall.promises("I will plant ten trees by the river", theme=key)
    wall.promises("A choir of all ages meets at our school", slug=OTHER)
    wall.screens()
    waits_since(wall, old, later(-24 * 3600))
    for query in ("lang=cy", "kind=organisation", f"theme={key}", f"campaign={OTHER}", "age=over", "age=under", ""):
        page = moderator.client.get(f"/moderation/?lane=all&{query}").text
        shown = {int(number) for number in ROW.findall(page)}
        assert 0 < len(shown) < 5 or not query, query
        answer = presses(moderator, page, "/moderation/hand")
        with wall.look() as session:
            mine = select(Review.id).join(Moderator, Moderator.id == Review.claimed_by_id)
            assert set(session.scalars(mine)) == shown, query
        handed = moderator.client.get(answer.headers["Location"]).text
        assert {int(number) for number in ROW.findall(handed)} == shown, query
        presses(moderator, handed, "/moderation/hand/back")


def test_a_batch_leads_back_to_the_narrowed_lane_at_every_step(wall: Wall, moderator: AtTheDesk) -> None:
    wall.promises("We open the hall on Sundays")
    wall.screens()
    page = moderator.client.get(NARROWED).text
    picks = form(page, "/moderation/bulk").values("pick")
    sorted_out = presses(moderator, page, "/moderation/bulk", "reject", pick=picks).text
    assert leads_back(sorted_out) == HERE
    missing = presses(moderator, sorted_out, "/bulk/decide")
    assert missing.status_code == 422
    assert leads_back(missing.text) == HERE
    decided = presses(moderator, missing.text, "/bulk/decide", reason="off_topic")
    assert went(decided) == HERE
    batch = moderator.client.get(decided.headers["Location"]).text
    assert leads_back(batch) == HERE
    assert went(presses(moderator, batch, "/undo")) == HERE
    nothing = presses(moderator, page, "/moderation/bulk", "reject")
    assert nothing.status_code == 422
    assert leads_back(nothing.text) == HERE
    never = presses(moderator, page, "/moderation/bulk", move="approve", pick=picks)
    assert never.status_code == 422
    assert leads_back(never.text) == HERE


def test_a_reading_sheet_leads_back_to_the_narrowed_lane(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("We open the hall on Sundays")
    wall.screens()
    with wall.work() as session:
        session.get_one(Review, sent.review_id).clear = True
    taken = presses(moderator, moderator.client.get(NARROWED).text, "/moderation/sheet")
    assert went(taken) == HERE
    page = moderator.client.get(taken.headers["Location"]).text
    assert leads_back(page) == HERE
    approved = presses(moderator, page, "/sheet/approve")
    assert went(approved) == HERE
    after = moderator.client.get(approved.headers["Location"]).text
    assert leads_back(after) == HERE
    undone = presses(moderator, after, "/undo")
    assert went(undone) == HERE
    strange = presses(moderator, page, "/sheet/approve", item=[])
    assert strange.status_code == 400
    assert leads_back(strange.text) == HERE


def test_a_cluster_leads_back_to_the_narrowed_lane(wall: Wall, moderator: AtTheDesk) -> None:
    flood(wall, COPIES)
    listed = moderator.client.get(f"/moderation/?lane=all&campaign={SLUG}&lang=en").text
    found = re.search(r'href="(/moderation/clusters/[^"]+)"', listed)
    assert found, listed[:3000]
    here = {**HERE, "lane": "all"}
    assert carries(found[1]) == here
    page = moderator.client.get(unescape(found[1])).text
    assert leads_back(page) == here
    sorted_out = presses(
        moderator, page, "/moderation/bulk", "spam", pick=form(page, "/moderation/bulk").values("pick")
    )
    again = re.search(r'<p class="crumb"><a href="(/moderation/clusters/[^"]+)"', sorted_out.text)
    assert again, sorted_out.text[:3000]
    assert carries(again[1]) == here
    assert went(presses(moderator, sorted_out.text, "/bulk/decide")) == here


def test_a_page_that_says_no_leads_back_to_the_narrowed_lane(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("We open the hall on Sundays")
    wall.screens()
    page = moderator.client.get(NARROWED).text
    decline = next(each for each in forms(page) if each.values("move") == ["reject"])
    missing = moderator.client.post(decline.action, data=decline.sent())
    assert missing.status_code == 422
    assert leads_back(missing.text) == HERE
    previewed = moderator.client.post(f"/moderation/reviews/{sent.review_id}/letter", data=decline.sent())
    assert leads_back(previewed.text) == HERE
    viewer = wall.moderator("vi", Role.VIEWER)
    mine = decline.sent(csrf_token=viewer.csrf())
    refused = viewer.client.post(decline.action, data=mine)
    assert refused.status_code == 403
    assert leads_back(refused.text) == HERE
    too_old = moderator.client.post(decline.action, data=decline.sent(csrf_token="old"))
    assert too_old.status_code == 400
    assert leads_back(too_old.text) == HERE
    wall.moderator("ann").approves(sent)
    overtaken = moderator.client.post(decline.action, data=decline.sent(reason="off_topic"))
    assert overtaken.status_code == 409
    assert leads_back(overtaken.text) == HERE


def test_taking_noting_and_letting_go_stay_in_the_narrowed_lane(wall: Wall, moderator: AtTheDesk) -> None:
    wall.promises("We open the hall on Sundays")
    wall.screens()
    page = moderator.client.get(NARROWED).text
    for action in ("/claim", "/release", "/note", "/care/spare", "/care/break", "/moderation/shortcuts"):
        answer = presses(moderator, page, action)
        assert went(answer) == HERE, action
    assert leads_back(moderator.client.get(f"/moderation/break?{urlsplit(NARROWED).query}").text) == HERE


def test_showing_a_harsh_text_keeps_the_list_beside_it(wall: Wall, moderator: AtTheDesk) -> None:
    kept = wall.promises("Byddaf yn dysgu enwau pawb yn y tîm", lang="cy")
    wall.promises("We open the hall on Sundays")
    wall.screens()
    with wall.work() as session:
        session.get_one(Review, kept.review_id).masked = True
    page = moderator.client.get("/moderation/?lane=all&lang=cy").text
    show = next(each for each in forms(page) if "seen" in each.sent())
    shown = moderator.client.post(unescape(show.action), data=show.sent()).text
    assert "enwau pawb" in shown
    assert [int(number) for number in ROW.findall(shown)] == [kept.review_id]
