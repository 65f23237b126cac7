"""What is written to authors and reporters, when, and to whom alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from email import message_from_string, policy
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from moderation.models import Letter, Report
from moderation.post import sending
from pledges.db import transaction, utcnow
from pledges.models import Campaign, Contact
from tests.servers.smtp import Received, SmtpSink
from tests.wall import OTHER, SLUG, WORDS, AtTheDesk, Wall, later

HEADERS = {
    "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version", "Content-Type",
}  # fmt: skip
ADDRESS = "amina@example.org"


@pytest.fixture
def posting_wall(walls: Callable[..., Wall], smtp_sink: SmtpSink) -> Wall:
    return walls(mail_url=smtp_sink.url)


def to_the_public(sink: SmtpSink) -> list[Received]:
    """Every letter but those that moderators get."""
    return [received for received in sink.received if received.recipients != ("mo@example.org",)]


def subjects(sink: SmtpSink) -> list[str]:
    return [received.message["Subject"] for received in to_the_public(sink)]


def test_an_unproved_address_gets_the_receipt_and_nothing_else(posting_wall: Wall, smtp_sink: SmtpSink) -> None:
    sent = posting_wall.promises(email=ADDRESS)
    posting_wall.screens()
    posting_wall.moderator().approves(sent)
    posting_wall.screens(later(60))
    assert subjects(smtp_sink) == ["Please confirm your address"]
    assert posting_wall.owed() == [("receipt", ""), ("approved", "unproved")]
    letter = smtp_sink.received[0]
    assert letter.recipients == (ADDRESS,)
    assert f"http://wall.example/en{sent.receipt}?proof=" in letter.text()


def test_each_decision_has_its_letter_after_the_undo_window(posting_wall: Wall, smtp_sink: SmtpSink) -> None:
    wall, moderator = posting_wall, posting_wall.moderator()
    approved, rejected, revised, spam = (
        wall.promises(f"I will do thing number {n}", email=f"a{n}@example.org") for n in range(4)
    )
    for sent in (approved, rejected, revised, spam):
        wall.proves(sent)
    wall.screens()
    moderator.approves(approved)
    moderator.decides(rejected, "reject", reason="off_topic")
    moderator.decides(revised, "revise", reason="clearer", note="Which thing?")
    moderator.decides(spam, "spam")
    wall.screens(later(25))
    assert len(to_the_public(smtp_sink)) == 4  # receipts alone
    wall.screens(later(31))
    assert sorted(subjects(smtp_sink)[4:]) == [
        "We ask you for a change", "What you sent will not appear", "Your words are on the wall",
    ]  # fmt: skip
    moderator.decides(approved, "reject", reason="hateful")
    wall.acts(rejected, "withdraw")
    wall.screens(later(61))
    assert sorted(subjects(smtp_sink)[7:]) == [
        "What you sent is no longer on the wall", "You have taken back what you sent",
    ]  # fmt: skip
    assert all(len(received.recipients) == 1 for received in smtp_sink.received)


def test_a_letter_speaks_the_language_of_the_form(posting_wall: Wall, smtp_sink: SmtpSink) -> None:
    sent = posting_wall.promises("Byddaf yn gwrando cyn siarad", lang="cy", email=ADDRESS)
    posting_wall.proves(sent)
    posting_wall.screens()
    posting_wall.moderator().decides(sent, "reject", reason="off_topic")
    posting_wall.screens(later(31))
    assert [received.message["Content-Language"] for received in smtp_sink.received] == ["cy", "cy"]
    assert "/cy/receipt/" in smtp_sink.received[0].text()
    assert "Nid yw’n dweud beth wnewch chi" in smtp_sink.received[1].text()


def test_no_words_of_the_public_go_into_a_letter(posting_wall: Wall, smtp_sink: SmtpSink) -> None:
    wall = posting_wall
    fields = {"name": "Zebedee Canary", "show_name": "full", "role": "Canarist", "how_we_will_know": "Canary sings"}
    sent = wall.promises("I will keep a canary-word", email=ADDRESS, **fields)
    wall.proves(sent)
    moderator = wall.moderator()
    moderator.approves(sent)
    wall.reports(sent, note="A canary-note", email="reporter@example.org")
    wall.screens(later(31))
    moderator.decides(sent, "reject", reason="hateful", note="canary-colleagues")
    wall.screens(later(90))
    assert len(to_the_public(smtp_sink)) == 5
    for received in smtp_sink.received:
        assert "canary" not in received.message.as_string().casefold()
        html = received.message.get_body(("html",))
        assert html is not None
        assert "<img" not in html.get_content() and "<script" not in html.get_content()


def test_a_reporter_is_thanked_with_the_reference_and_learns_the_outcome(
    posting_wall: Wall, smtp_sink: SmtpSink
) -> None:
    wall, moderator = posting_wall, posting_wall.moderator()
    sent = wall.promises()
    moderator.approves(sent)
    wall.reports(sent, email="reporter@example.org")
    wall.screens()
    (thanks,) = to_the_public(smtp_sink)
    with wall.look() as session:
        assert session.scalars(select(Report.reference)).one() in thanks.text()
    moderator.decides(sent, "reject", reason="hateful")
    wall.screens(later(31))
    letter = to_the_public(smtp_sink)[1]
    assert letter.recipients == thanks.recipients == ("reporter@example.org",)
    assert "taken off the wall" in letter.text()


def test_a_refused_letter_is_tried_again_later_and_is_not_lost(posting_wall: Wall, smtp_sink: SmtpSink) -> None:
    wall, now = posting_wall, utcnow()
    smtp_sink.answers["RCPT"] = "450 4.2.0 not now"
    wall.promises(email=ADDRESS)
    wall.screens(later(1))
    assert smtp_sink.tries == 1
    wall.screens(later(2))
    assert smtp_sink.tries == 1  # its wait is not over
    wall.screens(later(70))
    assert smtp_sink.tries == 2
    smtp_sink.answers.clear()
    wall.screens(later(70 + 119))
    assert smtp_sink.received == []
    wall.screens(later(70 + 125))
    assert subjects(smtp_sink) == ["Please confirm your address"]
    with wall.look() as session:
        letter = session.scalars(select(Letter)).one()
        assert letter.attempts == 3
        assert letter.sent_at is not None and letter.sent_at > now


def test_a_letter_is_given_up_after_five_days(posting_wall: Wall, smtp_sink: SmtpSink) -> None:
    smtp_sink.answers["RCPT"] = "450 4.2.0 not now"
    posting_wall.promises(email=ADDRESS)
    for day in range(7):
        posting_wall.screens(later(days=day, minutes=1))
    assert posting_wall.owed() == [("receipt", "abandoned")]


def test_a_repeat_carries_the_same_message_id(
    posting_wall: Wall, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies after the mail server took the letter, and before that was written down."""
    wall = posting_wall
    wall.promises(email=ADDRESS)
    deliver = sending._deliver

    def dies(*given: object) -> None:
        deliver(*given)  # type: ignore[arg-type]
        raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(sending, "_deliver", dies)
        wall.screens()
    wall.screens(later(70))
    first, second = (received.message["Message-ID"] for received in smtp_sink.received)
    assert first == second


