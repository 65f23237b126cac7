"""Every page answers, in both languages, with the safe headers and nothing inline."""

from __future__ import annotations

import re

import pytest
from pydantic import SecretStr

from pledges.models import Campaign
from pledges.settings import EXTENSION

PAGES = [
    "/week",
    "/cy/week",
    "/en/week",
    "/week/promise",
    "/cy/week/promise",
    "/week/questions/q234567890",
    "/week/questions/q234567890/answer",
    "/week?theme=listen&kind=person&status=kept&lang=cy&audience=parents",
    "/send-link",
    "/privacy",
    "/house-rules",
    "/accessibility",
    "/help",
    "/cy/help",
    "/healthz",
    "/readyz",
    "/week/colours.css",
]


@pytest.mark.parametrize("path", PAGES)
def test_the_page_answers(visitor, path):
    answer = visitor.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_inline(visitor, path):
    page = visitor.get(path).get_data(as_text=True)
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*src=)", page)


@pytest.mark.parametrize(
    ("colours", "asked"),
    [({}, ["/static/style.css"]), ({"campaign": "#12484a"}, ["/static/style.css", "/week/colours.css"])],
)
def test_the_wall_waits_for_one_style_sheet_and_for_the_colours_of_its_campaign(visitor, session, colours, asked):
    session.query(Campaign).one().colours = colours
    session.commit()
    page = visitor.get("/week").get_data(as_text=True)
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)', page)
    assert [re.sub(r"-[0-9a-f]+\.css", ".css", sheet) for sheet in sheets] == asked
    assert "<script" not in page


def test_one_campaign_alone_is_the_front_page(visitor):
    assert visitor.get("/").location == "/week"
    assert visitor.get("/cy/").location == "/cy/week"


@pytest.mark.parametrize(
    "path", ["/nowhere", "/week/promises/zzzzzzzzzz", "/week%00", "/week/promises/a%00b", "/receipt/x"]
)
def test_what_is_not_there_answers_404_in_words(visitor, path):
    answer = visitor.get(path)
    assert answer.status_code == 404
    assert "This page is not here" in answer.get_data(as_text=True)


def test_the_welsh_address_speaks_welsh_words_of_the_campaign(visitor):
    page = visitor.get("/cy/week").get_data(as_text=True)
    assert '<html lang="cy">' in page
    assert "Pan fyddwn ni i gyd" in page
    assert 'href="/week"' in page  # the switch keeps the place


def test_a_campaign_that_speaks_welsh_first_leads_to_welsh_pages(visitor, session, campaign):
    session.get(Campaign, campaign.id).languages = ["cy", "en"]
    session.commit()
    page = visitor.get("/week").get_data(as_text=True)
    assert '<html lang="cy">' in page
    for name in ("privacy", "accessibility", "help", "send-link"):
        assert f'href="/cy/{name}' in page
        assert f'href="/{name}' not in page
        assert '<html lang="cy">' in visitor.get(f"/cy/{name}").get_data(as_text=True)
    assert 'href="/week/promise"' in page  # its own pages speak its first language anyway


@pytest.mark.parametrize("key, told", [("", "We ask no outside service"), ("a-key", "a service called Akismet")])
def test_the_privacy_page_names_the_spam_service_where_there_is_one(app, visitor, key, told):
    given = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = given.model_copy(update={"akismet_api_key": SecretStr(key)})
    page = visitor.get("/privacy").get_data(as_text=True)
    app.extensions[EXTENSION] = given
    assert told in page
    assert ("Akismet" in page) is bool(key)


def test_a_limiter_that_is_away_is_told(visitor, limiter):
    limiter.says = "down"
    answer = visitor.get("/readyz")
    assert answer.status_code == 503
    assert "limiter down" in answer.get_data(as_text=True)


def test_a_limiter_that_counts_by_its_stand_in_is_told_and_the_wall_stays_open(visitor, limiter):
    limiter.says = "degraded"
    answer = visitor.get("/readyz")
    assert answer.status_code == 200
    assert "limiter degraded" in answer.get_data(as_text=True)
