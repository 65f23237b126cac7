"""A campaign with its themes, audiences, questions and prompts: every page asks for it, and it seldom changes.

So its row is read with each request, and what was made of it before in this process is taken where the row is the very same.
The row holds the version of the wall, which whoever changes one of its parts moves in the same transaction: that is seen to here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import Row, bindparam, event, select
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.orm.attributes import set_committed_value

from pledges.db import WRITES, WallSession, database
from pledges.models import Audience, Campaign, Contribution, Prompt, Question, Theme
from pledges.models.rows import table_of

from . import versions

_TABLE = table_of(Campaign)
_ROW = select(_TABLE).where(_TABLE.c.slug == bindparam("slug"))
_BY_SLUG = select(Campaign).where(Campaign.slug == bindparam("slug"))
_PARTS = (Theme, Audience, Question, Prompt)
SHELF = "wall.campaigns"  # the extension: slug -> what is known


@dataclass(frozen=True)
class Known:
    """A campaign as it was read with this row; it belongs to no session, and nobody writes to it."""

    row: Row[Any]
    campaign: Campaign


def of_slug(session: Session, slug: str) -> Campaign | None:
    """The campaign at this address as it stands in this transaction; one that writes has an object of its own."""
    if session.info.get(WRITES):
        return session.scalars(_BY_SLUG, {"slug": slug}).first()
    row = session.connection().execute(_ROW, {"slug": slug}).first()
    if row is None:
        return None
    shelf: dict[str, Known] = current_app.extensions.setdefault(SHELF, {})
    known = shelf.get(slug)
    if known is None or known.row != row:
        known = _read(slug)
        if known is None or known.row != row:  # it changes in this very moment: what this transaction sees is older
            return session.scalars(_BY_SLUG, {"slug": slug}).first()
        shelf[slug] = known
    return known.campaign


def _read(slug: str) -> Known | None:
    """All of it as of one moment, in a session of its own, so that it belongs to none afterwards."""
    with database().snapshot() as session:
        row = session.connection().execute(_ROW, {"slug": slug}).first()
        campaign = session.scalars(_BY_SLUG, {"slug": slug}).first()
        if row is None or campaign is None:
            return None
        for parts in (campaign.themes, campaign.audiences, campaign.questions, campaign.prompts):
            len(parts)  # they are there once they were looked at
        return Known(row, campaign)


def with_themes(campaign: Campaign, found: Iterable[Contribution]) -> list[Contribution]:
    """The same, each with its theme, which is one of the campaign's."""
    themes = {theme.id: theme for theme in campaign.themes}
    each = list(found)
    for one in each:
        set_committed_value(one, "theme", themes.get(one.theme_id) if one.theme_id is not None else None)
    return each


@event.listens_for(WallSession, "before_flush")
def _moved(session: WallSession, *_given: Any) -> None:
    changed = (*session.new, *session.dirty, *session.deleted)
    for campaign_id in sorted({each.campaign_id for each in changed if isinstance(each, _PARTS)}):
        versions.touch(session, campaign_id)


@event.listens_for(WallSession, "do_orm_execute")
def _moved_at_once(state: ORMExecuteState) -> None:
    kind = state.bind_mapper.class_ if state.bind_mapper is not None else None
    if (state.is_update or state.is_delete) and kind in _PARTS:
        versions.touch_all(state.session)