def test_where_no_server_is_set_the_letter_lies_in_the_folder(wall: Wall) -> None:
    sent = wall.promises(email=ADDRESS)
    wall.screens()
    (source,) = wall.letters()
    assert f"To: {ADDRESS}" in source
    assert sent.receipt in parsed(source).get_body(("plain",)).get_content()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "email",
    [
        "a@example.org\r\nBcc: victim@example.org",
        "a@example.org, victim@example.org",
        "a@example.org;victim@example.org",
        "a@example.org%0ABcc:victim@example.org",
        '"a\r\nBcc: v@example.org"@example.org',
        "<a@example.org>\nSubject: x",
        "a@example.org\u2028Bcc: victim@example.org",
    ],
)
def test_s_18_what_is_no_single_address_is_refused_at_the_form(wall: Wall, email: str) -> None:
    answer = wall.sends(f"/{SLUG}/promise", promise=WORDS, email=email)
    assert answer.status_code == 422
    with wall.look() as session:
        assert session.scalars(select(Contact)).all() == []


@pytest.mark.parametrize("evil", ["x\r\nBcc: victim@example.org", "x\nTo: victim@example.org", "x, victim@example.org"])
def test_s_18_no_field_adds_a_header_or_a_recipient(posting_wall: Wall, smtp_sink: SmtpSink, evil: str) -> None:
    sent = posting_wall.promises(
        f"I will listen {evil}", email=ADDRESS, name=evil, show_name="full", role=evil, organisation=evil,
        header_User_Agent="x", header_Referer="http://x.example/",
    )  # fmt: skip
    posting_wall.proves(sent)
    posting_wall.screens()
    posting_wall.moderator().approves(sent)
    posting_wall.screens(later(31))
    assert len(smtp_sink.received) == 2
    for received in smtp_sink.received:
        assert received.recipients == (ADDRESS,)
        assert set(received.message.keys()) <= HEADERS
        assert "victim" not in received.message.as_string()


@pytest.mark.parametrize("stored", ["a@example.org, v@example.org", "a@example.org\r\nBcc: v@example.org", "a b@c"])
def test_s_18_an_address_that_is_not_one_goes_nowhere(posting_wall: Wall, smtp_sink: SmtpSink, stored: str) -> None:
    """Behind the form: written into the database by some other way. The others' letters still go."""
    first = posting_wall.promises(email=ADDRESS)
    posting_wall.promises("I will plant ten trees", email="other@example.org")
    with posting_wall.app.app_context(), transaction() as session:
        contact = session.scalars(select(Contact).where(Contact.contribution_id == first.contribution_id)).one()
        contact.email = stored
    posting_wall.screens()
    posting_wall.screens(later(1))
    assert [received.recipients for received in smtp_sink.received] == [("other@example.org",)]


