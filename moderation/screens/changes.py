"""What changed between two versions of the words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext
from markupsafe import Markup, escape
from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.models import Review
from pledges.models import Contribution, Revision

KEPT = 1 / 3  # of the words that were, for a change to be told word by word


@dataclass(frozen=True)
class Change:
    """What is different in one field."""

    name: str
    words: Markup


def compared_with(
    contribution: Contribution, revision: Revision, revisions: Iterable[Revision] | None = None
) -> Revision | None:
    """What these words are a change of: what stands on the wall, else what their author sent before.

    `revisions`: all of this contribution, where they have been read.
    """
    shown = contribution.published_revision
    if shown is not None:
        return shown if shown.id != revision.id else None
    every = contribution.revisions if revisions is None else revisions
    earlier = [each for each in every if each.number < revision.number and not each.erased_at]
    return max(earlier, key=lambda each: each.number, default=None)


def is_masked(session: Session, revision: Revision | None, known: Iterable[Review] = ()) -> bool:
    """Whether strong words were found in it, so that it stays out of a page until somebody asks for it.

    It is not looked up where its review is `known`.
    """
    if revision is None:
        return False
    for review in known:
        if review.revision_id == revision.id:
            return review.masked
    return session.scalar(select(Review.masked).where(Review.revision_id == revision.id)) or False


def masked(session: Session, revision_ids: Iterable[int | None]) -> set[int]:
    """Those of these revisions in which strong words were found."""
    asked = {revision_id for revision_id in revision_ids if revision_id is not None}
    found = select(Review.revision_id).where(Review.revision_id.in_(asked), Review.masked.is_(True))
    return set(session.scalars(found)) if asked else set()


# -- what has changed ----------------------------------------------------------------------------------


def changes_in(approved: Revision, revision: Revision) -> list[Change]:
    """Word by word, field by field, against what was approved or sent before; fields that are alike left out."""
    if approved.id == revision.id:
        return []
    names = {
        "words": gettext("Words"),
        "how_we_will_know": gettext("How others will know"),
        "actions_said": gettext("Actions"),
        "name": gettext("Name"),
        "first_name": gettext("First name, as it stands"),
        "role": gettext("Role or place"),
        "organisation": gettext("Organisation"),
    }
    changed = [(name, getattr(approved, field), getattr(revision, field)) for field, name in names.items()]
    return [Change(name, diff(old, new)) for name, old, new in changed if old != new]


def diff(old: str, new: str) -> Markup:
    """`new` with the words that came marked, and those that went struck out; said to a screen reader too.

    Where too little was kept the old stands whole before the new: two texts woven together are read as neither.
    """
    was, now = _pieces(old), _pieces(new)
    matcher = difflib.SequenceMatcher(None, was, now, autojunk=False)
    if _kept(matcher, was) < KEPT * _words(was):
        whole = [_marked("del", gettext("Removed:"), was), _marked("ins", gettext("Added:"), now)]
        return Markup(" ").join(part for part in whole if part)
    parts = []
    for how, a, b, c, d in matcher.get_opcodes():
        if how == "equal":
            parts.append(escape("".join(now[c:d])))
            continue
        parts += [_marked("del", gettext("Removed:"), was[a:b]), _marked("ins", gettext("Added:"), now[c:d])]
    return Markup("").join(parts)


def _kept(matcher: difflib.SequenceMatcher[str], was: list[str]) -> int:
    return sum(_words(was[block.a : block.a + block.size]) for block in matcher.get_matching_blocks())


def _words(pieces: list[str]) -> int:
    return sum(not piece.isspace() for piece in pieces)


def _pieces(text: str) -> list[str]:
    return re.findall(r"\s+|[^\s]+", text)


def _marked(tag: str, said: str, words: list[str]) -> Markup:
    if not words:
        return Markup("")
    text = "".join(words)
    if not text.strip():
        return escape(text) if tag == "ins" else Markup("")
    hidden = Markup('<span class="vh">{} </span>').format(said)
    around = Markup("<del>{}{}</del>") if tag == "del" else Markup("<ins>{}{}</ins>")
    return around.format(hidden, text)
