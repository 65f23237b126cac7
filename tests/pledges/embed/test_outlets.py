"""Frame, fragment, oEmbed and the script's own data: what they show, to whom, and that nothing hidden is in them."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from lxml.etree import fromstring

from moderation.models import Role
from pledges.db import transaction
from pledges.embed import asked
from pledges.models import Campaign, Contribution, Progress, Question, Revision
from tests.pledges.embed.conftest import PROMISES, Wall
from tests.wall import SLUG
from tests.wall import Wall as WholeWall

OUTLETS = (f"/{SLUG}/embed", f"/{SLUG}/embed?mode=compact", f"/{SLUG}/fragment", f"/{SLUG}/embed.json?limit=100")


def get(wall: Wall, path: str, **headers: str) -> Any:
    return wall.app.test_client().get(path, base_url=wall.url, headers=headers)


def words(wall: Wall, id: str) -> str:
    found: str = get(wall, f"/api/v1/pledges/{id}").json["promise"]
    return found


def of(address: str, wall: Wall, form: str = "json", **more: object) -> str:
    rest = "".join(f"&{name}={value}" for name, value in more.items())
    return f"/oembed?url={quote(address if '://' in address else wall.url + address, safe='')}&format={form}{rest}"


# What is shown


@pytest.mark.parametrize("outlet", OUTLETS)
def test_what_is_taken_down_is_in_no_outlet(wall: Wall, outlet: str) -> None:
    newest = wall.ids()[0]
    assert newest in get(wall, outlet).text
    wall.takes_down(newest)
    assert newest not in get(wall, outlet).text


def test_nothing_of_a_hidden_promise_is_found(wall: Wall) -> None:
    newest = wall.ids()[0]
    page = f"/{SLUG}/promises/{newest}"
    for path in (f"{page}/embed", f"{page}/embed.json", of(page, wall), of(page, wall, "xml")):
        assert get(wall, path).status_code == 200
    wall.takes_down(newest)
    for path in (f"{page}/embed", f"{page}/embed.json", of(page, wall), of(page, wall, "xml")):
        assert get(wall, path).status_code == 404


def test_a_frame_of_what_is_gone_says_so_where_it_stands(wall: Wall) -> None:
    newest = wall.ids()[0]
    wall.takes_down(newest)
    answer = get(wall, f"/cy/{SLUG}/promises/{newest}/embed")
    assert answer.status_code == 404 and answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
    assert f'href="{wall.url}/cy/{SLUG}" target="_blank"' in answer.text
    nothing = get(wall, "/no-such-campaign/promises/a/embed")
    assert nothing.status_code == 404 and "frame-ancestors 'none'" in nothing.headers["Content-Security-Policy"]


def test_that_a_promise_is_gone_can_be_read_from_another_site(wall: Wall) -> None:
    answer = get(wall, f"/{SLUG}/promises/nothing9/embed.json", Origin="https://a.example")
    assert answer.status_code == 404
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_theme_a_number_and_a_language_narrow_each_of_them(wall: Wall) -> None:
    for outlet in ("embed", "fragment"):
        page = get(wall, f"/{SLUG}/{outlet}?theme=work&limit=1&lang=cy").text
        assert page.count('<li class="pw-piece') == 1
        assert "pw-work" in page and "Gwnewch eich addewid" in page and f"/cy/{SLUG}" in page
    data = get(wall, f"/{SLUG}/embed.json?theme=work&limit=1&lang=cy").json
    assert len(data["items"]) == 1 and data["lang"] == "cy"
    assert data == get(wall, f"/cy/{SLUG}/embed.json?theme=work&limit=1").json
    assert get(wall, f"/{SLUG}/embed.json?theme=none").json["items"] == []


@pytest.mark.parametrize("limit", ["", "0", "-1", "1e9", "99999999999999999999", "௧", "12abc", "101"])
def test_an_odd_number_is_one_that_we_give(wall: Wall, limit: str) -> None:
    given = len(get(wall, f"/{SLUG}/embed.json?limit={limit}").json["items"])
    assert given == {"0": 0, "101": PROMISES}.get(limit, 12)


def test_a_promise_that_is_html_is_text_everywhere(wall: Wall) -> None:
    hostile = "<img src=x onerror=alert(1)> \"'&</blockquote><script>alert(1)</script> ]]>"

    public_id = wall.ids()[0]
    with wall.app.app_context(), transaction() as session:
        newest = session.query(Contribution).filter_by(public_id=public_id).one()
        session.query(Revision).filter_by(id=newest.published_revision_id).update({"words": hostile, "name": hostile})
        session.query(Campaign).update({Campaign.wall_version: Campaign.wall_version + 1})
    for path in (f"/{SLUG}/embed", f"/{SLUG}/fragment", f"/{SLUG}/promises/{public_id}/embed"):
        page = get(wall, path).text
        assert "<img" not in page and "<script>" not in page and "&lt;img src=x" in page
    described = get(wall, of(f"/{SLUG}/promises/{public_id}", wall)).json
    assert "img src" not in str(described)
    assert (
        described["title"] == "A promise on “Promises for Race Equality Week”"
    )  # kept elsewhere, whatever is taken back
    in_xml = fromstring(get(wall, of(f"/{SLUG}/promises/{public_id}", wall, "xml")).data)
    assert in_xml.findtext("title") == described["title"]


@pytest.mark.parametrize("lang", ["", "/cy"])
def test_how_a_promise_stands_is_said_as_on_the_wall(wall: Wall, lang: str) -> None:
    one = wall.ids()[0]
    for status in Progress:
        wall.stands(one, status)
        page = f"{lang}/{SLUG}/promises/{one}"
        ours = re.findall(r'<span class="state">(?:<svg.*?</svg>)?([^<]*)</span>', get(wall, page).text)
        theirs = re.findall(r'<span class="pw-state(?: pw-kept)?">([^<]*)</span>', get(wall, f"{page}/embed").text)
        assert theirs == ours and (theirs or status is Progress.PROMISED), status


# The frame


def test_a_frame_is_open_to_the_campaign_s_sites_alone_and_to_any_where_it_names_none(wall: Wall) -> None:
    def ancestors() -> str:
        policy = get(wall, f"/{SLUG}/embed").headers["Content-Security-Policy"]
        return str(re.search(r"frame-ancestors ([^;]*)", policy)[1])  # type: ignore[index]

    def allow(*sites: str) -> None:
        def change(campaign: Campaign) -> None:
            campaign.embed_origins = list(sites)
            campaign.wall_version += 1

        wall.changes(change)

    assert ancestors() == "*"
    allow("https://www.example.org", "https://Blog.example.org/")
    assert ancestors() == "'self' https://www.example.org https://blog.example.org"
    allow("https://a.example; script-src *", "javascript:x", "https://*.example.org:8443")
    assert ancestors() == "'self' https://*.example.org:8443"
    allow("not a site")
    assert ancestors() == "'self'", "what cannot be read keeps out"


def test_a_frame_has_no_cookie_no_form_and_nothing_inline(wall: Wall) -> None:
    for path in (f"/{SLUG}/embed", f"/{SLUG}/promises/{wall.ids()[0]}/embed"):
        answer = get(wall, path)
        assert "Set-Cookie" not in answer.headers
        assert not re.search(r"<form|<input|<button| style=| on\w+=|<style|<script>", answer.text)
        assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Robots-Tag"] == "noindex"
        links = re.findall(r"<a [^>]*>", re.sub(r"<noscript>.*?</noscript>", "", answer.text))
        assert links and all('target="_blank"' in each and 'rel="noopener"' in each for each in links)


def test_our_other_pages_are_framed_by_nobody(wall: Wall) -> None:
    for path in (f"/{SLUG}", f"/{SLUG}/promise", "/moderation/sign-in"):
        assert "frame-ancestors 'none'" in get(wall, path).headers["Content-Security-Policy"]


def test_looks_are_read_as_colours_and_lengths_and_what_cannot_be_read_is_left_out() -> None:
    given = {
        "accent": "1f5b3f", "on-accent": "#FFF", "link": "red;} * { display: none", "radius": "8px", "joint": "1.5rem",
        "pad": "calc(1px)", "words": "url(x)", "paper": "#12345", "scheme": "light",
    }  # fmt: skip
    assert asked.looks(given) == {"accent": "#1f5b3f", "on-accent": "#ffffff", "radius": "8px", "joint": "1.5rem"}
    assert asked.looks({"words": "sans", "pad": "0"}) == {"words": "sans", "pad": "0px"}


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"accent": "777", "on-accent": "888"}, set()),
        ({"accent": "ffffff"}, set()),  # our words on it are white
        ({"accent": "ffffff", "scheme": "dark"}, {"accent"}),
        ({"ink": "000", "paper": "fff", "accent": "eee", "on-accent": "fff", "scheme": "light"}, {"ink", "paper"}),
        ({"ink": "000", "paper": "fff"}, set()),  # our links in the dark would not be read on it
        ({"link": "aaaaaa", "paper": "ffffff", "scheme": "light"}, set()),
        ({"paper": "111", "ink": "eee", "link": "9cf"}, {"paper", "ink", "link"}),
    ],
)
def test_a_pair_that_is_hard_to_read_is_left_out(given: dict[str, str], left: set[str]) -> None:
    assert set(asked.looks(given)) == left


@pytest.mark.parametrize(
    "hostile", ["}</style><script>", "url(//evil.example)", "red;background:url(x)", "expression(1)", "\\66", "#fff;"]
)
def test_no_hostile_look_reaches_the_style_sheet(wall: Wall, hostile: str) -> None:
    query = "&".join(f"{name}={quote(hostile)}" for name in (*asked.LOOKS, "scheme"))
    assert get(wall, f"/{SLUG}/embed.css?{query}").text == ""
    page = get(wall, f"/{SLUG}/embed?{query}&mode={quote(hostile)}&limit={quote(hostile)}").text
    assert "<script>" not in page and hostile not in page


# The fragment


def test_a_fragment_has_headings_of_the_level_that_was_asked_for(wall: Wall) -> None:
    assert '<h4 class="pw-title"' in get(wall, f"/{SLUG}/fragment?level=4").text
    assert '<h2 class="pw-title"' in get(wall, f"/{SLUG}/fragment").text
    for odd in ("0", "7", "99", "x"):
        assert '<h2 class="pw-title"' in get(wall, f"/{SLUG}/fragment?level={odd}").text


def test_a_fragment_is_a_piece_of_a_page_with_whole_addresses(wall: Wall) -> None:
    piece = get(wall, f"/{SLUG}/fragment").text
    assert not re.search(r"<html|<head|<body|<!doctype|<script", piece)
    assert all(each.startswith(wall.url + "/") for each in re.findall(r'href="([^"]*)"', piece))
    assert f'<link rel="stylesheet" href="{wall.url}/embed.css">' in piece
    assert "stylesheet" not in get(wall, f"/{SLUG}/fragment?style=none").text


# oEmbed


@pytest.mark.parametrize("prefix", ["", "/cy", "/en"])
def test_the_pages_say_where_they_are_described(wall: Wall, prefix: str) -> None:
    rest = ("", f"/promises/{wall.ids()[0]}", f"/questions/{_question(wall)}", f"/organisations/{_organisation(wall)}")
    for page in (f"{prefix}/{SLUG}{each}" for each in rest):
        head = get(wall, page).text.partition("</head>")[0].replace("&amp;", "&")
        found = dict(re.findall(r'<link rel="alternate" type="(\w+/\w+\+oembed)" href="([^"]*)"', head))
        assert set(found) == {"application/json+oembed", "text/xml+oembed"}
        as_json = get(wall, found["application/json+oembed"].removeprefix(wall.url))
        as_xml = get(wall, found["text/xml+oembed"].removeprefix(wall.url))
        assert as_json.mimetype == "application/json" and as_xml.mimetype == "text/xml"
        assert {each.tag: each.text for each in fromstring(as_xml.data)} == {
            name: str(each) for name, each in as_json.json.items()
        }
        framed = re.search(r'<iframe src="([^"]*)"', as_json.json["html"])[1]  # type: ignore[index]
        assert get(wall, framed.removeprefix(wall.url)).status_code == 200
        assert f"/{SLUG}" in framed and (prefix != "/cy" or framed.startswith(f"{wall.url}/cy/"))


def _question(wall: Wall) -> str:
    with wall.app.app_context(), transaction() as session:
        campaign = session.query(Campaign).filter_by(slug=SLUG).one()
        session.add(Question(campaign_id=campaign.id, public_id="q234567890", words={"en": "What helps?"}, place=9))
    return "q234567890"


def _organisation(wall: Wall) -> str:
    """One that has promised something; its public id."""
    whole = WholeWall(wall.app)
    given = {
        "kind": "organisation",
        "organisation": "Kestrel Vale",
        "show_name": "organisation",
        "email": "k@example.org",
    }
    sent = whole.promises("We will open our hall", **given)
    whole.screens()
    whole.moderator("mo", Role.OWNER).approves(sent)
    found = re.search(rf'href="/{SLUG}/organisations/([0-9a-z]+)"', get(wall, f"/{SLUG}/organisations").text)
    assert found is not None
    return found[1]


def test_other_pages_say_nothing_of_it(wall: Wall) -> None:
    for page in (f"/{SLUG}/promise", "/privacy", f"/{SLUG}/promises/nothing9"):
        assert "+oembed" not in get(wall, page).text


def test_what_is_described_is_what_the_specification_asks_for(wall: Wall) -> None:
    found = get(wall, of(f"/{SLUG}", wall, maxwidth=400, maxheight=300)).json
    assert found["version"] == "1.0" and found["type"] == "rich"
    assert (found["width"], found["height"]) == (400, 300)
    assert re.fullmatch(r'<blockquote><a href="[^"]*">[^<]*</a></blockquote><iframe [^>]*></iframe>', found["html"])
    assert 'width="400" height="300"' in found["html"]
    assert "thumbnail_url" not in found, "which is larger"
    small = get(wall, of(f"/{SLUG}", wall, maxwidth=100, maxheight=90)).json
    assert (small["width"], small["height"]) == (100, 90)
    assert get(wall, of(f"/{SLUG}", wall, maxwidth=99999, maxheight="x")).json["width"] == 600
    assert get(wall, of(f"/{SLUG}", wall, maxwidth=0)).json["thumbnail_width"] == 1200
    assert get(wall, of(f"/{SLUG}", wall)).headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "address",
    [
        "", "/{slug}", "{url}/", "{url}/{slug}/promise", "{url}/privacy", "{url}/nothing", "{url}/moderation/", "https://evil.example/{slug}", "//evil.example/{slug}",
        "{url}.evil.example/{slug}", "{url}@evil.example/{slug}", "javascript:alert(1)", "{url}/{slug}/promises/nothing9",
        "{url}\\@evil.example/{slug}", "http://[::1/{slug}", "{url}/{slug}/../moderation", "file:///etc/passwd", "{url}/{slug}/embed",
    ],
)  # fmt: skip
def test_what_is_no_page_of_ours_is_not_described(wall: Wall, address: str) -> None:
    whole = address.format(slug=SLUG, url=wall.url)
    answer = get(wall, f"/oembed?url={quote(whole, safe='')}")
    assert answer.status_code == 404, answer.text


def test_another_format_is_not_implemented(wall: Wall) -> None:
    assert get(wall, of(f"/{SLUG}", wall, "yaml")).status_code == 501


def test_no_answer_to_a_reader_is_counted_against_a_visitor(wall: Wall) -> None:
    for path in (*OUTLETS, of(f"/{SLUG}", wall), "/embed.js"):
        assert not [name for name in get(wall, path).headers.keys() if "ratelimit" in name.lower()]  # noqa: SIM118


def test_the_data_of_twelve_promises_is_small(wall: Wall) -> None:
    body = get(wall, f"/{SLUG}/embed.json?limit=12").data
    assert len(json.loads(body)["items"]) == 12
    assert len(gzip.compress(body, 9)) < 7_000
