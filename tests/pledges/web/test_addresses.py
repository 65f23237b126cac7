"""One page has one address, in one spelling, and takes no question that it does not know."""

from __future__ import annotations

import re

import pytest
from pydantic import SecretStr

from pledges.settings import Settings
from pledges.web.spelling import KNOWN, known_query
from tests.pledges.conftest import Visitor

HEAD = re.compile(r"<link rel=\"(?:canonical|alternate\" hreflang)[^>]*>")
NOISE = "fbclid=x&utm_source=y"


@pytest.fixture
def promised(visitor: Visitor, approve) -> str:
    visitor.promises()
    return str(approve())


def leads(visitor: Visitor, path: str, method: str = "GET") -> str | None:
    """Where this address leads for good; none: it stands for itself."""
    answer = visitor.client.open(path, method=method)
    return answer.headers["Location"] if answer.status_code == 308 else None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("/WEEK", "/week"),
        ("/Week/", "/week"),
        ("/week/", "/week"),
        ("/week//", "/week"),
        ("/week//promise", "/week/promise"),
        ("/week.", "/week"),
        ("/week...", "/week"),
        ("/week%2E", "/week"),
        ("/week),", "/week"),
        ("/week%20", "/week"),
        ("/CY/week", "/cy/week"),
        ("/Cy", "/cy/"),
        ("/cy", "/cy/"),
        ("/CY/", "/cy/"),
        ("/cy/WEEK/promise/", "/cy/week/promise"),
        ("/PRIVACY", "/privacy"),
        ("/house-rules/?campaign=week", "/house-rules?campaign=week"),
        ("/week/questions/Q234567890", "/week/questions/q234567890"),
        ("/week/questions/q234567890/answer.", "/week/questions/q234567890/answer"),
        ("/WEEK?theme=listen&fbclid=x", "/week?theme=listen"),
        ("/Receipt/AbC_d-.", "/receipt/AbC_d-"),
        ("/cy/receipt/AbC_d-/", "/cy/receipt/AbC_d-"),
        ("/api/v1/campaigns/WEEK", "/api/v1/campaigns/week"),
        ("/API/v1/campaigns/week/?x=1", "/api/v1/campaigns/week"),
        ("/api/v1/campaigns/week/pledges/?limit=2&x=1", "/api/v1/campaigns/week/pledges?limit=2"),
    ],
)
def test_every_other_spelling_leads_to_the_one_address(visitor: Visitor, written: str, meant: str) -> None:
    assert leads(visitor, written) == meant
    assert leads(visitor, meant) is None


def test_a_public_id_has_one_spelling(visitor: Visitor, promised: str) -> None:
    here = f"/week/promises/{promised}"
    for written in (here.upper(), f"{here}.", f"{here}/", f"/week/promises/{promised.upper()}", f"{here}”"):
        assert leads(visitor, written) == here, written
    assert leads(visitor, f"{here}/COMMENT/") == f"{here}/comment"
    assert leads(visitor, f"/api/v1/pledges/{promised.upper()}.") == f"/api/v1/pledges/{promised}"
    assert visitor.get(here).status_code == 200


def test_what_is_sent_to_another_spelling_arrives(visitor: Visitor) -> None:
    assert leads(visitor, "/WEEK/promise/?event=x&y=1", "POST") == "/week/promise?event=x"


def test_a_script_of_another_site_may_follow_to_the_one_address(visitor: Visitor) -> None:
    assert visitor.get("/api/v1/campaigns/WEEK").headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["/week", "/", "/cy/", "/privacy", "/api/v1/campaigns", "/healthz", "/week/promise"])
def test_the_one_address_leads_nowhere_else(visitor: Visitor, path: str) -> None:
    assert leads(visitor, path) is None


def test_what_is_nowhere_is_not_found_in_any_spelling(visitor: Visitor) -> None:
    assert visitor.get("/WEEK/nothing/here").status_code == 404
    assert visitor.get("/static/STYLE.css").status_code == 404


# -- what a page can be asked


def pages(promised: str) -> list[str]:
    return [f"{lang}{page}" for lang in ("", "/cy") for page in (
        "/week", f"/week/promises/{promised}", "/week/questions/q234567890", "/privacy", "/help", "/accessibility",
        "/house-rules", "/send-link", "/week/promise", f"/week/promises/{promised}/comment")]  # fmt: skip


def test_what_a_page_does_not_know_changes_neither_page_nor_tag_nor_links(visitor: Visitor, promised: str) -> None:
    for path in pages(promised):
        plain, noisy = visitor.get(path), visitor.get(f"{path}?{NOISE}")
        token = re.compile(r'name="token" value="[^"]+"')
        assert token.sub("", noisy.text) == token.sub("", plain.text), path
        assert noisy.headers.get("ETag") == plain.headers.get("ETag"), path
        assert "fbclid" not in noisy.text, path
    for path in ("", "/count", "/pledges"):
        here = f"/api/v1/campaigns/week{path}"
        assert visitor.get(f"{here}?{NOISE}").headers["ETag"] == visitor.get(here).headers["ETag"]


