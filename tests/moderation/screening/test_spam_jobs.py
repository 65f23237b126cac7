"""The rows A-… of the protocol as the worker lives them: HTTP to the local service, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from moderation.checks.base import Verdict
from moderation.jobs import tasks
from moderation.models import Evidence, Finding, Review, Shared
from moderation.screening import run
from moderation.workflow import State
from pledges.db import transaction, utcnow
from pledges.models import AkismetUse, Campaign, Contribution
from tests.akismet_service import KEY, AkismetService
from tests.wall import SLUG, WORDS, Sent, Wall, later

AGENT, PAGE = "Visitor/7.1", "https://elsewhere.example/page"


def word_of(wall: Wall, sent: Sent) -> Finding:
    """The newest finding of the spam service about these words."""
    return next(found for found in reversed(wall.review(sent.review_id).findings) if found.check == "akismet")


def evidence_of(wall: Wall, sent: Sent) -> Evidence | None:
    return wall.review(sent.review_id).evidence


def feedback(service: AkismetService) -> list[tuple[str, str]]:
    """What was fed back: the endpoint, and what was said to have been answered once."""
    return [
        (request.path.rsplit("/", 1)[1], request.form["comment_check_response"])
        for request in service.requests
        if "/submit-" in request.path
    ]


def test_a_04_the_senders_own_headers_are_sent_and_once_forgotten_nothing_is(
    checked_wall: Wall, akismet: AkismetService
) -> None:
    wall = checked_wall
    akismet.fault = "500"
    sent = wall.promises(header_User_Agent=AGENT, header_Referer=PAGE)
    wall.screens()
    (request,) = akismet.checks()
    assert [request.form[name] for name in ("user_ip", "user_agent", "referrer")] == ["127.0.0.1", AGENT, PAGE]
    with wall.work() as session:
        session.execute(delete(Evidence))
    akismet.fault = None
    wall.screens(later(hours=1))
    assert len(akismet.checks()) == 1
    review = wall.review(sent.review_id)
    assert (review.state, review.check_after) == (State.WAITING, None)
    assert word_of(wall, sent).detail["why"] == "forgotten"


@pytest.mark.parametrize(
    "words, state, lane, verdict",
    [
        (WORDS, State.WAITING, "new", Verdict.CLEAR),
        ("I will say akismet-guaranteed-spam", State.WAITING, "spam", Verdict.LOOK),
        ("I will say stub-discard today", State.SPAM, None, Verdict.STOP),
        ("I will say stub-recheck today", State.WAITING, "new", Verdict.UNKNOWN),
    ],
)
def test_a_05_every_verdict_leads_to_its_state_and_none_publishes(
    checked_wall: Wall, words: str, state: State, lane: str | None, verdict: Verdict
) -> None:
    sent = checked_wall.promises(words)
    checked_wall.screens()
    review = checked_wall.review(sent.review_id)
    assert review.state is state
    assert {str(each.lane) for each in review.lanes} == ({lane, "all"} if lane else set())
    assert word_of(checked_wall, sent).verdict is verdict
    assert review.contribution.published_revision_id is None
    assert not checked_wall.shown(words)


def test_a_05_a_provisional_answer_is_asked_again_when_the_service_says(
    checked_wall: Wall, akismet: AkismetService
) -> None:
    sent = checked_wall.promises("I will say stub-recheck today")
    checked_wall.screens()
    checked_wall.screens(later(110))
    assert len(akismet.checks()) == 1
    checked_wall.screens(later(130))
    assert [request.form.get("recheck_reason") for request in akismet.checks()] == [None, "recheck"]
    review = checked_wall.review(sent.review_id)
    assert {str(each.lane) for each in review.lanes} == {"spam", "all"}
    assert (review.state, review.check_after) == (State.WAITING, None)


@pytest.mark.parametrize(
    "fault", ["refuse", "hang", "close_mid_body", "502", "newline", "html", "error_header", "empty"]
)
def test_a_07_whatever_the_service_does_the_item_waits_marked_and_is_asked_again(
    checked_wall: Wall, akismet: AkismetService, fault: str
) -> None:
    wall = checked_wall
    akismet.fault = fault
    sent = wall.promises()
    wall.screens()
    review = wall.review(sent.review_id)
    assert (review.state, review.not_checked) == (State.WAITING, True)
    assert word_of(wall, sent).verdict is Verdict.UNKNOWN
    assert review.check_after is not None
    first_wait = review.check_after - utcnow()
    assert timedelta(seconds=30) < first_wait < timedelta(minutes=5)
    asked = len(akismet.checks())
    wall.screens(later(20))
    assert len(akismet.checks()) == asked
    akismet.fault = None
    wall.screens(review.check_after + timedelta(seconds=1))
    review = wall.review(sent.review_id)
    assert (review.not_checked, review.check_after) == (False, None)
    assert word_of(wall, sent).verdict is Verdict.CLEAR


def test_a_07_the_circuit_is_shared_and_the_desk_says_not_checked(checked_wall: Wall, akismet: AkismetService) -> None:
    wall = checked_wall
    akismet.fault = "500"
    sent = [wall.promises(f"I will do thing number {number}") for number in range(8)]
    wall.screens()
    assert len(akismet.checks()) == 5  # then it opened
    assert [word_of(wall, each).detail["why"] for each in sent[5:]] == ["circuit_open"] * 3
    assert all(wall.review(each.review_id).state is State.WAITING for each in sent)
    assert "Spam not checked" in wall.moderator().client.get("/moderation/").text


def test_a_07_without_a_key_nothing_is_blocked_and_the_desk_shows_it(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    review = wall.review(sent.review_id)
    assert (review.state, review.not_checked, review.check_after) == (State.WAITING, True, None)
    page = wall.moderator().client.get(f"/moderation/reviews/{sent.review_id}").text
    assert "No key is set for the spam service" in page


def test_a_08_a_late_word_changes_no_decision(checked_wall: Wall) -> None:
    wall = checked_wall
    sent = wall.promises("I will say stub-discard today")
    with wall.app.app_context():
        with transaction() as session:
            work = run.take(session, sent.review_id, utcnow())
        assert work is not None
        seen = run.examine(work, tasks.spam_service(), utcnow())
    wall.moderator().approves(sent)
    version = wall.review(sent.review_id).version
    with wall.app.app_context(), transaction() as session:
        run.settle(session, work, seen, utcnow(), wall.settings)
    review = wall.review(sent.review_id)
    assert (review.state, review.version, review.check_after) == (State.APPROVED, version, None)
    assert word_of(wall, sent).verdict is Verdict.STOP
    assert wall.shown("I will say stub-discard today")


def test_a_08_a_word_said_twice_or_of_a_worker_that_was_given_up_counts_once(checked_wall: Wall) -> None:
    wall = checked_wall
    sent = wall.promises("I will say stub-discard today")
    with wall.app.app_context():
        with transaction() as session:
            slow = run.take(session, sent.review_id, utcnow())
        with transaction() as session:
            quick = run.take(session, sent.review_id, later(minutes=4))
        assert slow is not None and quick is not None
        seen = run.examine(quick, tasks.spam_service(), utcnow())
        for work in (slow, quick, quick):
            with transaction() as session:
                run.settle(session, work, seen, utcnow(), wall.settings)
    assert len(wall.decisions(sent.review_id)) == 1
    assert wall.review(sent.review_id).state is State.SPAM


def test_a_08_a_word_on_older_words_leaves_the_newer_alone(checked_wall: Wall) -> None:
    wall = checked_wall
    first = wall.promises("I will say stub-discard today")
    with wall.app.app_context():
        with transaction() as session:
            work = run.take(session, first.review_id, utcnow())
        assert work is not None
        seen = run.examine(work, tasks.spam_service(), utcnow())
    second = wall.edits(first, "I will say something kind")
    with wall.app.app_context(), transaction() as session:
        run.settle(session, work, seen, utcnow(), wall.settings)
    wall.screens()
    assert wall.review(first.review_id).state is State.SUPERSEDED
    assert wall.review(second.review_id).state is State.WAITING


def test_a_10_feedback_goes_once_after_the_undo_window_with_the_fields_of_then(
    checked_wall: Wall, akismet: AkismetService
) -> None:
    wall, moderator = checked_wall, checked_wall.moderator()
    missed = wall.promises(header_User_Agent=AGENT)
    wrong = wall.promises("I will say akismet-guaranteed-spam")
    agreed = wall.promises("I will plant ten trees")
    wall.screens()
    sent = {request.form["comment_content"]: request.form for request in akismet.checks()}
    moderator.decides(missed, "spam")
    moderator.approves(wrong)
    moderator.approves(agreed)
    wall.screens(later(25))
    assert feedback(akismet) == []
    wall.screens(later(31))
    wall.screens(later(days=1))
    assert sorted(feedback(akismet)) == [("submit-ham", "true"), ("submit-spam", "false")]
    for request in akismet.requests:
        if "/submit-" in request.path:
            then = sent[request.form["comment_content"]]
            assert {name: request.form.get(name) for name in then} == then
            assert request.form["reporter"] == "moderation"


@pytest.mark.parametrize("move, reason", [("reject", "off_topic"), ("reject", "hateful"), ("revise", "clearer")])
def test_a_10_a_decision_about_our_rules_is_not_told(
    checked_wall: Wall, akismet: AkismetService, move: str, reason: str
) -> None:
    sent = checked_wall.promises("I will say akismet-guaranteed-spam")
    checked_wall.screens()
    checked_wall.moderator().decides(sent, move, reason=reason)
    checked_wall.screens(later(60))
    assert feedback(akismet) == []


@pytest.mark.parametrize("then", ["undo", "reopen"])
def test_a_10_what_was_taken_back_in_time_is_not_told(checked_wall: Wall, akismet: AkismetService, then: str) -> None:
    sent = checked_wall.promises()
    checked_wall.screens()
    moderator = checked_wall.moderator()
    moderator.decides(sent, "spam")
    moderator.decides(sent, then)
    moderator.approves(sent)
    checked_wall.screens(later(60))
    assert feedback(akismet) == []


def test_a_10_a_rescue_after_the_service_was_told_spam_tells_it_ham(
    checked_wall: Wall, akismet: AkismetService
) -> None:
    sent = checked_wall.promises()
    checked_wall.screens()
    moderator = checked_wall.moderator()
    moderator.decides(sent, "spam")
    checked_wall.screens(later(31))
    moderator.decides(sent, "reopen")
    checked_wall.screens(later(62))
    assert feedback(akismet) == [("submit-spam", "false"), ("submit-ham", "false")]


def test_a_10_what_was_never_checked_is_not_told(checked_wall: Wall, akismet: AkismetService) -> None:
    akismet.fault = "500"
    sent = checked_wall.promises()
    checked_wall.screens()
    akismet.fault = None
    checked_wall.moderator().decides(sent, "spam")
    checked_wall.screens(later(31))
    assert feedback(akismet) == []


def test_a_11_an_edit_is_checked_anew_as_an_edit(checked_wall: Wall, akismet: AkismetService) -> None:
    first = checked_wall.promises()
    checked_wall.screens()
    checked_wall.edits(first, "I will say something kind")
    checked_wall.screens()
    assert [request.form.get("recheck_reason") for request in akismet.checks()] == [None, "edit"]
    assert akismet.checks()[1].form["comment_content"] == "I will say something kind"


@pytest.mark.timeout(3600)  # the whole count takes minutes
def test_a_12_a_flood_into_the_trap_in_haste_costs_no_call(
    checked_wall: Wall, akismet: AkismetService, share: Callable[..., int]
) -> None:
    count = share(10_000, usual=12)
    for number in range(count):
        checked_wall.promises(f"Buy thing number {number} now", company_url="https://spam.example")
    while checked_wall.screens():
        pass
    assert akismet.requests == []
    with checked_wall.look() as session:
        assert set(session.scalars(select(Review.state))) == {State.SPAM}


def test_a_12_the_budget_ends_the_calls_and_people_decide_the_rest(
    walls: Callable[..., Wall], akismet: AkismetService
) -> None:
    wall = walls(akismet_api_key=KEY, akismet_endpoint=akismet.url, akismet_calls_a_day=2)
    sent = [wall.promises(f"I will do thing number {number}") for number in range(4)]
    wall.screens()
    assert len(akismet.checks()) == 2
    assert [wall.review(each.review_id).not_checked for each in sent] == [False, False, True, True]


def test_a_12_an_alert_reaches_the_desk_within_one_cycle_and_the_verdict_stands(
    checked_wall: Wall, akismet: AkismetService
) -> None:
    moderator = checked_wall.moderator()
    assert "spam service has a word" not in moderator.client.get("/moderation/").text
    akismet.fault = "alert_10508"
    sent = checked_wall.promises()
    checked_wall.screens()
    assert word_of(checked_wall, sent).verdict is Verdict.CLEAR
    page = moderator.client.get("/moderation/").text
    assert "spam service has a word" in page
    assert "Alert 10508" in page


def test_a_13_erasure_removes_address_browser_and_the_link_to_the_service(
    checked_wall: Wall, akismet: AkismetService
) -> None:
    sent = checked_wall.promises("I will say stub-recheck today", header_User_Agent=AGENT, header_Referer=PAGE)
    checked_wall.screens()
    kept = evidence_of(checked_wall, sent)
    assert kept is not None and kept.akismet_guid and kept.akismet_fields and kept.user_agent == AGENT
    checked_wall.acts(sent, "erase")
    assert evidence_of(checked_wall, sent) is None
    assert all(found.detail == {} for found in checked_wall.review(sent.review_id).findings)
    asked = len(akismet.requests)
    checked_wall.screens(later(days=2))
    assert len(akismet.requests) == asked


def test_a_14_killed_between_answer_and_commit_it_is_checked_again_and_kept_once(
    checked_wall: Wall, akismet: AkismetService, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = checked_wall
    sent = wall.promises("I will say akismet-guaranteed-spam")

    def dies(*_given: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(run, "_keep_answer", dies)
        wall.screens()
    assert wall.review(sent.review_id).state is State.RECEIVED
    assert wall.review(sent.review_id).findings == []
    assert wall.screens(later(60)) == 0  # it may still be somebody's work
    assert wall.screens(later(minutes=4)) == 1
    assert len(akismet.checks()) == 2
    found = [each for each in wall.review(sent.review_id).findings if each.check == "akismet"]
    assert [each.verdict for each in found] == [Verdict.LOOK]
    assert wall.review(sent.review_id).state is State.WAITING


def test_a_campaign_that_does_not_ask_is_not_called_unchecked(checked_wall: Wall, akismet: AkismetService) -> None:
    with checked_wall.work() as session:
        session.execute(update(Campaign).where(Campaign.slug == SLUG).values(akismet=AkismetUse.DO_NOT_ASK))
    sent = checked_wall.promises()
    checked_wall.screens()
    assert akismet.requests == []
    assert not checked_wall.review(sent.review_id).not_checked
    with checked_wall.look() as session:
        assert session.scalars(select(Shared).where(Shared.name.startswith("akismet"))).all() == []
        assert session.get_one(Contribution, sent.contribution_id)


SITE = "https://spam-site.example.com"
THREE = f"I will tell you all about it: {SITE}/a {SITE}/b {SITE}/c"


@pytest.mark.parametrize(
    ("words", "given", "rules"),
    [
        (THREE, {"website": f"{SITE}/"}, {"many_links", "link"}),
        (f"I will tell you more at {SITE}/a", {"website": f"{SITE}/"}, {"link"}),
        (f"We will tell you more at {SITE}/a", {"website": f"{SITE}/", "kind": "organisation"}, set()),
        (THREE, {"website": f"{SITE}/", "kind": "organisation"}, {"many_links", "link"}),
    ],
)
def test_only_an_organisation_may_link_to_its_own_site_and_that_a_time_or_two(
    wall: Wall, words: str, given: dict[str, str], rules: set[str]
) -> None:
    sent = wall.promises(words, organisation="Acme", email="acme@example.org", **given)
    wall.screens()
    told = [found.detail.get("rules", []) for found in wall.review(sent.review_id).findings if found.check == "links"]
    assert {rule for each in told for rule in each} == rules
