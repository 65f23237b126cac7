"""How long a page may be kept, and the tag by which it is known again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from flask import Response, make_response, request

from pledges.campaigns.finding import is_open
from pledges.db import utcnow
from pledges.models import Campaign
from pledges.settings import VERSION

from . import spelling
from .language import page_lang

SHARED = "public, max-age=5, stale-while-revalidate=25, stale-if-error=30"
FORM = "private, no-cache"  # not no-store: Back after a lost network must keep what was typed
PRIVATE = "private, no-store"


def shared(campaign: Campaign, page: Callable[[], str]) -> Response:
    """A page that caches may keep for seconds; unchanged since, it is not even drawn."""
    tag = etag(campaign, page_lang(), spelling.page_key(), utcnow())
    fresh = request.if_none_match.contains_weak(tag)
    response = Response(status=304) if fresh else make_response(page())
    response.set_etag(tag)
    response.headers["Cache-Control"] = SHARED
    return response


def etag(campaign: Campaign, lang: str, path: str, now: datetime) -> str:
    """Changes with the release, with what is shown, with the language and the page, and when the wall closes."""
    said = [VERSION, campaign.id, campaign.wall_version, campaign.state, is_open(campaign, now), lang, path]
    return hashlib.sha256("\0".join(map(str, said)).encode()).hexdigest()[:32]
