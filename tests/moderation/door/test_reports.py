"""A report counts once, loses no word, and one of a program has nobody written to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from moderation.models import Reason, Report
from pledges.intake import door
from tests.forms import form
from tests.wall import SLUG, TOKEN, WORDS, Sent, Wall, found, later


def promised(wall: Wall) -> Sent:
    sent = wall.promises()
    wall.moderator().approves(sent)
    return sent


def reports(wall: Wall) -> list[Report]:
    with wall.look() as session:
        return list(session.scalars(select(Report).order_by(Report.id)))


def token_for(wall: Wall, sent: Sent) -> str:
    return found(TOKEN, wall.app.test_client().get(f"/{SLUG}/promises/{sent.public_id}/report").text)


OTHERS = [{"note": "And it names my child"}, {"category": "personal_data"}, {"email": "reporter@example.org"}]


@pytest.mark.parametrize("changed", OTHERS)
def test_a_report_with_other_words_in_the_same_form_comes_back_and_can_be_sent(
    wall: Wall, changed: dict[str, str]
) -> None:
    sent = promised(wall)
    token = token_for(wall, sent)
    first = {"category": "hate", "note": "It is cruel", "token": token}
    assert wall.reports(sent, **first).status_code == 200
    answer = wall.reports(sent, **{**first, **changed})
    assert answer.status_code == 422
    assert "This form has been sent before" in answer.text
    again = form(answer.text, "/report").sent(note=changed.get("note", first["note"]))
    assert again["token"] != [token]
    assert again["note"][0] in answer.text
    assert all(again[name] == [value] for name, value in changed.items())
    assert wall.app.test_client().post(f"/{SLUG}/promises/{sent.public_id}/report", data=again).status_code == 200
    assert len(reports(wall)) == 2


def test_the_same_report_sent_twice_has_one_reference_and_no_limit_stops_the_second(
    walls: Callable[..., Wall],
) -> None:
    wall = walls(limit_reports="1/hour")
    sent = promised(wall)
    given = {"category": "hate", "note": "It is cruel", "token": token_for(wall, sent)}
    first, second = wall.reports(sent, **given), wall.reports(sent, **given)
    assert (first.status_code, second.status_code) == (200, 200)
    (report,) = reports(wall)
    assert report.reference in first.text and report.reference in second.text


def test_of_two_reports_at_once_with_one_form_both_have_the_reference(
    wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = promised(wall)
    desk: door.ReviewDesk = wall.app.extensions[door.DOOR]
    token = token_for(wall, sent)
    wall.reports(sent, token=token)
    real, looks = desk.already_reported, []

    def blind_twice(*given: object) -> str | None:
        looks.append(given)
        return None if len(looks) <= 2 else real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(desk, "already_reported", blind_twice)
    assert reports(wall)[0].reference in wall.reports(sent, token=token).text
    assert len(reports(wall)) == 1


def test_a_report_that_fills_the_hidden_field_is_read_but_has_nobody_written_to(wall: Wall) -> None:
    sent = promised(wall)
    owed = wall.owed()
    given = {"note": "Buy here", "email": "victim@example.org", "company_url": "https://spam.example"}
    token = token_for(wall, sent)
    answer = wall.reports(sent, token=token, **given)
    assert answer.status_code == 200
    (report,) = reports(wall)
    assert report.reference in answer.text
    assert report.reference in wall.reports(sent, token=token, **given).text
    assert wall.owed() == owed
    reader = wall.moderator("ed")
    assert reader.sees("reported") == [sent.review_id]
    page = reader.client.get(f"/moderation/reviews/{sent.review_id}").text
    assert "Buy here" in page
    assert "A field that people do not see was filled in" in page
    assert reader.decides(sent, "reject", reason="hateful").status_code == 303
    assert not [kind for kind, _dropped in wall.owed() if kind == "report_outcome"]


def test_a_retry_of_a_report_has_its_reference_also_when_the_promise_has_gone(wall: Wall) -> None:
    sent = promised(wall)
    token = token_for(wall, sent)
    wall.reports(sent, token=token)
    wall.acts(sent, "withdraw")
    answer = wall.reports(sent, token=token)
    assert answer.status_code == 200
    assert reports(wall)[0].reference in answer.text
    other = wall.reports(sent, token=token, note="More")
    assert other.status_code == 422
    assert "This form has been sent before" in other.text


def hidden_by_a_moderator(wall: Wall, sent: Sent) -> None:
    with wall.look() as session:
        reason = session.scalars(select(Reason.id).where(Reason.use == "reject")).first()
    assert wall.moderator("al").decides(sent, "reject", reason=str(reason)).status_code == 303


def withdrawn(wall: Wall, sent: Sent) -> None:
    wall.acts(sent, "withdraw")


GIVEN = {"category": "child_safety", "note": "It tells where my child goes to school", "email": "me@example.org"}


@pytest.mark.parametrize("goes", [withdrawn, hidden_by_a_moderator])
def test_a_report_of_what_goes_while_it_is_written_is_taken_with_a_reference(
    wall: Wall, goes: Callable[[Wall, Sent], None]
) -> None:
    sent = promised(wall)
    token = token_for(wall, sent)
    goes(wall, sent)
    answer = wall.reports(sent, **GIVEN, token=token)
    (report,) = reports(wall)
    assert (answer.status_code, report.reference in answer.text) == (200, True)
    assert (report.category, report.note, report.email) == (GIVEN["category"], GIVEN["note"], GIVEN["email"])
    wall.screens()
    assert any("me@example.org" in letter for letter in wall.letters())
    again = wall.reports(sent, **GIVEN, token=token)
    assert (again.status_code, len(reports(wall))) == (200, 1)
    wall.screens(later(60))
    told = [letter for letter in wall.letters() if "me@example.org" in letter]
    outcome = "Its author has taken it back" if goes is withdrawn else "It has been taken off the wall"
    assert len(told) == 2 and outcome in " ".join(told[-1].split())
    assert reports(wall)[0].closed_by_id is not None


def test_a_report_of_what_is_read_again_waits_with_it(wall: Wall) -> None:
    sent = promised(wall)
    token = token_for(wall, sent)
    hidden_by_a_moderator(wall, sent)
    al = wall.moderator("bo")
    assert al.decides(sent, "reopen").status_code == 303
    wall.reports(sent, **GIVEN, token=token)
    assert al.sees("reported") == [sent.review_id]
    assert reports(wall)[0].closed_by_id is None


def test_a_slip_in_a_report_of_what_has_gone_keeps_its_words_and_shows_none_of_the_hidden_ones(wall: Wall) -> None:
    sent = promised(wall)
    token = token_for(wall, sent)
    withdrawn(wall, sent)
    answer = wall.reports(sent, **{**GIVEN, "email": "no address"}, token=token)
    assert answer.status_code == 422
    assert WORDS not in answer.text
    assert "It is not on the wall any more" in answer.text
    assert GIVEN["note"] in answer.text
    again = form(answer.text, "/report").sent(note=GIVEN["note"], email="me@example.org")
    assert wall.app.test_client().post(f"/{SLUG}/promises/{sent.public_id}/report", data=again).status_code == 200
    assert [report.note for report in reports(wall)] == [GIVEN["note"]]


def test_a_report_of_a_comment_whose_promise_has_gone_is_taken_too(wall: Wall) -> None:
    parent = promised(wall)
    comment = wall.comments(parent)
    wall.moderator("al").approves(comment)
    path = f"/{SLUG}/comments/{comment.public_id}/report"
    token = found(TOKEN, wall.app.test_client().get(path).text)
    withdrawn(wall, parent)
    assert wall.sends(path, **GIVEN, token=token).status_code == 200
    assert len(reports(wall)) == 1


def test_of_what_is_deleted_for_good_the_words_of_the_report_come_back(wall: Wall) -> None:
    sent = promised(wall)
    token = token_for(wall, sent)
    wall.acts(sent, "erase")
    answer = wall.reports(sent, **GIVEN, token=token)
    assert answer.status_code == 404
    assert all(said in answer.text for said in ("It may put a child at risk", GIVEN["note"], GIVEN["email"]))
    assert "It is not on the wall any more" in answer.text
    assert reports(wall) == []


def test_nobody_reports_what_was_hidden_before_they_came(wall: Wall) -> None:
    sent, shown = promised(wall), wall.promises("I will plant ten trees")
    wall.moderator("al").approves(shown)
    other = token_for(wall, shown)
    withdrawn(wall, sent)
    path = f"/{SLUG}/promises/{sent.public_id}/report"
    assert wall.app.test_client().get(path).status_code == 404
    for token in ("", "made-up", other):
        assert wall.app.test_client().post(path, data={**GIVEN, "token": token}).status_code == 404
    assert reports(wall) == []
