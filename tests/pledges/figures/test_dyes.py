"""A wall on which nobody chose a theme is dyed all the same: on the card, in the preview and in the cloth."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from sqlalchemy import text as sql

from pledges.figures import counters, dyes
from pledges.models import Campaign, Theme
from tests.pledges.intake.test_road import text

DYED = re.compile(r'<li class="piece piece--\w+ dye-(\w+)" data-pledge="(\w+)"')
CLOTH = re.compile(r'<path class="dye-(\w+)" d="([^"]+)"')


@pytest.fixture
def twelve(visitor, approve):
    """Twelve promises as hurried people make them: words, and nothing else."""
    for number in range(12):
        visitor.promises(f"I will listen before I speak, number {number}")
        approve()


def test_twelve_promises_without_a_theme_wear_the_dyes_of_their_ids(visitor, twelve):
    worn = {id: dye for dye, id in DYED.findall(text(visitor.get("/week")))}
    assert len(worn) == 12
    assert worn == {id: dyes.of_key(id) for id in worn}
    assert "dye-none" not in text(visitor.get("/week"))
    one = next(iter(worn))
    assert f"dye-{worn[one]}" in text(visitor.get(f"/week/promises/{one}"))


def test_the_cloth_has_the_same_dyes_as_the_cards(visitor, twelve, session, campaign):
    page = text(visitor.get("/week"))
    worn = Counter(dye for dye, _ in DYED.findall(page))
    assert {dye for dye, _ in CLOTH.findall(page)} == set(worn)
    counted = {name.rpartition(":")[2]: value for _, name, value in counters.days(session, campaign.id)}
    assert counted == worn
    assert counters.recount(session, campaign.id) == {}


def test_a_hidden_promise_takes_its_block_out_of_the_cloth(visitor, approve, hide, session, campaign):
    visitor.promises()
    hide(approve())
    assert [value for _, _, value in counters.days(session, campaign.id)] == [0]
    assert counters.recount(session, campaign.id) == {}


def test_every_dye_comes_up():
    worn = Counter(dyes.of_key(f"q{number:09}") for number in range(600))
    assert set(worn) == set(dyes.DYES)
    assert min(worn.values()) > 60


def test_a_theme_with_a_dye_that_the_design_does_not_know_is_dyed(visitor, approve, database):
    with database.new_session() as session:
        session.query(Theme).filter_by(key="listen").one().dye = "mauve"
        session.commit()
    visitor.promises(theme="listen")
    approve()
    page = text(visitor.get("/week"))
    assert {dye for dye, _ in DYED.findall(page)} == {dyes.of_key("listen")} == {dye for dye, _ in CLOTH.findall(page)}


def test_a_preview_without_a_theme_is_dyed(visitor):
    shown = text(visitor.promises(step="preview"))
    assert set(re.findall(r'<div class="piece piece--alone piece--\w dye-(\w+)"', shown)) == {
        dyes.of_key("I will listen before I speak")
    }


def test_an_audience_that_is_all_of_a_kind_finds_that_kind(visitor, approve, database):
    with database.new_session() as session:
        slug = session.query(Campaign).one().id
        session.execute(sql("UPDATE audiences SET kind = 'organisation' WHERE campaign_id = :id"), {"id": slug})
        session.commit()
    visitor.promises("We will listen before we speak", kind="organisation", organisation="Acme", email="a@example.org")
    approve()
    visitor.promises("I will listen before I speak")
    approve()
    for asked in ("audience=parents", "kind=organisation"):
        page = text(visitor.get(f"/week?{asked}"))
        assert "We will listen" in page
        assert "I will listen" not in page