def parsed(source: str) -> EmailMessage:
    message = message_from_string(source, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_whoever_wants_no_letters_gets_none(posting_wall: Wall, smtp_sink: SmtpSink) -> None:
    sent = posting_wall.promises(email=ADDRESS)
    posting_wall.proves(sent)
    posting_wall.acts(sent, "letters")  # both boxes left empty
    posting_wall.screens()
    moderator: AtTheDesk = posting_wall.moderator()
    moderator.approves(sent)
    posting_wall.screens(later(31))
    assert subjects(smtp_sink) == ["Please confirm your address"]


def test_an_address_that_its_owner_proved_counts_for_all_that_is_sent_from_it(wall: Wall) -> None:
    first, second = (wall.promises(f"I will do thing {n}", email="five@example.org") for n in range(2))
    wall.proves(first)
    third = wall.promises("I will do one thing more", email="five@example.org")
    wall.screens()
    moderator = wall.moderator()
    for each in (second, third):
        moderator.approves(each)
    wall.screens(later(60))
    assert wall.owed() == [("receipt", ""), ("receipt", ""), ("approved", ""), ("approved", "")]
    page = wall.app.test_client().get(third.receipt).text
    assert "gets a letter from us" in page  # who only typed the address is not told that it is known


def test_what_its_author_takes_back_at_once_is_not_told_to_be_on_the_wall(wall: Wall) -> None:
    sent = wall.promises(email="amina@example.org")
    wall.proves(sent)
    wall.screens()
    wall.moderator().approves(sent)
    wall.acts(sent, "withdraw")
    wall.screens(later(60))
    assert wall.owed() == [("receipt", ""), ("approved", "withdrawn"), ("withdrawn", "")]


def test_an_address_that_nobody_proved_gets_one_letter_however_often_it_is_typed(wall: Wall) -> None:
    first = wall.promises("I will ask before I answer.", email="a.person@example.org")
    wall.promises("I will ask twice before I answer.", email="A.Person@example.org")
    assert [kind for kind, _ in wall.owed()] == ["receipt"]
    wall.proves(first)
    wall.promises("I will ask three times.", email="a.person@example.org")
    assert [kind for kind, _ in wall.owed()] == ["receipt", "receipt"]


def test_letters_and_pages_name_the_days_that_the_settings_give(walls: Callable[..., Wall]) -> None:
    wall = walls(appeal_days=9, withdrawn_kept_days=21)
    declined, withdrawn = (wall.promises(f"I will do thing {n}", email=f"a{n}@example.org") for n in range(2))
    for sent in (declined, withdrawn):
        wall.proves(sent)
    wall.screens()
    wall.moderator().decides(declined, "reject", reason="off_topic")
    own = wall.app.test_client().get(withdrawn.receipt).text
    assert "put it back within 21 days; after that we delete it" in own
    wall.acts(withdrawn, "withdraw")
    wall.screens(later(61))
    letters = "\n".join(" ".join(letter.split()) for letter in wall.letters())
    assert "look again within 9 days" in letters and "put it back within 21 days" in letters
    assert "look again, within 9 days" in wall.app.test_client().get("/house-rules").text
    assert not {"14 days", "30 days"} & set(re.findall(r"\d+ days", letters))


def test_a_link_asked_for_on_a_welsh_page_comes_in_welsh(posting_wall: Wall, smtp_sink: SmtpSink) -> None:
    posting_wall.promises(email=ADDRESS)
    posting_wall.screens()
    assert posting_wall.app.test_client().post("/cy/send-link", data={"email": ADDRESS}).status_code == 200
    posting_wall.screens()
    letter = smtp_sink.received[-1]
    assert letter.message["Content-Language"] == "cy"
    assert "http://wall.example/cy/receipt/" in letter.text()
    assert "http://wall.example/en/receipt/" not in letter.text()


def test_links_of_several_campaigns_say_whose_they_are(wall: Wall) -> None:
    for slug in (SLUG, OTHER):
        wall.proves(wall.promises(f"I will listen {slug}", slug=slug, email="c@example.org"))
    wall.screens()
    wall.app.test_client().post("/send-link", data={"email": "c@example.org"})
    wall.screens(later(60))
    letter = message_from_string(wall.letters()[-1], policy=policy.default).get_body(("plain",))
    assert letter is not None and letter.get_content().startswith("Promise Wall\n")
    with wall.look() as session:
        titles = [title.in_("en") for title in session.scalars(select(Campaign.title))]
    assert all(f"{title}, " in letter.get_content() for title in titles)
