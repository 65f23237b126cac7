"""A name that its author has hidden stays hidden, until its author chooses otherwise."""

from __future__ import annotations

import re

import pytest

from moderation.models import Role
from tests.wall import OTHER, SLUG, AtTheDesk, Sent, Wall

NAMED = {"name": "Jane Smith", "show_name": "full"}


def page_of(wall: Wall, sent: Sent) -> str:
    client = wall.app.test_client()
    return client.get(f"/{SLUG}/promises/{sent.public_id}").text + client.get(f"/api/v1/pledges/{sent.public_id}").text


@pytest.fixture
def hidden(wall: Wall, moderator: AtTheDesk) -> Sent:
    """A promise that stood with its name, which was hidden then."""
    sent = wall.promises(**NAMED)
    moderator.approves(sent)
    assert "Jane" in page_of(wall, sent)
    assert wall.acts(sent, "hide_name").status_code == 303
    return sent


def test_a_hidden_name_does_not_come_back_with_the_next_words(wall: Wall, moderator: AtTheDesk, hidden: Sent) -> None:
    newer = wall.changes(hidden, promise="I will listen, and then listen again")
    moderator.approves(newer)
    page = page_of(wall, hidden)
    assert "listen again" in page
    assert "Jane" not in page


def test_what_you_sent_shows_no_hidden_name_and_offers_no_second_hiding(wall: Wall, hidden: Sent) -> None:
    page = wall.app.test_client().get(hidden.receipt).text
    assert "Jane" not in page
    assert 'value="hide_name"' not in page


def test_a_name_shows_again_once_its_author_chooses_it_and_can_be_hidden_while_that_waits(
    wall: Wall, moderator: AtTheDesk, hidden: Sent
) -> None:
    newer = wall.changes(hidden, promise="I will listen, and say who I am", show_name="full")
    assert 'value="hide_name"' in wall.app.test_client().get(hidden.receipt).text
    moderator.approves(newer)
    assert "Jane Smith" in page_of(wall, hidden)


