"""Whoever reads a wall finds its organisations by name, and all that one of them has promised under its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from sqlalchemy import select

from pledges.db import utcnow
from pledges.figures import counters
from pledges.models import Campaign, Contact, Contribution, Organisation, Progress
from pledges.organisations import merging, places
from pledges.wall import steps
from tests.forms import forms
from tests.moderation.conftest import walls  # noqa: F401 (a fixture)
from tests.wall import SLUG, AtTheDesk, Sent, Wall

CARD = re.compile(r'data-pledge="([^"]+)"')
NAMED = re.compile(r'class="names-name" href="([^"]+)"><bdi>([^<]*)</bdi></a>\s*<span class="small">([^<]*)')
LIST = f"/{SLUG}/organisations"


@pytest.fixture
def wall(walls: Callable[..., Wall]) -> Wall:  # noqa: F811
    return walls()


@pytest.fixture
def mo(wall: Wall) -> AtTheDesk:
    return wall.moderator()


def of(wall: Wall, mo: AtTheDesk, organisation: str, words: str = "We will publish our pay gap", **fields: str) -> Sent:
    made = wall.promises(words, kind="organisation", organisation=organisation, email="a@org.example", **fields)
    mo.approves(made)
    return made


def listed(wall: Wall, **asked: str) -> dict[str, str]:
    """Name and numbers, in the order of the page."""
    answer = wall.app.test_client().get(LIST, query_string=asked)
    assert answer.status_code == 200
    return {name: " ".join(said.split()) for _, name, said in NAMED.findall(answer.text)}


def address(wall: Wall, name: str) -> str:
    (found,) = [path for path, said, _ in NAMED.findall(wall.app.test_client().get(LIST).text) if said == name]
    return found


def test_organisations_stand_in_the_order_of_their_names_with_how_many_promises_and_how_many_kept(
    wall: Wall, mo: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = of(wall, mo, "Northbrook Primary School")
    of(wall, mo, "Northbrook Primary School", "We will read other books")
    of(wall, mo, "Ébène Théâtre")
    of(wall, mo, "zeal & co")
    of(wall, mo, "Ysgol Nant y Gog", "Byddwn yn gwrando ar ein staff", lang="cy")
    with wall.work() as session:
        steps.set_progress(session, session.get_one(Contribution, first.contribution_id), Progress.KEPT)
    assert listed(wall) == {
        "Ébène Théâtre": "1 promise",
        "Northbrook Primary School": "2 promises · 1 kept",
        "Ysgol Nant y Gog": "1 promise",
        "zeal &amp; co": "1 promise",
    }
    for few in (places.FEW, 0):  # as a rare word is looked for, and as one that many have
        monkeypatch.setattr(places, "FEW", few)
        assert [*listed(wall, q="PRIM")] == [*listed(wall, q="primary north")] == ["Northbrook Primary School"]
        assert [*listed(wall, q="theatre")] == ["Ébène Théâtre"]
        assert [*listed(wall, q="brook")] == []
        for nothing in ("%", "_", "'"):  # no word is asked for
            assert [*listed(wall, q=nothing)] == [*listed(wall)], nothing


def test_the_page_of_an_organisation_shows_what_it_promised_under_its_name_and_nothing_else(
    wall: Wall, mo: AtTheDesk
) -> None:
    shown = of(wall, mo, "Northbrook", "We will ask who is missing")
    of(wall, mo, "Northbrook", "We will not say who we are", show_name="anonymous")
    of(wall, mo, "Southbrook", "We will ask who came")
    person = wall.promises("I will ask at Northbrook", name="Ada", organisation="Northbrook", show_name="organisation")
    mo.approves(person)
    page = address(wall, "Northbrook")
    client = wall.app.test_client()
    assert CARD.findall(client.get(page).text) == [shown.public_id]
    assert listed(wall)["Northbrook"] == "1 promise"
    assert f'href="{page}"' in client.get(f"/{SLUG}/promises/{shown.public_id}").text
    feed = ElementTree.fromstring(client.get(f"{page}/feed.atom").data)  # noqa: S314 (our own)
    entries = feed.findall("{http://www.w3.org/2005/Atom}entry")
    assert len(entries) == 1 and shown.public_id in ElementTree.tostring(entries[0]).decode()
    assert wall.acts(shown, "hide_name").status_code in (200, 303)
    assert client.get(page).status_code == client.get(f"{page}/feed.atom").status_code == 404
    assert [*listed(wall)] == ["Southbrook"]
    assert "Northbrook" not in client.get(LIST, query_string={"q": "northbrook"}).text.replace("“northbrook”", "")


def test_what_is_taken_down_leaves_the_list_at_once_and_comes_back_with_its_words(wall: Wall, mo: AtTheDesk) -> None:
    one = of(wall, mo, "Northbrook")
    page = address(wall, "Northbrook")
    assert mo.decides(one, "reject", reason="other").status_code == 303
    assert listed(wall) == {} and wall.app.test_client().get(page).status_code == 404
    assert "No organisation stands on this wall yet." in wall.app.test_client().get(LIST).text
    assert mo.decides(one, "undo").status_code == 303
    assert listed(wall) == {"Northbrook": "1 promise"}
    wall.acts(one, "withdraw")
    assert listed(wall) == {}
    wall.acts(one, "erase")
    assert wall.app.test_client().get(page).status_code == 404


def test_two_that_are_the_same_stand_as_one_until_they_are_parted(wall: Wall, mo: AtTheDesk) -> None:
    of(wall, mo, "Northbrook School")
    of(wall, mo, "Northbrook Sch")
    with wall.work() as session:
        one, into = session.scalars(select(Organisation).order_by(Organisation.name)).all()
        merging.merge(session, one, into, utcnow())
    assert listed(wall) == {"Northbrook School": "2 promises"}
    with wall.work() as session:
        merging.part(
            session, session.scalars(select(Organisation).order_by(Organisation.name).limit(1)).one(), utcnow()
        )
    assert listed(wall) == {"Northbrook Sch": "1 promise", "Northbrook School": "1 promise"}


def test_a_long_list_goes_on_where_it_stopped_and_a_cursor_that_is_none_begins_anew(
    wall: Wall, mo: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pledges.directory.pages.PAGE", 2)
    names = ["Ash", "ash!", "Beech", "Cedar", "Deal"]  # two that fold to the same
    for name in names:
        of(wall, mo, name)
    found: list[str] = []
    client, path = wall.app.test_client(), LIST
    while path:
        text = client.get(path).text
        found += [name for _, name, _ in NAMED.findall(text)]
        on = re.search(r'rel="next" href="([^"]+)"', text)
        path = on[1].replace("&amp;", "&") if on else ""
    assert sorted(found) == sorted(names) and len(found) == 5
    for wrong in ("x", "MTIz", "é", "LTEuYXNo", "MTIuYQBi"):
        assert [*listed(wall, after=wrong)] == found[:2], wrong


CHIP = re.compile(r'<a class="chip chip--all" href="([^"]+)"[^>]*><span>([^<]+)</span><span class="n">(\d+)</span>')


def chips(wall: Wall) -> dict[str, str]:
    """What the list can be narrowed to, and how many organisations each shows."""
    return {name: number for _, name, number in CHIP.findall(wall.app.test_client().get(LIST).text)}


def test_it_can_be_said_with_the_promise_and_is_true_once_readers_see_it_unless_somebody_said_it(
    wall: Wall, mo: AtTheDesk
) -> None:
    client, path = wall.app.test_client(), f"/{SLUG}/promise"
    given = {"promise": "We will listen", "kind": "organisation", "organisation": "Northbrook", "consent": "yes"}
    said = {"sector": "school", "size": "50-249", "name_it": ""}
    (form,) = [each for each in forms(client.get(path).text) if each.values("promise")]
    back = client.post(path, data=form.sent(**given, **said))  # no address
    assert back.status_code == 422
    (again,) = [each for each in forms(back.text) if each.values("promise")]
    assert (again.sent()["sector"], again.sent()["size"]) == (["school"], ["50-249"])
    wrong = client.post(path, data=form.sent(**given, email="a@org.example", sector="none such", name_it=""))
    assert wrong.status_code == 422 and "Choose from the list" in wrong.text
    sent = wall.sent(client.post(path, data=again.sent(email="a@org.example")))
    assert chips(wall) == {}
    item = mo.client.get(f"/moderation/reviews/{sent.review_id}").text
    assert "School or nursery · 50 to 249 people" in item
    mo.approves(sent)
    assert "School or nursery · 50 to 249 people" in client.get(address(wall, "Northbrook")).text
    assert chips(wall) == {"All kinds": "1", "School or nursery": "1"}
    of(wall, mo, "Northbrook", "We will read", sector="sport")
    assert chips(wall) == {"All kinds": "1", "School or nursery": "1"}
    edits = client.get(f"{sent.receipt}?do=edit").text
    assert 'name="sector"' not in edits
    wall.acts(sent, "describe", sector="charity")
    mo.approves(wall.changes(sent, promise="We will listen before we speak"))
    assert chips(wall) == {"All kinds": "1", "Charity or community group": "1"}
    person = wall.promises("I will listen too", sector="school")
    mo.approves(person)
    with wall.look() as session:
        assert session.query(Contact).filter(Contact.sector.is_not(None)).count() == 0


def test_who_promised_says_what_the_organisation_is_and_the_list_can_be_narrowed_to_it(
    wall: Wall, mo: AtTheDesk
) -> None:
    first, second, other = of(wall, mo, "Northbrook"), of(wall, mo, "Northbrook", "We will read"), of(wall, mo, "Ash")
    assert chips(wall) == {}

    def says(sent: Sent, **given: str) -> int:
        page = wall.app.test_client().get(sent.receipt).text
        found = [each for each in forms(page) if each.values("act") == ["describe"]]
        fields = found[0].sent(**given) if found else {"act": ["describe"], **given}
        return wall.app.test_client().post(sent.receipt, data=fields).status_code

    assert says(first, sector="school", size="50-249") == 303
    assert says(second, sector="sport") == 409  # somebody has said it
    assert says(other, sector="sport") == 303 and says(other, sector="none such") == 400
    page = address(wall, "Northbrook")
    assert "School or nursery · 50 to 249 people" in wall.app.test_client().get(page).text
    assert chips(wall) == {"All kinds": "2", "School or nursery": "1", "Sport": "1"}
    assert [*listed(wall, sector="school")] == ["Northbrook"] and [*listed(wall, sector="nothing")] == [
        "Ash",
        "Northbrook",
    ]
    assert [*listed(wall, sector="sport", q="north")] == []
    told = wall.app.test_client().get(f"/api/v1/campaigns/{SLUG}/organisations?sector=school").json
    assert [(each["name"], each["sector"], each["size"]) for each in told["organisations"]] == [  # type: ignore[index]
        ("Northbrook", "school", "50-249")
    ]
    wall.acts(first, "withdraw")
    assert chips(wall)["School or nursery"] == "1" and says(second, sector="charity") == 303  # who said it has gone
    assert chips(wall) == {"All kinds": "2", "Charity or community group": "1", "Sport": "1"}
    wall.acts(second, "hide_name")
    assert chips(wall) == {"All kinds": "1", "Sport": "1"}
    assert f'<strong>1</strong><a href="{LIST}"' in wall.app.test_client().get(f"/{SLUG}").text
    with wall.work() as session:
        campaign_id = session.scalars(select(Campaign.id).where(Campaign.slug == SLUG)).one()
        assert places.recount(session, campaign_id) == 0
        counters.add(session, campaign_id, f"{counters.SECTORS}faith", 3)
        assert places.recount(session, campaign_id) == 1
    assert "Faith group" not in chips(wall)


def test_whoever_is_pretended_to_be_says_so_on_the_organisations_page_and_a_moderator_reads_it(
    wall: Wall, mo: AtTheDesk
) -> None:
    of(wall, mo, "Northbrook")
    newest = of(wall, mo, "Northbrook", "We will read other books")
    client, page = wall.app.test_client(), address(wall, "Northbrook")
    assert f'href="{page}/report"' in client.get(page).text
    offered = client.get(f"{page}/report")
    (form,) = [each for each in forms(offered.text) if each.values("category")]
    assert "Northbrook" in offered.text and form.sent()["category"] == ["impersonation"]
    answer = client.post(f"{page}/report", data=form.sent(note="We are Northbrook and never promised this"))
    assert answer.status_code == 200 and "data-reference" in answer.text
    assert newest.public_id in mo.client.get("/moderation/?lane=reported").text
    item = mo.client.get(f"/moderation/reviews/{newest.review_id}").text
    assert "About the organisation “Northbrook” as a whole" in item and "never promised this" in item
    assert 'href="/moderation/organisations/' in item
    assert [*listed(wall)] == ["Northbrook"]  # nothing goes by a report alone
    lost = client.post(f"{LIST}/nothing/report", data=form.sent(note="We are Northbrook"))
    assert lost.status_code == 404 and "We are Northbrook" in lost.text
    assert client.get(f"{LIST}/nothing/report").status_code == 404
