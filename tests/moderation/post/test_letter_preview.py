"""The letter is read before it goes, word for word, with everything that was filled in kept."""

from __future__ import annotations

import re
from email import message_from_string, policy
from html import unescape

import pytest
from werkzeug.test import TestResponse

from moderation.models import Role
from tests.wall import SLUG, AtTheDesk, Sent, Wall, later

SHOWN = re.compile(r'<pre class="letter-text">(.*?)</pre>', re.DOTALL)
PLACEHOLDER = {"en": "(the author’s private link)", "cy": "(dolen breifat yr awdur)"}


def previews(who: AtTheDesk, sent: Sent, move: str, part: bool = False, **fields: object) -> TestResponse:
    given = {"csrf_token": who.csrf(), "move": move, "version": "1", **fields}
    headers = {"X-Part": "1"} if part else {}
    return who.client.post(f"/moderation/reviews/{sent.review_id}/letter", data=given, headers=headers)


def letter_in(page: str) -> str:
    found = SHOWN.search(page)
    assert found, page[:3000]
    return unescape(found[1]).strip()


def sent_letter(wall: Wall) -> str:
    body = message_from_string(wall.letters()[-1], policy=policy.default).get_body(("plain",))
    assert body is not None
    return re.sub(r"http://wall\.example/\w+/receipt/\S+", "(LINK)", body.get_content()).strip()


@pytest.mark.parametrize("lang", ["en", "cy"])
@pytest.mark.parametrize(
    ("move", "reasons"), [("approve", []), ("reject", ["off_topic"]), ("revise", ["names", "link"])]
)
def test_what_is_previewed_is_what_is_sent(
    wall: Wall, moderator: AtTheDesk, lang: str, move: str, reasons: list[str]
) -> None:
    sent = wall.promises("Byddaf yn gwrando cyn siarad", lang=lang, email="amina@example.org")
    wall.proves(sent)
    wall.screens()
    shown = letter_in(previews(moderator, sent, move, reason=reasons).text)
    assert "/receipt/" not in shown
    given = {"csrf_token": moderator.csrf(), "move": move, "version": str(wall.review(sent.review_id).version)}
    read = moderator.has_read(sent.review_id)
    moderator.client.post(f"/moderation/reviews/{sent.review_id}/decide", data={**given, **read, "reason": reasons})
    wall.screens(later(60))
    assert shown.replace(PLACEHOLDER[lang], "(LINK)") == sent_letter(wall)


