"""How promises go, as JSON: one of them, and all of a campaign."""

from __future__ import annotations

from datetime import UTC

from flask.typing import ResponseReturnValue

from pledges.db import reading
from pledges.figures import counters, keeping
from pledges.models import Campaign
from pledges.updates import timeline
from pledges.wall import shown
from pledges.web import language
from pledges.web.caching import kept

from . import schemas
from .asked import limit_meant
from .base import api, described
from .reads import after_asked, answered, campaign_or_404, limit_asked


@api.get("/pledges/<id>/updates")
@kept(meaning=limit_meant)
@described("What the author of a promise told of how it goes, the newest first", schemas.Updates)
def updates(id: str) -> ResponseReturnValue:
    asked = language.speak_for(shown.campaign_of_or_404(reading(), id))
    pledge = shown.shown_anywhere_or_404(reading(), id)
    after, limit = after_asked(), limit_asked()

    def body() -> schemas.Updates:
        page = timeline.entries(reading(), pledge, after, limit)
        return schemas.Updates(status=pledge.progress, updates=[_update(each) for each in page.items], next=page.next)

    return answered(asked, body)


def _update(entry: timeline.Entry) -> schemas.Update:
    return schemas.Update(
        id=entry.id,
        status=entry.status,
        at=entry.at.astimezone(UTC),
        note=entry.note or None,
        link=entry.link or None,
        promise=entry.promise or None,
        lang=entry.lang or None,
    )


@api.get("/campaigns/<slug>/figures")
@kept()
@described("Promises made, asked about and answered, and how those stand whose authors have told", schemas.Figures)
def figures(slug: str) -> ResponseReturnValue:
    asked = campaign_or_404(slug)
    return answered(asked, lambda: _figures(asked))


def _figures(campaign: Campaign) -> schemas.Figures:
    found = keeping.of(counters.read(reading(), campaign.id), campaign.target)
    return schemas.Figures(
        made=found.made,
        asked=found.asked,
        answered=found.answered,
        unasked=found.unasked,
        target=found.target,
        **{status.value: found.by[status] for status in keeping.TOLD},
    )
