"""Comments and reports take their own forms, and stand only where their promise stands."""

from __future__ import annotations

import pytest

from pledges.models import Campaign

from .test_road import text


@pytest.fixture
def promise(visitor, approve) -> str:
    visitor.promises()
    return approve()


def comments(visitor, promise: str, words: str = "Well said", **fields: str):
    return visitor.sends(f"/week/promises/{promise}/comment", comment=words, **fields)


def test_a_comment_waits_and_then_stands_under_its_promise(visitor, promise, approve):
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
