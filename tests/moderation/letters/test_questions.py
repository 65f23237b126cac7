"""Authors are asked how their promise goes: who, when, how often, and what ends it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email import message_from_string, policy
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from moderation.cli.campaigns import invite
from moderation.jobs import retention
from moderation.letters import questions as asks
from moderation.models import Letter, Role
from moderation.surge import switching
from pledges import tokens
from pledges.db import utcnow
from pledges.models import Campaign, Contact, Contribution
from pledges.updates import asking
from tests.forms import form
from tests.wall import OTHER, SLUG, AtTheDesk, Sent, Wall

ADDRESS = "amina@example.org"
WHENEVER = (28, 29, 60, 92, 93, 366, 367)  # after each of the three dates, and between them


@pytest.fixture
def mo(wall: Wall) -> AtTheDesk:
    return wall.moderator()


def promised(wall: Wall, mo: AtTheDesk, email: str = ADDRESS, *, proved: bool = True, **fields: str) -> Sent:
    """A promise on the wall whose author wants to be asked."""
    sent = wall.promises(email=email, **{"follow_up": "yes", **fields})
    if proved:
        wall.proves(sent)
    mo.approves(sent)
    wall.screens(utcnow() + timedelta(minutes=2))
    return sent


def questions(wall: Wall, subject: str = "How is your promise going?") -> list[EmailMessage]:
    every = [message_from_string(each, policy=policy.default) for each in wall.letters()]
    return [each for each in every if each["Subject"] == subject]


def promised_actions(wall: Wall, mo: AtTheDesk, lang: str = "", **fields: str) -> Sent:
    """The same of an organisation, with these actions."""
    given = {"kind": "organisation", "organisation": "Northbrook Trust", "email": ADDRESS, "follow_up": "yes"}
    sent = wall.promises(lang=lang, **given, **fields)
    wall.proves(sent)
    mo.approves(sent)
    return sent


def plain(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def on(moment: datetime) -> str:
    return moment.date().isoformat()


def days(number: int) -> datetime:
    return utcnow() + timedelta(days=number, minutes=5)


def link_in(letter: EmailMessage) -> str:
    """The path at which the letters of its kind are stopped."""
    return letter["List-Unsubscribe"].strip("<>").removeprefix("http://wall.example")


def test_who_asked_for_it_is_asked_after_four_weeks_at_their_date_and_after_three_and_twelve_months(
    wall: Wall, mo: AtTheDesk
) -> None:
    promised(wall, mo, by_when=(utcnow() + timedelta(days=50)).date().isoformat())
    looked = [(27, 0), (28, 1), (48, 1), (51, 2), (88, 2), (92, 3), (300, 3), (366, 4), (366, 4), (900, 4)]
    for day, so_far in looked:
        wall.screens(days(day))
        assert len(questions(wall)) == so_far, day


def test_an_organisation_is_asked_at_the_day_of_each_of_its_actions_once_and_led_to_it(
    wall: Wall, mo: AtTheDesk
) -> None:
    near, far = (on(utcnow() + timedelta(days=number)) for number in (10, 500))
    acts = {
        "action-1": "Ask who is missing",
        "action-2": "Publish what we pay",
        "action-3": "Train",
        "action-4": "Tell",
    }
    acts |= {"action-2-by": near, "action-3-by": near, "action-4-by": far}
    sent = promised_actions(wall, mo, **acts)
    keys = re.findall(r'id="action-(\w+)"', wall.app.test_client().get(sent.receipt).text)
    assert len(keys) == 4
    for day, so_far in [(9, 0), (11, 1), (11, 1), (28, 2), (93, 3), (367, 4), (501, 5), (900, 5)]:
        wall.screens(days(day))
        assert len(questions(wall)) == so_far, day
    ends = forgotten_at(wall, sent)
    assert ends is not None and on(ends) == on(utcnow() + timedelta(days=530))
    first, general, last = (plain(questions(wall)[number]) for number in (0, 1, 4))
    assert "about actions 2, 3 of your promise: their day is " in first
    assert f"http://wall.example/en{sent.receipt}#action-{keys[1]}" in first and "what we pay" not in first
    assert f"{sent.receipt}#going" in general and "about action" not in general
    assert "about action 4 of your promise: its day is " in last and f"#action-{keys[3]}" in last


def test_the_day_of_an_action_asks_nobody_who_stopped_and_moves_with_newer_words(wall: Wall, mo: AtTheDesk) -> None:
    far, further = (on(utcnow() + timedelta(days=number)) for number in (400, 600))
    sent = promised_actions(wall, mo, "cy", **{"action-1": "Publish what we pay", "action-1-by": far})
    before = forgotten_at(wall, sent)
    for day in (28, 93, 367, 401):
        wall.screens(days(day))
    letter = plain(questions(wall, "Sut mae eich addewid yn mynd?")[-1])
    assert "cham gweithredu 1 eich addewid" in letter
    newer = wall.changes(sent, **{"action-1-by": further})
    mo.approves(newer)
    after = forgotten_at(wall, sent)
    assert before is not None and after is not None and (after.date() - before.date()).days == 200
    wall.acts(sent, "letters", letters="yes", asks="shown")
    wall.screens(days(601))
    assert len(questions(wall, "Sut mae eich addewid yn mynd?")) == 4


def test_nobody_is_asked_twice_for_one_date(wall: Wall, mo: AtTheDesk) -> None:
    sent = promised(wall, mo, by_when=(utcnow() + timedelta(days=28)).date().isoformat())
    for hour in (0, 12, 24, 36):
        wall.screens(days(28) + timedelta(hours=hour))
    assert len(questions(wall)) == 1
    wall.changes(sent, promise="I will listen before I speak, every time")
    mo.approves(Sent(sent.contribution_id, sent.public_id, sent.receipt, sent.review_id + 1))
    wall.screens(days(32))
    assert len(questions(wall)) == 1


@pytest.mark.parametrize("how", ["unticked", "unproved", "no letters wanted", "withdrawn", "stopped", "bounced"])
def test_nobody_else_is_asked(wall: Wall, mo: AtTheDesk, how: str) -> None:
    sent = promised(wall, mo, proved=how != "unproved", follow_up="" if how == "unticked" else "yes")
    if how == "withdrawn":
        wall.acts(sent, "withdraw")
    if how == "stopped":
        wall.acts(sent, "wishes")
    if how == "bounced":
        with wall.work() as session:
            session.query(Contact).update({"undeliverable_at": utcnow()})
    if how == "no letters wanted":  # of decisions; to be asked was wished for by a box of its own
        wall.acts(sent, "letters")
    for day in WHENEVER:
        wall.screens(days(day))
    assert len(questions(wall)) == (3 if how == "no letters wanted" else 0)


def test_a_question_brings_the_receipt_and_one_press_that_stops_it(wall: Wall, mo: AtTheDesk) -> None:
    sent = promised(wall, mo)
    wall.screens(days(28))
    letter = questions(wall)[0]
    body = letter.get_body(("plain",))
    assert body is not None
    assert f"http://wall.example/en{sent.receipt}#going" in body.get_content()
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    source = next(each for each in wall.letters() if "List-Unsubscribe-Post" in each)
    assert f"List-Unsubscribe: <http://wall.example{link_in(letter)}>\n" in source.replace("\r\n", "\n")
    assert sent.receipt.rpartition("/")[2] not in link_in(letter)
    client = wall.app.test_client()
    page = client.get(link_in(letter))
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    with wall.look() as session:
        assert session.scalars(select(Contact.follow_up)).one()  # looking stops nothing
    answer = client.post(link_in(letter), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "have stopped" in answer.text
    for day in WHENEVER:
        wall.screens(days(day))
    assert len(questions(wall)) == 1
    assert wall.shown()


def test_a_letter_that_is_owed_is_not_sent_after_a_stop(wall: Wall, mo: AtTheDesk) -> None:
    sent = promised(wall, mo)
    with wall.work() as session:
        assert asks.ask(session, days(28)) == 1
    with wall.app.app_context():
        path = f"/letters/{tokens.letters_token(sent.public_id, asking.FOLLOW_UP)}"
    wall.app.test_client().post(path)
    wall.screens(days(28))
    assert not questions(wall)
    assert ("question", "not wanted") in wall.owed()


@pytest.mark.parametrize("token", ["nothing", "q" * 33, "x" * 400, "ab.cd"])
def test_another_token_stops_nothing(wall: Wall, mo: AtTheDesk, token: str) -> None:
    sent = promised(wall, mo)
    for path in (f"/letters/{token}", f"/letters/{sent.receipt.rpartition('/')[2]}"):
        assert wall.app.test_client().post(path).status_code == 404
        assert wall.app.test_client().get(path).status_code == 404
    with wall.look() as session:
        assert session.scalars(select(Contact.follow_up)).one()


def test_a_stop_holds_for_all_that_the_address_has_sent(wall: Wall, mo: AtTheDesk) -> None:
    promised(wall, mo)
    wall.promises("I will ask before I help", email=ADDRESS, follow_up="yes")
    wall.screens(days(28))
    wall.app.test_client().post(link_in(questions(wall)[0]))
    with wall.look() as session:
        assert set(session.scalars(select(Contact.follow_up))) == {False}


def test_whoever_stopped_can_be_asked_again(wall: Wall, mo: AtTheDesk) -> None:
    sent = promised(wall, mo)
    wall.acts(sent, "letters", letters="yes", asks="shown")
    wall.screens(days(28))
    assert not questions(wall)
    wall.acts(sent, "letters", letters="yes", asks="shown", follow_up="yes")
    wall.screens(days(28))
    assert len(questions(wall)) == 1


def test_letters_wait_in_a_surge_and_each_goes_once(wall: Wall, mo: AtTheDesk) -> None:
    promised(wall, mo)
    with wall.work() as session:
        campaign = session.query(Campaign).filter_by(slug=SLUG).one()
        surge = switching.start(
            session, campaign, by=None, why="hand", hours=72, switches={"letters": True}, now=days(27)
        )
    wall.screens(days(28))
    assert not questions(wall)
    with wall.work() as session:
        campaign = session.query(Campaign).filter_by(slug=SLUG).one()
        switching.end(session, campaign, session.merge(surge), None, days(28))
    for _ in range(3):
        wall.screens(days(29))
    assert len(questions(wall)) == 1


def test_the_address_is_forgotten_thirty_days_after_the_last_question(wall: Wall, mo: AtTheDesk) -> None:
    promised(wall, mo)
    for day in (0, *WHENEVER, 394, 396):
        wall.screens(days(day))
        with wall.app.app_context():
            retention.forget(wall.settings, days(day))
        with wall.look() as session:
            kept = session.scalars(select(Contact.id)).all()
        assert bool(kept) == (day < 395), day


def test_an_address_that_was_kept_for_nothing_else_stays_with_its_promise(wall: Wall, mo: AtTheDesk) -> None:
    promised(wall, mo, follow_up="")
    with wall.app.app_context():
        retention.forget(wall.settings, days(800))
    with wall.look() as session:
        assert len(session.scalars(select(Contact.id)).all()) == 1


def test_last_years_authors_who_agreed_are_invited_once(wall: Wall, mo: AtTheDesk) -> None:
    for number in range(2):
        agreed = wall.promises(f"I will listen, and then again, {number}", email=ADDRESS, invite_again="yes")
        wall.proves(agreed)
        mo.approves(agreed)
    promised(wall, mo, email="other@example.org")
    gone = wall.promises("I will leave again", email="gone@example.org", invite_again="yes")
    wall.proves(gone)
    mo.approves(gone)
    wall.acts(gone, "withdraw")
    down = wall.promises("I will be taken down", email="down@example.org", invite_again="yes")
    wall.proves(down)
    mo.approves(down)
    mo.decides(down, "take_down", reason="off_topic")
    runner = wall.app.test_cli_runner()
    with wall.app.app_context():
        for number in (1, 0):
            said = runner.invoke(invite, [OTHER, "--from", SLUG])
            assert said.output.startswith(f"{number} letters"), said.output
    owner, page = wall.moderator("owner", Role.OWNER), f"/moderation/campaigns/{OTHER}"
    assert "Invite them" not in mo.client.get(page).text
    pressed = owner.client.post(
        f"{page}/invite", data=form(owner.client.get(page).text, "/invite").sent(**{"from": SLUG})
    )
    assert "0 people are invited" in owner.client.get(pressed.location).text
    refused = mo.client.post(f"{page}/invite", data={"csrf_token": mo.csrf(), "from": SLUG})
    assert refused.status_code == 403
    wall.screens(days(1))
    letters = questions(wall, "Will you make a promise again?")
    assert [each["To"] for each in letters] == [ADDRESS]
    body = letters[0].get_body(("plain",))
    assert body is not None and f"/{OTHER}/promise" in body.get_content()
    wall.app.test_client().post(link_in(letters[0]))
    with wall.look() as session:
        kinds = [each.purpose for owner in session.query(Contribution) for each in owner.consents if each.withdrawn_at]
        assert kinds == ["invite_again", "invite_again"]
        assert session.scalars(select(Letter.id).where(Letter.kind == "invite")).one()


def forgotten_at(wall: Wall, sent: Sent) -> datetime | None:
    with wall.look() as session:
        return session.scalars(
            select(Contact.forget_after).where(Contact.contribution_id == sent.contribution_id)
        ).one()


def test_a_stop_is_not_undone_by_newer_words(wall: Wall, mo: AtTheDesk) -> None:
    sent = promised(wall, mo)
    wall.acts(sent, "letters", letters="yes", asks="1")
    ends = forgotten_at(wall, sent)
    assert ends is not None and ends < utcnow() + timedelta(days=31)
    newer = wall.edits(sent, "I will listen before I speak, each time")
    mo.approves(newer)
    assert forgotten_at(wall, sent) == ends


def test_a_stop_leaves_addresses_that_were_given_for_something_else(wall: Wall, mo: AtTheDesk) -> None:
    asked, other = promised(wall, mo), promised(wall, mo, follow_up="")
    wall.screens(days(28))
    (question,) = questions(wall)
    wall.app.test_client().post(link_in(question))
    assert forgotten_at(wall, asked) is not None
    assert forgotten_at(wall, other) is None
