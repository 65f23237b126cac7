"""Reports: they hide nothing, are one row, starve nobody, and their senders are answered."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update

from moderation.jobs import retention
from moderation.letters import outbox
from moderation.models import Report, Role
from moderation.screens import story
from moderation.surge import switching
from moderation.workflow import State
from pledges.db import utcnow
from pledges.intake.door import Complaint, review_desk
from pledges.models import Campaign, Contribution
from tests.servers.smtp import Mode, SmtpSink
from tests.wall import SLUG, AtTheDesk, Sent, Wall, later


def flood(wall: Wall, sent: Sent, count: int, *, networks: int = 10, category: str = "hate") -> None:
    """So many complaints come in through the door, each in a transaction of its own."""
    for number in range(count):
        with wall.work() as session:
            contribution = session.get_one(Contribution, sent.contribution_id)
            complaint = Complaint(category, f"note {number % 3}", "", "en", None, f"network {number % networks}")
            review_desk().file_report(session, contribution, complaint, utcnow())


def item(who: AtTheDesk, sent: Sent) -> str:
    return who.client.get(f"/moderation/reviews/{sent.review_id}").text


def test_a_thousand_reports_hide_nothing_are_one_row_and_one_decision_closes_them(
    wall: Wall, moderator: AtTheDesk, share: Callable[..., int]
) -> None:
    sent, count = wall.promises(), share(1000, usual=60)
    moderator.approves(sent)
    flood(wall, sent, count, networks=7)
    assert wall.shown()
    assert moderator.sees("reported") == [sent.review_id]
    page = item(moderator, sent)
    assert re.search(rf"<strong>It is hateful or racist</strong>\s*{count} reports from 7 networks", page)
    assert page.count("Reported") <= 6
    assert "note 2" in page and page.count('<li dir="auto">note ') == 3
    moderator.approves(sent)
    assert moderator.sees("reported") == []
    with wall.look() as session:
        assert session.scalar(select(func.count()).where(Report.closed_by_id.is_(None))) == 0
    assert wall.shown()


def test_a_flood_of_reports_leaves_new_items_in_reach(wall: Wall, moderator: AtTheDesk) -> None:
    reported = [wall.promises(f"I will do thing number {number} for my town") for number in range(28)]
    for sent in reported:
        moderator.approves(sent)
    new = wall.promises("I will ask what would help")
    for sent in reported:
        flood(wall, sent, 3)
    later_one = wall.promises("I will walk to school with them")
    wall.screens()
    assert moderator.sees("new") == [new.review_id, later_one.review_id]
    assert moderator.sees("all")[0] == new.review_id
    assert len(moderator.sees("reported")) == 25  # a page of them


def test_reports_from_one_network_count_as_one_network_and_the_network_is_forgotten(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = wall.promises()
    moderator.approves(sent)
    for _ in range(2):
        wall.reports(sent)
    assert "2 reports from 1 network<" in item(moderator, sent).replace("\n", "").replace("    ", "")
    with wall.look() as session:
        (network, _same) = session.scalars(select(Report.network)).all()
        assert network is not None and "127.0.0.1" not in network and len(network) == 64
    with wall.app.app_context():
        retention.forget(wall.settings, later(days=wall.settings.evidence_kept_days + 1))
    with wall.look() as session:
        assert session.scalars(select(Report.network)).all() == [None, None]
    assert "2 reports" in item(moderator, sent)


def test_whoever_reports_has_a_reference_and_later_the_outcome(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    moderator.approves(sent)
    page = wall.reports(sent, email="reporter@example.org").text
    reference = re.search(r'data-reference="(\w+)"', page)
    assert reference is not None
    wall.screens()
    assert reference[1] in wall.letters()[-1]
    moderator.approves(sent)
    wall.screens(later(60))
    assert "stays on the wall" in wall.letters()[-1]
    assert reference[1] in wall.letters()[-1]


def test_a_decision_opened_again_at_once_tells_nobody_and_keeps_the_reports_open(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = wall.told_by(moderator)
    before = len(wall.letters())
    wall.reports(sent, email="reporter@example.org")
    moderator.decides(sent, "reject", reason="hateful")
    moderator.decides(sent, "reopen")
    wall.screens(later(120))
    assert [why for _, why in wall.owed()].count("reopened") == 2
    assert len(wall.letters()) == before + 1  # that the report was received
    assert moderator.sees("reported") == [sent.review_id]


def test_each_of_my_decisions_is_opened_again_in_one_press(wall: Wall, moderator: AtTheDesk) -> None:
    declined, asked = wall.promises(), wall.promises("I will ask what would help")
    theirs, waiting = wall.promises("I will walk to school"), wall.promises("I will share my lunch")
    moderator.decides(declined, "reject", reason="off_topic")
    moderator.decides(asked, "revise", reason="clearer")
    moderator.decides(waiting, "reject", reason="off_topic")
    moderator.decides(waiting, "reopen")
    wall.moderator("ann").decides(theirs, "reject", reason="off_topic")
    page = moderator.client.get("/moderation/history?who=me").text
    assert theirs.public_id not in page
    forms = re.findall(r'action="/moderation/reviews/(\d+)/decide">(.*?)</form>', page, re.DOTALL)
    offered = {int(number): form for number, form in forms if 'value="reopen"' in form}
    assert set(offered) == {declined.review_id, asked.review_id}
    for number, form in offered.items():
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        answer = moderator.client.post(f"/moderation/reviews/{number}/decide", data=fields)
        assert answer.headers["Location"].startswith("/moderation/history?who=me")
    assert set(moderator.sees("all")) >= {declined.review_id, asked.review_id}
    viewer_page = moderator.client.get("/moderation/history").text
    assert "Open again</button>" not in viewer_page


def test_no_moderators_name_reaches_the_public(wall: Wall) -> None:
    mo = wall.moderator("maximiliana")
    sent = wall.promises(email="amina@example.org")
    wall.proves(sent)
    mo.approves(sent)
    wall.reports(sent, email="reporter@example.org")
    mo.decides(sent, "reject", reason="hateful", note="a note of mine")
    wall.screens(later(60))
    public = wall.app.test_client()
    seen = [public.get(path).text for path in (sent.receipt, f"/{SLUG}", "/house-rules")] + wall.letters()
    assert not any("maximiliana" in text for text in seen)


def test_networks_left_out_say_only_how_many(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    moderator.approves(sent)
    wall.reports(sent)
    with wall.work() as session:
        session.execute(update(Report).values(network=None))
    assert re.search(r"<strong>It is hateful or racist</strong>\s*1 report\s*</li>", item(moderator, sent))


def reported(wall: Wall, by: AtTheDesk, **fields: str) -> Sent:
    """A promise that `by` approved and somebody reported who left an address."""
    sent = wall.promises()
    by.approves(sent)
    wall.reports(sent, email="reporter@example.org", **fields)
    return sent


def reported_and_changed(wall: Wall, by: AtTheDesk) -> tuple[Sent, Sent]:
    """One that was reported, and the change that its author sent since."""
    sent = reported(wall, by)
    change = wall.edits(sent, "I will listen before I speak, and again after")
    wall.screens()
    return sent, change


def test_declining_a_change_leaves_what_was_reported_of_the_shown_words_open(wall: Wall, moderator: AtTheDesk) -> None:
    sent, change = reported_and_changed(wall, moderator)
    assert moderator.decides(change, "reject", reason="off_topic").status_code == 303
    wall.screens(later(60))
    assert [kind for kind, _ in wall.owed()] == ["report_received"]
    assert sent.review_id in moderator.sees("reported")
    assert wall.shown()
    moderator.approves(sent)
    wall.screens(later(120))
    assert [kind for kind, _ in wall.owed()] == ["report_received", "report_outcome"]
    assert "stays on the wall" in wall.letters()[-1]
    assert moderator.sees("reported") == []


def test_approving_newer_words_answers_reports_of_the_older_ones(wall: Wall, moderator: AtTheDesk) -> None:
    _, change = reported_and_changed(wall, moderator)
    moderator.approves(change)
    wall.screens(later(60))
    assert moderator.sees("reported") == []
    assert "The author has sent other words since" in wall.letters()[-1].replace("\n", " ")
    assert "stays on the wall" not in wall.letters()[-1]


def test_what_was_reported_and_not_changed_in_a_week_is_read_again(wall: Wall, moderator: AtTheDesk) -> None:
    sent, other = wall.promises(), wall.promises("Another promise, of which nobody complains")
    for each in (sent, other):
        moderator.approves(each)
    wall.reports(sent, email="reporter@example.org")
    moderator.decides(sent, "revise", reason="clearer")
    assert wall.shown()
    assert moderator.sees("reported") == []
    wall.screens(later(days=6))
    assert moderator.sees("all") == []
    wall.screens(later(days=8))
    assert moderator.sees("reported") == [sent.review_id]
    assert moderator.sees("all") == [sent.review_id]
    assert "Waits again" in moderator.client.get(f"/moderation/reviews/{sent.review_id}").text
    moderator.decides(sent, "revise", reason="clearer")  # once more, and it is theirs for another week
    wall.screens(later(days=1))
    assert moderator.sees("all") == []
    assert wall.decisions(sent.review_id)[-1].to_state is State.REVISE


def test_newer_words_of_a_frozen_wall_answer_reports_when_it_thaws(wall: Wall) -> None:
    lead = wall.moderator("lea", Role.LEAD)
    sent = reported(wall, lead)
    change = wall.edits(sent, "I will listen before I speak, and again after")
    wall.screens()
    with wall.work() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        switching.start(session, campaign, by=None, why="hand", hours=1, switches={"screens": True}, now=utcnow())
    lead.approves(change)
    wall.screens(later(60))
    assert [kind for kind, _ in wall.owed()] == ["report_received"]
    assert lead.sees("reported") == [sent.review_id]
    wall.screens(later(hours=2))
    wall.screens(later(hours=2, seconds=60))
    assert wall.shown("and again after")
    assert lead.sees("reported") == []
    assert [kind for kind, _ in wall.owed()] == ["report_received", "report_outcome"]


def test_what_stands_while_a_change_is_asked_for_can_be_reported(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    moderator.approves(sent)
    moderator.decides(sent, "reopen")
    moderator.decides(sent, "revise", reason="clearer")
    assert wall.shown()
    wall.reports(sent)
    assert moderator.sees("reported") == [sent.review_id]


def test_an_address_that_nobody_proved_has_one_letter_a_day_from_whatever_networks_its_reports_come(
    wall: Wall, moderator: AtTheDesk
) -> None:
    first, second = wall.promises(), wall.promises("I will ask what would help")
    moderator.approves(first)
    moderator.approves(second)
    pages = []
    for number, sent in enumerate([first, second, first]):
        address = "Reporter@example.org" if number else "reporter@example.org"
        pages.append(wall.reports(sent, email=address, header_X_Forwarded_For=f"192.0.2.{number}"))
    plain = [re.sub(r'data-reference="\w+">\w+', "", page.text[page.text.index("<main") :]) for page in pages]
    assert plain[0] == plain[1] == plain[2]  # who asks is answered alike
    assert [kind for kind, _ in wall.owed()] == ["report_received"]
    wall.reports(first, email="somebody.else@example.org")
    assert [kind for kind, _ in wall.owed()] == ["report_received"] * 2
    with wall.work() as session:
        contribution = session.get_one(Contribution, first.contribution_id)
        for _ in range(2):
            complaint = Complaint("hate", "", "reporter@example.org", "en", None, "n")
            review_desk().file_report(session, contribution, complaint, later(days=1))
    assert [kind for kind, _ in wall.owed()] == ["report_received"] * 3
    moderator.approves(first)
    assert [kind for kind, _ in wall.owed()].count("report_outcome") == 2  # one each, however often they reported


def test_an_address_that_nobody_proved_is_told_few_outcomes_a_day(wall: Wall, moderator: AtTheDesk) -> None:
    for number in range(outbox.OUTCOMES_A_DAY + 2):
        sent = wall.promises(f"I will do thing number {number} for my town")
        moderator.approves(sent)
        wall.reports(sent, email="victim@example.org")
        moderator.approves(sent)
    assert [kind for kind, _ in wall.owed()].count("report_outcome") == outbox.OUTCOMES_A_DAY


def test_who_has_confirmed_the_address_is_told_of_every_report(wall: Wall, moderator: AtTheDesk) -> None:
    own = wall.promises("I will walk to school with them", email="reporter@example.org")
    wall.proves(own)
    sent = reported(wall, moderator)
    wall.reports(sent, email="reporter@example.org")
    assert [kind for kind, _ in wall.owed()].count("report_received") == 2


def test_any_of_my_decisions_however_old_is_found_page_by_page_and_opened_again(
    wall: Wall, moderator: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "RECENT", 3)
    sent = [wall.promises(f"I will do thing number {number} for my town") for number in range(7)]
    for each in sent:
        moderator.decides(each, "reject", reason="off_topic")
    ann = wall.moderator("ann")
    ann.decides(wall.promises("I will walk to school"), "reject", reason="off_topic")
    wall.acts(sent[0], "withdraw")
    wall.acts(sent[0], "restore")  # stands declined all the same
    pages, address = [], "/moderation/history?who=me"
    while address:
        pages.append(moderator.client.get(address).text)
        older = re.search(r'href="(/moderation/history\?who=me&amp;before=\d+)"', pages[-1])
        address = older[1].replace("&amp;", "&") if older else ""
    assert [len(re.findall('value="reopen"', page)) for page in pages] == [3, 3, 1]
    oldest = pages[-1]
    assert sent[0].public_id in oldest
    form = re.search(rf'action="/moderation/reviews/{sent[0].review_id}/decide">(.*?)</form>', oldest, re.DOTALL)
    assert form is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[1]))
    answer = moderator.client.post(f"/moderation/reviews/{sent[0].review_id}/decide", data=fields)
    assert answer.status_code == 303 and f"before={fields['before']}" in answer.headers["Location"]
    assert wall.review(sent[0].review_id).state is State.WAITING
    everybodys = moderator.client.get("/moderation/history").text
    assert re.search(r'href="/moderation/history\?before=\d+"', everybodys)


def test_what_was_laid_aside_is_in_the_reported_lane_as_soon_as_it_is_reported(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = wall.promises("I will plant ten trees by the river")
    wall.screens()
    moderator.approves(sent)
    wall.reports(sent, "other")
    moderator.decides(sent, "park")
    assert moderator.sees("reported") == []
    wall.reports(sent, "child_safety")
    assert moderator.sees("reported") == [sent.review_id]
    assert moderator.sees("parked") == []


def test_what_the_checks_called_spam_is_listed_and_brought_back_by_a_person(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises("I will sell you a better promise", company_url="https://spam.example")
    wall.screens()
    assert wall.review(sent.review_id).state is State.SPAM
    assert sent.public_id not in moderator.client.get("/moderation/history").text
    listed = moderator.client.get("/moderation/history").text
    assert 'href="?who=checks"' in listed
    page = moderator.client.get("/moderation/history?who=checks").text
    named = '<span class="vh">: I will sell you a better promise</span>'
    assert f'href="/moderation/reviews/{sent.review_id}">{sent.public_id}{named}</a>' in page
    assert page.count("better promise") == page.count(named)  # nobody sees it in passing
    assert "Not spam" in moderator.client.get(f"/moderation/reviews/{sent.review_id}").text
    moderator.decides(sent, "reopen")
    assert moderator.sees("all") == [sent.review_id]
    declined = wall.promises("I will walk to school")
    moderator.decides(declined, "spam")
    assert declined.public_id not in moderator.client.get("/moderation/history?who=checks").text  # a person said so


def freezes(wall: Wall) -> None:
    """The wall stands still for an hour."""
    with wall.work() as session:
        campaign = session.scalars(select(Campaign).where(Campaign.slug == SLUG)).one()
        switching.start(session, campaign, by=None, why="hand", hours=1, switches={"screens": True}, now=utcnow())


def test_what_is_approved_while_the_wall_stands_still_is_not_told_as_taken_down(wall: Wall) -> None:
    mo, ann = wall.moderator("mo"), wall.moderator("ann")
    sent = reported(wall, mo)
    mo.decides(sent, "take_down", reason="illegal")
    assert not wall.shown()
    freezes(wall)
    ann.approves(sent)
    wall.screens(later(60))
    assert "What came of your report" in wall.letters()[-1]
    assert "The wall stands still for a while and shows it again later" in " ".join(
        wall.letters()[-1].replace("=\n", "").split()
    )
    assert "taken off" not in wall.letters()[-1]


def test_asking_for_a_change_of_what_still_stands_leaves_the_reports_open(wall: Wall, moderator: AtTheDesk) -> None:
    sent = reported(wall, moderator)
    moderator.decides(sent, "revise", reason="names")
    assert wall.shown()
    assert [kind for kind, _ in wall.owed()] == ["report_received"]
    change = wall.edits(sent, "I will listen before I speak, and again after")
    wall.screens()
    assert moderator.sees("reported") == [change.review_id]
    moderator.approves(change)
    wall.screens(later(60))
    assert "The author has sent other words since" in wall.letters()[-1]


def test_asking_for_a_change_of_what_a_proposal_took_down_tells_that_it_is_gone(wall: Wall) -> None:
    mo, ann = wall.moderator("mo"), wall.moderator("ann")
    sent = reported(wall, mo)
    mo.decides(sent, "take_down", reason="illegal")
    ann.decides(sent, "revise", reason="names")
    assert not wall.shown()
    wall.screens(later(60))
    assert "It has been taken off the wall." in wall.letters()[-1]


def test_the_page_says_to_keep_a_number_that_no_letter_may_bring(wall: Wall, moderator: AtTheDesk) -> None:
    first, second = wall.promises(), wall.promises("I will ask what would help")
    moderator.approves(first)
    moderator.approves(second)
    pages = [wall.reports(sent, email="reporter@example.org").text for sent in (first, second)]
    wall.screens()
    references = [re.findall(r'data-reference="(\w+)"', page)[0] for page in pages]
    assert [any(reference in letter for letter in wall.letters()) for reference in references] == [True, False]
    assert all("Keep this number" in page for page in pages)


def outcomes(wall: Wall) -> list[str]:
    """The letters that told a reporter what came of it."""
    told = [letter for letter in wall.letters() if "What came of your report" in letter]
    return [letter.replace("=\n", "").replace("\n", " ") for letter in told if "To: reporter@example.org" in letter]


def closed(wall: Wall) -> list[bool]:
    with wall.look() as session:
        return [by is not None for by in session.scalars(select(Report.closed_by_id).order_by(Report.id))]


def test_who_reported_is_told_that_the_author_has_taken_the_words_back(wall: Wall, moderator: AtTheDesk) -> None:
    sent = reported(wall, moderator)
    wall.reports(sent, email="reporter@example.org")
    wall.edits(sent, "I will listen before I speak, and again after")  # newer words wait, and go with it
    wall.acts(sent, "withdraw")
    assert closed(wall) == [True, True]
    wall.screens(later(60))
    (letter,) = outcomes(wall)
    assert "Its author has taken it back since, and it is no longer there." in letter
    assert "A moderator has looked at it" not in letter and "stays on the wall" not in letter


def test_what_is_put_back_is_read_by_a_person_who_sees_what_was_reported_and_nobody_is_told_twice(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = reported(wall, moderator, note="It names my neighbour")
    wall.acts(sent, "withdraw")
    wall.acts(sent, "restore")
    assert not wall.shown()
    assert wall.review(sent.review_id).state is State.WAITING
    assert moderator.sees("all") == [sent.review_id]
    assert "It names my neighbour" in item(moderator, sent)
    moderator.approves(sent)
    wall.screens(later(60))
    assert wall.shown()
    assert closed(wall) == [True]
    assert len(outcomes(wall)) == 1


def test_an_appeal_stays_closed_to_whoever_it_is_against_after_taking_back_and_putting_back(wall: Wall) -> None:
    mo, ann = wall.moderator("mo"), wall.moderator("ann")
    sent = wall.promises()
    wall.screens()
    mo.decides(sent, "reject", reason="off_topic")
    wall.acts(sent, "appeal")
    wall.acts(sent, "withdraw")
    wall.acts(sent, "restore")
    assert mo.decides(sent, "approve").status_code == 409
    assert ann.sees("appeals") == [sent.review_id]


def test_who_reported_what_is_erased_is_told_and_then_the_address_is_forgotten(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = reported(wall, moderator, note="It names my neighbour")
    wall.screens()
    wall.acts(sent, "erase")
    with wall.look() as session:
        assert session.scalars(select(Report.note)).all() == [""]
    wall.screens(later(60))
    (letter,) = outcomes(wall)
    assert "it is no longer there" in letter
    with wall.look() as session:
        assert session.scalars(select(Report.email)).all() == [""]


def test_what_was_decided_before_an_erasure_is_still_told_to_who_reported(wall: Wall, moderator: AtTheDesk) -> None:
    sent = reported(wall, moderator)
    moderator.decides(sent, "take_down", reason="other")
    wall.acts(sent, "erase")
    wall.screens(later(60))
    (letter,) = outcomes(wall)
    assert "It has been taken off the wall." in letter


def test_the_address_of_a_reporter_whose_letter_never_went_is_forgotten_in_the_night(
    walls: Callable[..., Wall], smtp_sink: SmtpSink
) -> None:
    wall = walls(mail_url=smtp_sink.url)
    smtp_sink.mode = Mode.REFUSING
    sent = wall.promises()
    wall.moderator().approves(sent)
    wall.reports(sent, email="reporter@example.org")
    wall.acts(sent, "erase")
    for day in range(7):
        wall.screens(later(days=day, minutes=1))
    with wall.app.app_context():
        retention.forget(wall.settings, later(days=7))
    with wall.look() as session:
        assert session.scalars(select(Report.email)).all() == [""]


def test_whoever_may_not_decide_an_appeal_reads_who_asked_and_no_word_of_undoing(
    wall: Wall, moderator: AtTheDesk
) -> None:
    ann, sent = wall.moderator("ann"), wall.promises()
    moderator.decides(sent, "reject", reason="off_topic")
    wall.acts(sent, "appeal")
    mine, theirs = (at.client.get(f"/moderation/reviews/{sent.review_id}").text for at in (moderator, ann))
    for page in (mine, theirs):
        assert "Sender: Asked for a second moderator to look at it" in page
        assert "Waits again" not in page
    assert "Somebody else has to decide this" in mine
    assert "You can undo for" not in mine and 'class="decide"' not in mine
    assert "You can undo for" in theirs and 'class="acts"' in theirs
