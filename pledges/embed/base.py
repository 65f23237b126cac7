"""The blueprint of what other sites embed: the campaign and the language of the address are known before any of it."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from pledges.campaigns import finding
from pledges.db import reading
from pledges.models import Campaign
from pledges.web.headers import OPEN
from pledges.web.language import speak_for
from pledges.web.paging import count_if_deep
from pledges.web.spelling import LANGUAGES, LOOKS

embed = Blueprint("embed", __name__)  # pages of a campaign, in each language
embedding = Blueprint("embedding", __name__)  # addresses of no campaign: the script, its style sheet, oEmbed
EVERYWHERE = {**OPEN, "Cross-Origin-Resource-Policy": "cross-origin"}  # pages that isolate themselves may load it, too


@embed.before_request
def read_campaign() -> None:
    """The campaign of the address is known, and its first language is spoken, or that of the address, or `lang=`."""
    slug = (request.view_args or {}).get("slug")
    if slug is not None:
        speak(finding.campaign_or_404(reading(), slug), request.args.get("lang", ""))
        count_if_deep(*LOOKS)


def speak(campaign: Campaign, lang: str) -> Campaign:
    """All is said in `lang`, where that is one of ours; links lead to pages in the same language."""
    if lang in LANGUAGES:
        first = campaign.languages[0] if campaign.languages else "en"
        g.prefix = "" if lang == first else lang
    return speak_for(campaign)


@embed.after_request
@embedding.after_request
def open_to_every_site(response: Response) -> Response:
    """Scripts of other sites may read it, also that something is not there any more."""
    response.headers |= EVERYWHERE
    return response
