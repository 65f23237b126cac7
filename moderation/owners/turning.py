"""Where somebody can turn who is targeted: the campaign's own list, in the languages of its pages; none: the usual places of the UK."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from moderation.models import Moderator
from moderation.record import chain
from pledges import text
from pledges.campaigns import versions
from pledges.models import Campaign

NAME = "turn_to"  # among the campaign's words
MOST_LINES, MOST_CHARS = 12, 1_000


def read(given: dict[str, str]) -> dict[str, str]:
    """What was written, by language: a place a line, as plain text."""
    lines = {lang: text.clean(said, lines=True).splitlines() for lang, said in given.items()}
    return {lang: "\n".join(line for line in each if line.strip()) for lang, each in lines.items()}


def is_too_much(written: dict[str, str]) -> bool:
    return any(len(each) > MOST_CHARS or len(each.splitlines()) > MOST_LINES for each in written.values())


def change(session: Session, campaign: Campaign, written: dict[str, str], by: Moderator, now: datetime) -> None:
    """From now on these stand on receipts and beside reports; it stands in the record."""
    session.refresh(campaign, with_for_update=True)
    kept = {lang: words for lang, words in written.items() if words}
    words = {name: each for name, each in campaign.words.items() if name != NAME}
    before = campaign.words.get(NAME, {})
    if kept == before:
        return
    campaign.words = {**words, NAME: kept} if kept else words
    session.flush()
    versions.touch(session, campaign.id)
    told = {"before": {"languages": len(before)}, "after": {"languages": len(kept)}}
    chain.add(
        session,
        chain.actor(by),
        "campaign:turn-to",
        f"campaign:{campaign.id}",
        campaign_id=campaign.id,
        now=now,
        **told,
    )
