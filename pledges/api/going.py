"""How promises go, as JSON: one of them, and all of a campaign."""

from __future__ import annotations

from typing import Any

from flask.typing import ResponseReturnValue

from pledges.db import reading
from pledges.figures import counters, keeping
from pledges.models import Campaign, Contribution
from pledges.updates import timeline
from pledges.wall import shown
from pledges.web import language
from pledges.web.caching import kept

from .reads import _after, _campaign_or_404, _limit, _moment, _shared, api


@api.get("/pledges/<id>/updates")
@kept()
def updates(id: str) -> ResponseReturnValue:
    """What its author told, newest first; `promise` holds the new words of a promise that has changed."""
    asked = language.speak_for(shown.campaign_of_or_404(reading(), id))
    pledge = shown.shown_anywhere_or_404(reading(), id)
    after, limit = _after(), _limit()
    return _shared(asked, lambda: _body(pledge, after, limit))


def _body(pledge: Contribution, after: Any, limit: int) -> dict[str, Any]:
    page = timeline.entries(reading(), pledge, after, limit)
    return {"status": pledge.progress.value, "updates": [_update(each) for each in page.items], "next": page.next}


def _update(entry: timeline.Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "status": entry.status.value,
        "at": _moment(entry.at),
        "note": entry.note or None,
        "link": entry.link or None,
        "promise": entry.promise or None,
        "lang": entry.lang or None,
    }


@api.get("/campaigns/<slug>/figures")
@kept()
def figures(slug: str) -> ResponseReturnValue:
    """Promises made, asked about and answered; how those stand whose authors have told; what the campaign hopes for."""
    asked = _campaign_or_404(slug)
    return _shared(asked, lambda: _figures(asked))


def _figures(campaign: Campaign) -> dict[str, Any]:
    found = keeping.of(counters.read(reading(), campaign.id), campaign.target)
    return {
        "made": found.made,
        "asked": found.asked,
        "answered": found.answered,
        "unasked": found.unasked,
        **{status.value: found.by[status] for status in keeping.TOLD},
        "target": found.target,
    }
