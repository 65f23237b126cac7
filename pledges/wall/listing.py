"""Which promises and answers stand on a page of the wall, newest first."""

from __future__ import annotations

from sqlalchemy import Integer, Select, bindparam, or_, select
from sqlalchemy.orm import Session, joinedload, load_only, selectinload

from pledges.campaigns.known import with_themes
from pledges.models import Audience, Campaign, Contribution, Kind, Organisation, Progress, Question, ShowName, Type
from pledges.search import wall as index
from pledges.search.wall import Bound, Wanted, mark
from pledges.web.paging import BadCursor, Cursor, Page, Place

from .filters import KEPT_FIRST, Filters
from .pieces import OF_A_PIECE

PAGE = 24


WHOLE = (  # with all that is told of a campaign, so that none of many asks by itself
    selectinload(Campaign.themes),
    selectinload(Campaign.audiences),
    selectinload(Campaign.questions),
)


OF_AN_ORGANISATION = (
    Organisation.logo_alt,
    Organisation.logo_hash,
    Organisation.logo_height,
    Organisation.logo_width,
    Organisation.public_id,
    Organisation.verified_at,
    Organisation.verified_until,
)
_EACH = select(Contribution).options(
    *OF_A_PIECE,
    load_only(Contribution.organisation_id, Contribution.wall_place, raiseload=True),
    joinedload(Contribution.organisation).load_only(*OF_AN_ORGANISATION, raiseload=True),
)
_WALL = _EACH.where(  # built once: that costs more than asking
    Contribution.campaign_id == bindparam("campaign"),
    Contribution.type == bindparam("type"),
    Contribution.shown_at.is_not(None),
).limit(bindparam("most", type_=Integer))
_NEWEST = _WALL.order_by(Contribution.shown_at.desc(), Contribution.id.desc())
_OLDEST = _WALL.order_by(Contribution.shown_at, Contribution.id)


def wall_page(
    session: Session,
    campaign: Campaign,
    filters: Filters,
    *,
    after: str = "",
    before: str = "",
    limit: int = PAGE,
) -> Page[Contribution]:
    """Published promises, newest first or the kept ones first; past the end, an empty page.

    `after` and `before` are cursors of an earlier page. Raises BadCursor.
    """
    if set(filters.asked) <= {"theme"}:
        page = _by_time(session, campaign, filters, after, before, limit)
    else:
        wanted = wanted_by(campaign, filters)
        page = Page([], None) if wanted is None else _by_place(session, campaign, wanted, after, before, limit)
    if before and page.before is None:  # the first page: it is always a whole one
        return wall_page(session, campaign, filters, limit=limit)
    return page


def answers_page(
    session: Session, campaign: Campaign, question: Question, after: Cursor | None, *, limit: int = PAGE
) -> Page[Contribution]:
    """Published answers to a question, newest first; past the end, an empty page."""
    wanted = _NEWEST.where(Contribution.question_id == question.id)
    if after is not None:
        wanted = _after(wanted, after)
    found = with_themes(
        campaign, session.scalars(wanted, {"campaign": campaign.id, "type": Type.ANSWER, "most": limit + 1})
    )
    more = len(found) > limit
    return Page(found[:limit], str(Cursor.of(found[limit - 1])) if more else None)


def of_organisation_page(
    session: Session, campaign: Campaign, organisation_id: int, after: Cursor | None, *, limit: int = PAGE
) -> Page[Contribution]:
    """What an organisation has promised here under its name, newest first; past the end, an empty page."""
    wanted = _NEWEST.where(
        Contribution.organisation_id == organisation_id,
        Contribution.kind == Kind.ORGANISATION,
        Contribution.show_name != ShowName.ANONYMOUS,
    )
    if after is not None:
        wanted = _after(wanted, after)
    found = with_themes(
        campaign, session.scalars(wanted, {"campaign": campaign.id, "type": Type.PLEDGE, "most": limit + 1})
    )
    more = len(found) > limit
    return Page(found[:limit], str(Cursor.of(found[limit - 1])) if more else None)


# The whole wall, or a theme of it: an index of the contributions themselves