def test_the_desk_sees_the_name_as_it_will_stand(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises(**NAMED)
    wall.screens()
    item = f"/moderation/reviews/{sent.review_id}"
    assert "the full name" in moderator.client.get(item).text
    wall.acts(sent, "hide_name")
    assert "the full name" not in moderator.client.get(item).text


@pytest.mark.parametrize("slug", [SLUG, OTHER])
def test_a_hidden_name_of_a_comment_stays_hidden_until_it_is_written_again(
    wall: Wall, moderator: AtTheDesk, slug: str
) -> None:
    parent = wall.promises("I will hold the door for everybody", slug=slug)
    moderator.approves(parent)
    path = f"/{slug}/promises/{parent.public_id}"
    comment = wall.sent(wall.sends(f"{path}/comment", comment="Well done you", name="Jane Smith"))
    moderator.approves(comment)
    shown = lambda: "Jane" in wall.app.test_client().get(path).text  # noqa: E731
    assert shown()
    wall.acts(comment, "hide_name")
    assert not shown()
    newer = wall.changes(comment, comment="Well done, you")
    moderator.approves(newer)
    assert not shown()
    moderator.approves(wall.changes(comment, comment="Well done, all of you", name="Jane Smith"))
    assert shown()


# Less of it


WHOLE = {"name": "Jane Smith", "show_name": "full", "role": "Teacher"}


def everywhere(wall: Wall, sent: Sent) -> dict[str, str]:
    """What each outlet says, by its address."""
    get, id = wall.app.test_client().get, sent.public_id
    paths = (
        f"/{SLUG}", f"/{SLUG}/promises/{id}", f"/{SLUG}/embed", f"/{SLUG}/promises/{id}/embed", f"/{SLUG}/fragment",
        f"/{SLUG}/feed.atom", f"/api/v1/pledges/{id}", f"/api/v1/campaigns/{SLUG}/pledges", f"/{SLUG}/screen",
        f"/oembed?url=http://wall.example/{SLUG}/promises/{id}",
    )  # fmt: skip
    return {path: get(path).text for path in paths}


def found(wall: Wall, sent: Sent, words: str) -> bool:
    return sent.public_id in wall.app.test_client().get(f"/{SLUG}", query_string={"q": words}).text


def updated(wall: Wall, sent: Sent) -> str:
    entry = next(
        each
        for each in wall.app.test_client().get(f"/{SLUG}/feed.atom").text.split("<entry>")
        if sent.public_id in each
    )
    return re.findall(r"<updated>(.*?)</updated>", entry)[0]


@pytest.mark.parametrize("by", ["author", "moderator"])
def test_less_of_a_name_is_shown_everywhere_at_once_and_nobody_finds_the_rest(
    wall: Wall, moderator: AtTheDesk, by: str
) -> None:
    sent = wall.promises(**WHOLE)
    moderator.approves(sent)
    before, card = updated(wall, sent), f"/{SLUG}/promises/{sent.public_id}/card.png"
    picture = wall.app.test_client().get(card).data
    assert found(wall, sent, "Smith") and "Jane Smith" in everywhere(wall, sent)[f"/{SLUG}"]
    lessen(wall, moderator, sent, by, "first")
    said = everywhere(wall, sent)
    assert [path for path, page in said.items() if "Smith" in page or "Teacher" in page] == []
    assert "Jane" in said[f"/{SLUG}"] and "Jane" in said[f"/api/v1/pledges/{sent.public_id}"]
    assert found(wall, sent, "Jane") and not found(wall, sent, "Smith") and not found(wall, sent, "Teacher")
    assert updated(wall, sent) > before and wall.app.test_client().get(card).data != picture
    lessen(wall, moderator, sent, by, "anonymous")
    assert [path for path, page in everywhere(wall, sent).items() if "Jane" in page] == []
    assert not found(wall, sent, "Jane")


def lessen(wall: Wall, moderator: AtTheDesk, sent: Sent, by: str, level: str) -> None:
    if by == "author":
        assert wall.acts(sent, "hide_name", level=level).status_code == 303
    else:
        given = {"csrf_token": moderator.csrf(), "level": level}
        assert moderator.client.post(f"/moderation/reviews/{sent.review_id}/name", data=given).status_code == 303


def test_what_a_moderator_took_back_returns_by_the_author_and_a_new_review_alone(
    wall: Wall, moderator: AtTheDesk
) -> None:
    sent = wall.promises(**WHOLE)
    waiting = wall.changes(sent, promise="I will listen, and wait to be read", show_name="full", name="Jane Smith")
    item = moderator.client.get(f"/moderation/reviews/{waiting.review_id}").text
    offered = item.partition("/name")[2].partition("</form>")[0]
    assert re.findall(r'<option value="(\w+)"', offered) == ["first", "role", "anonymous"]
    lessen(wall, moderator, waiting, "moderator", "role")
    moderator.approves(waiting)
    assert "Teacher" in page_of(wall, sent) and "Jane" not in page_of(wall, sent)
    lessen(wall, moderator, waiting, "moderator", "first")  # would show more: nothing is done
    assert wall.acts(sent, "hide_name", level="first").status_code == 409
    assert "Jane" not in page_of(wall, sent)
    assert "A moderator let less of your name be shown" in wall.app.test_client().get(sent.receipt).text
    newer = wall.changes(sent, promise="I will listen, and say it again", show_name="full", name="Jane Smith")
    assert "Jane" not in page_of(wall, sent)
    moderator.approves(newer)
    assert "Jane Smith" in page_of(wall, sent)


def test_who_speaks_for_an_organisation_leaves_its_page_with_the_name_alone(wall: Wall, moderator: AtTheDesk) -> None:
    given = {"kind": "organisation", "organisation": "Northbrook", "email": "head@example.org"}
    sent = wall.promises(**WHOLE, **given)
    moderator.approves(sent)
    receipt = wall.app.test_client().get(sent.receipt).text
    assert re.findall(r'name="level" value="(\w+)"', receipt) == ["role", "organisation", "anonymous"]
    assert wall.acts(sent, "hide_name", level="organisation").status_code == 303
    assert wall.acts(sent, "hide_name", level="organisation").status_code == 303  # pressed twice
    assert "Northbrook" in page_of(wall, sent) and "Jane" not in page_of(wall, sent)
    assert "Northbrook" in wall.app.test_client().get(f"/{SLUG}/organisations").text
    assert wall.acts(sent, "hide_name").status_code == 303
    assert "Northbrook" not in wall.app.test_client().get(f"/{SLUG}/organisations").text


def test_a_viewer_takes_no_name_back(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises(**WHOLE)
    moderator.approves(sent)
    viewer = wall.moderator("vi", Role.VIEWER)
    assert "Show no more than this" not in viewer.client.get(f"/moderation/reviews/{sent.review_id}").text
    given = {"csrf_token": viewer.csrf(), "level": "anonymous"}
    assert viewer.client.post(f"/moderation/reviews/{sent.review_id}/name", data=given).status_code == 403
    assert "Jane Smith" in page_of(wall, sent)
