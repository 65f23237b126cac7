"""Items are found by words, names, numbers, links and their author's address, whether they wait or are decided."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from moderation.models import Report, Review
from pledges import tokens
from pledges.intake.forms.base import one_address
from pledges.models import Contact, Contribution
from pledges.search import index
from pledges.text import number

from . import order

PAGE = 25
HIGHEST_ID = 2**63 - 1
REFERENCE = re.compile(r"[0-9a-z]{6,16}")
RECEIPT = re.compile(r"/receipt/([\w-]+)", re.ASCII)
ITEM = re.compile(r"/moderation/reviews/(\d{1,18})(?!\d)", re.ASCII)
ADDRESS = re.compile(r"[^\s<>()\",;:]+@[^\s<>()\",;:]+")


def by_reference(session: Session, asked: str, campaigns: list[int] | None) -> str | None:
    """The public id of what is asked for by it, by a report's reference, by the link of a page or of a receipt."""
    for wanted in _ways(asked):
        query = select(Contribution.public_id).where(wanted)
        if campaigns is not None:
            query = query.where(Contribution.campaign_id.in_(campaigns))
        if (found := session.scalars(query.limit(1)).first()) is not None:
            return found
    return None


def _ways(asked: str) -> list[ColumnElement[bool]]:
    """What may be meant by a reference or a link, the likeliest first: in a link what stands last is the narrowest."""
    receipt = RECEIPT.search(asked)
    if receipt is not None:
        return [Contribution.receipt_hash == tokens.hash_token(receipt[1])]
    lower = asked.lower()
    if "/" not in lower:
        return [_named(lower)]
    return [_named(name) for name in reversed(REFERENCE.findall(lower)[-10:])]


def _named(reference: str) -> ColumnElement[bool]:
    reported = select(Report.contribution_id).where(Report.reference == reference).scalar_subquery()
    return or_(Contribution.public_id == reference, Contribution.id == reported)


def by_number(session: Session, asked: str, campaigns: list[int] | None) -> Review | None:
    """The item of this number in the queue, or at this address of the desk."""
    link = ITEM.search(asked)
    digits = link[1] if link is not None else asked.removeprefix("#")
    which = number(digits)
    review = session.get(Review, which) if which is not None else None
    return review if review is not None and (campaigns is None or review.campaign_id in campaigns) else None


def is_private(asked: str) -> bool:
    """Whether it should stand in no address line, history or log: a mail address, or the link of a receipt."""
    return "@" in asked or RECEIPT.search(asked) is not None


def address_in(asked: str) -> str | None:
    """The one mail address that this is or holds, as authors' addresses are written; none, or several: none."""
    found = ADDRESS.findall(asked)
    return one_address(found[0].strip(".'")) if len(found) == 1 else None


def by_words(
    session: Session, asked: str, campaigns: list[int] | None, *, before: int = HIGHEST_ID, limit: int = PAGE
) -> list[Review]:
    """Items whose words, names or organisation hold every word that was asked, newest first."""
    return _whole(session, _ids(session, _holding(session, asked), campaigns, before, limit))


def by_author(
    session: Session,
    asked: str,
    address: str,
    *,
    authors_of: list[int] | None,
    campaigns: list[int] | None,
    before: int = HIGHEST_ID,
    limit: int = PAGE,
) -> list[Review]:
    """Items of whoever gave exactly this address, and items that say it in their words, newest first.

    Authors are looked for in `authors_of` alone, words in `campaigns`.
    """
    of_hash = select(Contact.contribution_id).where(Contact.email_hash.in_(tokens.hashes_of_email(address)))
    theirs = select(Review.id).where(Review.contribution_id.in_(of_hash))
    ids = {
        *_ids(session, theirs, authors_of, before, limit),
        *_ids(session, _holding(session, asked), campaigns, before, limit),
    }
    return _whole(session, sorted(ids, reverse=True)[:limit])


def _holding(session: Session, asked: str) -> Select[int] | None:
    found = index.matching(session, asked)
    return select(Review.id).where(Review.revision_id.in_(found)) if found is not None else None


def _ids(
    session: Session, query: Select[int] | None, campaigns: list[int] | None, before: int, limit: int
) -> list[int]:
    if query is None:
        return []
    query = query.where(Review.id < before)
    if campaigns is not None:
        query = query.where(Review.campaign_id.in_(campaigns))
    return list(session.scalars(query.order_by(Review.id.desc()).limit(limit)))


def _whole(session: Session, ids: list[int]) -> list[Review]:
    query = select(Review).where(Review.id.in_(ids)).order_by(Review.id.desc()).options(*order.WHOLE)
    return list(session.scalars(query))
