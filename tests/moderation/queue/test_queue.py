"""The queue as its address shows it: lanes and their counts, ages, filters, and what search finds."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import func, select, text, update

import migrations
from bench.queue import measure
from moderation import lanes
from moderation.cli.upkeep import rebuild_counters
from moderation.models import Lane, Moderator, Review, ReviewLane
from moderation.queue import order
from moderation.screens import rows as screens_rows
from pledges.db import open_engine
from pledges.figures import counters
from pledges.models import Campaign, Counter, Theme
from tests.databases import Databases
from tests.forms import forms
from tests.wall import OTHER, SLUG, AtTheDesk, Sent, Wall, later

LANE = re.compile(
    r'<li><a href="/moderation/\?[^"]*lane=(\w+)[^"]*"(?: aria-current="true")?><span>[^<]*(?:<span class="oldest">([^<]*)</span>)?</span>'
    r'<span class="n">([\d,]+)</span>'
)
AGE = re.compile(r'data-age="(\w+)"><span>([^<]*)</span><span class="n">([\d,+]+)</span>')
ROW = re.compile(r'<li class="q" data-review="(\d+)"')


def shown(desk: AtTheDesk, address: str = "") -> tuple[list[int], str]:
    """The rows at this address of the queue, and its page."""
    answer = desk.client.get(f"/moderation/{address}")
    assert answer.status_code == 200, answer.text[:500]
    return [int(number) for number in ROW.findall(answer.text)], answer.text


def counted(desk: AtTheDesk, address: str = "") -> dict[str, int]:
    """The lanes beside the queue, each with how many it says it holds."""
    return {lane: int(count) for lane, _, count in LANE.findall(shown(desk, address)[1])}


def waits_since(wall: Wall, sent: Sent, moment: datetime) -> None:
    with wall.work() as session:
        session.execute(update(Review).where(Review.id == sent.review_id).values(waiting_since=moment))
        review = session.get_one(Review, sent.review_id)
        lanes.put_in(session, review)


def drift(wall: Wall) -> list[str]:
    """What counting again finds to mend, in words."""
    with wall.app.app_context():
        answer = wall.app.test_cli_runner().invoke(rebuild_counters)
    assert answer.exit_code == 0, answer.output
    return [line.strip() for line in answer.output.splitlines() if "->" in line]


def test_each_lane_says_how_many_it_holds_and_is_right_after_every_move(wall: Wall, moderator: AtTheDesk) -> None:
    one, two, welsh = (
        wall.promises("One, and I will go on"),
        wall.promises("Two, and I will go on"),
        wall.promises("Tri, and I will go on", lang="cy"),
    )
    assert counted(moderator)["all"] == 0
    wall.screens()
    assert counted(moderator) | {"all": 3, "new": 3, "welsh": 1} == counted(moderator)
    moderator.approves(one)
    assert counted(moderator)["all"] == 2
    moderator.decides(one, "undo")
    assert counted(moderator)["all"] == 3
    moderator.decides(two, "park")
    assert counted(moderator) | {"all": 2, "new": 2, "parked": 1} == counted(moderator)
    assert moderator.sees("parked") == [two.review_id]
    moderator.decides(two, "pass")
    assert counted(moderator) | {"all": 3, "new": 3} == counted(moderator)
    wall.acts(welsh, "withdraw")
    assert counted(moderator)["all"] == 2
    assert drift(wall) == []


def test_erasing_takes_an_item_out_of_its_lanes_and_their_counts(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    assert wall.acts(sent, "erase", sure="yes").status_code in (200, 303)
    assert wall.review(sent.review_id).lanes == []
    assert counted(moderator)["all"] == counted(moderator)["new"] == 0


def test_counting_again_mends_what_had_drifted_and_says_so(wall: Wall, moderator: AtTheDesk) -> None:
    wall.promises()
    wall.screens()
    with wall.work() as session:
        campaign = session.scalars(select(Campaign.id).where(Campaign.slug == SLUG)).one()
        counters.add(session, campaign, "lane:all", 41)
        counters.add(session, campaign, "akismet:agreed", 7)
    assert counted(moderator)["all"] == 42
    assert drift(wall) == ["lane:all : 42 -> 1"]
    assert counted(moderator)["all"] == 1
    with wall.look() as session:
        assert counters.read(session, campaign)["akismet:agreed"] == 7


def test_what_was_laid_aside_comes_back_by_itself_with_a_worker_and_without(wall: Wall, moderator: AtTheDesk) -> None:
    sent, other = wall.promises("One, and I will go on"), wall.promises("Two, and I will go on")
    wall.screens()
    for each in (sent, other):
        moderator.decides(each, "park")
    assert moderator.sees("all") == []
    with wall.work() as session:
        session.execute(update(Review).values(parked_until=later(-60)))
        session.execute(update(ReviewLane).where(ReviewLane.lane == Lane.PARKED).values(waiting_since=later(-60)))
    assert moderator.sees("all") == [sent.review_id, other.review_id]
    assert counted(moderator)["all"] == 2
    assert moderator.sees("parked") == []
    wall.screens()
    assert moderator.sees("new") == [sent.review_id, other.review_id]
    assert counted(moderator) | {"all": 2, "new": 2} == counted(moderator)
    assert drift(wall) == []


def test_what_no_worker_checked_for_two_minutes_shows_all_the_same(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    assert moderator.sees("all") == []
    with wall.work() as session:
        session.execute(update(Review).values(waiting_since=later(-121)))
    assert moderator.sees("all") == [sent.review_id]
    assert counted(moderator)["all"] == 1
    assert "1 waiting</h1>" in shown(moderator)[1]
    moderator.approves(sent)
    assert counted(moderator)["all"] == 0


def test_the_lanes_tell_how_long_their_oldest_item_waits(wall: Wall, moderator: AtTheDesk) -> None:
    old, welsh = wall.promises("Old, and I will go on"), wall.promises("Newydd, and I will go on", lang="cy")
    wall.screens()
    waits_since(wall, old, later(hours=-3))
    waits_since(wall, welsh, later(minutes=-20))
    oldest = {lane: words for lane, words, _ in LANE.findall(shown(moderator)[1])}
    assert oldest | {"all": "oldest 3 h 00", "new": "oldest 3 h 00", "welsh": "oldest 20 min", "spam": ""} == oldest
    assert "2 waiting</h1>" in shown(moderator)[1]


def test_the_buckets_of_age_follow_the_campaigns_own_target(wall: Wall, moderator: AtTheDesk) -> None:
    over, half, under = (wall.promises(words) for words in ("Over the hills", "Half the way", "Under a tree"))
    wall.screens()
    for sent, minutes in ((over, 61), (half, 31), (under, 5)):
        waits_since(wall, sent, later(minutes=-minutes))
    with wall.work() as session:
        session.execute(update(Campaign).values(wait_target_minutes=60))
    page = shown(moderator)[1]
    assert AGE.findall(page) == [
        ("over", "Over 1 hour", "1"),
        ("half", "30 to 60 minutes", "1"),
        ("under", "Under 30 minutes", "1"),
    ]
    for age, sent in (("over", over), ("half", half), ("under", under)):
        assert shown(moderator, f"?age={age}")[0] == [sent.review_id]
    with wall.work() as session:
        session.execute(update(Campaign).where(Campaign.slug == SLUG).values(wait_target_minutes=10))
    assert shown(moderator, "?age=over")[0] == [over.review_id, half.review_id]


@pytest.mark.parametrize(
    ("minutes", "lang", "names"),
    [
        (120, "en", ["Over 2 hours", "1 to 2 hours", "Under 1 hour"]),
        (90, "en", ["Over 90 minutes", "45 to 90 minutes", "Under 45 minutes"]),
        (2, "en", ["Over 2 minutes", "1 to 2 minutes", "Under 1 minute"]),
        (4 * 1440, "en", ["Over 4 days", "2 to 4 days", "Under 2 days"]),
        (2 * 1440, "en", ["Over 2 days", "24 to 48 hours", "Under 24 hours"]),
        (60, "cy", ["Dros 1 awr", "30 i 60 munud", "O dan 30 munud"]),
        (2 * 1440, "cy", ["Dros 2 ddiwrnod", "24 i 48 awr", "O dan 24 awr"]),
    ],
)
def test_the_buckets_are_said_in_words(wall: Wall, minutes: int, lang: str, names: list[str]) -> None:
    mo = wall.moderator()
    wall.promises()
    wall.screens()
    with wall.work() as session:
        session.execute(update(Campaign).values(wait_target_minutes=minutes))
        session.execute(update(Moderator).values(lang=lang))
    assert [name for _age, name, _count in AGE.findall(shown(mo)[1])] == names


def test_the_queue_is_narrowed_by_campaign_language_kind_and_theme_together(wall: Wall, moderator: AtTheDesk) -> None:
    plain, welsh = wall.promises("One, and I will go on"), wall.promises("Dau, and I will go on", lang="cy")
    firm = wall.promises(
        "We will, and I will go on", kind="organisation", organisation="Kestrel Vale", email="k@example.org"
    )
    other = wall.promises("Elsewhere, and I will go on", slug=OTHER)
    wall.screens()
    with wall.work() as session:
        theme = session.scalars(select(Theme).join(Campaign).where(Campaign.slug == SLUG).limit(1)).one()
        revision = session.get_one(Review, welsh.review_id).revision
        session.execute(
            text("UPDATE revisions SET theme_id = :theme WHERE id = :id"), {"theme": theme.id, "id": revision.id}
        )
        key = theme.key
    everything = [sent.review_id for sent in (plain, welsh, firm, other)]
    assert shown(moderator)[0] == everything
    assert shown(moderator, f"?campaign={OTHER}")[0] == [other.review_id]
    assert counted(moderator, f"?campaign={OTHER}")["all"] == 1
    assert shown(moderator, "?lang=cy")[0] == [welsh.review_id]
    assert "1 waiting</h1>" in shown(moderator, "?lang=cy")[1]
    assert shown(moderator, "?kind=organisation")[0] == [firm.review_id]
    assert shown(moderator, "?kind=comment")[0] == []
    assert shown(moderator, f"?theme={key}&lang=cy&kind=person&campaign={SLUG}")[0] == [welsh.review_id]
    assert shown(moderator, f"?theme={key}&lang=en")[0] == []
    assert shown(moderator, "?kind=nonsense&age=nonsense&campaign=nonsense")[0] == everything


def test_comments_and_changes_are_kinds_of_their_own(wall: Wall, moderator: AtTheDesk) -> None:
    pledge = wall.promises("I will begin")
    wall.screens()
    moderator.approves(pledge)
    comment, change = wall.comments(pledge), wall.edits(pledge, "I will begin today")
    wall.screens()
    assert shown(moderator, "?kind=comment")[0] == [comment.review_id]
    assert shown(moderator, "?kind=change")[0] == [change.review_id]
    assert shown(moderator, "?kind=pledge")[0] == []


def test_filters_stay_through_pages_items_and_decisions(
    wall: Wall, moderator: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.queue.order.PAGE", 1)
    wall.promises("English first")
    first, second = wall.promises("Un, and I will go on", lang="cy"), wall.promises("Dau, and I will go on", lang="cy")
    wall.screens()
    rows, page = shown(moderator, "?lang=cy&lane=new")
    assert rows == [first.review_id]
    following = re.search(r'<p class="more"><a [^>]*href="/moderation/([^"]+)"', page)
    assert following is not None
    assert shown(moderator, following[1].replace("&amp;", "&"))[0] == [second.review_id]
    item = moderator.client.get(f"/moderation/reviews/{first.review_id}?lane=new&lang=cy").text
    assert re.search(r'class="crumb"><a href="/moderation/\?[^"]*lang=cy', item)
    approve = next(form for form in forms(item) if form.sent().get("move") == ["approve"])
    answer = moderator.client.post(f"/moderation/reviews/{first.review_id}/decide", data=approve.sent())
    assert answer.status_code == 303
    assert "lang=cy" in answer.headers["Location"]
    assert f"at={second.review_id}" in answer.headers["Location"]
    assert shown(moderator, answer.headers["Location"].removeprefix("/moderation/"))[0] == [second.review_id]


def test_a_decision_on_a_later_page_goes_on_from_there(
    wall: Wall, moderator: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.queue.order.PAGE", 2)
    one, two, three, four, five = (wall.promises(f"Promise of number {number}").review_id for number in range(5))
    wall.screens()
    place = screens_rows.write_position(order.position(wall.review(two), "all"))
    assert shown(moderator, f"?after={place}&at={three}")[0] == [three, four]
    there = moderator.decides(three, "approve").headers["Location"].removeprefix("/moderation/")
    rows, page = shown(moderator, there)
    assert rows == [four, five]
    assert re.search(rf'data-review="{four}" data-version="\d+" data-cur', page)
    assert shown(moderator)[0] == [one, two]  # those above wait as before
    for nowhere in (three, 10**18):
        assert shown(moderator, f"?at={nowhere}")[0] == [one, two], nowhere


def test_pages_of_several_campaigns_go_on_without_a_gap_or_a_double(
    wall: Wall, moderator: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.queue.order.PAGE", 2)
    sent = [wall.promises(f"Promise of number {number}", slug=(SLUG, OTHER)[number % 2]) for number in range(5)]
    wall.screens()
    moment = later(minutes=-5)
    for each in sent[:4]:
        waits_since(wall, each, moment)  # all at one moment: the id decides
    seen, address = [], ""
    while True:
        rows, page = shown(moderator, address)
        seen += rows
        following = re.search(r'<p class="more"><a [^>]*href="/moderation/([^"]+)"', page)
        if following is None:
            break
        address = following[1].replace("&amp;", "&")
    assert seen == [each.review_id for each in sent]


def found(desk: AtTheDesk, asked: str) -> list[int]:
    answer = desk.client.get(f"/moderation/search?q={quote(asked)}")
    assert answer.status_code == 200, answer.status_code
    return [int(number) for number in ROW.findall(answer.text)]


def test_search_finds_words_names_and_beginnings_without_case_or_marks(wall: Wall, moderator: AtTheDesk) -> None:
    tŷ = wall.promises("Byddaf yn agor y tŷ i bawb", lang="cy", name="Siân Évans", show_name="anonymous")
    plain = wall.promises("I will open the house to everybody")
    wall.screens()
    moderator.approves(plain)
    assert found(moderator, "TY") == found(moderator, "tŷ") == [tŷ.review_id]
    assert found(moderator, "evans sian") == [tŷ.review_id]
    assert found(moderator, "hous every") == [plain.review_id]  # decided, and still found
    assert found(moderator, "house bawb") == []
    assert found(moderator, "") == []


def test_search_finds_an_item_by_its_reference_and_its_number(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    answer = moderator.client.get(f"/moderation/search?q={sent.public_id}", follow_redirects=True)
    assert answer.request.path == f"/moderation/reviews/{sent.review_id}"
    assert found(moderator, f"#{sent.review_id}") == found(moderator, str(sent.review_id)) == [sent.review_id]
    assert found(moderator, "9" * 30) == []


def test_search_shows_nothing_of_other_peoples_campaigns(wall: Wall) -> None:
    sent = wall.promises("Quiet rivers")
    wall.screens()
    stranger = wall.moderator("ola", slug=OTHER)
    assert (
        found(stranger, "quiet rivers") == found(stranger, str(sent.review_id)) == found(stranger, sent.public_id) == []
    )
    assert found(wall.moderator("mo"), "quiet rivers") == [sent.review_id]


def test_search_keeps_strong_words_hidden(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("Unrepeatable sentence")
    wall.screens()
    with wall.work() as session:
        session.execute(update(Review).values(masked=True))
    page = moderator.client.get("/moderation/search?q=unrepeatable").text
    assert f'data-review="{sent.review_id}"' in page
    assert "Unrepeatable sentence" not in page


@pytest.mark.parametrize(
    "asked",
    [
        '"',
        "' OR 1=1 --",
        "a AND OR NOT (",
        "words:",
        "NEAR(a b)",
        "* ^",
        ":*",
        "&|!<->",
        "\\",
        "\x00nul",
        "🎈",
        "a" * 5000,
        "½ ² Ⅷ ①",
        "İ ß ﷺ",
        "'':*",
    ],
)
def test_no_question_breaks_search(wall: Wall, moderator: AtTheDesk, asked: str) -> None:
    wall.promises("Words that nobody asks for")
    assert moderator.client.get("/moderation/search", query_string={"q": asked}).status_code == 200


def test_erased_words_are_found_no_more_and_kept_nowhere(wall: Wall, moderator: AtTheDesk) -> None:
    sent, other = wall.promises("Xylophones everywhere"), wall.promises("Something else")
    wall.screens()
    assert found(moderator, "xylophones") == [sent.review_id]
    wall.acts(sent, "erase", sure="yes")
    assert found(moderator, "xylophones") == []
    assert found(moderator, "something") == [other.review_id]
    with wall.look() as session:
        if session.get_bind().dialect.name == "sqlite":
            kept = b"".join(bytes(row[0]) for row in session.execute(text("SELECT block FROM revision_words_data")))
            assert b"something" in kept
            assert b"xylophones" not in kept
        assert session.scalar(text("SELECT count(*) FROM revision_words")) == 1


def test_a_database_from_before_gets_its_lanes_counts_and_words(wall: Wall, moderator: AtTheDesk) -> None:
    waiting, aside = wall.promises("Marmalade for all"), wall.promises("Laid aside, and I will go on")
    decided = wall.promises("Decided, and I will go on")
    wall.screens()
    moderator.approves(decided)
    moderator.decides(aside, "park")
    wall.database.engine.dispose()
    engine = open_engine(wall.settings.database_url)
    migrations.downgrade(engine, "0002")
    with engine.begin() as connection:
        assert connection.scalar(select(func.count()).select_from(Counter).where(Counter.name.startswith("lane:"))) == 0
        stands = "SELECT lane FROM review_lanes WHERE review_id = :review"
        assert connection.scalars(text(stands), {"review": aside.review_id}).all() == ["new"]  # as it stood before
    migrations.upgrade(engine)
    engine.dispose()
    assert moderator.sees("all") == moderator.sees("new") == [waiting.review_id]
    assert moderator.sees("parked") == [aside.review_id]
    assert counted(moderator) | {"all": 1, "new": 1, "parked": 1} == counted(moderator)
    assert drift(wall) == []
    assert found(moderator, "marmalade") == [waiting.review_id]


def test_the_benchmark_runs(databases: Databases, tmp_path: Path) -> None:
    took = measure(databases, "sqlite", tmp_path, (12, 60), rounds=1)
    assert {len(times.took) for by_size in took.values() for times in by_size.values()} == {1}


def test_a_link_to_an_item_that_left_the_list_opens_nothing_in_its_place(wall: Wall, moderator: AtTheDesk) -> None:
    first, second = (wall.promises(f"I will do thing number {n}") for n in range(2))
    wall.screens()
    told = "What you asked for stands here no more"
    assert told not in moderator.client.get(f"/moderation/?at={second.review_id}").text
    wall.moderator("ann").approves(second)
    page = moderator.client.get(f"/moderation/?at={second.review_id}").text
    assert told in page and f'data-review="{first.review_id}" data-version' in page
    assert 'id="item"' not in page and "/decide" not in page


def test_why_it_is_looked_at_again_is_said_in_the_list_and_at_its_head(wall: Wall, moderator: AtTheDesk) -> None:
    other = wall.moderator("other")
    sent = wall.promises()
    wall.screens()
    moderator.decides(sent, "reject", reason="off_topic")
    assert wall.acts(sent, "appeal").status_code == 303
    page = other.client.get("/moderation/?lane=appeals").text
    tags = page.split('<p class="sigs">')[1].split("</p>")[0]
    assert ">Appeal<" in tags and "Nothing found" not in tags
    assert ">Appeal<" in page.split('class="item-head"')[1].split("</div>")[0]
    assert other.decides(sent, "park").status_code == 303
    head = other.client.get(f"/moderation/reviews/{sent.review_id}").text.split('class="item-head"')[1]
    assert ">Appeal<" in head.split("</div>")[0] and ">Reported<" not in head.split("</div>")[0]
    second = wall.promises("Another one, and I mean it")
    wall.screens()
    moderator.approves(second)
    assert wall.reports(second).status_code in (200, 303)
    head = other.client.get(f"/moderation/reviews/{second.review_id}").text.split('class="item-head"')[1]
    assert ">Reported<" in head.split("</div>")[0]
