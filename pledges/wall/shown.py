"""One contribution or question that is shown; all else is not found."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ExecutableOption

from pledges.campaigns.known import with_themes
from pledges.errors import NotYours
from pledges.models import Campaign, CampaignState, Contribution, Question, Type

SHELVES = {"promises": Type.PLEDGE, "answers": Type.ANSWER}  # segment of the address -> what stands there
_ID = re.compile(r"[0-9a-z]{4,16}")


def shown_or_404(
    session: Session, campaign: Campaign, public_id: str, *types: Type, with_it: Sequence[ExecutableOption] = ()
) -> Contribution:
    """What stands at this address now; raises NotYours for what is hidden, elsewhere, or not there.

    `with_it`: what is read along; not where the row is locked later, which PostgreSQL does not do to such a join.
    """
    found = None
    if _ID.fullmatch(public_id):
        found = session.scalars(
            select(Contribution)
            .where(
                Contribution.public_id == public_id,
                Contribution.campaign_id == campaign.id,
                Contribution.type.in_(types),
                Contribution.shown_at.is_not(None),
            )
            .options(*with_it)
        ).first()
    if found is None or not _stands(found):
        raise NotYours
    return with_themes(campaign, [found])[0]


def hidden_since_shown(session: Session, campaign: Campaign, public_id: str, type: Type) -> Contribution | None:
    """What once stood at this address and stands there no more, though we still have it."""
    if not _ID.fullmatch(public_id):
        return None
    return session.scalars(
        select(Contribution).where(
            Contribution.public_id == public_id,
            Contribution.campaign_id == campaign.id,
            Contribution.type == type,
            Contribution.published_at.is_not(None),
            Contribution.erased_at.is_(None),
        )
    ).first()


def campaign_of_or_404(session: Session, public_id: str) -> Campaign:
    """The campaign of what may be shown under this id, so that its versions are read before the words; raises NotYours."""
    found = None
    if _ID.fullmatch(public_id):
        of = select(Campaign).join(Contribution, Contribution.campaign_id == Campaign.id)
        found = session.scalars(of.where(Contribution.public_id == public_id)).first()
    if found is None:
        raise NotYours
    return found


def shown_anywhere_or_404(session: Session, public_id: str) -> Contribution:
    """The promise or answer with this id on any shown campaign; raises NotYours."""
    found = None
    if _ID.fullmatch(public_id):
        found = session.scalars(
            select(Contribution)
            .join(Campaign, Campaign.id == Contribution.campaign_id)
            .where(
                Contribution.public_id == public_id,
                Contribution.type.in_(SHELVES.values()),
                Contribution.shown_at.is_not(None),
                Campaign.state != CampaignState.DRAFT,
            )
        ).first()
    if found is None or not _stands(found):
        raise NotYours
    return found


def _stands(contribution: Contribution) -> bool:
    """Whether the page that it belongs to is there: what stands under a promise goes with it, an answer with its question."""
    if contribution.type in (Type.COMMENT, Type.UPDATE):
        return contribution.parent is not None and contribution.parent.shown_at is not None
    question = contribution.question
    return question is None or (question.answers_public and question.archived_at is None)


def answered(session: Session, campaign: Campaign, parent: Contribution, public_id: str) -> Contribution | None:
    """The comment under `parent` that is replied to; replies stand one level deep, so a reply to a reply stands beside it."""
    try:
        comment = shown_or_404(session, campaign, public_id, Type.COMMENT)
    except NotYours:
        return None
    if comment.parent_id != parent.id:
        return None
    above = comment.reply_to
    return above if above is not None and above.shown_at is not None else comment


def question_or_404(session: Session, campaign: Campaign, public_id: str) -> Question:
    found = None
    if _ID.fullmatch(public_id):
        found = session.scalars(
            select(Question).where(
                Question.public_id == public_id,
                Question.campaign_id == campaign.id,
                Question.archived_at.is_(None),
            )
        ).first()
    if found is None:
        raise NotYours
    return found
