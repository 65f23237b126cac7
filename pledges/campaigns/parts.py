"""The themes, audiences, questions and prompts of a campaign: read once in a process for each version of its wall.

They change seldom and every page asks for them. Whoever changes one moves the version in the same transaction, which is seen
to here; so what was read under a version stands for as long as the campaign is at it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import event, select
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.orm.attributes import set_committed_value

from pledges.db import WRITES, WallSession, database
from pledges.models import Audience, Campaign, Contribution, Prompt, Question, Theme

from . import versions

PARTS: dict[str, type[Theme | Audience | Question | Prompt]] = {
    "themes": Theme,
    "audiences": Audience,
    "questions": Question,
    "prompts": Prompt,
}
_KINDS = (Theme, Audience, Question, Prompt)
SHELF = "wall.parts"  # the extension: campaign id -> its parts


@dataclass(frozen=True)
class Parts:
    """As they stood at a version; objects of no session, which nobody writes to."""

    version: int
    rows: dict[str, list[Any]]


def lay_out(session: Session, campaign: Campaign) -> None:
    """Its parts are there without a query. A transaction that writes reads them itself: it may have changed them."""
    if session.info.get(WRITES):
        return
    shelf: dict[int, Parts] = current_app.extensions.setdefault(SHELF, {})
    known = shelf.get(campaign.id)
    if known is None or known.version != campaign.wall_version:
        known = shelf[campaign.id] = _read(campaign)
    for name, rows in known.rows.items():
        set_committed_value(campaign, name, list(rows))


def _read(campaign: Campaign) -> Parts:
    """In a session of its own, so that they belong to none afterwards; the version was read before them."""
    rows: dict[str, list[Any]] = {}
    with database().new_session() as session:
        for name, kind in PARTS.items():
            wanted = select(kind).where(kind.campaign_id == campaign.id).order_by(kind.place)
            rows[name] = list(session.scalars(wanted))
    return Parts(campaign.wall_version, rows)


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
    for campaign_id in sorted({each.campaign_id for each in changed if isinstance(each, _KINDS)}):
        versions.touch(session, campaign_id)


@event.listens_for(WallSession, "do_orm_execute")
def _moved_at_once(state: ORMExecuteState) -> None:
    kind = state.bind_mapper.class_ if state.bind_mapper is not None else None
    if (state.is_update or state.is_delete) and kind in _KINDS:
        versions.touch_all(state.session)
