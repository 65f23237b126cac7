"""What everyone sees, under which name, and for how long a cache may keep it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from pledges.figures import cloth, motifs
from pledges.intake.sent import Sent
from pledges.models import Campaign, Kind, ShowName, Type
from pledges.wall import pieces
from tests.pledges.intake.test_road import text


def said(**fields) -> Sent:
    given = {"name": "Amina Yusuf", "role": "Teacher", "organisation": "Northbrook", **fields}
    return Sent(type=Type.PLEDGE, words="w", lang="en", page_lang="en", **given)


@pytest.mark.parametrize(
    ("kind", "level", "name", "meta"),
    [
        (Kind.PERSON, ShowName.FULL, "Amina Yusuf", "Teacher"),
        (Kind.PERSON, ShowName.FIRST, "Amina", ""),
        (Kind.PERSON, ShowName.ROLE, "Teacher", ""),
        (Kind.PERSON, ShowName.ORGANISATION, "Northbrook", ""),
        (Kind.PERSON, ShowName.ANONYMOUS, "", ""),
        (Kind.ORGANISATION, ShowName.FULL, "Northbrook", "Amina Yusuf, Teacher"),
        (Kind.ORGANISATION, ShowName.FIRST, "Northbrook", "Amina"),
        (Kind.ORGANISATION, ShowName.ROLE, "Northbrook", "Teacher"),
        (Kind.ORGANISATION, ShowName.ORGANISATION, "Northbrook", ""),
        (Kind.ORGANISATION, ShowName.ANONYMOUS, "", ""),
    ],
)
def test_no_more_of_a_name_is_shown_than_its_level_says(kind, level, name, meta):
    assert pieces.signature(said(kind=kind), level) == pieces.Signature(name, meta)


@pytest.mark.parametrize("level", list(ShowName))
def test_page_and_json_keep_to_the_level(visitor, approve, level):
    hidden = {
        "full": ["a@example.org", "Northbrook"],
        "first": ["Yusuf", "Teacher", "Northbrook"],
        "role": ["Amina", "Northbrook"],
        "organisation": ["Amina", "Teacher"],
        "anonymous": ["Amina", "Teacher", "Northbrook"],
    }[level]
    visitor.promises(
        name="Amina Yusuf", role="Teacher", organisation="Northbrook", email="a@example.org", show_name=level.value
    )
    id = approve()
    for path in ("/week", f"/week/promises/{id}", f"/api/v1/pledges/{id}", "/api/v1/campaigns/week/pledges"):
        page = text(visitor.get(path))
        assert [word for word in [*hidden, "a@example.org"] if word in page] == [], path


@pytest.mark.parametrize(("length", "band"), [(52, "s"), (53, "m"), (125, "m"), (126, "l"), (260, "l"), (261, "xl")])
def test_the_size_comes_from_the_length_alone(length, band):
    assert pieces.size("x" * length) == band


def test_long_words_are_cut_on_the_wall_and_whole_on_their_page(visitor, approve):
    words = "word " * 80 + "END"
    visitor.promises(words)
    id = approve()
    page = text(visitor.get("/week"))
    assert "END" not in page
    assert "Read the whole promise" in page
    assert "END" in text(visitor.get(f"/week/promises/{id}"))


def test_markup_in_words_and_names_is_shown_as_written(visitor, approve):
    visitor.promises("<script>alert(1)</script> I will", name="<b>Al</b>", show_name="full")
    id = approve()
    for path in ("/week", f"/week/promises/{id}"):
        page = text(visitor.get(path))
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
        assert "<b>Al" not in page


def test_an_empty_wall_says_that_the_threads_are_up(visitor):
    page = text(visitor.get("/week"))
    assert "The threads are up." in page
    assert "Make the first promise" in page


def closes(database, **when: datetime) -> None:
    with database.new_session() as session:
        for name, moment in when.items():
            setattr(session.query(Campaign).one(), name, moment)
        session.commit()


def test_a_wall_that_closed_empty_promises_nothing(visitor, database):
    closes(database, closes_at=datetime(2026, 2, 9, tzinfo=UTC))
    page = text(visitor.get("/week"))
    assert "Promises are closed" in page
    assert [said for said in ("could be yours", "When can I promise?", "Make the first promise") if said in page] == []
    assert [said for said in ("Say in public what you will do", "You promise") if said in page] == []
    assert "People check it" in page
    assert "They were taken until 8 February 2026." in text(visitor.get("/week/promise"))


def test_a_wall_that_is_still_to_open_says_when(visitor, database):
    closes(database, opens_at=datetime.now(UTC) + timedelta(days=9))
    assert "When can I promise?" in text(visitor.get("/week"))
    assert "Promises open on" in text(visitor.get("/week/promise"))


def test_a_campaign_with_questions_asks_for_answers_first(visitor):
    page = text(visitor.get("/week"))
    assert 'button--big" href="#questions">Answer the question</a>' in page
    id = visitor.get("/api/v1/campaigns/week").json["questions"][0]["id"]
    assert f'<a class="button" href="/week/questions/{id}/answer">Give your answer' in page


def test_what_was_asked_for_is_named_with_its_number(visitor, approve):
    for theme in ("listen", "listen", "work"):
        visitor.promises(f"I will {theme} more", theme=theme, kind="person")
        approve()
    assert "<h1>2 promises: Listen</h1>" in text(visitor.get("/week?theme=listen"))
    assert "<h1>Promises: Listen, people</h1>" in text(visitor.get("/week?theme=listen&kind=person"))
    assert "<h1>No promise yet: organisations</h1>" in text(visitor.get("/week?kind=organisation"))
    assert "<h1>No promise here yet</h1>" in text(visitor.get("/week?theme=%3Cb%3E"))


def test_each_group_of_filters_has_its_name_and_what_is_chosen_leads_back(visitor, approve):
    visitor.promises()
    approve()
    page = text(visitor.get("/week"))
    names = ("Who promises:", "Speaking as:", "How it stands:")
    assert [name for name in names if name not in page] == []
    assert 'href="/week" aria-current="true">Parents (show all)</a>' in text(visitor.get("/week?audience=parents"))


def test_the_first_page_says_what_this_is_and_leads_with_each_campaigns_words(visitor, database):
    with database.new_session() as session:
        words = {"lead": {"en": "A week in which we all promise."}}
        now = datetime.now(UTC)
        session.add(Campaign(slug="other", state="open", title={"en": "Another"}, words=words, created_at=now))
        session.commit()
    page = text(visitor.get("/"))
    assert "say here in public what they will do" in page
    assert "A week in which we all promise." in page


def test_filters_narrow_and_combine(visitor, approve):
    visitor.promises("I will listen more", theme="listen", lang="cy")
    approve()
    visitor.promises("I will pay fairly", theme="work")
    approve()
    page = text(visitor.get("/week?theme=work"))
    assert "I will pay fairly" in page
    assert "I will listen more" not in page
    assert "I will listen more" in text(visitor.get("/week?theme=listen&lang=cy&kind=person"))
    assert "Nobody has promised" in text(visitor.get("/week?theme=listen&lang=en"))
    assert "Nobody has promised" in text(visitor.get("/week?theme=nothing"))
    assert "theme=listen&amp;lang=cy" in text(visitor.get("/week?theme=work&lang=cy"))


def test_the_next_page_misses_none_and_repeats_none_when_new_ones_arrive(visitor, approve):
    start = datetime.now(UTC) - timedelta(hours=2)
    same = start + timedelta(minutes=5)
    for number in range(30):
        visitor.promises(f"I will do thing number {number:02}")
        approve(now=same if 3 < number < 10 else start + timedelta(minutes=number))
    first = text(visitor.get("/week"))
    visitor.promises("I will come in between")
    approve()
    found = re.search(r'rel="next" href="([^"]+)"', first)
    assert found, "there is no way on"
    more = found[1].replace("&amp;", "&")
    second = text(visitor.get(more))
    numbers = [number for page in (first, second) for number in dict.fromkeys(re.findall(r"thing number (\d\d)", page))]
    assert len(numbers) == 30
    assert len(set(numbers)) == 30
    assert 'rel="next"' not in second


@pytest.mark.parametrize("after", ["x", "a.b", "AAAA", "%00", "🙂"])
def test_a_cursor_that_is_not_ours_shows_the_start(visitor, approve, after):
    visitor.promises()
    approve()
    assert "I will listen before I speak" in text(visitor.get(f"/week?after={after}"))


def test_what_is_hidden_answers_404_everywhere_at_once(visitor, approve, hide):
    visitor.promises()
    id = approve()
    paths = [f"/week/promises/{id}{tail}" for tail in ("", "/comment", "/report", "/qr.svg")]
    paths += [f"/api/v1/pledges/{id}", f"/api/v1/pledges/{id}/comments"]
    assert {visitor.get(path).status_code for path in paths} == {200}
    hide(id)
    assert {visitor.get(path).status_code for path in paths} == {404}
    assert id not in text(visitor.get("/week"))
    assert id not in text(visitor.get("/api/v1/campaigns/week/pledges"))
    assert visitor.get("/api/v1/campaigns/week/removed").json["removed"][0]["id"] == id


def test_another_campaign_s_promise_is_not_here(visitor, approve, database):
    from pledges.models import CampaignState

    with database.new_session() as session:
        session.add(
            Campaign(slug="other", state=CampaignState.OPEN, title={"en": "Other"}, created_at=datetime.now(UTC))
        )
        session.commit()
    visitor.promises()
    id = approve()
    assert visitor.get(f"/other/promises/{id}").status_code == 404


def test_a_draft_is_not_shown(visitor, database):
    from pledges.models import CampaignState

    with database.new_session() as session:
        session.query(Campaign).one().state = CampaignState.DRAFT
        session.commit()
    assert visitor.get("/week").status_code == 404
    assert visitor.get("/api/v1/campaigns/week").status_code == 404


@pytest.mark.parametrize("path", ["/week", "/api/v1/campaigns/week/pledges", "/api/v1/campaigns/week/count"])
def test_an_unchanged_page_is_not_sent_again_and_a_changed_one_is(visitor, approve, path):
    first = visitor.get(path)
    assert "max-age=5" in first.headers["Cache-Control"]
    tag = {"If-None-Match": first.headers["ETag"]}
    assert visitor.get(path, headers=tag).status_code == 304
    visitor.promises()
    approve()
    assert visitor.get(path, headers=tag).status_code == 200


def test_one_address_has_one_body_whatever_the_browser_prefers(visitor):
    plain = visitor.get("/week")
    welsh = visitor.get("/week", headers={"Accept-Language": "cy"})
    assert plain.data == welsh.data


def test_words_carry_their_language(visitor, approve):
    visitor.promises("Rwy’n addo gwrando", lang="cy")
    approve()
    assert 'dir="auto" lang="cy"' in text(visitor.get("/week"))


def test_counters_and_json_say_the_same(visitor, approve):
    visitor.promises(kind="organisation", organisation="Northbrook", email="a@example.org", theme="work")
    approve()
    counts = visitor.get("/api/v1/campaigns/week/count").json
    assert counts == {"pledges": 1, "organisations": 1, "kept": 0, "under_way": 0, "asked": 0, "answered": 0}
    assert visitor.get("/api/v1/campaigns").json["campaigns"][0]["slug"] == "week"
    pledge = visitor.get("/api/v1/campaigns/week/pledges").json["pledges"][0]
    assert (pledge["by"], pledge["organisation"], pledge["verified"], pledge["theme"]) == (
        "Northbrook",
        "Northbrook",
        False,
        "work",
    )
    assert pledge["published_at"].endswith("Z")
    assert pledge["url"].startswith("https://wall.example/week/promises/")


def test_json_is_open_to_every_site_and_tells_slips_as_problems(visitor):
    assert visitor.get("/api/v1/campaigns/week").headers["Access-Control-Allow-Origin"] == "*"
    for path, status in (("/api/v1/campaigns/none", 404), ("/api/v1/campaigns/week/pledges?limit=0", 400)):
        answer = visitor.get(path)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
        assert answer.json["status"] == status


def test_the_campaign_s_colours_are_a_style_sheet_and_nothing_else_gets_in(visitor, database):
    with database.new_session() as session:
        session.query(Campaign).one().colours = {"campaign": "#12484a", "accent": "red;} body{}", "other": "#ffffff"}
        session.commit()
    sheet = text(visitor.get("/week/colours.css"))
    assert "--campaign: #12484a" in sheet
    assert "red" not in sheet
    assert "other" not in sheet


def test_the_cloth_has_one_block_for_each_promise():
    woven = cloth.weave((("2027-01-01", (("listen", 2), ("work", 1))), ("2027-01-02", (("work", 4),))))
    assert woven.promises == 7
    assert woven.joints.count("M") == (3 - 1) + (4 - 1)
    assert set(woven.dyed) == {"listen", "work"}
    assert woven.veil == ""


def test_a_marked_day_stays_bright():
    days = (("2027-01-01", (("listen", 2),)), ("2027-01-02", (("work", 4),)))
    assert cloth.weave(days, mark="2027-01-02").veil.count("M") == 1


def test_a_very_full_cloth_stays_small_and_says_what_a_block_stands_for():
    days = tuple((f"2027-{1 + n // 28:02}-{1 + n % 28:02}", (("listen", 150), ("work", 130))) for n in range(40))
    woven = cloth.weave(days)
    assert woven.each_block == 3
    assert len(woven.joints + woven.fine_joints + "".join(woven.dyed.values())) < 30_000


def test_a_motif_is_the_same_each_time_and_mirrored():
    cells = {(int(x), int(y)) for x, y in re.findall(r"M(\d) (\d)h1v", motifs.path("abc"))}
    assert motifs.path("abc") == motifs.path("abc")
    assert motifs.path("abc") != motifs.path("abd")
    assert all((8 - x, y) in cells for x, y in cells)


SURNAMES = ["Smith, Jane", "Smith,Jane", "Smith ,  Jane Ann", "Jane Smith", "Jane.Smith", "Jane_Smith", "Jane/Smith"]
SURNAMES += [f"Jane{apart}Smith" for apart in "\u2060\u200b\u00ad\ufeff\u200c\u200d\u200e\u202e\x1f\u3164\U000e0020❤"]


@pytest.mark.parametrize("name", SURNAMES)
def test_the_first_name_alone_is_all_that_is_shown_of_it(visitor, approve, name):
    visitor.promises(name=name, show_name="first")
    id = approve()
    for page in ("/week", f"/week/promises/{id}"):
        assert "<bdi>Jane</bdi>" in text(visitor.get(page))
        assert "Smith" not in text(visitor.get(page))
    assert visitor.get(f"/api/v1/pledges/{id}").json["by"] == "Jane"


@pytest.mark.parametrize("name", ["Smith,", "Smith, .", "Smith，"])
def test_where_no_first_name_can_be_told_none_is_shown(visitor, approve, name):
    visitor.promises(name=name, show_name="first")
    id = approve()
    assert "Smith" not in text(visitor.get(f"/week/promises/{id}"))
    assert visitor.get(f"/api/v1/pledges/{id}").json["by"] is None


TITLED = [
    "Jane Smith, Cardiff",
    "Jane Smith, PhD",
    "Dr Jane Smith",
    "Rev’d Jane Smith",
    "Smith, Dr Jane",
    "Prof. Jane Smith MBE",
]
TITLED += ["Smith, Jane, PhD", "von Smith, Jane", "Y Parch. Jane Smith", "Cllr Mrs Jane Smith"]


@pytest.mark.parametrize("name", TITLED)
def test_no_title_degree_or_place_is_taken_for_a_first_name(visitor, approve, name):
    visitor.promises(name=name, show_name="first")
    assert visitor.get(f"/api/v1/pledges/{approve()}").json["by"] == "Jane"


@pytest.mark.parametrize(
    "name", ["Mrs Smith", "Mr and Mrs Smith", "Prof. Smith", "Mrs Smith, Cardiff", "Smith, Mrs", "Smith, PhD"]
)
def test_after_a_title_alone_stands_a_surname_which_is_not_shown(visitor, approve, name):
    visitor.promises(name=name, show_name="first")
    id = approve()
    assert "Name not shown" in text(visitor.get(f"/week/promises/{id}"))
    assert visitor.get(f"/api/v1/pledges/{id}").json["by"] is None


@pytest.mark.parametrize("first", ["Jean-Luc", "D’Arcy", "Siân", "प्रिया", "Nguyễn", "محمد", "O'Neill"])
def test_a_first_name_keeps_all_its_letters(visitor, approve, first):
    visitor.promises(name=f"{first} Smith", show_name="first")
    assert visitor.get(f"/api/v1/pledges/{approve()}").json["by"] == first


def test_who_speaks_for_an_organisation_shows_no_surname_either(visitor, approve):
    given = {"kind": "organisation", "organisation": "Northbrook School", "email": "head@example.org"}
    asked = visitor.promises(name="Smith, Jane", show_name="first", **given)
    assert asked.status_code == 422  # an organisation has no first name: what was chosen for a person is asked again
    assert "Choose how your name is shown" in asked.text
    visitor.promises(name="Smith, Jane", show_name="organisation", **given)
    page = text(visitor.get(f"/week/promises/{approve()}"))
    assert "Northbrook School" in page
    assert "Smith" not in page


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("pledges?limit=0", "limit"),
        ("pledges?limit=many", "limit"),
        ("pledges?after=yesterday", "after"),
        ("removed?since=yesterday", "since"),
        ("removed?after=1", "after"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(visitor, query, field):
    answer = visitor.get(f"/api/v1/campaigns/week/{query}")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert f"“{field}”" in answer.json["detail"]
