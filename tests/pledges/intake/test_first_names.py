"""How a first name will stand is asked for, filled in already, and stands as it was written."""

from __future__ import annotations

import re

import pytest

from pledges.models import Campaign, Revision
from tests.forms import Form, forms
from tests.pledges.conftest import newest_revision

PROMISE = {"promise": "I will listen before I speak", "consent": "yes"}
NAMED = {"name": "Nguyễn Văn An", "show_name": "first"}


def made(page: str) -> Form:
    (found,) = [each for each in forms(page) if each.values("promise")]
    return found


def sends(visitor, page: str, button: str | None = None, **fields: str):
    return visitor.client.post("/week/promise", data=made(page).sent(button, **{**PROMISE, **fields}))


def test_a_first_name_is_asked_for_once_filled_in_and_stands_as_it_is_changed(visitor, approve):
    asked = sends(visitor, visitor.get("/week/promise").text, **NAMED)
    assert asked.status_code == 200 and re.findall(r'data-noticed="(\w+)"', asked.text) == ["first_name"]
    assert "Your first name will stand like this: <bdi>Nguyễn</bdi>" in " ".join(asked.text.split())
    assert made(asked.text).values("first_name") == ["Nguyễn"]
    assert sends(visitor, asked.text, first_name="An").status_code == 303
    page = visitor.get(f"/week/promises/{approve()}").text
    assert "<bdi>An</bdi>" in page and "Nguyễn" not in page
    assert visitor.get("/api/v1/campaigns/week/pledges").json["pledges"][0]["by"] == "An"


def test_what_was_filled_in_can_be_sent_as_it_is_and_a_preview_asks_too(visitor, session):
    looked = sends(visitor, visitor.get("/week/promise").text, "preview", **NAMED)
    assert "<bdi>Nguyễn</bdi>" in looked.text and made(looked.text).values("first_name") == ["Nguyễn"]
    assert sends(visitor, looked.text).status_code == 303
    assert newest_revision(session).first_name == "Nguyễn"


def test_it_is_not_guessed_where_it_was_asked_and_left_empty(visitor, session):
    asked = sends(visitor, visitor.get("/week/promise").text, **{**NAMED, "name": "Mrs Smith"})
    assert "We cannot tell your first name" in asked.text
    again = sends(visitor, asked.text)
    assert again.status_code == 422 and "Write your first name as it will stand" in again.text
    assert session.query(Revision).count() == 0
    session.rollback()
    assert sends(visitor, again.text, first_name="Ann").status_code == 303
    assert (newest_revision(session).name, newest_revision(session).first_name) == ("Mrs Smith", "Ann")


def test_no_more_than_the_first_name_need_be_given(visitor, session):
    page = visitor.get("/week/promise").text
    assert sends(visitor, page, **{**NAMED, "name": "", "first_name": "An"}).status_code == 303
    assert (newest_revision(session).name, newest_revision(session).first_name) == ("An", "An")


def test_what_is_sent_without_the_field_or_for_another_level_is_taken_as_before(visitor, session):
    assert visitor.promises(**NAMED).status_code == 303
    assert newest_revision(session).first_name == ""
    whole = sends(visitor, visitor.get("/week/promise").text, **{**NAMED, "show_name": "full", "first_name": "An"})
    assert whole.status_code == 303
    session.rollback()
    assert newest_revision(session).first_name == ""


def test_a_change_keeps_it_and_asks_where_it_was_guessed_before(visitor, session, approve):
    receipt = visitor.promises(**NAMED).location.split("?")[0]
    approve()
    page = visitor.get(f"{receipt}?do=edit").text
    assert made(page).values("first_name") == ["Nguyễn"]
    changed = visitor.client.post(receipt, data=made(page).sent(first_name="An"))
    assert changed.status_code == 303
    assert newest_revision(session).first_name == "An"
    assert made(visitor.get(f"{receipt}?do=edit").text).values("first_name") == ["An"]


def test_where_first_names_alone_are_shown_a_comment_asks_for_nothing_else(visitor, database, approve, session):
    with database.new_session() as changing:
        changing.query(Campaign).one().show_names = ["first", "anonymous"]
        changing.commit()
    visitor.promises()
    path = f"/week/promises/{approve()}/comment"
    (asked,) = [each for each in forms(visitor.get(path).text) if each.values("comment")]
    assert asked.values("name") == [] and asked.values("first_name") == [""]
    sent = visitor.client.post(path, data=asked.sent(comment="Well said", first_name="Văn An", consent="yes"))
    assert sent.status_code == 303
    assert (newest_revision(session).name, newest_revision(session).first_name) == ("Văn An", "Văn An")


@pytest.mark.parametrize("field", ["name", "first_name"])
def test_nothing_of_it_is_left_once_it_is_erased(visitor, session, field):
    receipt = visitor.promises(**NAMED, first_name="An").location.split("?")[0]
    assert visitor.client.post(receipt, data={"act": "erase"}).status_code == 200
    assert getattr(newest_revision(session), field) == ""