def test_a_preview_decides_nothing_and_keeps_what_was_filled_in(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises(email="amina@example.org")
    wall.proves(sent)
    wall.screens()
    before = wall.review(sent.review_id).version
    page = previews(moderator, sent, "revise", reason=["names", "link"], note="One word too many").text
    assert "One word too many</textarea>" in page
    assert len(re.findall(r'value="(?:names|link)" checked', page)) == 2
    assert wall.review(sent.review_id).version == before
    assert wall.owed() == [("receipt", "")]


def test_it_says_why_there_is_no_letter(wall: Wall, moderator: AtTheDesk) -> None:
    nobody = wall.promises()
    unproved = wall.promises("I will ask what would help", email="amina@example.org")
    wall.screens()
    assert "the author left no address" in previews(moderator, nobody, "approve").text
    assert "nobody has confirmed the address" in previews(moderator, unproved, "approve").text
    assert "you chose to send no message" in previews(moderator, unproved, "reject", reason="other", tell="no").text
    missing = previews(moderator, unproved, "reject", part=True)
    assert missing.status_code == 422
    assert "Choose a reason first" in missing.text
    assert "<html" not in missing.text


def test_it_says_that_a_second_person_has_to_agree_first(wall: Wall, moderator: AtTheDesk) -> None:
    wall.moderator("second")
    sent = wall.promises(email="amina@example.org")
    wall.proves(sent)
    wall.screens()
    assert "A second moderator has to agree first" in previews(moderator, sent, "reject", reason="illegal").text
    assert "A second moderator" not in previews(moderator, sent, "reject", part=True, reason="hateful").text.replace(
        "ask a second moderator", ""
    )


def test_of_what_stands_on_the_wall_it_is_the_letter_of_a_take_down(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises(email="amina@example.org")
    wall.proves(sent)
    moderator.approves(sent)
    assert "has been taken off the wall" in letter_in(previews(moderator, sent, "take_down", reason="other").text)


def test_the_page_of_a_preview_leads_back_to_the_item(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    for page in ("letter", "decide"):
        answer = moderator.client.get(f"/moderation/reviews/{sent.review_id}/{page}?lane=new&at=1&show=1")
        assert answer.headers["Location"] == f"/moderation/reviews/{sent.review_id}?lane=new&show=1"


def test_who_may_not_decide_previews_nothing(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    assert previews(wall.moderator("vi", Role.VIEWER), sent, "approve").status_code == 403


@pytest.mark.parametrize(("move", "reason"), [("approve", ""), ("revise", "names")])
def test_an_author_is_told_unless_the_moderator_chose_otherwise(
    wall: Wall, moderator: AtTheDesk, move: str, reason: str
) -> None:
    told, not_told = (wall.promises(words, email="amina@example.org") for words in ("I will listen", "I will ask"))
    wall.proves(told)
    wall.proves(not_told)
    wall.screens()
    page = moderator.client.get(f"/moderation/reviews/{not_told.review_id}").text
    boxes = re.findall(r'<input type="checkbox" name="tell" value="no"[^>]*>', page)
    assert len(boxes) == 3 and not any("checked" in box for box in boxes)
    form = f"approve-{not_told.review_id}"
    assert [f'form="{form}"' in box for box in boxes] == [False, False, True]
    assert re.search(f'id="{form}"[^>]*>.*?data-key="a".*?</form>', page, re.DOTALL)
    change = page[page.index('data-opens="c"') :]
    assert 'name="tell"' in change[: change.index("</form>")]
    moderator.decides(not_told, move, reason=reason, tell="no")
    moderator.decides(told, move, reason=reason)
    assert [kind for kind, _ in wall.owed() if kind != "receipt"] == ["approved" if move == "approve" else move]


@pytest.mark.parametrize(("move", "place"), [("revise", 0), ("reject", 1), ("approve", 2)])
def test_a_preview_keeps_that_nobody_is_told_where_it_was_chosen(
    wall: Wall, moderator: AtTheDesk, move: str, place: int
) -> None:
    sent = wall.promises(email="amina@example.org")
    wall.screens()
    page = previews(moderator, sent, move, reason="names" if move == "revise" else "off_topic", tell="no").text
    assert "you chose to send no message" in page
    boxes = re.findall(r'<input type="checkbox" name="tell" value="no"[^>]*>', page)
    assert ["checked" in box for box in boxes] == [number == place for number in range(3)]


def test_of_an_approval_that_changes_nothing_no_letter_is_sent_and_the_preview_says_so(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = wall.told_by(moderator)
    for _ in range(2):
        wall.reports(sent)
        assert (
            "the author knows how these words stand, and nothing changes" in previews(moderator, sent, "approve").text
        )
        moderator.approves(sent)
    assert [kind for kind, _ in wall.owed()] == ["receipt", "approved"]
    change = wall.edits(sent, "I will listen before I speak, and again after")
    wall.screens()
    assert "It is on the wall now." in letter_in(previews(moderator, change, "approve").text)
    moderator.approves(change)
    assert [kind for kind, _ in wall.owed()] == ["receipt", "approved", "approved"]


def test_who_was_told_nothing_or_something_else_since_has_the_letter_of_the_second_approval(
    wall: Wall, moderator: AtTheDesk
) -> None:
    at_once, asked, quiet = (
        wall.promises(f"I will listen to {who}", email=f"{who}@example.org") for who in ("amina", "ben", "cai")
    )
    for sent in (at_once, asked, quiet):
        wall.proves(sent)
    wall.screens()
    moderator.approves(at_once)
    moderator.decides(at_once, "reopen")  # the letter has not gone, and does not go
    moderator.approves(at_once)
    moderator.approves(asked)
    wall.screens(later(60))
    moderator.decides(asked, "reopen")
    moderator.decides(asked, "revise", reason="names")
    wall.screens(later(120))
    moderator.decides(asked, "reopen")
    moderator.approves(asked)
    moderator.decides(quiet, "approve", tell="no")
    wall.reports(quiet)
    moderator.approves(quiet)
    told = [(kind, why) for kind, why in wall.owed() if kind != "receipt"]
    assert told == [
        ("approved", "reopened"), ("approved", ""), ("approved", ""), ("revise", ""), ("approved", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "cy"])
def test_of_what_stands_under_hidden_words_the_letter_says_that_it_is_not_seen_yet_and_leads_nowhere(
    wall: Wall, moderator: AtTheDesk, lang: str
) -> None:
    promise = wall.promises()
    moderator.approves(promise)
    prefix = "" if lang == "en" else f"/{lang}"
    path = f"{prefix}/{SLUG}/promises/{promise.public_id}/comment"
    comment = wall.sent(wall.sends(path, comment="Good to hear that", email="amina@example.org"))
    wall.proves(comment)
    moderator.decides(promise, "take_down", reason="other")
    wall.screens()
    shown = letter_in(previews(moderator, comment, "approve").text)
    moderator.approves(comment)
    wall.screens(later(60))
    letter = sent_letter(wall)
    assert shown.replace(PLACEHOLDER[lang], "(LINK)") == letter
    assert {"en": "nobody can see yours yet", "cy": "ni all neb weld eich un chi eto"}[lang] in letter
    assert promise.public_id not in wall.letters()[-1]
    assert {"en": "Your words are approved", "cy": "Mae eich geiriau wedi’u cymeradwyo"}[lang] in letter
    assert {"en": "on the wall now", "cy": "Mae ar y wal nawr"}[lang] not in letter


def test_of_what_stands_under_shown_words_the_letter_leads_there(wall: Wall, moderator: AtTheDesk) -> None:
    promise = wall.promises()
    moderator.approves(promise)
    comment = wall.comments(promise, email="amina@example.org")
    wall.proves(comment)
    moderator.approves(comment)
    wall.screens(later(60))
    link = re.search(r"http://wall\.example(/en/\S+/promises/\w+)", sent_letter(wall))
    assert link and wall.app.test_client().get(link[1]).status_code == 200
    assert "It is on the wall now." in sent_letter(wall)


def declines(wall: Wall, who: AtTheDesk, sent: Sent, move: str = "reject") -> str:
    """The words were declined, and the author has read of it; answers the letter, which is the one that was shown."""
    shown = letter_in(previews(who, sent, move, reason="off_topic").text)
    assert who.decides(sent, move, reason="off_topic").status_code == 303
    wall.screens(later(60))
    assert shown.replace(PLACEHOLDER["en"], "(LINK)") == sent_letter(wall)
    return sent_letter(wall).replace("\n", " ")


def appeal_is_offered(wall: Wall, sent: Sent) -> bool:
    """Whether the private page has the button."""
    return 'value="appeal"' in wall.app.test_client().get(sent.receipt).text


@pytest.mark.parametrize("taken_down", [False, True])
def test_a_letter_offers_an_appeal_where_the_private_page_does_and_only_there(wall: Wall, taken_down: bool) -> None:
    mo, ann = wall.moderator("mo"), wall.moderator("ann")
    sent = wall.promises(email="amina@example.org")
    wall.proves(sent)
    wall.screens()
    move = "take_down" if taken_down else "reject"
    if taken_down:
        ann.approves(sent)
        wall.screens(later(60))
    assert "ask a second moderator" in declines(wall, mo, sent, move)
    assert appeal_is_offered(wall, sent)
    wall.acts(sent, "appeal")
    if taken_down:
        ann.approves(sent)
        wall.screens(later(60))
    assert "second moderator" not in declines(wall, ann, sent, move)
    assert not appeal_is_offered(wall, sent)


def test_of_older_words_that_are_taken_down_while_newer_ones_wait_no_appeal_is_offered(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = wall.told_by(moderator)
    wall.edits(sent, "I will listen before I speak, and again after")
    assert "second moderator" not in declines(wall, moderator, sent, "take_down")
    assert not appeal_is_offered(wall, sent)


def asks(wall: Wall, who: AtTheDesk, sent: Sent) -> str:
    """A change was asked for, and the author has read of it; answers the letter, which is the one that was shown."""
    shown = letter_in(previews(who, sent, "revise", reason="names").text)
    assert who.decides(sent, "revise", reason="names").status_code == 303
    wall.screens(later(60))
    assert shown.replace(PLACEHOLDER["en"], "(LINK)") == sent_letter(wall)
    return sent_letter(wall).replace("\n", " ")


def test_the_letter_that_asks_for_a_change_says_that_the_words_stay_on_the_wall_where_they_do(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = wall.told_by(moderator)
    wall.reports(sent)
    letter = asks(wall, moderator, sent)
    assert wall.shown()
    assert "It stays on the wall meanwhile." in letter and "before it can appear" not in letter
    change = wall.edits(sent, "I will listen before I speak, and again after")
    wall.screens()
    letter = asks(wall, moderator, change)
    assert "before it can appear" in letter and "stays on the wall" not in letter
