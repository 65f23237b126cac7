"""An organisation puts several dated actions into one promise, and tells how each of them goes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from pledges.db import utcnow
from pledges.models import Contribution, Revision, Step
from pledges.wall.steps import A_DAY
from tests.forms import Form, forms
from tests.wall import SLUG, AtTheDesk, Sent, Wall

DAY = (utcnow() + timedelta(days=90)).date().isoformat()
ORG = {"kind": "organisation", "organisation": "Northbrook Trust", "email": "head@example.org"}
ACTIONS = {"action-1": "Publish what we pay", "action-1-by": DAY, "action-3": "Ask who is missing"}


@pytest.fixture
def mo(wall: Wall) -> AtTheDesk:
    return wall.moderator()


@pytest.fixture
def sent(wall: Wall, mo: AtTheDesk) -> Sent:
    sent = wall.promises("We will work fairly, and show how", **ORG, **ACTIONS)
    mo.approves(sent)
    return sent


def told(wall: Wall, sent: Sent) -> list[dict[str, Any]]:
    """Its actions as JSON; what the page and the frame of it show is the same."""
    get = wall.app.test_client().get
    page, frame = (get(f"/{SLUG}/promises/{sent.public_id}{end}").text for end in ("", "/embed"))
    listed = get(f"/api/v1/campaigns/{SLUG}/pledges").get_json()["pledges"][0]["actions"]
    found = get(f"/api/v1/pledges/{sent.public_id}").get_json()["actions"]
    assert found == listed
    for each in found:
        assert each["action"] in page and each["action"] in frame
    assert frame.count(" · Kept") == [each["status"] for each in found].count("kept")
    return found


def keys(wall: Wall, sent: Sent) -> list[str]:
    return re.findall(r'data-action="(\w+)"', wall.app.test_client().get(sent.receipt).text)


def test_each_stands_with_its_day_and_how_it_goes_is_told_by_one_press(wall: Wall, mo: AtTheDesk, sent: Sent) -> None:
    first, second = told(wall, sent)
    assert (first["action"], first["by_when"], first["status"]) == ("Publish what we pay", DAY, "promised")
    assert (second["action"], second["by_when"]) == ("Ask who is missing", None)
    key, other = keys(wall, sent)
    assert wall.acts(sent, "update", action=key, status="kept").status_code == 303
    assert [each["status"] for each in told(wall, sent)] == ["kept", "promised"]
    assert wall.app.test_client().get(f"/api/v1/pledges/{sent.public_id}").get_json()["status"] == "promised"
    assert f"Publish what we pay ({int(DAY[8:])} " in wall.app.test_client().get(f"/{SLUG}/feed.atom").text
    assert wall.acts(sent, "update", action=other, status="under_way").status_code == 303
    assert wall.acts(sent, "update", action="0" * 16, status="kept").status_code == 409
    assert wall.acts(sent, "update", action=key, status="changed").status_code == 400
    item = mo.client.get(f"/moderation/reviews/{sent.review_id}").text
    off = re.findall(r'action="(/moderation/reviews/\d+/steps/\w+)"', item)
    assert len(off) == 2 and "Publish what we pay" in item
    mo.client.post(off[1], data={"csrf_token": mo.csrf()})
    assert [each["status"] for each in told(wall, sent)] == ["promised", "under_way"]


def test_so_much_a_day_may_be_told_of_each(wall: Wall, sent: Sent) -> None:
    key, other = keys(wall, sent)
    for number in range(A_DAY):
        assert wall.acts(sent, "update", action=key, status=("kept", "under_way")[number % 2]).status_code == 303
    assert wall.acts(sent, "update", action=key, status="not_kept").status_code == 429
    assert wall.acts(sent, "update", action=other, status="kept").status_code == 303
    assert wall.acts(sent, "update", status="kept").status_code == 303


def test_they_are_words_that_somebody_reads_checks_and_finds(wall: Wall, mo: AtTheDesk) -> None:
    sent = wall.promises("We will work fairly", **ORG, **{"action-1": "Ring 020 7946 0958 about pay"})
    wall.screens()
    item = mo.client.get(f"/moderation/reviews/{sent.review_id}").text
    assert "about pay" in item and "<mark>020 7946 0958" in item
    mo.approves(sent)
    newer = wall.changes(sent, promise="We will work fairly", **ORG, **{"action-1": "Publish the wages"})
    assert "wages" not in str(told(wall, sent))
    assert "wages" in mo.client.get(f"/moderation/reviews/{newer.review_id}").text
    mo.approves(newer)
    assert [each["action"] for each in told(wall, sent)] == ["Publish the wages"]
    assert sent.public_id in wall.app.test_client().get(f"/{SLUG}?q=wages").text
    wall.acts(sent, "erase")
    with wall.look() as session:
        assert [each.actions for each in session.query(Revision)] == [[], []]
        assert session.query(Step).count() == 0


def test_the_same_words_keep_how_they_go_and_others_begin_anew(wall: Wall, mo: AtTheDesk, sent: Sent) -> None:
    wall.acts(sent, "update", action=keys(wall, sent)[0], status="kept")
    page = wall.app.test_client().get(f"{sent.receipt}?do=edit").text
    (form,) = [each for each in forms(page) if each.values("promise")]
    assert (form.values("action-1"), form.values("action-1-by")) == (["Publish what we pay"], [DAY])
    again = form.sent(**{"action-1": "Ask everybody who is missing", "action-2": "Publish what we pay", "name_it": ""})
    assert wall.app.test_client().post(sent.receipt, data=again).status_code == 303
    with wall.look() as session:
        latest = session.get_one(Contribution, sent.contribution_id).latest
        assert [each["words"] for each in latest.actions] == ["Ask everybody who is missing", "Publish what we pay"]


def made(page: str) -> Form:
    return next(each for each in forms(page) if each.values("promise"))


def test_what_is_wrong_with_one_is_said_and_a_person_has_none(wall: Wall) -> None:
    path, client = f"/{SLUG}/promise", wall.app.test_client()
    form = made(client.get(path).text)
    assert [f"action-{n}" for n in range(1, 10)] == [
        each.name for each in form.controls if re.fullmatch(r"action-\d", each.name)
    ]
    wrong = {
        "action-1": "Ask them",
        "action-2": "ask  them!",
        "action-3-by": DAY,
        "action-4": "x",
        "action-4-by": "2020-01-01",
    }
    answer = client.post(path, data=form.sent(promise="We will work fairly", consent="yes", name_it="", **ORG, **wrong))
    assert answer.status_code == 422
    for words in (
        "You wrote this one above already",
        "Write what you will do by then",
        "Choose a day that is still to come",
    ):
        assert words in answer.text
    assert made(answer.text).values("action-4-by") == ["2020-01-01"]
    mine = client.post(path, data=form.sent(promise="I will work fairly", consent="yes", name_it="", **ACTIONS))
    assert mine.status_code == 303
    with wall.look() as session:
        assert session.query(Revision).one().actions == []