def test_what_a_page_knows_is_part_of_it_in_any_order(visitor: Visitor, promised: str) -> None:
    tags = [visitor.get(f"/week?{query}").headers["ETag"] for query in ("", "theme=listen", "theme=work")]
    assert len(set(tags)) == 3
    both = [
        visitor.get(f"/week?{query}").headers["ETag"] for query in ("theme=listen&lang=cy", "x=1&lang=cy&theme=listen")
    ]
    assert both[0] == both[1]
    assert 'href="/cy/week?theme=listen"' in visitor.get(f"/week?{NOISE}&theme=listen").text


def test_nothing_that_a_page_was_asked_can_change_its_address(visitor: Visitor) -> None:
    page = visitor.get("/week?_external=1&_scheme=javascript&_anchor=x&slug=other&theme=%22%3E%3Cb").text
    assert 'href="https://wall.example/week?theme=%22%3E%3Cb"' in page
    assert "javascript" not in page


def test_every_page_that_takes_questions_is_known(app) -> None:
    names = {rule.endpoint for rule in app.url_map.iter_rules()}
    for endpoint in KNOWN:
        assert endpoint in names or f"public.{endpoint}" in names, endpoint
    with app.app_context():
        assert known_query("public_cy.wall", {"lang": "cy", "x": "1", "theme": ""}) == {"lang": "cy"}
        assert known_query("upkeep.alive", {"x": "1"}) == {}


# -- its names


def test_every_public_page_names_its_one_address_and_its_other_language(visitor: Visitor, promised: str) -> None:
    for path in pages(promised):
        plain = path.removeprefix("/cy")
        assert HEAD.findall(visitor.get(path).text) == [
            f'<link rel="canonical" href="https://wall.example{path}">',
            f'<link rel="alternate" hreflang="en" href="https://wall.example{plain}">',
            f'<link rel="alternate" hreflang="cy" href="https://wall.example/cy{plain}">',
            f'<link rel="alternate" hreflang="x-default" href="https://wall.example{plain}">',
        ], path


def test_a_prefix_that_is_not_needed_is_not_in_the_name(visitor: Visitor) -> None:
    assert HEAD.findall(visitor.get("/en/week").text)[0] == '<link rel="canonical" href="https://wall.example/week">'


def test_the_name_of_a_narrowed_wall_says_what_it_was_narrowed_by(visitor: Visitor) -> None:
    assert (
        'rel="canonical" href="https://wall.example/week?theme=listen"'
        in visitor.get(f"/week?{NOISE}&theme=listen").text
    )


def test_a_private_page_and_a_page_that_is_none_have_no_name(visitor: Visitor) -> None:
    receipt = visitor.promises().headers["Location"].split("?")[0]
    for path in (receipt, "/week/promises/none", "/nothing/at/all"):
        assert HEAD.findall(visitor.get(path).text) == [], path


# -- the host


@pytest.fixture
def in_production(app, campaign) -> Visitor:
    settings = app.extensions["wall.settings"]
    settings.env = "production"
    return Visitor(app.test_client())


HOSTS = ["evil.example", "wall.example.evil.example", "127.0.0.1", "wall.example:81", "a@wall.example", "[::1", "ü", "",
         "wall.example/x", "wall.example:443:443"]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_a_request_for_another_host_is_told_so_in_production(in_production: Visitor, host: str) -> None:
    for path in ("/week", "/WEEK", "/cy", "/api/v1/campaigns", "/static/style.css", "/nothing", "//week"):
        answer = in_production.get(path, headers={"Host": host})
        assert answer.status_code == 421, path
        assert "Location" not in answer.headers
    assert in_production.client.post("/week/promise", data={"promise": "x"}, headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["wall.example", "WALL.example", "wall.example:443", "wall.example."])
def test_our_own_host_is_known_in_every_spelling(in_production: Visitor, host: str) -> None:
    assert in_production.get("/week", headers={"Host": host}).status_code == 200


def test_whoever_watches_over_us_may_ask_under_any_name(in_production: Visitor) -> None:
    for path in ("/healthz", "/readyz"):
        assert in_production.get(path, headers={"Host": "10.0.0.1:8000"}).status_code == 200


def test_a_wall_that_is_tried_out_answers_under_any_name(visitor: Visitor) -> None:
    assert visitor.get("/week", headers={"Host": "192.168.1.5:8000"}).status_code == 200
    assert Settings(secret_key=SecretStr("k" * 64)).production is False


@pytest.mark.parametrize("host", ["evil.example", "evil.example:99", "[::1]:80"])
@pytest.mark.parametrize("path", ["/cy", "/week/", "//evil.example/", "//evil.example", "/%5Cevil.example/", "/"])
def test_no_answer_leads_to_the_host_that_the_request_named(visitor: Visitor, host: str, path: str) -> None:
    answer = visitor.get(path, headers={"Host": host, "X-Forwarded-Host": host, "X-Forwarded-Proto": "http"})
    to = answer.headers.get("Location", "/")
    assert to.startswith("/")
    assert not to.startswith(("//", "/\\"))
    assert "evil.example" not in answer.text or "evil" in path
