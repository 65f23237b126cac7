"""Example promises for trying the wall out: marked as examples, and gone with one command."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.decisions import decide
from moderation.models import Review
from moderation.workflow import Move, State
from pledges.intake import storing
from pledges.intake.door import review_desk
from pledges.intake.sent import Origin, Sent
from pledges.models import Campaign, CampaignState, Contribution, Kind, Progress, ShowName, Type
from pledges.receipt import acts
from pledges.settings import settings
from pledges.wall import steps

from .demo_data import COMMENTS, PROMISES

USUAL = len(PROMISES)
SPREAD = timedelta(days=12)  # so that the picture of the wall has strips
AGREED = {"public": "An example: nobody agreed to anything."}
MANY = 1_000  # more are written in another way: the rows alone
EXAMPLES = select(Contribution.id).where(Contribution.example.is_(True), Contribution.erased_at.is_(None))
CHANCE = 20270201  # the same examples in the same order every time


def add(session: Session, count: int, now: datetime, *, slug: str = "") -> int:
    """`count` example promises stand on the wall, some under way or kept, some with comments."""
    campaign = open_campaign(session, slug)
    campaign.examples_shown = True
    chance = random.Random(CHANCE)
    themes: dict[str, int | None] = {theme.key: theme.id for theme in campaign.themes}
    fallback = itertools.cycle(list(themes.values()) or [None])
    permitted = set(campaign.show_names)
    for number, row in zip(range(count), itertools.cycle(PROMISES), strict=False):
        at = now - SPREAD * (1 - (number + 1) / (count + 1)) ** 2 - timedelta(minutes=count - number)
        pledge = _show(session, campaign, _sent(row, themes, fallback, permitted), at)
        if row[6] != Progress.PROMISED:
            steps.add(session, pledge, Progress(row[6]), now)
        for words, name in chance.sample(COMMENTS, k=chance.choice((0, 0, 0, 1, 2))):
            comment = Sent(type=Type.COMMENT, words=words, lang="en", page_lang="en", name=name, consents=AGREED)
            _show(session, campaign, comment, min(now, at + timedelta(hours=3)), parent=pledge)
    return count


def open_campaign(session: Session, slug: str) -> Campaign:
    """The campaign of this address, or the first that is open; ValueError where there is none."""
    open_ones = select(Campaign).where(Campaign.state == CampaignState.OPEN).order_by(Campaign.id)
    campaign = session.scalars(open_ones.where(Campaign.slug == slug) if slug else open_ones).first()
    if campaign is None:
        raise ValueError("there is no open campaign to stand on")
    return campaign


def _sent(
    row: tuple[str, ...],
    themes: dict[str, int | None],
    fallback: Iterator[int | None],
    permitted: set[str],
) -> Sent:
    theme, words, name, role, kind, lang, _progress, level = row
    organisation = kind == Kind.ORGANISATION
    return Sent(
        type=Type.PLEDGE,
        words=words,
        lang=lang,
        page_lang="cy" if lang == "cy" else "en",
        name="" if organisation else name,
        organisation=name if organisation else "",
        role=role,
        kind=Kind(kind),
        show_name=ShowName(level) if level in permitted else ShowName.ANONYMOUS,
        theme_id=themes[theme] if theme in themes else next(fallback),
        consents=AGREED,
    )


def _show(
    session: Session, campaign: Campaign, sent: Sent, at: datetime, parent: Contribution | None = None
) -> Contribution:
    """An example goes the whole road: taken in, reviewed, approved; nobody is written to, since there is no address."""
    origin = Origin(ip="")
    receipt = storing.receive(session, campaign.id, sent, origin, review_desk(), now=at, parent=parent)
    example = session.get_one(Contribution, receipt.contribution_id)
    example.example = True
    review = session.scalars(select(Review).where(Review.contribution_id == example.id)).one()
    review.check_after = None
    review.state = State.WAITING
    session.flush()
    decide.decide(session, review.id, Move.APPROVE, by=None, version=review.version, now=at, settings=settings())
    return example


def clear(session: Session, now: datetime) -> int:
    """No example is left, and no word of one; answers how many there were."""
    examples = select(Contribution).where(Contribution.example.is_(True), Contribution.erased_at.is_(None))
    found = list(session.scalars(examples.order_by(Contribution.id.desc())))  # comments before what they stand under
    for example in found:
        acts.erase(session, example, review_desk(), now)
    for campaign in session.scalars(select(Campaign).where(Campaign.examples_shown.is_(True))):
        campaign.examples_shown = False
    return sum(example.type is Type.PLEDGE for example in found)
