"""Which promises and answers stand on a page of the wall, newest first."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Integer, Select, bindparam, or_, select
from sqlalchemy.orm import Session, joinedload, load_only, selectinload

from pledges.models import Audience, Campaign, Contribution, Kind, Organisation, Progress, Question, Type
from pledges.web.paging import Cursor, Page

from .filters import Filters
from .pieces import OF_A_PIECE

PAGE = 24


WHOLE = (  # with all that is told of a campaign, so that none of many asks by itself
    selectinload(Campaign.themes),
    selectinload(Campaign.audiences),
    selectinload(Campaign.questions),
)


_WALL = (  # built once: that costs more than asking
    select(Contribution)
    .where(
        Contribution.campaign_id == bindparam("campaign"),
        Contribution.type == bindparam("type"),
        Contribution.shown_at.is_not(None),
    )
    .options(
        *OF_A_PIECE,
        load_only(Contribution.organisation_id, raiseload=True),
        joinedload(Contribution.organisation).load_only(Organisation.verified_at, raiseload=True),
    )
    .order_by(Contribution.shown_at.desc(), Contribution.id.desc())
    .limit(bindparam("most", type_=Integer))
)


def wall_page(
    session: Session,
    campaign: Campaign,
    filters: Filters,
    after: Cursor | None,
    *,
    limit: int = PAGE,
    type: Type = Type.PLEDGE,
    question: Question | None = None,
) -> Page[Contribution]:
    """Published contributions, newest first; past the end, an empty page."""
    wanted = _filtered(_WALL, campaign, filters)
    if wanted is None:
        return Page([], None)
    if question is not None:
        wanted = wanted.where(Contribution.question_id == question.id)
    if after is not None:
        wanted = wanted.where(
            Contribution.shown_at <= after.at,
            or_(Contribution.shown_at < after.at, Contribution.id < after.id),
        )
    found = list(session.scalars(wanted, {"campaign": campaign.id, "type": type, "most": limit + 1}))
    more = len(found) > limit
    return Page(found[:limit], str(Cursor.of(found[limit - 1])) if more else None)


def _filtered(wanted: Select[Contribution], campaign: Campaign, filters: Filters) -> Select[Contribution] | None:
    """The query narrowed to what was asked; none where nothing can match."""
    themes = {theme.key: theme.id for theme in campaign.themes}
    audiences = {audience.key: audience for audience in campaign.audiences}
    try:
        if filters.theme:
            wanted = wanted.where(Contribution.theme_id == themes[filters.theme])
        if filters.audience:
            wanted = wanted.where(_speaks_as(audiences[filters.audience]))
        if filters.kind:
            wanted = wanted.where(Contribution.kind == Kind(filters.kind))
        if filters.status:
            wanted = wanted.where(Contribution.progress == Progress(filters.status))
    except (KeyError, ValueError):
        return None
    if filters.lang and filters.lang not in campaign.contribution_languages:
        return None
    return wanted.where(Contribution.lang == filters.lang) if filters.lang else wanted


def _speaks_as(audience: Audience) -> ColumnElement[bool]:
    """Who chose this audience; where it is all of a kind, everyone of that kind, who need not say so."""
    chosen = Contribution.audience_id == audience.id
    return or_(chosen, Contribution.kind == audience.kind) if audience.kind is not None else chosen


ON_ITS_PAGE = (joinedload(Contribution.published_revision), joinedload(Contribution.question))
