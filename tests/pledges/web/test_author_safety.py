"""Whoever is targeted for a promise: found by search engines only by choice, told what taking it back reaches, and where to turn."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from moderation.models import Role
from pledges.models import Contribution
from tests.forms import form
from tests.wall import SLUG, AtTheDesk, Sent, Wall

STAY_AWAY = '<meta name="robots" content="noindex">'


@pytest.fixture
def wall(walls: Callable[..., Wall]) -> Wall:
    return walls()


@pytest.fixture
def mo(wall: Wall) -> AtTheDesk:
    return wall.moderator()


def page_of(wall: Wall, sent: Sent) -> str:
    return wall.app.test_client().get(f"/{SLUG}/promises/{sent.public_id}").text


def test_a_persons_page_asks_search_engines_to_stay_away_unless_its_author_chose_otherwise(
    wall: Wall, mo: AtTheDesk
) -> None:
    quiet = wall.promises("I will ask who is missing")
    open_ = wall.promises("I will ask who came", findable="yes")
    firm = wall.promises("We will ask who left", kind="organisation", organisation="Acme", email="a@acme.example")
    for each in (quiet, open_, firm):
        mo.approves(each)
    assert [STAY_AWAY in page_of(wall, each) for each in (quiet, open_, firm)] == [True, False, False]
    receipt = wall.app.test_client().get(open_.receipt).text
    assert "You allowed search engines to list its page." in receipt
    given = form(receipt, open_.receipt).sent() if "wishes" in receipt else {}
    assert given
    assert wall.acts(open_, "wishes").status_code == 303
    assert STAY_AWAY in page_of(wall, open_)
    assert "Its page asks search engines to stay away." in wall.app.test_client().get(open_.receipt).text
    with wall.look() as session:
        assert session.get_one(Contribution, open_.contribution_id).findable is False


def test_the_receipt_says_what_taking_it_back_reaches_once_it_stands_there(wall: Wall, mo: AtTheDesk) -> None:
    sent = wall.promises("I will ask who is missing")
    assert "data-outlets" not in wall.app.test_client().get(sent.receipt).text
    mo.approves(sent)
    receipt = wall.app.test_client().get(sent.receipt).text
    outlets = receipt.partition("data-outlets")[2].partition("</section>")[0]
    for path in (f"/{SLUG}/promises/{sent.public_id}", f"/{SLUG}", f"/{SLUG}/feed.atom"):
        assert f'href="{path}"' in outlets
        assert wall.app.test_client().get(path).status_code == 200
    assert "What we cannot call back" in outlets


@pytest.mark.parametrize("lang", ["", "/cy"])
def test_places_to_turn_to_stand_on_the_receipt_and_beside_every_report(wall: Wall, mo: AtTheDesk, lang: str) -> None:
    sent = wall.promises("I will ask who is missing")
    mo.approves(sent)
    client = wall.app.test_client()
    reported = wall.reports(sent, note="It names my street")
    asked = [
        client.get(f"{lang}/{SLUG}/promises/{sent.public_id}/report").text,
        client.get(f"{lang}{sent.receipt}").text,
    ]
    for text in [*asked, reported.text]:
        assert "data-turn-to" in text and "08 08 16 89 111" in text and "report-it.org.uk" in text
    owner, desk = wall.moderator("olwen", Role.OWNER), f"/moderation/campaigns/{SLUG}"
    own = {
        "turn_to-en": "Our own line: 01632 960001\n\nTell <Sam>",
        "turn_to-cy": "Ein llinell: 01632 960001\nDywedwch wrth <Sam>",
    }
    page = owner.client.get(desk).text
    much = owner.client.post(f"{desk}/turn-to", data=form(page, "/turn-to").sent(**{"turn_to-en": "Ring us\n" * 13}))
    assert much.status_code == 422 and form(much.text, "/turn-to").values("turn_to-en")[0].count("Ring us") == 13
    assert owner.client.post(f"{desk}/turn-to", data=form(page, "/turn-to").sent(**own)).status_code == 303
    assert "turn-to" not in mo.client.get(desk).text
    assert mo.client.post(f"{desk}/turn-to", data={"csrf_token": mo.csrf()} | own).status_code == 403
    for path in (f"{lang}/{SLUG}/promises/{sent.public_id}/report", f"{lang}{sent.receipt}"):
        text = client.get(path).text.partition("data-turn-to")[2].partition("</ul>")[0]
        assert "01632 960001" in text and "&lt;Sam&gt;" in text and "report-it" not in text
        assert text.count("<li") == 2
    none = form(owner.client.get(desk).text, "/turn-to").sent(**dict.fromkeys(own, ""))
    assert owner.client.post(f"{desk}/turn-to", data=none).status_code == 303
    assert "report-it.org.uk" in client.get(f"{lang}{sent.receipt}").text