def _by_time(
    session: Session, campaign: Campaign, filters: Filters, after: str, before: str, limit: int
) -> Page[Contribution]:
    themes = {theme.key: theme.id for theme in campaign.themes}
    if filters.theme and filters.theme not in themes:
        return Page([], None)
    backwards = bool(before)
    wanted = _OLDEST if backwards else _NEWEST
    if filters.theme:
        wanted = wanted.where(Contribution.theme_id == themes[filters.theme])
    if backwards:
        wanted = _before(wanted, _moment(before, campaign))
    elif after:
        wanted = _after(wanted, _moment(after, campaign))
    found = with_themes(
        campaign, session.scalars(wanted, {"campaign": campaign.id, "type": Type.PLEDGE, "most": limit + 1})
    )
    return _page(found, limit, [str(Cursor.of(each)) for each in found], backwards=backwards, began=bool(after))


def _after(wanted: Select[Contribution], cursor: Cursor) -> Select[Contribution]:
    return wanted.where(
        Contribution.shown_at <= cursor.at, or_(Contribution.shown_at < cursor.at, Contribution.id < cursor.id)
    )


def _before(wanted: Select[Contribution], cursor: Cursor) -> Select[Contribution]:
    return wanted.where(
        Contribution.shown_at >= cursor.at, or_(Contribution.shown_at > cursor.at, Contribution.id > cursor.id)
    )


def _moment(text: str, campaign: Campaign) -> Cursor:
    return Place.read(text, campaign.id).as_cursor() if text.startswith("p") and "." in text else Cursor.read(text)


def _page(
    found: list[Contribution], limit: int, cursors: list[str], *, backwards: bool, began: bool
) -> Page[Contribution]:
    """A page of what was found, which is one more than fits where there are more; read backwards, the nearest is first."""
    more, items, cursors = len(found) > limit, found[:limit], cursors[:limit]
    if backwards:
        items, cursors = items[::-1], cursors[::-1]
    if not items:
        return Page([], None)
    return Page(
        items,
        cursors[-1] if more or backwards else None,
        cursors[0] if (more if backwards else began) else None,
    )


# What was asked for: the index of what stands on the wall


def _by_place(
    session: Session, campaign: Campaign, wanted: list[Wanted], after: str, before: str, limit: int
) -> Page[Contribution]:
    bound, backwards = Bound(), bool(before)  # of two cursors, the one that leads back holds
    if before or after:
        given = Place.read(before or after, campaign.id)
        bound = Bound(min(given.part, len(wanted) - 1), given.place, backwards)
    places = index.places(session, wanted, limit + 1, bound)
    if not places:
        return Page([], None)
    query = _EACH.where(  # what was taken down since its place was found is left out
        Contribution.wall_place.in_([place for _, place in places]), Contribution.shown_at.is_not(None)
    )
    there = {each.wall_place: each for each in with_themes(campaign, session.scalars(query))}
    found = [(there[place], str(Place(part, place))) for part, place in places if place in there]
    return _page([each for each, _ in found], limit, [at for _, at in found], backwards=backwards, began=bool(after))


def wanted_by(campaign: Campaign, filters: Filters) -> list[Wanted] | None:
    """The parts of the list that was asked for, one after the other; none where nothing can match."""
    themes = {theme.key: theme.id for theme in campaign.themes}
    audiences = {audience.key: audience for audience in campaign.audiences}
    marks: list[tuple[str, ...]] = []
    try:
        if filters.theme:
            marks.append((mark("theme", themes[filters.theme]),))
        if filters.audience:
            marks.append(_speaks_as(audiences[filters.audience]))
        if filters.kind:
            marks.append((mark("kind", Kind(filters.kind)),))
        if filters.status:
            marks.append((mark("status", Progress(filters.status)),))
    except (KeyError, ValueError):
        return None
    if filters.lang:
        if filters.lang not in campaign.contribution_languages:
            return None
        marks.append((mark("lang", filters.lang),))
    if filters.q and not index.says_something(filters.q):
        return None
    wanted = Wanted(campaign.id, tuple(marks), filters.q)
    return list(wanted.parted(mark("status", Progress.KEPT))) if filters.sort == KEPT_FIRST else [wanted]


def _speaks_as(audience: Audience) -> tuple[str, ...]:
    """Who chose this audience; where it is all of a kind, everyone of that kind, who need not say so."""
    chosen = mark("audience", audience.id)
    return (chosen, mark("kind", audience.kind)) if audience.kind is not None else (chosen,)


ON_ITS_PAGE = (
    joinedload(Contribution.published_revision),
    joinedload(Contribution.question),
    joinedload(Contribution.organisation),
)

__all__ = ["ON_ITS_PAGE", "PAGE", "WHOLE", "BadCursor", "answers_page", "wall_page"]
