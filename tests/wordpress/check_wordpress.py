"""A pasted address in a real WordPress: `make test-wordpress`. It needs Debian's packages, so it is no part of the other tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from deploy.environment import ROOT
from tests.pledges.embed.conftest import Wall, wall  # noqa: F401 (the last is a fixture)
from tests.wall import SLUG
from tests.wordpress.site import WordPress, wordpress

pytestmark = pytest.mark.timeout(600)
PICTURE = ROOT / "docs" / "embedding" / "wordpress.png"


@pytest.fixture
def site(wall: Wall) -> Iterator[WordPress]:  # noqa: F811
    with wordpress(urlsplit(wall.url).port or 80) as found:
        yield found


def test_pasted_addresses_show_the_wall_and_a_promise_and_lead_to_our_form(
    wall: Wall,  # noqa: F811
    site: WordPress,
    new_page: Callable[..., Page],
) -> None:
    words = "From Monday to Friday, classes, kitchens and offices say what they will do."
    post = site.posts("Race Equality Week in our schools", f"<p>{words}</p>\n\n{wall.url}/{SLUG}\n\n<p>Come back.</p>")
    page = new_page(height=1500)
    page.goto(post)
    frame = page.locator("iframe.wp-embedded-content")
    expect(frame).to_be_visible()
    assert frame.get_attribute("sandbox") == "allow-scripts", "framed as one whom WordPress does not know"
    expect(frame).to_have_attribute("height", "1000")
    expect(page.locator("blockquote.wp-embedded-content")).to_be_hidden()
    inside = page.frame_locator("iframe.wp-embedded-content")
    expect(inside.locator(".pw-piece")).to_have_count(12)
    page.screenshot(path=PICTURE)
    inside.get_by_role("link", name="Make your promise").first.click()
    page.wait_for_url(f"{wall.url}/{SLUG}/promise")
    expect(page.locator("#promise")).to_be_visible()

    one = site.posts("One promise", f"{wall.url}/{SLUG}/promises/{wall.ids()[1]}")
    page.goto(one)
    expect(page.frame_locator("iframe.wp-embedded-content").locator(".pw-piece")).to_have_count(1)
    height = page.locator("iframe.wp-embedded-content").get_attribute("height")
    assert 200 <= int(height or 0) < 600


def test_what_was_taken_down_is_no_more_than_a_link_there(
    wall: Wall,  # noqa: F811
    site: WordPress,
    new_page: Callable[..., Page],
) -> None:
    gone = wall.ids()[0]
    words = wall.app.test_client().get(f"/api/v1/pledges/{gone}").json["promise"]  # type: ignore[index]
    wall.takes_down(gone)
    page = new_page(javascript=False)
    page.goto(site.posts("One promise", f"{wall.url}/{SLUG}/promises/{gone}"))
    assert page.locator("iframe").count() == 0
    assert words not in page.content()
