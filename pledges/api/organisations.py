"""The organisations of a wall, as JSON."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from pledges.db import reading, utcnow
from pledges.models import OrganisationOnWall
from pledges.organisations import badges, places
from pledges.organisations.facts import meaning, sector_asked
from pledges.settings import settings
from pledges.wall.filters import QUESTION_CHARS
from pledges.web.caching import kept
from pledges.web.language import link

from . import schemas
from .asked import limit_meant
from .base import api, described
from .reads import answered, campaign_or_404, limit_asked, not_a_cursor


@api.get("/campaigns/<slug>/organisations")
@kept(meaning=lambda given: limit_meant(meaning(given)))
@described("The organisations that stand on its wall under their names, by name", schemas.Organisations)
def organisations(slug: str) -> ResponseReturnValue:
    campaign, limit = campaign_or_404(slug), limit_asked()
    asked = " ".join(request.args.get("q", "")[: 4 * QUESTION_CHARS].split())[:QUESTION_CHARS]
    given = request.args.get("after", "")
    after = places.Place.read(given) if given else None
    if given and after is None:
        raise not_a_cursor()

    sector = sector_asked()

    def body() -> schemas.Organisations:
        found, rest = places.page(reading(), campaign.id, asked, after, limit, sector=sector)
        return schemas.Organisations(
            organisations=[_organisation(campaign.slug, each) for each in found], next=str(rest) if rest else None
        )

    return answered(campaign, body)


def _organisation(slug: str, row: OrganisationOnWall) -> schemas.Organisation:
    return schemas.Organisation(
        id=row.organisation.public_id,
        url=settings().base_url + link("organisation", slug=slug, id=row.organisation.public_id),
        name=row.organisation.name,
        verified=badges.is_verified(row.organisation, utcnow()),
        sector=row.organisation.sector,
        size=row.organisation.size,
        pledges=row.promises,
        kept=row.kept,
    )
