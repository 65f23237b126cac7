"""What stands on each picture: what its page shows, and nothing of its author beyond the level they chose."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext as _
from flask_babel import ngettext

from pledges.db import reading
from pledges.figures import cloth, counters
from pledges.intake.forms.update import STATUSES
from pledges.models import Campaign, Contribution, Progress, Type
from pledges.organisations import logos
from pledges.settings import settings
from pledges.wall import pieces
from pledges.web.helpers import number, say
from pledges.web.language import language_name, page_lang

WIDE = 1200
OF_CLOTH = 150  # its height on a picture
STRIPS = 12  # as many days as have room there
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

Card = dict[str, Any]


def of_promise(pledge: Contribution, campaign: Campaign) -> Card:
    """Its words and its signature, over the cloth as it was on the day it came."""
    shown, revision = pieces.piece(pledge), pledge.published_revision
    assert revision is not None and pledge.published_at is not None  # noqa: S101 (it is shown)
    return {
        "kind": "promise",
        "words": revision.words,
        "instead": _("An answer in %(language)s", language=language_name(revision.lang))
        if pledge.type is Type.ANSWER
        else _("A promise in %(language)s", language=language_name(revision.lang)),
        "name": shown.by.name or _("Name not shown"),
        "meta": shown.by.meta,
        "motif": shown.motif,
        "dye": shown.dye,
        "size": shown.size,
        "site": campaign.title.in_(page_lang()),
        "status": str(STATUSES.get(pledge.progress, "")),
        "kept": pledge.progress is Progress.KEPT,
        "logo": _logo(pledge, shown),
        **_ground(campaign, until=pledge.published_at.date()),
    }


def _logo(pledge: Contribution, shown: pieces.Piece) -> Card | None:
    """The checked logo of the organisation that stands behind it, while its badge holds."""
    if shown.logo is None or pledge.organisation is None:
        return None
    png = logos.png(reading(), pledge.organisation, shown.logo.hash)
    if png is None:
        return None
    return {"png": b64encode(png).decode(), "width": shown.logo.width, "height": shown.logo.height}


def of_wall(campaign: Campaign) -> Card:
    """What the campaign calls out, and what came of it."""
    counts = counters.without_examples(counters.read(reading(), campaign.id))
    promises, organisations = counts.get("pledges", 0), counts.get("organisations", 0)
    figures = [
        (number(promises), ngettext("promise", "promises", promises)),
        (number(organisations), ngettext("organisation", "organisations", organisations)),
        (number(counts.get("progress:kept", 0)), _("already kept")),
    ]
    return {
        "kind": "wall",
        "hero": say("hero").striptags(),
        "title": campaign.title.in_(page_lang()),
        "figures": figures if promises else [],
        **_ground(campaign),
    }


def of_count(campaign: Campaign) -> Card:
    """How many promises there are, and where."""
    promises = counters.without_examples(counters.read(reading(), campaign.id)).get("pledges", 0)
    return {
        "kind": "count",
        "number": number(promises),
        "word": ngettext("promise so far", "promises so far", promises),
        "title": f"{campaign.title.in_(page_lang())} · {urlsplit(settings().base_url).netloc}/{campaign.slug}",
        **_ground(campaign),
    }


def _ground(campaign: Campaign, *, until: date | None = None) -> Card:
    """The campaign's colours, and its cloth: of the days until then, so that it stays as it was."""
    days = pieces.days_of(reading(), campaign)
    last = until.isoformat() if until else "9"
    woven = cloth.weave(tuple(day for day in days if day[0] <= last)[-STRIPS:], width=WIDE, height=OF_CLOTH)
    return {
        "cloth": {
            "warp": woven.warp,
            "joints": woven.joints,
            "fine_joints": woven.fine_joints,
            "dyed": woven.dyed,
        },
        "campaign": _colour(campaign, "campaign", "#232a68"),
        "on_campaign": _colour(campaign, "on_campaign", "#ffffff"),
        "accent": _colour(campaign, "accent", "#f5bc33"),
    }


def _colour(campaign: Campaign, name: str, ours: str) -> str:
    own = str((campaign.colours or {}).get(name, ""))
    return own if _COLOUR.fullmatch(own) else ours
