"""Taking down: everywhere at once, with a reason, by one person or by two."""

from __future__ import annotations

import pytest

from moderation.models import Role
from moderation.workflow import State
from tests.wall import SLUG, WORDS, Sent, Wall, later

API = f"/api/v1/campaigns/{SLUG}"


def addresses(sent: Sent) -> list[str]:
    page = f"/{SLUG}/promises/{sent.public_id}"
    return [page, f"{page}/comment", f"{page}/report", f"/api/v1/pledges/{sent.public_id}",
            f"/api/v1/pledges/{sent.public_id}/comments"]  # fmt: skip


def stands_nowhere(wall: Wall, sent: Sent, comment: str) -> None:
    client = wall.app.test_client()
    for address in addresses(sent):
        assert client.get(address).status_code == 404, address
    for address in (f"/{SLUG}", f"/cy/{SLUG}", f"{API}/pledges"):
        text = client.get(address).text
        assert WORDS not in text, address
        assert comment not in text, address


def removed(wall: Wall, query: str = "") -> list[str]:
    return [each["id"] for each in wall.app.test_client().get(f"{API}/removed{query}").get_json()["removed"]]


@pytest.mark.parametrize("reason", ["hateful", "illegal"])
def test_one_act_hides_it_everywhere_at_once_with_what_stood_under_it(wall: Wall, reason: str) -> None:
    mo = wall.moderator()
    sent = wall.promises()
    mo.approves(sent)
    comment = wall.comments(sent, "A comment that goes with it")
    mo.approves(comment)
    assert wall.app.test_client().get(addresses(sent)[0]).status_code == 200
    answer = mo.decides(sent, "take_down", reason=reason)
    assert answer.status_code == 303
    stands_nowhere(wall, sent, "A comment that goes with it")
    assert removed(wall) == [sent.public_id, comment.public_id]
    decision = wall.decisions(sent.review_id)[-1]
    assert (decision.reason_id is not None, decision.shown_after_id) == (True, None)


def test_a_reason_for_two_hides_meanwhile_and_a_second_person_brings_it_back(wall: Wall) -> None:
    mo, ann = wall.moderator("mo"), wall.moderator("ann")
    sent = wall.promises()
    mo.approves(sent)
    mo.decides(sent, "take_down", reason="illegal")
    assert not wall.shown()
    assert wall.review(sent.review_id).state is State.WAITING
    assert "hidden until somebody else decides" in ann.client.get(f"/moderation/reviews/{sent.review_id}").text
    assert mo.decides(sent, "approve").status_code == 409
    ann.approves(sent)
    assert wall.shown()
    assert removed(wall) == []


def test_a_confirmed_take_down_is_told_as_one(wall: Wall) -> None:
    mo, ann = wall.moderator("mo"), wall.moderator("ann")
    sent = wall.promises(email="amina@example.org")
    wall.proves(sent)
    mo.approves(sent)
    mo.decides(sent, "take_down", reason="illegal")
    ann.decides(sent, "reject", reason="illegal")
    assert [kind for kind, _ in wall.owed()][-1] == "taken_down"


def test_undo_of_a_take_down_by_two_shows_it_again(wall: Wall) -> None:
    mo = wall.moderator("mo")
    sent = wall.promises()
    mo.approves(sent)
    mo.decides(sent, "take_down", reason="illegal")
    assert mo.decides(sent, "undo").status_code == 303
    assert wall.shown()
    assert wall.review(sent.review_id).state is State.APPROVED


def test_it_is_reached_from_its_reference_or_address(wall: Wall) -> None:
    mo = wall.moderator()
    sent = wall.promises()
    mo.approves(sent)
    wall.edits(sent, "I will listen, and then act")
    there = f"/moderation/reviews/{sent.review_id}"
    assert mo.client.get(f"/moderation/items/{sent.public_id}").headers["Location"] == there
    for asked in (
        sent.public_id,
        f" {sent.public_id.upper()} ",
        f"http://wall.example/{SLUG}/promises/{sent.public_id}",
    ):
        answer = mo.client.get("/moderation/items", query_string={"id": asked}, follow_redirects=True)
        assert answer.request.path == there, asked
        assert "Take it off every page now" in answer.text
    assert mo.client.get("/moderation/items/zzzzzzzzzz").status_code == 404
    stranger = wall.moderator("ola", slug="courageous-conversations")
    assert stranger.client.get(f"/moderation/items/{sent.public_id}").status_code == 404


def test_a_viewer_takes_nothing_down(wall: Wall) -> None:
    sent = wall.promises()
    wall.moderator().approves(sent)
    viewer = wall.moderator("vi", Role.VIEWER)
    assert viewer.decides(sent, "take_down", reason="hateful").status_code == 403
    assert wall.shown()


def test_what_was_removed_is_told_page_by_page_since_a_moment_with_a_tag(wall: Wall, monkeypatch) -> None:
    monkeypatch.setattr("pledges.wall.removed.removed.__defaults__", (2,))
    mo = wall.moderator()
    gone = [wall.promises(f"I will do thing number {number}") for number in range(3)]
    for sent in gone:
        mo.approves(sent)
        mo.decides(sent, "take_down", reason="hateful")
    client = wall.app.test_client()
    first = client.get(f"{API}/removed")
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert [each["id"] for each in first.get_json()["removed"]] == [sent.public_id for sent in gone[:2]]
    rest = client.get(f"{API}/removed?after={first.get_json()['next']}").get_json()
    assert ([each["id"] for each in rest["removed"]], rest["next"]) == ([gone[2].public_id], None)
    at = first.get_json()["removed"][1]["at"]
    assert removed(wall, f"?since={at}") == [sent.public_id for sent in gone[1:]]
    assert removed(wall, f"?since={later(60).isoformat().replace('+', '%2B')}") == []
    again = client.get(f"{API}/removed", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    mo.decides(gone[0], "reopen")
    mo.approves(gone[0])
    changed = client.get(f"{API}/removed", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert gone[0].public_id not in changed.text
