"""Which moves are open to somebody now."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, object_session

from moderation import lanes, workflow
from moderation.letters import still_true
from moderation.models import Review
from moderation.workflow import Move, State
from pledges.models import Revision

_OWN, _OWN_WORDS, _NEWER = aliased(Review), aliased(Revision), aliased(Review)  # once: an alias copies every column


def open_moves(review: Review, old: set[int] | None = None, appealed: bool | None = None) -> list[Move]:
    """The moves that these words allow now to whoever may decide, in the order of the buttons; the rest as `unwanted`."""
    return [move for move in workflow.open_moves(review.state) if not unwanted(review, move, old, appealed)]


def unwanted(review: Review, move: Move, old: set[int] | None = None, appealed: bool | None = None) -> str:
    """Why these words do not allow a move of the table; empty where they do.

    `old` (see `outdated`) and whether an appeal is open are looked up where they are not given.

    None brings back words that the author does not stand by any more: what was withdrawn, and what is older than words
    sent since, unless it is shown, or nothing is and the author asks that it be read again. What its author is asked to
    change is not declined as well, but taken down where it is shown.
    """
    if review.state is State.REVISE and move in workflow.TAKES_DOWN and not still_true.is_shown(review):
        return "the author has been asked for a change, and nothing of it is shown"
    if move not in workflow.BRINGS_BACK:
        return ""
    contribution = review.contribution
    if contribution.withdrawn_at is not None or contribution.erased_at is not None:
        return "the author has taken it back"
    if contribution.published_revision_id == review.revision_id:
        return ""
    session = object_session(review)
    if appealed is None and session is not None and contribution.published_revision_id is None:
        appealed = lanes.open_appeal(session, review)
    if appealed and contribution.published_revision_id is None:
        return ""
    if old is None and session is not None:
        old = outdated(session, [review.id])
    return "the author has sent newer words" if old and review.id in old else ""


def outdated(session: Session, review_ids: Sequence[int]) -> set[int]:
    """Those of which newer words of the author could be shown; where they were declined, these are the newest that can."""
    found = session.scalars(
        select(_OWN.id)
        .join(_OWN_WORDS, _OWN_WORDS.id == _OWN.revision_id)
        .join(_NEWER, _NEWER.contribution_id == _OWN.contribution_id)
        .join(Revision, Revision.id == _NEWER.revision_id)
        .where(
            _OWN.id.in_(review_ids),
            Revision.number > _OWN_WORDS.number,
            _NEWER.state.not_in((State.REJECTED, State.SPAM)),
        )
    )
    return set(found)


def newer_shown(review: Review) -> bool:
    """Whether newer words of the author stand on the wall."""
    shown = review.contribution.published_revision
    return shown is not None and shown.number > review.revision.number
