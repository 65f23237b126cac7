"""What the forms take, and what they give back with a reason."""

from __future__ import annotations

import pytest

from pledges import text as pledges_text
from pledges.intake.forms import base
from tests.pledges.conftest import newest_revision
from tests.pledges.intake.test_road import text


@pytest.mark.parametrize("blank", ["\u200b", "\u3164", "\u2800", "\U000e0041", "\u115f", "\uffa0", "\u200d", "."])
def test_words_that_nobody_sees_are_not_taken(visitor, stored, blank):
    answer = visitor.promises(blank * 20)
    assert answer.status_code == 422
    assert "Write what you will do" in text(answer)
    assert stored() == []


@pytest.mark.parametrize("blank", ["\u200b", "\u3164", "\u200c", "...", "\u2800"])
@pytest.mark.parametrize(
    ("field", "others"),
    [
        ("name", {"show_name": "full"}),
        ("role", {"show_name": "role"}),
        ("organisation", {"kind": "organisation", "email": "a@example.org"}),
    ],
)
def test_a_name_that_nobody_sees_is_none(visitor, stored, blank, field, others):
    assert visitor.promises(**{field: blank}, **others).status_code == 422
    assert stored() == []


def test_a_first_name_is_all_that_is_shown_of_a_name_with_hidden_spaces(visitor, approve):
    visitor.promises(name="\u200bAmina\u200bYusuf", show_name="first")
    approve()
    wall = text(visitor.get("/week"))
    assert "Amina" in wall
    assert "Yusuf" not in wall


def test_a_comment_of_emoji_is_taken_and_one_of_dots_is_not(visitor, approve):
    id = approve() if visitor.promises() else ""
    assert visitor.sends(f"/week/promises/{id}/comment", comment="\U0001f44f\U0001f44f").status_code == 303
    assert visitor.sends(f"/week/promises/{id}/comment", comment="....").status_code == 422


@pytest.mark.parametrize(
    "kept",
    [
        "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",  # the flag of Wales
        "\U0001f469\U0000200d\U0001f33e",  # a farmer
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: I want
    ],
)
def test_marks_that_belong_to_writing_stay(kept):
    assert pledges_text.clean(kept) == kept
    assert pledges_text.clean("a\U000e0067\U000e007fb") == "ab"


def test_an_address_that_plain_mail_cannot_reach_is_told_at_once(visitor, stored):
    answer = visitor.promises(email="jösé@example.org")
    assert answer.status_code == 422
    assert "plain letters, a to z, before the @" in text(answer)
    assert stored() == []


def test_an_internationalised_domain_is_kept_as_mail_writes_it():
    assert base.one_address("jose@bücher.example.org") == "jose@xn--bcher-kva.example.org"
    assert base.one_address("jose@example.org") == "jose@example.org"


@pytest.mark.parametrize("day", ["2027-W01-1", "9999-12-31", "٢٠٣٠-٠١-٠١"])
def test_a_day_is_a_day_of_the_next_ten_years(visitor, stored, day):
    assert visitor.promises(by_when=day).status_code == 422
    assert stored() == []


def test_words_that_are_far_too_long_come_back_whole(visitor):
    answer = visitor.promises("a" * 30_000 + " the end")
    assert answer.status_code == 422
    assert "the end</textarea>" in text(answer)
    assert "29508 characters too long" in text(answer).replace(",", "")


UNSEEN = [
    "\u200d",
    "\u200c",
    "\u034f",
    "\ufe0f",
    "\u200e",
    "\u2060",
    "\U000e0100",
    "\U000e0041",
    "\u17b4",
    "\u3164",
    "\u180e",
    "\u2800",
]


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_lines_that_nobody_sees_take_no_place(visitor, session, unseen):
    visitor.promises("I will listen" + f"\n{unseen}" * 200 + "\nevery day")
    assert newest_revision(session).words == "I will listen\n\nevery day"


@pytest.mark.parametrize("unseen", UNSEEN[:-1], ids=ascii)
def test_nothing_hidden_reaches_the_wall_or_its_json(visitor, approve, unseen):
    hidden = f"pl{unseen}ant{unseen * 30} trees{unseen}"
    visitor.promises(
        f"I will {hidden}", kind="organisation", organisation=f"Tree{unseen}s {hidden}", name=f"A {hidden}", role=hidden,
        how_we_will_know=hidden, show_name="organisation", email="a@example.org",
    )  # fmt: skip
    id = approve()
    for path in ("/week", f"/week/promises/{id}", f"/api/v1/pledges/{id}"):
        page = visitor.get(path).get_data(as_text=True)
        assert "plant trees" in page
        assert unseen not in page


@pytest.mark.parametrize(
    "kept",
    [
        "\u0915\u094d\u200d\u0937",  # Hindi: a half letter
        "\u0d28\u0d4d\u200d",  # Malayalam: an older chillu
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala: Sri
        "\u1820\u180b",  # Mongolian: a letter in another shape
        "\u2764\ufe0f \u2764\ufe0e",  # a heart in colour, and one in ink
        "1\ufe0f\u20e3",  # a key
        "\U0001f3f3\ufe0f\u200d\U0001f308",  # the flag of the rainbow
        "\U0001f9d1\U0001f3fd\u200d\U0001f91d\u200d\U0001f9d1\U0001f3ff",  # people holding hands
        "\u05e9\u05dc\u05d5\u05dd \u200eC++\u200e, \u05d8\u05d5\u05d1",  # Hebrew around a name in Latin letters
        "\u1000\u103c\u103d\u103e\u102f\u1036\u1037\u1038",  # Burmese: seven marks on a letter
    ],
)
def test_what_writing_needs_stays(visitor, session, kept):
    visitor.promises(f"I will say {kept}")
    assert newest_revision(session).words == f"I will say {kept}"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("\U0001f3f4\U000e0067\U000e0062\U000e0068\U000e0069\U000e007f", "\U0001f3f4"),  # a flag that no list has
        ("\U0001f468\u200d\U0001f468\u200d\U0001f34e", "\U0001f468\U0001f468\U0001f34e"),  # a family with an apple
        ("\U0001f600\ufe0f\ufe0f\ufe0f", "\U0001f600"),
        ("\u0643\u200c\u200d\u200c\u0643", "\u0643\u0643"),  # several joiners in a row
        ("\u6f22\U000e0100\u5b57", "\u6f22\u5b57"),
        ("a\ue000b\U000f0000", "ab"),
    ],
)
def test_what_no_list_has_goes(said, kept):
    assert pledges_text.clean(said) == kept
