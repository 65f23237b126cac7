"""The builder of an embedded wall: who may open it, and that the code it gives does what was chosen."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from moderation.models import Role
from pledges.embed import script
from tests.wall import OTHER, SLUG, AtTheDesk, Wall

HOME = "http://wall.example"
ADDRESS = f"/moderation/campaigns/{SLUG}/embed"


def codes(who: AtTheDesk, query: str = "", slug: str = SLUG) -> dict[str, str]:
    """What there is to copy, by its way."""
    page = who.client.get(f"/moderation/campaigns/{slug}/embed?{query}")
    assert page.status_code == 200
    return {key: html.unescape(code) for key, code in re.findall(r'id="code-(\w+)"[^>]*>([^<]*)</textarea>', page.text)}


def test_leads_and_owners_open_it_for_their_campaigns_alone(wall: Wall) -> None:
    for name, role, slug, status in (
        ("owner", Role.OWNER, "", 200),
        ("lead", Role.LEAD, SLUG, 200),
        ("moderator", Role.MODERATOR, SLUG, 403),
        ("viewer", Role.VIEWER, SLUG, 403),
        ("stranger", Role.OWNER, OTHER, 404),
    ):
        assert wall.moderator(name, role, slug).client.get(ADDRESS).status_code == status, name
    assert wall.app.test_client().get(ADDRESS).status_code == 302


def test_figures_lead_there_whoever_may_go(wall: Wall) -> None:
    assert ADDRESS in wall.moderator("lead", Role.LEAD, SLUG).client.get("/moderation/figures").text
    assert "/embed" not in wall.moderator("mo", Role.MODERATOR, SLUG).client.get("/moderation/figures").text


def test_without_a_choice_the_code_is_the_usual(wall: Wall) -> None:
    found = codes(wall.moderator("lead", Role.LEAD))
    newest = script.newest()
    assert (
        f'<script src="{HOME}{newest.address}" integrity="{newest.integrity}" crossorigin="anonymous" async>'
        in found["element"]
    )
    assert (
        f'<promise-wall campaign="{SLUG}"><a href="{HOME}/{SLUG}">Read the promises</a></promise-wall>'
        in found["element"]
    )
    assert found["address"] == f"{HOME}/{SLUG}"
    assert found["fragment"] == f"{HOME}/{SLUG}/fragment"
    assert f'src="{HOME}/{SLUG}/embed"' in found["frame"]


def test_what_was_chosen_stands_in_each_code(wall: Wall) -> None:
    chosen = "mode=compact&limit=5&theme=listen&lang=cy&scheme=light&accent=1f5b3f&on-accent=ffffff&radius=8"
    found = codes(wall.moderator("lead", Role.LEAD), chosen)
    assert 'mode="compact" limit="5" theme="listen" scheme="light" lang="cy"' in found["element"]
    assert "--pw-accent: #1f5b3f; --pw-on-accent: #ffffff; --pw-radius: 8px" in found["element"]
    assert "Darllenwch yr addewidion" in found["element"]
    query = "mode=compact&limit=5&theme=listen&scheme=light&accent=1f5b3f&on-accent=ffffff&radius=8px"
    assert html.unescape(found["frame"]).startswith(f'<iframe src="{HOME}/cy/{SLUG}/embed?{query}"')
    assert found["feed"] == f"{HOME}/cy/{SLUG}/feed.atom?theme=listen"


def test_every_address_in_the_code_answers(wall: Wall) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    sent = wall.promises()
    wall.screens()
    lead.approves(sent)
    client = wall.app.test_client()
    for query in (
        "",
        "mode=compact&lang=cy&theme=work",
        "mode=count&scheme=dark",
        f"mode=single&promise={sent.public_id}",
    ):
        for code in codes(lead, query).values():
            for address in re.findall(rf"{HOME}(/[^\"\s<]*)", html.unescape(code)):
                assert client.get(address).status_code == 200, address


def test_the_count_has_a_picture_of_the_count_and_each_page_a_code_for_posters(wall: Wall) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    assert f'src="{HOME}/{SLUG}/count.png"' in html.unescape(codes(lead, "mode=count")["picture"])
    page = lead.client.get(f"{ADDRESS}?mode=single&promise=abcd234567").text
    assert f'href="/{SLUG}/promises/abcd234567/qr.svg"' in page and f'href="/{SLUG}/promises/abcd234567/qr.png"' in page
    page = lead.client.get(ADDRESS).text
    for kind in ("svg", "png"):
        assert (
            f'href="/{SLUG}/qr.{kind}"' in page and wall.app.test_client().get(f"/{SLUG}/qr.{kind}").status_code == 200
        )


def test_a_promise_may_be_named_by_its_address(wall: Wall) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    found = codes(lead, f"mode=single&promise={quote(f'{HOME}/{SLUG}/promises/abcd234567', safe='')}")
    assert 'mode="single" promise="abcd234567"' in found["element"]
    assert codes(lead, "mode=single") == {}, "none was named"


def test_colours_that_are_hard_to_read_are_told_and_left_out(wall: Wall) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    query = "scheme=light&accent=ffffff&link=0000aa"
    page = lead.client.get(f"{ADDRESS}?{query}").text
    assert "Words on buttons on Buttons: 1.0 to 1" in page and "hard to read" in page
    assert "Links on Paper" in page and "can be read" in page
    element = codes(lead, query)["element"]
    assert "--pw-accent" not in element and "--pw-link: #0000aa" in element


@pytest.mark.parametrize(
    ("field", "value"), [("limit", "0"), ("limit", "many"), ("limit", "101"), ("radius", "-1"), ("accent", "rosy")]
)
def test_what_cannot_be_read_is_said_beside_its_field_and_is_in_no_code(wall: Wall, field: str, value: str) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    page = lead.client.get(f"{ADDRESS}?{field}={value}").text
    assert f'id="e-{field}"' in page and f'aria-describedby="e-{field}"' in page
    assert codes(lead, f"{field}={value}") == codes(lead)


@pytest.mark.parametrize("value", ['"><script>alert(1)</script>', "</textarea><b>", "' onload='x"])
def test_no_hostile_choice_stands_in_the_page_or_the_code(wall: Wall, value: str) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    names = (
        "mode",
        "promise",
        "limit",
        "theme",
        "lang",
        "scheme",
        "accent",
        "on-accent",
        "link",
        "paper",
        "ink",
        "radius",
    )
    query = "&".join(f"{name}={quote(value)}" for name in names)
    page = lead.client.get(f"{ADDRESS}?{query}").text
    assert value not in page
    assert codes(lead, query) == codes(lead)


def test_the_preview_alone_may_be_framed_there(wall: Wall) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    assert "frame-src 'self'" in lead.client.get(ADDRESS).headers["Content-Security-Policy"]
    assert "frame-src" not in lead.client.get("/moderation/figures").headers["Content-Security-Policy"]


# Which sites may frame it


def saves(who: AtTheDesk, sites: str, slug: str = SLUG) -> TestResponse:
    address = f"/moderation/campaigns/{slug}/embed"
    return who.client.post(address, data={"csrf_token": who.csrf(), "sites": sites})


def ancestors(wall: Wall) -> str:
    policy = wall.app.test_client().get(f"/{SLUG}/embed").headers["Content-Security-Policy"]
    return str(policy.partition("frame-ancestors ")[2])


def test_an_owner_says_which_sites_may_frame_the_wall_and_it_stands_in_the_record(wall: Wall) -> None:
    owner = wall.moderator("owner", Role.OWNER, SLUG)
    assert ancestors(wall) == "*"
    assert (
        saves(owner, "https://www.example.org/\n\n https://*.Council.example \nhttps://www.example.org").status_code
        == 303
    )
    assert ancestors(wall) == "'self' https://www.example.org https://*.council.example"
    assert "changed which sites may frame the wall" in owner.client.get("/moderation/record").text
    assert saves(owner, "").status_code == 303
    assert ancestors(wall) == "*"


@pytest.mark.parametrize(
    "line",
    [
        "www.example.org",
        "https://a.example/path",
        "*",
        "javascript:x",
        "https://a.example; script-src *",
        "'none'",
        "https://a.example\tb",
    ],
)
def test_a_line_that_is_no_site_is_told_and_nothing_changes(wall: Wall, line: str) -> None:
    owner = wall.moderator("owner", Role.OWNER)
    saves(owner, "https://www.example.org")
    answer = saves(owner, f"https://b.example\n{line}")
    assert answer.status_code == 422
    assert "This is no site" in answer.text
    assert line.strip() in html.unescape(answer.text), "what was written is still there"
    assert ancestors(wall) == "'self' https://www.example.org"


def test_more_sites_than_anybody_has_are_refused(wall: Wall) -> None:
    assert (
        saves(wall.moderator("owner", Role.OWNER), "\n".join(f"https://{n}.example" for n in range(51))).status_code
        == 422
    )
    assert ancestors(wall) == "*"


def test_a_list_that_is_too_long_comes_back_whole(wall: Wall) -> None:
    lines = "\n".join(["https://www.example.org"] * 500)
    answer = saves(wall.moderator("owner", Role.OWNER), lines)
    assert answer.status_code == 422 and "Shorten this to 10100 characters" in answer.text
    assert answer.text.count("https://www.example.org") >= 500
    assert ancestors(wall) == "*"


def test_owners_alone_say_it(wall: Wall) -> None:
    lead = wall.moderator("lead", Role.LEAD)
    assert 'name="sites"' not in lead.client.get(ADDRESS).text
    assert saves(lead, "https://www.example.org").status_code == 403
    assert saves(wall.moderator("other", Role.OWNER, OTHER), "https://www.example.org").status_code == 404
    assert ancestors(wall) == "*"
