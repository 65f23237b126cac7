"""What checks say that speaks against an item."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from moderation.checks import repeats
from moderation.checks.base import Verdict
from moderation.models import Act, Finding, Review

SPEAKS = (Verdict.LOOK, Verdict.STOP)


def is_clear(review: Review) -> bool:
    """Every check of the newest round looked and found nothing; not asked by the campaign's choice is no finding.

    What a check could not tell is not clear.
    """
    said = _newest(review)
    return bool(said) and not review.masked and all(_quiet(finding) for finding in said)


def note_clear(session: Session, review: Review) -> None:
    """Whether it may come on a reading sheet is what the checks say now; what somebody took out of one comes on none."""
    review.clear = is_clear(review) and not _taken_out(session, review)


def _taken_out(session: Session, review: Review) -> bool:
    line = select(Act.id).where(Act.subject == f"review:{review.id}", Act.act == "review:set_aside")
    return session.scalars(line.limit(1)).first() is not None


def _quiet(finding: Finding) -> bool:
    return finding.verdict is Verdict.CLEAR or finding.detail.get("why") == "not_asked"


def spoken_against(review: Review) -> bool:
    """Whether a check wants it looked at for another reason than that it resembles others."""
    return any(finding.verdict in SPEAKS and finding.check != repeats.NAME for finding in _newest(review))


def is_spoken_against() -> ColumnElement[bool]:
    """The same as `spoken_against`, asked of the database for many items at once."""
    said = select(Finding.id).where(
        Finding.review_id == Review.id,
        Finding.round == Review.round,
        Finding.verdict.in_(SPEAKS),
        Finding.check != repeats.NAME,
    )
    return said.correlate(Review).exists()


def _newest(review: Review) -> list[Finding]:
    return [finding for finding in review.findings if finding.round == review.round]


def noticed(review: Review) -> bool:
    """Whether any check had a word against it, if only that it read nearly the same before."""
    return any(
        finding.verdict in SPEAKS or (finding.check == repeats.NAME and finding.verdict is Verdict.NOTICE)
        for finding in _newest(review)
    )
