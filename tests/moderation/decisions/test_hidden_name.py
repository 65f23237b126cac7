"""A name that its author has hidden stays hidden, until its author chooses otherwise."""

from __future__ import annotations

import pytest

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
