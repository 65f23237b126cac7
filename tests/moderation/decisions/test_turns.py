"""Whoever decides holds all that the decision may change, oldest first, so that nobody waits in a circle."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from moderation.decisions import move
from pledges.models import Contribution
from tests.moderation.test_updates import told
from tests.wall import SLUG, AtTheDesk, Sent, Wall

pytestmark = pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgresql)])


def is_free(wall: Wall, sent: Sent) -> bool:
    """Whether somebody else could begin to change this one now."""
    wanted = select(Contribution.id).where(Contribution.id == sent.contribution_id)
    with wall.look() as session:
        try:
            session.execute(wanted.with_for_update(nowait=True, key_share=True))
        except OperationalError:
            return False
        return True


@pytest.mark.parametrize("what", ["a promise that began from another", "a comment", "an update"])
def test_a_decision_holds_what_it_may_change_besides(
    wall: Wall, moderator: AtTheDesk, database_kind: str, what: str
) -> None:
    first, apart = wall.promises("I will listen at each meeting"), wall.promises("I will plant ten trees")
    moderator.approves(first)
    if what == "a comment":
        on_it = wall.comments(first)
    elif what == "an update":
        on_it = told(wall, first, "under_way", note="Two meetings so far")
    else:
        path = f"/{SLUG}/promise?like={first.public_id}"
        on_it = wall.sent(wall.sends(path, promise="I will listen, too", like=first.public_id))
    assert is_free(wall, first)
    with wall.work() as session:
        move.locked(session, on_it.review_id)
        assert not is_free(wall, first)
        assert not is_free(wall, on_it)
        assert is_free(wall, apart)
    assert is_free(wall, first)
