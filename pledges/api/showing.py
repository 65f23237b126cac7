"""What is shown, in the shapes of JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from flask import g

from pledges.campaigns import finding
from pledges.db import utcnow
from pledges.figures import counters
from pledges.models import Campaign, Contribution, Kind, Type
from pledges.organisations import badges
from pledges.settings import settings
from pledges.updates.actions import Action
from pledges.wall import pieces
from pledges.wall.removed import Removed
from pledges.web import language

from . import schemas


def campaign(shown: Campaign, counts: dict[str, int]) -> schemas.Campaign:
    return schemas.Campaign(
        slug=shown.slug,
        url=_url(f"/{shown.slug}"),
        title=dict(shown.title),
        words=shown.words,
        languages=shown.languages,
        state=shown.state,
        open=finding.is_open(shown, utcnow()),
        starts_on=shown.starts_on,
        ends_on=shown.ends_on,
        opens_at=_moment(shown.opens_at),
        closes_at=_moment(shown.closes_at),
        themes=[schemas.Choice(key=each.key, title=dict(each.title)) for each in shown.themes if not each.archived_at],
        audiences=[
            schemas.Choice(key=each.key, title=dict(each.title)) for each in shown.audiences if not each.archived_at
        ],
        questions=[
            schemas.Question(id=each.public_id, words=dict(each.words))
            for each in shown.questions
            if not each.archived_at
        ],
        counts=counted(counts),
    )


def counted(counts: dict[str, int]) -> schemas.Counts:
    """As the wall says them: examples count only while nothing else stands there."""
    found = counters.without_examples(counts)
    return schemas.Counts(
        pledges=found.get(counters.PLEDGES, 0),
        organisations=found.get(counters.ORGANISATIONS, 0),
        kept=found.get(counters.KEPT, 0),
        under_way=found.get(counters.UNDER_WAY, 0),
        asked=found.get(counters.ASKED, 0),
        answered=found.get(counters.ANSWERED, 0),
    )


def pledge(given: Contribution, campaign: Campaign, actions: Sequence[Action]) -> schemas.Pledge:
    """What its page shows, and nothing else."""
    told = [schemas.Action(action=each.words, by_when=each.by, status=each.status) for each in actions]
    return schemas.Pledge(promise=_words(given), actions=told, **_contribution(given, campaign))  # type: ignore[arg-type]


def answer(given: Contribution, campaign: Campaign) -> schemas.Answer:
    return schemas.Answer(answer=_words(given), **_contribution(given, campaign))  # type: ignore[arg-type]


def either(given: Contribution, campaign: Campaign, actions: Sequence[Action]) -> schemas.Pledge | schemas.Answer:
    return answer(given, campaign) if given.type is Type.ANSWER else pledge(given, campaign, actions)


def comment(given: Contribution) -> schemas.Comment:
    shown = given.published_revision
    assert shown is not None and given.published_at is not None  # noqa: S101 (only what is shown comes here)
    return schemas.Comment(
        id=given.public_id,
        url=_url(language.address_of(given, g.campaign)),
        comment=shown.words,
        by=pieces.signature(shown, given.show_name).name or None,
        lang=shown.lang,
        reply_to=given.reply_to.public_id if given.reply_to and given.reply_to.shown_at else None,
        published_at=given.published_at.astimezone(UTC),
    )


def gone(given: Removed) -> schemas.Gone:
    return schemas.Gone(id=given.public_id, at=given.at.astimezone(UTC))


def _words(given: Contribution) -> str:
    assert given.published_revision is not None  # noqa: S101 (only what is shown comes here)
    return given.published_revision.words


def _contribution(given: Contribution, campaign: Campaign) -> dict[str, object]:
    shown = given.published_revision
    assert shown is not None and given.published_at is not None  # noqa: S101 (only what is shown comes here)
    by = pieces.signature(shown, given.show_name)
    organisation = shown.organisation if shown.kind is Kind.ORGANISATION and by.name else ""
    page = _url(language.address_of(given, campaign))
    return {
        "id": given.public_id,
        "url": page,
        "by": by.name or None,
        "role": by.meta or None,
        "organisation": organisation or None,
        "verified": bool(organisation) and badges.speaks(given, utcnow()),
        "kind": shown.kind,
        "theme": given.theme.key if given.theme_id is not None and given.theme else None,
        "audience": given.audience.key if given.audience_id is not None and given.audience else None,
        "lang": shown.lang,
        "by_when": shown.by_when,
        "how_we_will_know": shown.how_we_will_know or None,
        "status": given.progress,
        "published_at": given.published_at.astimezone(UTC),
        "comments": given.comments_shown or 0,
        "example": bool(given.example),
        "embed_url": f"{page}/embed",
        "card_url": f"{page}/card.png",
    }


def _moment(value: datetime | None) -> datetime | None:
    return value.astimezone(UTC) if value else None


def _url(path: str) -> str:
    return settings().base_url + path
