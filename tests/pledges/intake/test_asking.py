"""What the form asks follows who promises and what they typed; nobody is named, or stays nameless, by oversight."""

from __future__ import annotations

import pytest

from pledges.models import Campaign, ShowName
from tests.forms import form
from tests.pledges.intake.test_road import text

CHOOSE = "Choose how your name is shown, or that it is not"
ORG = {"kind": "organisation", "organisation": "Acme", "email": "a@example.org"}


def wrong(answer) -> str:
    """The page of a form that came back, its words kept."""
    assert answer.status_code == 422
    assert "I will listen before I speak" in text(answer)
    return text(answer)


@pytest.mark.parametrize("given", [{"name": "Amina"}, {"name": "Amina", "role": "Nurse, Leeds"}, {"name": "A", **ORG}])
def test_who_typed_a_name_has_to_choose_how_it_is_shown(visitor, stored, given):
    page = wrong(visitor.promises(**given))
    assert CHOOSE in page
    assert '<a href="#show-full">' in page
    assert f'value="{given["name"]}"' in page
    assert stored() == []


@pytest.mark.parametrize("given", [{}, {"role": "Nurse, Leeds"}])
def test_who_typed_none_is_asked_nothing(visitor, stored, given):
    assert visitor.promises(**given).status_code == 303
    assert stored()[0].show_name is ShowName.ANONYMOUS


def test_an_organisation_is_shown_by_its_own_name_where_no_person_is_named(visitor, stored, approve):
    assert visitor.promises(**ORG).status_code == 303
    approve()
    assert stored()[0].show_name is ShowName.ORGANISATION


@pytest.mark.parametrize(
    ("level", "shown"), [("full", "Amina Yusuf"), ("first", "Amina"), ("anonymous", "Name not shown")]
)
def test_one_press_says_how_a_name_is_shown(visitor, approve, level, shown):
    assert visitor.promises(name="Amina Yusuf", show_name=level).status_code == 303
    id = approve()
    page = text(visitor.get(f"/week/promises/{id}"))
    assert shown in page
    assert ("Yusuf" in page) is (level == "full")


def test_where_no_names_are_shown_none_has_to_be_chosen(visitor, database):
    with database.new_session() as session:
        session.query(Campaign).one().through_teacher = True
        session.commit()
    assert visitor.promises(name="Class 4B").status_code == 303


def test_the_first_name_alone_is_nothing_for_an_organisation(visitor, stored):
    assert CHOOSE in wrong(visitor.promises(name="Amina Yusuf", show_name="first", **ORG))
    assert visitor.promises(show_name="first", **ORG).status_code == 303
    assert stored()[0].show_name is ShowName.ORGANISATION


def test_nothing_is_chosen_beforehand(visitor):
    controls = form(text(visitor.get("/week/promise")), "/promise").controls
    assert [each.value for each in controls if each.name in ("show_name", "theme", "consent") and each.on] == []


def test_themes_and_the_role_stand_in_the_open_part(visitor):
    page = text(visitor.get("/week/promise"))
    folded = page.index('<details class="stronger"')
    for field in ('name="theme"', 'name="role"', 'name="show_name"', 'name="website"', 'name="organisation"'):
        assert field in page[:folded]
        assert field not in page[folded:]
    assert page.index('id="promise"') < page.index('name="theme"') < page.index('name="kind"')


def test_both_blocks_are_named_and_say_what_an_organisation_needs(visitor):
    page = text(visitor.get("/week/promise"))
    for said in ("For an organisation or group", "For yourself", "(an organisation needs one)"):
        assert said in page
    assert "we need one for an organisation" in wrong(visitor.promises(kind="organisation", organisation="Acme"))


def test_see_it_first_asks_for_nothing_that_only_sending_needs(visitor, stored):
    seen = visitor.promises(consent="", step="preview", kind="organisation", organisation="Acme")
    assert seen.status_code == 200
    assert "<bdi>Acme</bdi>" in text(seen)
    assert visitor.promises(consent="").status_code == 422
    assert visitor.promises("short", step="preview", consent="").status_code == 422
    assert stored() == []


def test_send_stands_beside_the_preview_with_the_consent_it_needs(visitor, stored):
    page = text(visitor.promises(consent="", step="preview"))
    section = page[page.index('id="preview"') : page.index("</section>")]
    assert 'form="made">Send my promise</button>' in section
    assert 'name="consent"' in section
    assert page.count('name="consent"') == 1
    filled = form(page, "/promise")
    sent = visitor.client.post("/week/promise", data=filled.sent(promise="I will listen before I speak", consent="yes"))
    assert sent.status_code == 303
    assert len(stored()) == 1


def test_a_comment_is_seen_before_consent_too_and_sent_from_there(visitor, approve, stored):
    visitor.promises()
    path = f"/week/promises/{approve()}/comment"
    seen = visitor.sends(path, comment="Well said", consent="", step="preview")
    assert seen.status_code == 200
    assert 'form="made">Send my comment</button>' in text(seen)
    filled = form(text(seen), "/comment").sent(comment="Well said", consent="yes")
    assert visitor.client.post(path, data=filled).status_code == 303
    assert len(stored()) == 2


def test_the_wall_is_narrowed_by_how_promises_stand_and_says_how_many(visitor, approve, app, database):
    visitor.promises("I will walk under way")
    id = approve()
    visitor.promises("I will rest at home")
    approve()
    from pledges.models import Contribution, Progress
    from pledges.wall import steps

    with app.app_context(), database.new_session() as session:
        going = session.query(Contribution).filter_by(public_id=id).one()
        steps.set_progress(session, going, Progress.UNDER_WAY)
        session.commit()
    page = text(visitor.get("/week"))
    assert 'href="/week?status=under_way"' in page
    assert page.index("<summary>Filter</summary>") < page.index('href="/week?status=under_way"')
    found = text(visitor.get("/week?status=under_way"))
    assert "1 promise: under way" in found
    assert "I will walk" in found
    assert "I will rest" not in found
    assert '<details class="filter more-help" open>' in found


def test_organisations_are_found_where_they_are_counted(visitor, approve):
    for number in range(2):
        visitor.promises(f"We will listen before we speak, {number}", **{**ORG, "organisation": f"Acme {number}"})
        approve()
    visitor.promises()
    approve()
    page = text(visitor.get("/week?kind=organisation"))
    assert "2 promises: organisations" in page
    assert page.count("data-pledge=") == 2
