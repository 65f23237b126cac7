"""Private notes: what one moderator keeps, and tells the others, about an item. Never shown to the public."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from moderation.models import Moderator, Note, Review
from moderation.workflow import MoveNotAllowed

from . import chain

CHARS = 4000


class Erased(MoveNotAllowed):
    """The words were erased at their author's wish, and what is noted about them now nothing would erase."""


def of(session: Session, review: Review) -> list[Note]:
    """Everybody's notes on this item and on what its author sent in this place before, oldest first."""
    noted = select(Note).join(Review, Review.id == Note.review_id).options(joinedload(Note.moderator))
    return list(session.scalars(noted.where(Review.contribution_id == review.contribution_id).order_by(Note.id)))


def newest_of(notes: list[Note], review: Review, by: Moderator) -> Note | None:
    """What `by` notes about this item, among notes as `of` lists them."""
    return next((each for each in reversed(notes) if (each.review_id, each.moderator_id) == (review.id, by.id)), None)


def mine(session: Session, review: Review, by: Moderator) -> Note | None:
    query = select(Note).where(Note.review_id == review.id, Note.moderator_id == by.id)
    return session.scalars(query.order_by(Note.id.desc()).limit(1)).first()


def save(session: Session, review: Review, by: Moderator, words: str, now: datetime) -> Note | None:
    """This is what `by` notes about the item now; no words: no note. The item's row is locked, so it stays one note.

    Raises Erased where there are words, and the item's own are gone.
    """
    session.execute(select(Review.id).where(Review.id == review.id).with_for_update())
    session.refresh(review.revision, ["erased_at"])  # it may have been erased while the lock was waited for
    if words and review.revision.erased_at is not None:
        raise Erased
    note = mine(session, review, by)
    words = words[:CHARS]
    if note is None and words:
        note = Note(review_id=review.id, moderator_id=by.id, words=words, made_at=now)
        session.add(note)
        _record(session, review, by, "note:write", now)
    elif note is not None and not words:
        session.delete(note)
        note = None
        _record(session, review, by, "note:remove", now)
    elif note is not None and note.words != words:
        note.words, note.changed_at = words, now  # each keystroke is no act of its own: the record has the first
    session.flush()
    return note


def add(session: Session, review: Review, by: Moderator, words: str, now: datetime) -> None:
    """These words stand below what `by` noted before."""
    note = mine(session, review, by)
    save(session, review, by, f"{note.words}\n\n{words}" if note is not None else words, now)


def add_once(session: Session, review: Review, by: Moderator, words: str, now: datetime) -> None:
    """As `add`, unless these words stand at the end already."""
    note = mine(session, review, by)
    if words and (note is None or not note.words.endswith(words)):
        add(session, review, by, words, now)


def take_back(session: Session, review: Review, by: Moderator, words: str, now: datetime) -> None:
    """What `add` put last is gone, unless something was written to it since."""
    note = mine(session, review, by)
    if note is not None and (note.words == words or note.words.endswith(f"\n\n{words}")):
        save(session, review, by, note.words[: -len(words)].rstrip("\n"), now)


def _record(session: Session, review: Review, by: Moderator, act: str, now: datetime) -> None:
    chain.add(session, chain.actor(by), act, f"review:{review.id}", campaign_id=review.campaign_id, now=now)
