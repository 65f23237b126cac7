"""The comments under a promise, with one level of replies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from pledges.models import Contribution, Type
from pledges.web.paging import Cursor, Page

from .pieces import OF_A_PIECE, Piece, piece, signature

THREAD = 50


@dataclass(frozen=True)
class Comment:
    """A comment with its replies; `piece` is none where it was taken away and only replies stand."""

    id: str
    piece: Piece | None
    replies: list[Piece] = field(default_factory=list)


_REPLY = aliased(Contribution)
_HAS_REPLIES = (
    select(_REPLY.id).where(_REPLY.reply_to_id == Contribution.id, _REPLY.shown_at.is_not(None)).correlate(Contribution)
)
_COMMENTS = (  # built once: that costs more than asking
    select(Contribution)
    .where(
        Contribution.parent_id == bindparam("parent"),
        Contribution.type == Type.COMMENT,
        Contribution.reply_to_id.is_(None),
        or_(Contribution.shown_at.is_not(None), and_(Contribution.published_at.is_not(None), _HAS_REPLIES.exists())),
        Contribution.id > bindparam("after"),
    )
    .options(*OF_A_PIECE)
    .order_by(Contribution.id)
    .limit(THREAD + 1)
)
_REPLIES = (
    select(Contribution)
    .where(
        Contribution.parent_id == bindparam("parent"),
        Contribution.type == Type.COMMENT,
        Contribution.reply_to_id.in_(bindparam("to", expanding=True)),
        Contribution.shown_at.is_not(None),
    )
    .options(*OF_A_PIECE)
    .order_by(Contribution.id)
)


def thread(session: Session, parent: Contribution, after: Cursor | None) -> Page[Comment]:
    """Comments in the order they were made, each with its replies; one that was taken away leaves its place."""
    asked = {"parent": parent.id, "after": after.id if after is not None else 0}
    found = list(session.scalars(_COMMENTS, asked))
    replies: dict[int, list[Piece]] = {}
    for each in _replies(session, parent, [one.id for one in found[:THREAD]]):
        assert each.reply_to_id is not None  # noqa: S101 (selected by it)
        replies.setdefault(each.reply_to_id, []).append(_signed(piece(each), parent))
    comments = [
        Comment(one.public_id, _signed(piece(one), parent) if one.shown_at else None, replies.get(one.id, []))
        for one in found[:THREAD]
    ]
    last = found[THREAD - 1] if len(found) > THREAD else None
    return Page(comments, str(Cursor(last.created_at, last.id)) if last else None)


def _signed(comment: Piece, parent: Contribution) -> Piece:
    """A comment of whoever made the promise stands under the name that the promise stands under."""
    if not comment.maker or parent.published_revision is None:
        return comment
    return replace(comment, by=signature(parent.published_revision, parent.show_name))


def newest(session: Session, parent: Contribution, most: int) -> list[Contribution]:
    """The last comments that are shown, newest first."""
    wanted = select(Contribution).where(
        Contribution.parent_id == parent.id, Contribution.type == Type.COMMENT, Contribution.shown_at.is_not(None)
    )
    return list(session.scalars(wanted.options(*OF_A_PIECE).order_by(Contribution.id.desc()).limit(most)))


def _replies(session: Session, parent: Contribution, to: Sequence[int]) -> Iterable[Contribution]:
    return session.scalars(_REPLIES, {"parent": parent.id, "to": to})


def comments_page(session: Session, parent: Contribution, after: Cursor | None, limit: int) -> Page[Contribution]:
    """Shown comments and replies, oldest first."""
    wanted = select(Contribution).where(
        Contribution.parent_id == parent.id, Contribution.type == Type.COMMENT, Contribution.shown_at.is_not(None)
    )
    if after is not None:
        wanted = wanted.where(
            Contribution.shown_at >= after.at,
            or_(Contribution.shown_at > after.at, Contribution.id > after.id),
        )
    found = list(
        session.scalars(
            wanted.options(joinedload(Contribution.published_revision), joinedload(Contribution.reply_to))
            .order_by(Contribution.shown_at, Contribution.id)
            .limit(limit + 1)
        )
    )
    return Page(found[:limit], str(Cursor.of(found[limit - 1])) if len(found) > limit else None)
