"""A button pressed twice, or sent again after a lost answer, is answered as it was the first time."""

from __future__ import annotations

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from moderation.models import Reason, Review
from tests.akismet_service import AkismetService
from tests.clock import VISITORS, stands_at
from tests.wall import TOKEN, AtTheDesk, Sent, Wall, found, later


def opens(wall: Wall, path: str) -> int:
    return wall.app.test_client().get(path).status_code


def passes(wall: Wall, monkeypatch: pytest.MonkeyPatch, minutes: float) -> None:
    now = later(minutes=minutes)
    stands_at(monkeypatch, lambda: now, *VISITORS)


def test_a_link_that_was_replaced_does_nothing_any_more(wall: Wall) -> None:
    sent = wall.promises()
    newer = wall.acts(sent, "new_link").location.split("?")[0]
    for act in ("withdraw", "erase", "hide_name", "restore", "appeal", "letters", "wishes", "new_link"):
        assert wall.acts(sent, act).status_code == 404
    assert opens(wall, newer) == 200


def test_what_is_deleted_twice_is_said_to_be_deleted_for_a_while(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = wall.promises()
    first, second = wall.acts(sent, "erase"), wall.acts(sent, "erase")
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.text == second.text
    assert "It is deleted" in second.text
    assert wall.acts(sent, "withdraw").status_code == 404
    assert opens(wall, sent.receipt) == 404
    passes(wall, monkeypatch, 11)
    assert wall.acts(sent, "erase").status_code == 404


def test_what_is_put_back_twice_is_back(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = wall.promises()
    wall.acts(sent, "withdraw")
    first, second = wall.acts(sent, "restore"), wall.acts(sent, "restore")
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    passes(wall, monkeypatch, 11)
    assert wall.acts(sent, "restore").status_code == 409


def test_an_appeal_made_twice_is_one_appeal_and_answered_twice(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    with wall.look() as session:
        reason = session.scalars(select(Reason.id).where(Reason.use == "reject")).first()
    assert moderator.decides(sent, "reject", reason=str(reason)).status_code == 303
    first, second = wall.acts(sent, "appeal"), wall.acts(sent, "appeal")
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location


@pytest.mark.parametrize("act", ["restore", "appeal"])
def test_what_was_never_open_is_still_refused(wall: Wall, act: str) -> None:
    assert wall.acts(wall.promises(), act).status_code == 409


def test_the_first_form_sent_again_after_deleting_says_nothing_untrue(wall: Wall) -> None:
    client = wall.app.test_client()
    given = {"token": found(TOKEN, client.get("/race-equality-week/promise").text), "consent": "yes", "company_url": ""}
    given["promise"] = "I will read one book each month"
    sent = client.post("/race-equality-week/promise", data=given)
    client.post(sent.location.split("?")[0], data={"act": "erase"})
    again = client.post("/race-equality-week/promise", data=given)
    assert again.status_code == 422
    assert "has reached us" in again.text
    assert "is kept" not in again.text


def previews(wall: Wall, token: str, words: str) -> TestResponse:
    given = {"token": token, "consent": "yes", "company_url": "", "promise": words, "step": "preview"}
    return wall.app.test_client().post("/race-equality-week/promise", data=given)


def test_a_preview_of_what_was_sent_says_so_and_of_other_words_that_they_were_not(wall: Wall) -> None:
    path, words = "/race-equality-week/promise", "I will read one book each month"
    token = found(TOKEN, wall.app.test_client().get(path).text)
    assert "Nothing has been sent yet" in previews(wall, token, words).text
    first = wall.sends(path, token=token, promise=words)
    page = previews(wall, token, words).text
    assert "This has been sent already" in page
    assert "Nothing has been sent yet" not in page
    assert wall.sends(path, token=found(TOKEN, page), promise=words).location == first.location
    page = previews(wall, token, "I will read two books each month").text
    assert "Something was sent with this form before" in page
    assert "Nothing has been sent yet" not in page
    second = wall.sends(path, token=found(TOKEN, page), promise="I will read two books each month")
    assert (second.status_code, second.location == first.location) == (303, False)


# What Akismet was asked


def told_of_akismet(wall: Wall, sent: Sent) -> bool:
    return "ninety days" in wall.acts(sent, "erase").text


def test_the_answer_after_deleting_tells_what_akismet_keeps(checked_wall: Wall, akismet: AkismetService) -> None:
    sent = checked_wall.promises()
    assert told_of_akismet(checked_wall, sent)
    assert "ninety days" in checked_wall.acts(sent, "erase").text
    assert 'href="https://akismet.com/privacy/"' in checked_wall.app.test_client().get("/privacy").text


def test_it_is_told_too_where_the_key_has_been_taken_away_since(checked_wall: Wall, akismet: AkismetService) -> None:
    sent, unasked = checked_wall.promises(), checked_wall.promises("I will plant ten trees")
    with checked_wall.work() as session:
        session.execute(update(Review).where(Review.id == unasked.review_id).values(check_after=None))
    checked_wall.screens()
    checked_wall.settings.akismet_api_key = SecretStr("")
    assert told_of_akismet(checked_wall, sent)
    assert not told_of_akismet(checked_wall, unasked)


def test_without_a_key_nothing_is_told_of_akismet(wall: Wall) -> None:
    sent = wall.promises()
    wall.screens()
    assert not told_of_akismet(wall, sent)
