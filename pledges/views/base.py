"""The blueprint of the public pages: the campaign of the address is known before any of them."""

from __future__ import annotations

from flask import Blueprint, request

from pledges.campaigns import finding
from pledges.db import reading
from pledges.web.language import speak_for

public = Blueprint("public", __name__)


@public.before_request
def read_campaign() -> None:
    """The campaign of the address is known, and without a prefix its first language is spoken."""
    slug = (request.view_args or {}).get("slug")
    if slug is not None:
        speak_for(finding.campaign_or_404(reading(), slug))
