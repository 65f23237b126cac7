"""Which promises an embedded wall shows: the newest, of one theme where one is asked for; or one alone."""

from __future__ import annotations

from typing import Any

from flask import g

from pledges.db import reading
from pledges.models import Contribution, OrganisationOnWall, Question
from pledges.updates import actions
from pledges.wall import filters, listing
from pledges.wall import shown as wall_shown
from pledges.web.caching import shows
from pledges.web.paging import count_if_deep

from .asked import Asked
from .showing import shown


def newest(asked: Asked, question: Question | None = None) -> dict[str, Any]:
    """The parts of the campaign's wall, or of a question's, with as many items as were asked for."""
    items: list[Contribution] = []
    if asked.mode == "count" or not asked.limit:
        pass
    elif question is None:
        wanted = filters.Filters(theme=asked.theme)
        count_if_deep(strange=wanted.is_strange(g.campaign))
        items = listing.wall_page(reading(), g.campaign, wanted, limit=asked.limit).items
    elif question.answers_public:
        items = listing.answers_page(reading(), g.campaign, question, None, limit=asked.limit).items
    shows(each.id for each in items)
    return shown(g.campaign, items, question)


def of_organisation(asked: Asked, row: OrganisationOnWall) -> dict[str, Any]:
    """The parts of what an organisation promised here."""
    items = listing.of_organisation_page(reading(), g.campaign, row.organisation_id, None, limit=asked.limit or 1).items
    shows(each.id for each in items)
    return shown(g.campaign, items, name=row.organisation.name)


def one(contribution: Contribution) -> dict[str, Any]:
    """The parts with this one item."""
    shows([contribution.id])
    return shown(g.campaign, [contribution], acts=actions.of(reading(), contribution))


def one_or_404(shelf: str, id: str) -> Contribution:
    """The promise or answer that stands at this address; raises NotYours."""
    return wall_shown.shown_or_404(reading(), g.campaign, id, wall_shown.SHELVES[shelf], with_it=listing.ON_ITS_PAGE)
