"""Comments and reports take their own forms, and stand only where their promise stands."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pledges.models import Campaign, Question
from tests.pledges.intake.test_road import text


@pytest.fixture
def promise(visitor, approve) -> str:
    visitor.promises()
    return approve()


def comments(visitor, promise: str, words: str = "Well said", **fields: str):
    return visitor.sends(f"/week/promises/{promise}/comment", comment=words, **fields)


def test_a_comment_waits_and_then_stands_under_its_promise(visitor, promise, approve):
    asked = [text(visitor.get(f"{lang}/week/promises/{promise}/comment")) for lang in ("", "/cy")]
    for prompts, words in zip(asked, (("Encourage:", "Offer help:", "Ask:"), ("Anogwch:", "Gofynnwch:")), strict=True):
        assert all(each in prompts.partition("data-prompts")[2] for each in words)
    assert comments(visitor, promise, name="Priya").status_code == 303
    page = f"/week/promises/{promise}"
    assert "Well said" not in text(visitor.get(page))
    id = approve()
    assert f'data-comment="{id}"' in text(visitor.get(page))
    assert visitor.get(f"/api/v1/pledges/{promise}/comments").json["comments"][0]["comment"] == "Well said"
    assert "1 comment" in text(visitor.get("/week"))


def test_a_reply_to_a_reply_stands_beside_it(visitor, promise, approve, stored):
    comments(visitor, promise)
    top = approve()
    comments(visitor, promise, "So it is", reply_to=top)
    reply = approve()
    comments(visitor, promise, "Indeed it is", reply_to=reply)
    approve()
    newest, older, first = stored()[:3]
    assert newest.reply_to_id == older.reply_to_id == first.id
    assert text(visitor.get(f"/week/promises/{promise}")).count('class="replies"') == 1


def test_a_comment_that_was_taken_away_leaves_a_line_for_its_replies(visitor, promise, approve, hide):
    comments(visitor, promise, "Something foul")
    top = approve()
    comments(visitor, promise, "Please do not", reply_to=top)
    approve()
    hide(top)
    page = text(visitor.get(f"/week/promises/{promise}"))
    assert "A comment was taken away." in page
    assert "Please do not" in page
    assert "Something foul" not in page


def test_comments_go_with_their_promise(visitor, promise, approve, hide):
    comments(visitor, promise)
    id = approve()
    assert visitor.get(f"/week/comments/{id}/report").status_code == 200
    hide(promise)
    assert visitor.get(f"/week/comments/{id}/report").status_code == 404


def test_a_comment_that_came_too_late_keeps_its_words(visitor, promise, database, stored):
    token = visitor.token(f"/week/promises/{promise}/comment")
    with database.new_session() as session:
        session.query(Campaign).one().comments_open = False
        session.commit()
    answer = comments(visitor, promise, token=token)
    assert answer.status_code == 409
    assert "Well said" in text(answer)
    assert len(stored()) == 1


def test_a_comment_without_consent_is_not_taken(visitor, promise, stored):
    answer = comments(visitor, promise, consent="")
    assert answer.status_code == 422
    assert "Well said" in text(answer)
    assert len(stored()) == 1


def test_the_page_of_a_promise_holds_no_form_so_that_caches_can_share_it(visitor, promise):
    answer = visitor.get(f"/week/promises/{promise}")
    assert "<form" not in text(answer)
    assert "public" in answer.headers["Cache-Control"]


def test_a_report_gets_a_reference_and_takes_nothing_off(visitor, promise, desk):
    answer = visitor.sends(f"/week/promises/{promise}/report", category="hate", note="Look", email="a@example.org")
    assert answer.status_code == 200
    assert "r7k4m2px" in text(answer)
    ((reported, complaint),) = desk.told("report")
    assert reported == promise
    assert (complaint.category, complaint.note, complaint.email) == ("hate", "Look", "a@example.org")
    assert visitor.get(f"/week/promises/{promise}").status_code == 200


def test_a_comment_can_be_reported(visitor, promise, approve, desk):
    comments(visitor, promise)
    id = approve()
    visitor.sends(f"/week/comments/{id}/report", category="other")
    assert desk.told("report")[0][0] == id


@pytest.mark.parametrize("wrong", [{"category": ""}, {"category": "envy"}, {"note": "n" * 1001}, {"email": "x@"}])
def test_a_report_with_a_slip_keeps_its_words(visitor, promise, desk, wrong):
    answer = visitor.sends(f"/week/promises/{promise}/report", **{"category": "hate", "note": "My note", **wrong})
    assert answer.status_code == 422
    assert desk.told("report") == []
    assert "note" in wrong or "My note" in text(answer)


def test_too_many_reports_are_told_when_to_come_back(visitor, promise, limiter, desk):
    limiter.wait["reports"] = 30
    answer = visitor.sends(f"/week/promises/{promise}/report", category="hate", note="My note")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")
    assert "My note" in text(answer)
    assert desk.told("report") == []


def test_where_first_names_alone_are_shown_a_comment_shows_no_more(visitor, promise, database, approve):
    with database.new_session() as session:
        session.query(Campaign).one().show_names = ["first", "anonymous"]
        session.commit()
    comments(visitor, promise, name="Priya Kapoor")
    approve()
    page = text(visitor.get(f"/week/promises/{promise}"))
    assert "Priya" in page
    assert "Kapoor" not in page


def withdraws(visitor, receipt: str):
    assert visitor.client.post(receipt, data={"act": "withdraw"}).status_code == 303


def promised(visitor, approve) -> tuple[str, str]:
    receipt = visitor.promises("I will plant ten trees").location.split("?")[0]
    return receipt, approve()


def test_a_comment_whose_promise_was_withdrawn_meanwhile_keeps_its_words(visitor, approve, stored):
    receipt, id = promised(visitor, approve)
    token = visitor.token(f"/week/promises/{id}/comment")
    withdraws(visitor, receipt)
    answer = comments(visitor, id, "Well said\nand done", name="Priya", token=token)
    assert answer.status_code == 404
    assert "The promise is no longer here" in text(answer)
    assert "Well said" in text(answer)
    assert "Priya" in text(answer)
    assert len(stored()) == 1


def test_a_retry_of_a_comment_is_answered_also_when_its_promise_has_gone(visitor, approve, stored):
    receipt, id = promised(visitor, approve)
    token = visitor.token(f"/week/promises/{id}/comment")
    first = comments(visitor, id, token=token)
    withdraws(visitor, receipt)
    again = comments(visitor, id, token=token)
    assert (again.status_code, again.location) == (303, first.location)
    other = comments(visitor, id, "Something else", token=token)
    assert other.status_code == 404
    assert "Something else" in text(other)
    assert len(stored()) == 2


def test_where_nothing_was_written_what_is_gone_is_a_page_that_is_not_here(visitor, promise):
    answer = visitor.client.post("/week/promises/nosuchthing/comment", data={"token": "x"})
    assert answer.status_code == 404
    assert "This page is not here" in text(answer)


def test_closed_comments_speak_of_words_only_where_there_are_any(visitor, promise, database):
    token = visitor.token(f"/week/promises/{promise}/comment")
    with database.new_session() as session:
        session.query(Campaign).one().comments_open = False
        session.commit()
    assert "still below" not in text(visitor.get(f"/week/promises/{promise}/comment"))
    assert "still below" in text(comments(visitor, promise, token=token))


def test_an_answer_whose_question_has_gone_keeps_its_words(visitor, campaign, database):
    token = visitor.token("/week/questions/q234567890/answer")
    with database.new_session() as session:
        session.query(Question).one().archived_at = datetime.now(UTC)
        session.commit()
    answer = visitor.sends("/week/questions/q234567890/answer", answer="No hurry", role="Dad of two", token=token)
    assert answer.status_code == 404
    assert "No hurry" in text(answer)
    assert "Dad of two" in text(answer)
