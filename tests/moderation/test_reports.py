"""A report counts once, loses no word, and one of a program has nobody written to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from moderation.models import Report
from pledges import intake
from tests.forms import form
from tests.wall import SLUG, TOKEN, Sent, Wall, found


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
    desk: intake.ReviewDesk = wall.app.extensions[intake.DOOR]
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
    assert wall.reports(sent, token=token, note="More").status_code == 404
