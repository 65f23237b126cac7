"""What stands under a promise, the newest first: comments, and what its author told of how it goes."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm.attributes import set_committed_value

from pledges.db import reading
from pledges.intake.forms.update import STATUSES
from pledges.models import Campaign, Contribution, Type
from pledges.updates import timeline
from pledges.wall import pieces
from pledges.web.language import address_of, page_lang
from pledges.web.paging import Cursor, Page

from .atom import Entry
from .entries import entry

_COMMENTS = (  # built once: that costs more than asking
    select(Contribution)
    .where(
        Contribution.parent_id == bindparam("parent"),
        Contribution.type == Type.COMMENT,
        Contribution.shown_at.is_not(None),
    )
    .options(*pieces.OF_A_PIECE)
    .order_by(Contribution.shown_at.desc(), Contribution.id.desc())
)

Placed = tuple[datetime, int, Entry]  # when, and a number of its own: even for comments, odd for what was told


def newest(pledge: Contribution, campaign: Campaign, after: Cursor | None, limit: int) -> Page[Entry]:
    """A page of both, in one order, so that none is missed and none comes twice."""
    every = _comments(pledge, campaign, after, limit)
    if pledge.type is Type.PLEDGE:
        every += _told(pledge, campaign, after, limit)
    every.sort(key=lambda each: each[:2], reverse=True)
    page = [each for _at, _number, each in every[:limit]]
    last = every[limit - 1] if len(every) > limit else None
    return Page(page, str(Cursor(last[0], last[1])) if last is not None else None)


def _comments(pledge: Contribution, campaign: Campaign, after: Cursor | None, limit: int) -> list[Placed]:
    wanted = _COMMENTS.limit(limit + 1)
    if after is not None:
        wanted = wanted.where(
            Contribution.shown_at <= after.at,
            or_(Contribution.shown_at < after.at, Contribution.id < (after.id + 1) // 2),
        )
    found = list(reading().scalars(wanted, {"parent": pledge.id}))
    for each in found:
        set_committed_value(each, "parent", pledge)  # so that none asks for it
    return [(each.shown_at, 2 * each.id, entry(each, campaign)) for each in found if each.shown_at is not None]


def _told(pledge: Contribution, campaign: Campaign, after: Cursor | None, limit: int) -> list[Placed]:
    from_here = Cursor(after.at, after.id // 2) if after is not None else None
    page = timeline.entries(reading(), pledge, from_here, limit + 1)
    return [(each.at, 2 * each.row + 1, _update(each, pledge, campaign)) for each in page.items]


def _update(told: timeline.Entry, pledge: Contribution, campaign: Campaign) -> Entry:
    status = str(STATUSES[told.status])
    assert pledge.published_revision is not None  # noqa: S101 (it is shown)
    by = pieces.signature(pledge.published_revision, pledge.show_name).name or _("Name not shown")
    words = [f"{_('How it is going')}: {status}", told.promise, told.note, told.link, f"— {by}"]
    return Entry(
        public_id=told.id,
        url=f"{address_of(pledge, campaign, absolute=True)}#u-{told.id}",
        title=f"{_('How it is going')}: {status}",
        words="\n\n".join(said for said in words if said),
        lang=told.lang or page_lang(),
        by=by,
        published_at=told.at,
        updated_at=max(told.changed_at, pledge.name_lessened_at or told.at),
    )
