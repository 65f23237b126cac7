"""What a moderator does at the desk, and what the wall shows then."""

from __future__ import annotations

from tests.wall import WORDS, AtTheDesk, Wall


def test_an_approved_promise_is_shown_and_nothing_was_before(wall: Wall, moderator: AtTheDesk) -> None:
    sent = wall.promises()
    wall.screens()
    assert not wall.shown()
    moderator.approves(sent)
    assert wall.shown()
    assert WORDS in wall.app.test_client().get(sent.receipt).text
