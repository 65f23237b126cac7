"""What the record shows as a page, and the figures of each week."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from moderation.models import Decision, Moderator, Review, Role
from moderation.record import chain, figures
from pledges.db import utcnow
from pledges.models import Campaign, Counter
from tests.akismet_service import KEY, AkismetService
from tests.wall import OTHER, SLUG, AtTheDesk, Sent, Wall, unguarded


def this_week(wall: Wall, slug: str = SLUG) -> figures.Week:
    with wall.look() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == slug)).one()
        return figures.weeks(session, campaign, utcnow())[0]


def tallies(wall: Wall) -> dict[str, int]:
    with wall.look() as session:
        rows = session.execute(select(Counter.name, Counter.value).where(Counter.name.startswith("akismet:")))
        return {name: value for name, value in rows if value}


@pytest.mark.parametrize(
    "waits, share, expected",
    [([], 50, None), ([7], 90, 7), ([1, 2, 3, 4], 50, 2), (list(range(1, 11)), 90, 9), (list(range(1, 12)), 90, 10)],
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(waits, share, expected) -> None:
    assert figures.percentile(waits, share) == expected


def test_a_week_tells_waits_reasons_reversals_and_appeals(wall: Wall, moderator: AtTheDesk) -> None:
    other = wall.moderator("other")
    sent = [wall.promises(f"I will plant {number} trees with my class") for number in range(10)]
    with wall.work() as session:
        for minutes, each in enumerate(sent, 1):
            since = utcnow() - timedelta(minutes=10 * minutes)
            session.execute(update(Review).where(Review.id == each.review_id).values(waiting_since=since))
    for each in sent[:8]:
        moderator.approves(each)
    moderator.decides(sent[8], "reject", reason="off_topic")
    moderator.decides(sent[9], "reject", reason="off_topic")
    moderator.decides(sent[0], "reject", reason="hateful")  # taken down
    wall.acts(sent[8], "appeal")
    other.approves(sent[8])
    week = this_week(wall)
    assert week.received == 10
    assert week.decided == {"approve": 9, "reject": 3}
    assert week.median_wait is not None and 49 <= week.median_wait / 60 <= 51
    assert week.ninth_wait is not None and 89 <= week.ninth_wait / 60 <= 91
    assert [(reason.key, count) for reason, count in week.reasons] == [("off_topic", 2), ("hateful", 1)]
    assert (week.reversals, week.appeals, week.upheld) == (2, 1, 1)  # one taken down, one appeal upheld
    assert this_week(wall, OTHER).received == 0
    page = moderator.client.get(f"/moderation/figures?campaign={SLUG}").text
    assert "Not a promise" in page and "50 min" in page


def test_what_was_undone_has_decided_nothing_and_each_of_several_reasons_counts(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = [wall.promises(f"I will plant {number} trees with my class") for number in range(3)]
    wall.screens()
    moderator.decides(sent[0], "reject", reason="off_topic")
    moderator.decides(sent[0], "undo")
    moderator.approves(sent[0])
    given = {"csrf_token": moderator.csrf(), "move": "revise", "version": str(wall.review(sent[1].review_id).version)}
    answer = moderator.client.post(
        f"/moderation/reviews/{sent[1].review_id}/decide", data={**given, "reason": ["names", "link"]}
    )
    assert answer.status_code == 303
    moderator.approves(sent[2])
    moderator.decides(sent[2], "take_down", reason="hateful")
    moderator.decides(sent[2], "undo")
    week = this_week(wall)
    assert week.decided == {"approve": 2, "revise": 1}
    assert {reason.key: count for reason, count in week.reasons} == {"names": 1, "link": 1}
    assert week.reversals == 0  # what was undone at once has taken nothing back


def test_no_moderator_is_named_in_the_figures(wall: Wall, moderator: AtTheDesk) -> None:
    moderator.approves(wall.promises())
    page = moderator.client.get("/moderation/figures").text
    main = page[page.index("<main") :]
    with wall.look() as session:
        names = [*session.scalars(select(Moderator.name)), *session.scalars(select(Moderator.email))]
    assert names and not any(name in re.findall(r">([^<]+)<", main) for name in names)


def test_agreement_with_the_spam_service_follows_the_newest_decision(
    walls: Callable[..., Wall], akismet: AkismetService
) -> None:
    wall = walls(akismet_api_key=KEY, akismet_endpoint=akismet.url, akismet_timeout_seconds=0.5)
    mo = wall.moderator()
    clear, spam = (
        wall.promises(),
        wall.promises("I will sell viagra-test-123", name="viagra-test-123", show_name="full"),
    )
    wall.screens()
    mo.approves(clear)
    assert tallies(wall) == {"akismet:clear": 1}
    mo.decides(clear, "spam")
    assert tallies(wall) == {"akismet:missed": 1}
    mo.decides(clear, "undo")
    assert tallies(wall) == {"akismet:clear": 1}
    mo.approves(spam)
    assert tallies(wall) == {"akismet:clear": 1, "akismet:wrong": 1}
    with wall.app.app_context():
        from click.testing import CliRunner

        from moderation.cli.upkeep import rebuild_counters

        assert CliRunner().invoke(rebuild_counters).exit_code == 0
    assert tallies(wall) == {"akismet:clear": 1, "akismet:wrong": 1}
    assert this_week(wall).spam_service == {"clear": 1, "wrong": 1}


def test_the_record_reads_in_words_and_is_for_leads(wall: Wall, moderator: AtTheDesk) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    sent = wall.promises()
    moderator.approves(sent)
    page = lead.client.get("/moderation/record").text
    assert "approved" in page and sent.public_id in page
    assert moderator.client.get("/moderation/record").status_code == 403


def test_before_and_after_read_in_words_too_in_the_reader_s_language(wall: Wall, moderator: AtTheDesk) -> None:
    lead, ann = wall.moderator("lead", Role.LEAD), wall.moderator("ann")
    sent = wall.promises()
    wall.screens()
    moderator.decides(sent, "pass", to="ann@example.org")
    moderator.decides(sent, "park")
    ann.decides(sent, "reject", reason="off_topic")
    rows = re.findall(r"<tr><td>\d+</td>.*?</tr>", lead.client.get("/moderation/record").text)
    declined, parked, passed = (re.findall(r"<td>(.*?)</td>", row)[5:7] for row in rows[:3])
    assert declined[0] == "state: waits"
    assert "state: declined" in declined[1] and "reason: Not a promise" in declined[1]
    assert passed[1] == "passed to: ann"
    assert re.fullmatch(r"passed to: ann, until: \d+ \w+ \d{4}, \d\d:\d\d", parked[1])
    with wall.work() as session:
        session.execute(update(Moderator).where(Moderator.name == "lead").values(lang="cy"))
    assert "cyflwr: wedi’i wrthod" in lead.client.get("/moderation/record").text


def test_a_lead_of_one_campaign_reads_its_lines_alone(wall: Wall, moderator: AtTheDesk) -> None:
    lead = wall.moderator("lead", Role.LEAD, OTHER)
    here, there = wall.promises(), wall.promises("I will listen to parents", slug=OTHER)
    moderator.approves(here)
    moderator.approves(there)
    page = lead.client.get("/moderation/record").text
    assert there.public_id in page and here.public_id not in page


def checks(who: AtTheDesk, **fields: str):
    return who.client.post("/moderation/record/check", data={"csrf_token": who.csrf(), **fields})


def test_the_chain_is_gone_through_by_a_press_and_by_no_link(
    wall: Wall, moderator: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, here = wall.moderator("lead", Role.LEAD), wall.moderator("here", Role.LEAD, SLUG)
    moderator.approves(wall.promises())
    page = checks(lead).text
    assert "the record is whole" in page and "approved" in page
    assert checks(here).status_code == checks(moderator).status_code == 403
    assert lead.client.post("/moderation/record/check").status_code == 400  # no csrf_token
    form = re.search(
        r'<form method="post" action="(/moderation/record/check)">', lead.client.get("/moderation/record").text
    )
    assert form is not None
    assert "/moderation/record/check" not in here.client.get("/moderation/record").text
    monkeypatch.setattr(chain, "verify", None)  # whoever walks the chain now fails
    assert "the record is whole" not in lead.client.get("/moderation/record?check=1").text
    assert lead.client.get("/moderation/record/check").status_code == 405


def test_while_the_chain_is_gone_through_others_write(
    wall: Wall, moderator: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    sent = wall.promises()
    real = chain.verify

    def meanwhile(session: Session) -> list[chain.Fault]:
        faults = real(session)
        first = next(faults, None)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(moderator.approves, sent).result()
        return [first, *faults] if first is not None else list(faults)

    monkeypatch.setattr(chain, "verify", meanwhile)
    assert "the record is whole" in checks(lead).text
    assert wall.shown()


def test_a_changed_line_is_told_on_the_page(wall: Wall, moderator: AtTheDesk) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    moderator.approves(wall.promises())
    with wall.work() as session:
        unguarded(session)
        session.execute(text("UPDATE acts SET actor = 'moderator:9' WHERE id = 2"))
    assert "1 line does not fit" in checks(lead).text


def test_the_record_is_paged_by_key_and_holds_every_line_once(wall: Wall, moderator: AtTheDesk) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    sent = wall.promises()
    for _ in range(30):
        moderator.decides(sent, "spam")
        moderator.decides(sent, "reopen")
    seen: list[str] = []
    address = "/moderation/record"
    while address:
        page = lead.client.get(address).text
        seen += re.findall(r"<tr><td>(\d+)</td>", page)
        older = re.search(r'href="(/moderation/record\?before=\d+)"', page)
        address = older[1] if older else ""
    assert [int(number) for number in seen] == list(range(len(seen), 0, -1)) and len(seen) > 60


def test_a_decision_that_was_undone_is_not_counted_off_once_more(
    walls: Callable[..., Wall], akismet: AkismetService
) -> None:
    wall = walls(akismet_api_key=KEY, akismet_endpoint=akismet.url, akismet_timeout_seconds=0.5)
    mo = wall.moderator()
    sent = wall.promises()
    wall.screens()
    mo.approves(sent)
    mo.decides(sent, "reject", reason="off_topic")
    mo.decides(sent, "undo")
    assert tallies(wall) == {"akismet:clear": 1}
    mo.decides(sent, "spam")
    assert tallies(wall) == {"akismet:missed": 1}


def test_a_decline_that_two_agreed_on_counts_once(wall: Wall, moderator: AtTheDesk) -> None:
    ann = wall.moderator("ann")
    sent, other = wall.promises(), wall.promises("I will ask what would help")
    for each, minutes in ((sent, 60), (other, 20)):
        with wall.work() as session:
            since = utcnow() - timedelta(minutes=minutes)
            session.execute(update(Review).where(Review.id == each.review_id).values(waiting_since=since))
    moderator.decides(sent, "reject", reason="illegal")
    ann.decides(sent, "reject", reason="illegal")
    ann.approves(other)
    week = this_week(wall)
    assert {reason.key: count for reason, count in week.reasons} == {"illegal": 1}
    assert week.median_wait is not None and 19 <= week.median_wait / 60 <= 21


def reversals_of(wall: Wall, moderator: AtTheDesk, ann: AtTheDesk, sent: Sent, *steps: str) -> int:
    """How many more reversals this week tells after these steps; `2`: put to a second person."""
    before = this_week(wall).reversals
    for step in steps:
        who, _, move = step.rpartition(":")
        if move == "report":
            wall.reports(sent)
        elif move == "appeal":
            wall.acts(sent, "appeal")
        else:
            reason = "off_topic" if move.startswith("reject") else ""
            second = "yes" if move.endswith("2") else ""
            answer = (ann if who else moderator).decides(sent, move.removesuffix("2"), reason=reason, second=second)
            assert answer.status_code == 303, step
    return this_week(wall).reversals - before


def test_a_reversal_is_a_final_decision_that_came_out_otherwise_than_the_one_before(
    wall: Wall, moderator: AtTheDesk
) -> None:
    ann = wall.moderator("ann")
    told = {
        ("approve",): 0,
        ("approve", "report", "ann:reject"): 1,
        ("reject", "appeal", "ann:approve"): 1,
        ("reject", "appeal", "ann:reject"): 0,
        ("approve", "report", "ann:approve"): 0,
        ("approve", "reopen", "reject"): 1,
        ("approve", "reopen", "approve"): 0,
        ("approve", "ann:reject2", "reject"): 1,  # proposed by one, confirmed by the other
        ("approve", "ann:reject2", "approve"): 0,  # the second did not agree
        ("spam", "reopen", "approve", "reopen", "spam"): 2,
        ("approve", "undo"): 0,
        ("approve", "undo", "reject"): 0,
        ("approve", "reopen", "undo"): 0,
        ("approve", "reject", "undo"): 0,
    }
    for number, (steps, count) in enumerate(told.items()):
        sent = wall.promises(f"I will plant {number} trees with my class")
        assert reversals_of(wall, moderator, ann, sent, *steps) == count, steps
    assert "came out otherwise" in moderator.client.get("/moderation/figures").text


def test_a_decision_of_an_earlier_week_is_turned_round_in_the_week_in_which_it_is(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = wall.promises()
    moderator.approves(sent)
    with wall.work() as session:
        session.execute(update(Decision).values(decided_at=utcnow() - timedelta(weeks=2)))
    moderator.decides(sent, "reject", reason="off_topic")
    with wall.look() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        told = [week.reversals for week in figures.weeks(session, campaign, utcnow())]
    assert told == [1, 0, 0, 0, 0, 0, 0, 0]
