"""What a mail server says is understood: what passes is tried again, what stays ends, and what is about us is told to us."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from moderation.cli import doctor
from moderation.models import Letter
from moderation.post import answers
from moderation.post.answers import Fate, Step, fate_of
from pledges.models import Contact
from tests.servers.ports import free_port
from tests.servers.smtp import SmtpSink
from tests.wall import Wall, later

ADDRESS = "amina@example.org"
FROM = "Wall <wall@wall.example>"

GONE = [
    "550 5.1.1 no such user",
    "550 5.1.2 bad host",
    "553 5.1.3 bad address",
    "550 5.1.6 moved",
    "550 5.2.1 disabled",
]
GONE += ["556 5.1.10 null MX", "550 no such user here", "551 not local", "553 not allowed"]
PASSES = ["450 4.2.1 busy", "451 4.7.1 greylisted", "421 4.3.2 closing", "452 4.2.2 full", "552 5.2.2 full"]
PASSES += ["550 5.2.2 over quota", "552 too much", "450 not now", "552 5.3.1 system full", "550 4.4.1 two voices"]
ABOUT_US = [
    "550 5.7.1 you may not",
    "554 5.7.0 policy",
    "530 5.7.0 sign in first",
    "550 5.1.8 sender unknown",
    "550 5.7.26 DMARC",
]
ENDS = [
    "554 5.6.0 bad content",
    "554 transaction failed",
    "550 5.3.4 too large",
    "550 5.4.1 access denied",
    "500 what?",
]
TOLD = {Fate.NO_SUCH_ADDRESS: GONE, Fate.LATER: PASSES, Fate.OURS: ABOUT_US, Fate.REFUSED: ENDS}
OF_AN_ADDRESS = [(answer, fate) for fate, answers in TOLD.items() for answer in answers]


@pytest.fixture
def posting_wall(walls: Callable[..., Wall], smtp_sink: SmtpSink) -> Wall:
    return walls(mail_url=smtp_sink.url, mail_from=FROM)


def tried(wall: Wall, **ahead: float) -> tuple[str, str, str]:
    """How the one letter stands after another round: why it ended, how it failed, and by which words."""
    wall.screens(later(**ahead))
    with wall.look() as session:
        letter = session.scalars(select(Letter).where(Letter.contribution_id.is_not(None))).one()
        return letter.dropped_why, letter.failed_how, letter.failed_code


def to_the_author(sink: SmtpSink) -> int:
    return sum(received.recipients == (ADDRESS,) for received in sink.received)


def ended(wall: Wall) -> bool:
    with wall.look() as session:
        return session.scalars(select(Contact.undeliverable_at)).one() is not None


@pytest.mark.parametrize("answer, fate", OF_AN_ADDRESS)
def test_each_answer_to_an_address_has_one_meaning(answer: str, fate: Fate) -> None:
    code, _, text = answer.partition(" ")
    assert fate_of(Step.RCPT, int(code), text) is fate


@pytest.mark.parametrize(
    "step, answer, fate",
    [
        (Step.AUTH, "535 5.7.8 wrong password", Fate.OURS),
        (Step.AUTH, "535 wrong", Fate.OURS),
        (Step.AUTH, "454 4.7.0 not now", Fate.LATER),
        (Step.MAIL, "550 5.1.1 who?", Fate.OURS),
        (Step.MAIL, "553 5.1.8 sender", Fate.OURS),
        (Step.MAIL, "550 5.7.1 not you", Fate.OURS),
        (Step.MAIL, "552 5.2.2 full", Fate.LATER),
        (Step.MAIL, "451 later", Fate.LATER),
        (Step.HELLO, "504 no", Fate.OURS),
        (Step.CONNECT, "554 5.7.1 blocked", Fate.OURS),
        (Step.CONNECT, "421 busy", Fate.LATER),
        (Step.DATA, "550 5.1.1 no such user", Fate.NO_SUCH_ADDRESS),
        (Step.DATA, "554 5.7.1 policy", Fate.OURS),
        (Step.DATA, "552 5.2.2 full", Fate.LATER),
        (Step.DATA, "554 5.6.0 content", Fate.REFUSED),
        (Step.DATA, "550 no", Fate.REFUSED),
        (Step.DATA, "451 4.3.0 later", Fate.LATER),
    ],
)
def test_each_step_has_its_meaning(step: Step, answer: str, fate: Fate) -> None:
    code, _, text = answer.partition(" ")
    assert fate_of(step, int(code), text) is fate


def test_a_code_in_the_middle_of_the_words_is_none() -> None:
    assert fate_of(Step.RCPT, 554, "we run version 5.1.1 of something") is Fate.REFUSED
    assert fate_of(Step.RCPT, 554, "a line\n5.1.1 and the code on the next") is Fate.NO_SUCH_ADDRESS


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "550 5.2.1 disabled"])
@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_an_address_at_which_nothing_arrives_ends_at_once(
    posting_wall: Wall, smtp_sink: SmtpSink, step: str, answer: str
) -> None:
    smtp_sink.answers[step] = answer
    sent = posting_wall.promises(email=ADDRESS)
    assert tried(posting_wall) == ("undeliverable", "no such address", f"{step} {answer[:9]}")
    assert ended(posting_wall)
    smtp_sink.answers.clear()
    posting_wall.proves(sent)
    mo = posting_wall.moderator("mo")
    assert (
        f"no letter arrives there ({step} {answer[:9]})" in mo.client.get(f"/moderation/reviews/{sent.review_id}").text
    )
    page = posting_wall.app.test_client().get(sent.receipt).text
    assert "data-undeliverable" in page and "no such mailbox" in page
    mo.approves(sent)
    posting_wall.screens(later(60))
    assert to_the_author(smtp_sink) == 0
    assert posting_wall.owed()[-1] == ("approved", "undeliverable")


def test_what_else_was_sent_with_that_address_says_so_too_and_its_owner_can_try_again(
    posting_wall: Wall, smtp_sink: SmtpSink
) -> None:
    wall = posting_wall
    first = wall.promises(email=ADDRESS)
    wall.proves(first)
    second = wall.promises("I will ask what would help", email=ADDRESS.upper())
    wall.screens()
    smtp_sink.answers["RCPT"] = "550 5.1.1 no such user"
    mo = wall.moderator("mo")
    mo.approves(first)
    wall.screens(later(60))
    assert "data-undeliverable" in wall.app.test_client().get(second.receipt).text
    smtp_sink.answers.clear()
    assert wall.acts(first, "letters", letters="yes").status_code == 303
    assert "data-undeliverable" not in wall.app.test_client().get(first.receipt).text
    mo.decides(first, "reject", reason="off_topic")
    before = to_the_author(smtp_sink)
    wall.screens(later(120))
    assert to_the_author(smtp_sink) == before + 1


@pytest.mark.parametrize("answer", PASSES)
def test_what_passes_is_tried_again_and_arrives(posting_wall: Wall, smtp_sink: SmtpSink, answer: str) -> None:
    smtp_sink.answers["RCPT"] = answer
    posting_wall.promises(email=ADDRESS)
    assert tried(posting_wall)[:2] == ("", "later")
    smtp_sink.answers.clear()
    assert tried(posting_wall, seconds=70) == ("", "", "")
    assert len(smtp_sink.received) == 1
    assert not ended(posting_wall)


@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT", "DATA"])
def test_a_connection_that_breaks_is_tried_again(posting_wall: Wall, smtp_sink: SmtpSink, step: str) -> None:
    smtp_sink.hangs_up_at = step
    posting_wall.promises(email=ADDRESS)
    assert tried(posting_wall)[:2] == ("", "later")
    smtp_sink.hangs_up_at = ""
    assert tried(posting_wall, seconds=70) == ("", "", "")


def test_a_letter_that_was_taken_is_out_of_our_hands_whatever_the_server_says_after(
    posting_wall: Wall, smtp_sink: SmtpSink
) -> None:
    smtp_sink.answers["QUIT"] = "500 5.5.1 what?"
    posting_wall.promises(email=ADDRESS)
    assert tried(posting_wall) == ("", "", "")
    posting_wall.screens(later(3600))
    assert len(smtp_sink.received) == 1


@pytest.mark.parametrize(
    "step, answer", [("MAIL", "550 5.7.1 not you"), ("RCPT", "554 5.7.1 not you"), ("DATA", "550 5.7.26 DMARC")]
)
def test_where_we_are_refused_letters_are_kept_however_long_and_we_are_told(
    posting_wall: Wall, smtp_sink: SmtpSink, step: str, answer: str
) -> None:
    wall = posting_wall
    smtp_sink.answers[step] = answer
    wall.promises(email=ADDRESS)
    for day in range(8):
        assert tried(wall, days=day, minutes=1)[:2] == ("", "ours")
    assert not ended(wall)
    mo = wall.moderator("mo")
    assert f"The mail server refuses our letters ({step} {answer[:8]}" in mo.client.get("/moderation/").text
    with wall.app.app_context():
        (line,) = [each for each in doctor.examine(wall.settings) if each.what == "letters"]
    assert not line.good and step in line.words
    smtp_sink.answers.clear()
    assert tried(wall, days=9) == ("", "", "")
    assert to_the_author(smtp_sink) == 1
    assert "data-mail-refused" not in mo.client.get("/moderation/").text


def test_a_wrong_password_keeps_all_letters_and_is_tried_once_a_round(
    walls: Callable[..., Wall], smtp_sink: SmtpSink
) -> None:
    wall = walls(mail_url=smtp_sink.url.replace("//", "//wall:wrong@"), mail_from=FROM, mail_in_clear=True)
    smtp_sink.answers["AUTH"] = "535 5.7.8 wrong user or password"
    for number in range(3):
        wall.promises(f"I will do thing number {number}", email=f"a{number}@example.org")
    wall.screens()
    with wall.look() as session:
        assert sorted(letter.failed_how for letter in session.scalars(select(Letter))) == ["", "", "ours"]
    with wall.app.app_context():
        lines = {each.what: each for each in doctor.examine(wall.settings)}
    assert not lines["mail"].good and "AUTH 535 5.7.8" in lines["mail"].words
    smtp_sink.answers.clear()
    wall.screens(later(70))
    assert len(smtp_sink.received) == 3


def test_a_letter_that_is_never_taken_ends_and_its_address_stays(posting_wall: Wall, smtp_sink: SmtpSink) -> None:
    smtp_sink.answers["DATA"] = "554 5.6.0 bad content"
    posting_wall.promises(email=ADDRESS)
    assert tried(posting_wall) == ("refused", "refused", "DATA 554 5.6.0")
    assert not ended(posting_wall)


def test_the_doctor_says_that_bounces_are_not_read(posting_wall: Wall) -> None:
    with posting_wall.app.app_context():
        lines = {each.what: each for each in doctor.examine(posting_wall.settings)}
    assert lines["mail"].good and lines["bounces"].words.endswith("have somebody read wall@wall.example")


def test_nobody_who_answers_is_no_end() -> None:
    assert answers.asked(f"smtp://127.0.0.1:{free_port()}", 1, in_clear=False).fate is Fate.LATER
