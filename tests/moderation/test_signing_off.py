"""An organisation: who agreed, a draft for whoever must, and a link by which its colleagues come."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from moderation.jobs import retention
from moderation.models import Act, Role
from pledges.db import utcnow
from pledges.models import Contribution, Draft, EventCode
from tests.forms import Form, forms
from tests.wall import SLUG, AtTheDesk, Sent, Wall

PATH = f"/{SLUG}/promise"
ORG = {
    "kind": "organisation",
    "organisation": "Northbrook Trust",
    "email": "head@example.org",
    "authoriser": "Ada Okoye",
}
WORDS = "We will publish what we pay"


def made(page: str) -> Form:
    (found,) = [each for each in forms(page) if each.values("promise")]
    return found


def opened(wall: Wall, path: str = PATH) -> str:
    return wall.app.test_client().get(path).text


def keeps(wall: Wall, words: str = WORDS, **fields: str) -> TestResponse:
    form = made(opened(wall)).sent(
        "draft", promise=words, **{"consent": "yes", **ORG, "action-1": "Ask them", **fields}
    )
    return wall.app.test_client().post(PATH, data=form)


def sent_so_far(wall: Wall) -> int:
    with wall.look() as session:
        return session.query(Contribution).count()


@pytest.fixture
def mo(wall: Wall) -> AtTheDesk:
    return wall.moderator()


def test_a_draft_is_read_by_its_link_and_nothing_is_sent_before_somebody_sends_it(wall: Wall, mo: AtTheDesk) -> None:
    answer = keeps(wall, sector="charity")
    assert answer.status_code == 303 and sent_so_far(wall) == 0
    path = answer.location.split("?")[0]
    page = wall.app.test_client().get(path)
    assert page.headers["Cache-Control"] == "private, no-store" and "noindex" in page.headers["X-Robots-Tag"]
    for words in (WORDS, "Northbrook Trust", "Ask them", "Ada Okoye", "Charity or community group"):
        assert words in page.text
    assert "head@example.org" not in page.text and forms(page.text)[0].method == "post"
    form = made(opened(wall, f"{path}?do=form"))
    assert form.action == f"{PATH}?try=1" and form.values("action-1") == ["Ask them"]
    filled = form.sent(consent="yes", name_it="")
    assert filled["authoriser"] == ["Ada Okoye"]
    unticked = {name: value for name, value in filled.items() if name != "consent"}
    wrong = wall.app.test_client().post(PATH, data=unticked)
    assert wrong.status_code == 422 and made(wrong.text).values("draft") == form.values("draft")
    assert wall.app.test_client().post(PATH, data=filled).status_code == 303
    assert sent_so_far(wall) == 1 and wall.app.test_client().get(path).status_code == 404
    with wall.look() as session:
        assert session.query(Draft).count() == 0


def test_a_draft_ends_by_a_press_and_by_itself(wall: Wall) -> None:
    first, second = (keeps(wall).location.split("?")[0] for _ in range(2))
    assert wall.app.test_client().post(first).status_code == 303
    assert [wall.app.test_client().get(path).status_code for path in (first, second)] == [404, 200]
    with wall.app.app_context():
        assert retention.forget(wall.settings, utcnow() + timedelta(days=15))["drafts"] == 1
    assert wall.app.test_client().get(second).status_code == 404


def test_a_person_and_a_form_without_words_make_no_draft(wall: Wall) -> None:
    assert keeps(wall, "").status_code == 422
    keeps(wall, kind="person", organisation="", consent="")
    with wall.look() as session:
        assert session.query(Draft).count() == 0


def test_drafts_count_like_promises_against_one_visitor(walls) -> None:
    wall = walls(limit_promises="2/minute")
    assert [keeps(wall).status_code for _ in range(3)] == [303, 303, 429]


def test_who_agreed_is_told_to_moderators_alone(wall: Wall, mo: AtTheDesk) -> None:
    sent = wall.promises(WORDS, **ORG)
    wall.screens()
    assert "Ada Okoye" in mo.client.get(f"/moderation/reviews/{sent.review_id}").text
    mo.approves(sent)
    for path in (f"/{SLUG}", f"/{SLUG}/promises/{sent.public_id}", f"/api/v1/pledges/{sent.public_id}", sent.receipt):
        assert "Okoye" not in wall.app.test_client().get(path).text
    assert sent.public_id not in wall.app.test_client().get(f"/{SLUG}?q=Okoye").text


def link_of(wall: Wall, sent: Sent) -> str:
    assert wall.acts(sent, "staff_link").status_code == 303
    (found,) = re.findall(
        r"data-staff-link>http://wall\.example([^<]+)</a>", wall.app.test_client().get(sent.receipt).text
    )
    return found


def test_colleagues_come_by_a_link_that_fills_in_the_organisation_and_has_a_limit_of_its_own(walls) -> None:
    wall = walls(limit_promises="2/minute")
    mo = wall.moderator()
    sent = wall.promises(WORDS, **ORG)
    wall.proves(sent)
    assert wall.acts(sent, "staff_link").status_code == 409  # it does not stand yet
    mo.approves(sent)
    link = link_of(wall, sent)
    assert link_of(wall, sent) == link
    page = opened(wall, link)
    assert made(page).values("organisation") == ["Northbrook Trust"] and "for its colleagues" in page
    given = {"organisation": "Northbrook Trust", "show_name": "organisation", "event": link.partition("event=")[2]}
    for number in range(5):
        colleague = wall.promises(f"I will ask {number} people who is missing", **given)
    mo.approves(colleague)
    page = opened(wall, f"/{SLUG}/promises/{colleague.public_id}")
    assert "Northbrook Trust" in page
    (organisation,) = re.findall(rf'"/{SLUG}/organisations/(\w+)"', opened(wall, f"/{SLUG}/organisations"))
    desk = f"/moderation/organisations/{organisation}"
    listed = mo.client.get(desk).text
    assert f'">{sent.public_id}</a>' in listed and "5 of 5,000 used." in listed and "It counts until" in listed
    (ending,) = [each for each in forms(listed) if each.values("act") == ["end_link"]]
    viewer = wall.moderator("vi", Role.VIEWER)
    looked = viewer.client.get(desk).text
    assert "5 of 5,000 used." in looked and "End this link" not in looked
    given = {"csrf_token": viewer.csrf(), "act": "end_link", "link": ending.values("link")[0]}
    assert viewer.client.post(desk, data=given).status_code == 403
    assert mo.client.post(desk, data=ending.sent() | {"link": "0"}).status_code == 404
    assert mo.client.post(desk, data=ending.sent()).status_code == 303
    assert mo.client.post(desk, data=ending.sent()).status_code == 409
    assert "Ended on" in mo.client.get(desk).text and "We do not know the event code" in opened(wall, link)
    with wall.look() as session:
        assert session.query(Act).filter_by(act="organisation:end-link").count() == 1
    link = link_of(wall, sent)
    wall.acts(sent, "staff_link", end="yes")
    assert "We do not know the event code" in opened(wall, link)


def test_how_many_come_by_a_link_and_how_long_it_counts_are_settings(walls) -> None:
    wall = walls(limit_promises="1/minute", limit_staff_link=2, staff_link_days=3)
    mo = wall.moderator()
    sent = wall.promises(WORDS, **ORG)
    wall.proves(sent)
    mo.approves(sent)
    assert "up to 2 promises can come" in opened(wall, sent.receipt)
    code = link_of(wall, sent).partition("event=")[2]
    with wall.look() as session:
        event = session.query(EventCode).one()
        assert (event.ceiling, event.ends_at - event.starts_at) == (2, timedelta(days=3))
    sends = [wall.sends(PATH, promise=f"I will ask {n}", event=code).status_code for n in range(3)]
    assert sends == [303, 303, 429]


def test_the_link_for_colleagues_counts_while_the_promise_stands(wall: Wall, mo: AtTheDesk) -> None:
    sent = wall.promises(WORDS, **ORG)
    mo.approves(sent)
    assert "A link for your colleagues" not in opened(wall, sent.receipt)  # nobody has proved the address
    wall.proves(sent)
    link = link_of(wall, sent)
    assert "for its colleagues" in opened(wall, link)
    wall.acts(sent, "hide_name")
    assert "for its colleagues" not in opened(wall, link)
    mine = wall.promises("I will listen before I speak", email="me@example.org")
    mo.approves(mine)
    wall.proves(mine)
    assert wall.acts(mine, "staff_link").status_code == 409
