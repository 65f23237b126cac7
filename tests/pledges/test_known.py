"""What a process knows of a campaign is what the database says now."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from pledges.db import Translated
from pledges.models import Campaign, Theme


def rename(session, title):
    session.query(Theme).first().title = Translated({"en": title})


def rename_at_once(session, title):
    session.execute(update(Theme).values(title=Translated({"en": title})))


def add(session, title):
    first = session.query(Theme).first()
    session.add(
        Theme(campaign_id=first.campaign_id, key="added", title=Translated({"en": title}), dye=first.dye, place=9)
    )


def remove(session, _title):
    session.delete(session.query(Theme).filter_by(key="added").one())


@pytest.mark.parametrize("change", [rename, rename_at_once, add])
def test_a_theme_that_changed_is_offered_as_it_is_now(visitor, database, change):
    assert "Mending" not in visitor.get("/week/promise").text
    with database.new_session() as session:
        change(session, "Mending")
        session.commit()
    assert "Mending" in visitor.get("/week/promise").text


def test_a_theme_that_was_removed_is_offered_no_more(visitor, database):
    for change in (add, remove):
        visitor.get("/week/promise")
        with database.new_session() as session:
            change(session, "Mending")
            session.commit()
    assert "Mending" not in visitor.get("/week/promise").text


def test_a_campaign_that_changed_without_its_version_is_read_anew(visitor, database):
    assert "Ours" not in visitor.get("/week/promise").text
    with database.new_session() as session:
        session.execute(update(Campaign).values(title=Translated({"en": "Ours"})))
        session.commit()
    assert "Ours" in visitor.get("/week/promise").text
