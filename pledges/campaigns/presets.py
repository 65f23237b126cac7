"""Campaigns that are ready to be opened: drawn from real ones, told in our own words, in English and Welsh."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from babel.dates import format_date
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.db import Translated
from pledges.models import AkismetUse, Audience, Campaign, CampaignState, Kind, Prompt, Question, Theme
from pledges.tokens import new_public_id

FOLDER = Path(__file__).parent / "preset_data"
FIRST = "race-equality-week"
NAMES = (FIRST, "iro-managers", "ealing-schools", "courageous-conversations", "send-conversation")
DYES = ("listen", "speak", "schools", "work", "families", "services")
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
OURS = frozenset(
    [
        "cy",
        "en",
        "api",
        "moderation",
        "receipt",
        "letters",
        "proofs",
        "drafts",
        "static",
        "privacy",
        "house-rules",
        "accessibility",
        "help",
        "healthz",
        "readyz",
        "metrics",
        "oembed",
        "embed",
        "embed.js",
        "send-link",
        "favicon.ico",
        "robots.txt",
        "security.txt",
        "well-known",
    ]
)


def add(session: Session, name: str, now: datetime, *, slug: str = "", open_now: bool = True) -> Campaign:
    """The campaign of this preset, with its themes, audiences, prompts and questions; ValueError for a taken address."""
    data = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    starts_on, ends_on = race_equality_week(now.date()) if data["dates"] else (None, None)
    campaign = Campaign(
        slug=free_slug(session, slug or data["slug"]),
        preset=name,
        state=CampaignState.OPEN if open_now else CampaignState.DRAFT,
        title=Translated(data["title"]),
        words=_with_dates(data["words"], starts_on, ends_on),
        hashtag=data["hashtag"],
        owner=data["owner"],
        starts_on=starts_on,
        ends_on=ends_on,
        show_names=data["show_names"],
        akismet=AkismetUse(data.get("akismet", AkismetUse.ASK)),
        through_teacher=data.get("through_teacher", False),
        comments_open=data.get("comments_open", True),
        created_at=now,
    )
    session.add(campaign)
    session.flush()
    _add_parts(session, campaign, data)
    return campaign


def create(session: Session, slug: str, title: dict[str, str], languages: list[str], now: datetime) -> Campaign:
    """An empty campaign, not open yet, with the themes of the first preset; ValueError for an address that is no good."""
    data = tomllib.loads((FOLDER / f"{FIRST}.toml").read_text(encoding="utf-8"))
    campaign = Campaign(slug=free_slug(session, slug), title=Translated(title), languages=languages, created_at=now)
    session.add(campaign)
    session.flush()
    _add_parts(session, campaign, {"themes": data["themes"], "audiences": data["audiences"]})
    return campaign


def free_slug(session: Session, slug: str) -> str:
    """`slug`, or ValueError with what is wrong with it."""
    if not SLUG.fullmatch(slug):
        raise ValueError(f"{slug!r} is no address: use small letters, digits and hyphens")
    if slug in OURS:
        raise ValueError(f"{slug!r} is an address of our own")
    if session.scalars(select(Campaign.id).where(Campaign.slug == slug)).first() is not None:
        raise ValueError(f"there is a campaign at {slug!r} already")
    return slug


def race_equality_week(today: date) -> tuple[date, date]:
    """Monday and Sunday of the next Race Equality Week: it begins on the first Monday of February."""
    for year in (today.year, today.year + 1):
        first = date(year, 2, 1)
        monday = first + timedelta(days=-first.weekday() % 7)
        if monday + timedelta(days=6) >= today:
            break
    return monday, monday + timedelta(days=6)


def span(starts_on: date, ends_on: date, lang: str) -> str:
    """ "1 to 7 February 2027", in the language asked for."""
    start = format_date(starts_on, "d MMMM" if starts_on.month != ends_on.month else "d", locale=lang)
    joint = {"cy": "i"}.get(lang, "to")
    return f"{start} {joint} {format_date(ends_on, 'd MMMM y', locale=lang)}"


def _with_dates(words: dict[str, Any], starts_on: date | None, ends_on: date | None) -> dict[str, Any]:
    if starts_on is None or ends_on is None:
        return words
    return {
        name: {lang: text.replace("{dates}", span(starts_on, ends_on, lang)) for lang, text in texts.items()}
        for name, texts in words.items()
    }


def _add_parts(session: Session, campaign: Campaign, data: dict[str, Any]) -> None:
    for place, theme in enumerate(data.get("themes", [])):
        dye = theme.get("dye", theme["key"])
        row = Theme(campaign_id=campaign.id, key=theme["key"], title=Translated(theme["title"]), dye=dye, place=place)
        row.hint = Translated()
        session.add(row)
    session.flush()
    themes = dict(session.execute(select(Theme.key, Theme.id).where(Theme.campaign_id == campaign.id)).all())
    for place, audience in enumerate(data.get("audiences", [])):
        title = Translated(audience["title"])
        kind = Kind(audience["kind"]) if "kind" in audience else None
        session.add(Audience(campaign_id=campaign.id, key=audience["key"], title=title, kind=kind, place=place))
    for place, question in enumerate(data.get("questions", [])):
        words = Translated(question["words"])
        session.add(Question(campaign_id=campaign.id, public_id=new_public_id(), words=words, place=place))
    for place, prompt in enumerate(data.get("prompts", [])):
        words = Translated(prompt["words"])
        theme_id = themes[prompt["theme"]] if "theme" in prompt else None
        session.add(Prompt(campaign_id=campaign.id, use="promise", words=words, place=place, theme_id=theme_id))
    session.flush()
