"""What everyone sees, as JSON, version 1: reads alone, open to every site."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest

from pledges.campaigns import finding
from pledges.db import reading, utcnow
from pledges.figures import counters
from pledges.front import ANY
from pledges.models import Campaign, Contribution, Kind, Type
from pledges.settings import settings
from pledges.wall import filters as wall_filters
from pledges.wall import listing, pieces, shown, thread
from pledges.wall import removed as wall_removed
from pledges.web import language, paging
from pledges.web.caching import kept, shared, shared_by_all, shows
from pledges.web.headers import OPEN

MOST = 100
ASKED_BEFORE = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "If-None-Match",
    "Access-Control-Max-Age": "86400",  # seconds; a day, of which browsers take what they like
}


class WrongField(BadRequest):
    """400, with words that name the field which cannot be read."""

    def __init__(self, detail: str) -> None:
        super().__init__()
        self.detail = detail


api = Blueprint("api", __name__, url_prefix="/api/v1")


@api.after_request
def open_to_every_site(response: Response) -> Response:
    response.headers |= OPEN
    if request.method == "OPTIONS":
        response.headers |= ASKED_BEFORE
    response.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    return response


@api.get("/campaigns")
@kept()
def campaigns() -> ResponseReturnValue:
    return shared_by_all(_campaigns)


def _campaigns() -> Response:
    found = finding.shown_campaigns(reading(), *listing.WHOLE)
    counts = counters.read_each(reading(), [each.id for each in found])
    return jsonify({"campaigns": [_campaign(each, counts[each.id]) for each in found]})


@api.get("/campaigns/<slug>")
@kept()
def campaign(slug: str) -> ResponseReturnValue:
    asked = _campaign_or_404(slug)
    return _shared(asked, lambda: _campaign(asked, counters.read(reading(), asked.id)))


@api.get("/campaigns/<slug>/count")
@kept()
def count(slug: str) -> ResponseReturnValue:
    asked = _campaign_or_404(slug)
    return _shared(asked, lambda: _counts(counters.read(reading(), asked.id)))


@api.get("/campaigns/<slug>/pledges")
@kept()
def pledges(slug: str) -> ResponseReturnValue:
    asked = _campaign_or_404(slug)
    filters, limit = wall_filters.Filters.read(request.args.to_dict()), _limit()
    after = request.args.get("after", "")

    def body() -> dict[str, Any]:
        try:
            page = listing.wall_page(reading(), asked, filters, after=after, limit=limit)
        except paging.BadCursor:
            raise _not_a_cursor() from None
        shows(each.id for each in page.items)
        return {"pledges": [_pledge(each, asked) for each in page.items], "next": page.next}

    return _shared(asked, body)


@api.get("/campaigns/<slug>/answers")
@kept()
def answers(slug: str) -> ResponseReturnValue:
    asked = _campaign_or_404(slug)
    question = shown.question_or_404(reading(), asked, request.args.get("question", ""))
    after, limit = _after(), _limit()

    def body() -> dict[str, Any]:
        page: paging.Page[Contribution] = paging.Page([], None)
        if question.answers_public:
            page = listing.answers_page(reading(), asked, question, after, limit=limit)
            shows(each.id for each in page.items)
        return {"answers": [_pledge(each, asked) for each in page.items], "next": page.next}

    return _shared(asked, body)


@api.get("/campaigns/<slug>/removed")
@kept()
def removed(slug: str) -> ResponseReturnValue:
    """Ids that were taken down since then, oldest first, so that a copy elsewhere can drop them; a page at a time."""
    asked = _campaign_or_404(slug)
    since, after = _since(), _after()

    def body() -> dict[str, Any]:
        shows([ANY])
        page = wall_removed.removed(reading(), asked, since, after)
        gone = [{"id": each.public_id, "at": _moment(each.at)} for each in page.items]
        return {"removed": gone, "next": page.next}

    return _shared(asked, body)


@api.get("/pledges/<id>")
@kept()
def pledge(id: str) -> ResponseReturnValue:
    asked = language.speak_for(shown.campaign_of_or_404(reading(), id))
    found = shown.shown_anywhere_or_404(reading(), id)
    shows([found.id])
    return _shared(asked, lambda: _pledge(found, asked))


@api.get("/pledges/<id>/comments")
@kept()
def comments(id: str) -> ResponseReturnValue:
    asked = language.speak_for(shown.campaign_of_or_404(reading(), id))
    parent = shown.shown_anywhere_or_404(reading(), id)
    shows([parent.id])
    after, limit = _after(), _limit()

    def body() -> dict[str, Any]:
        page = thread.comments_page(reading(), parent, after, limit)
        return {"comments": [_comment(each) for each in page.items], "next": page.next}

    return _shared(asked, body)


def may_ask() -> Response:
    """What a browser is told that asks whether a page of another site may ask here."""
    return Response(status=204, headers={**OPEN, **ASKED_BEFORE, "Allow": ASKED_BEFORE["Access-Control-Allow-Methods"]})


def _campaign_or_404(slug: str) -> Campaign:
    return language.speak_for(finding.campaign_or_404(reading(), slug))


def _shared(campaign: Campaign, body: Callable[[], dict[str, Any]]) -> Response:
    """As the pages: a tag, seconds in a cache, and 304 where nothing has changed."""
    return shared(campaign, lambda: jsonify(body()))


def _after() -> paging.Cursor | None:
    if not request.args.get("after"):
        return None
    try:
        return paging.Cursor.read(request.args["after"])
    except paging.BadCursor:
        raise _not_a_cursor() from None


def _not_a_cursor() -> WrongField:
    return WrongField(_("“after” has to be the “next” of an earlier answer."))


def _limit() -> int:
    asked = request.args.get("limit") or str(listing.PAGE)
    if not (asked.isascii() and asked.isdigit() and len(asked) < 7 and int(asked) >= 1):
        raise WrongField(_("“limit” has to be a whole number of 1 or more; %(most)s are given at most.", most=MOST))
    return min(int(asked), MOST)


def _since() -> datetime | None:
    asked = request.args.get("since", "")
    if not asked:
        return None
    try:
        moment = datetime.fromisoformat(asked.replace(" ", "+"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongField(_("“since” has to be a day or a moment, like 2027-07-21 or 2027-07-21T09:00:00Z.")) from None


def _moment(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None


def _url(path: str) -> str:
    return settings().base_url + path


def _campaign(campaign: Campaign, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "slug": campaign.slug,
        "url": _url(f"/{campaign.slug}"),
        "title": dict(campaign.title),
        "words": campaign.words,
        "languages": campaign.languages,
        "state": campaign.state.value,
        "open": finding.is_open(campaign, utcnow()),
        "starts_on": campaign.starts_on.isoformat() if campaign.starts_on else None,
        "ends_on": campaign.ends_on.isoformat() if campaign.ends_on else None,
        "opens_at": _moment(campaign.opens_at),
        "closes_at": _moment(campaign.closes_at),
        "themes": [{"key": each.key, "title": dict(each.title)} for each in campaign.themes if not each.archived_at],
        "audiences": [
            {"key": each.key, "title": dict(each.title)} for each in campaign.audiences if not each.archived_at
        ],
        "questions": [
            {"id": each.public_id, "words": dict(each.words)} for each in campaign.questions if not each.archived_at
        ],
        "counts": _counts(counts),
    }


def _counts(counted: dict[str, int]) -> dict[str, int]:
    """As the wall says them: examples count only while nothing else stands there."""
    found = counters.without_examples(counted)
    return {
        "pledges": found.get(counters.PLEDGES, 0),
        "organisations": found.get(counters.ORGANISATIONS, 0),
        "kept": found.get(counters.KEPT, 0),
        "under_way": found.get(counters.UNDER_WAY, 0),
        "asked": found.get(counters.ASKED, 0),
        "answered": found.get(counters.ANSWERED, 0),
    }


def _pledge(pledge: Contribution, campaign: Campaign) -> dict[str, Any]:
    """What its page shows, and nothing else."""
    shown = pledge.published_revision
    assert shown is not None  # noqa: S101 (only what is shown comes here)
    by = pieces.signature(shown, pledge.show_name)
    organisation = shown.organisation if shown.kind is Kind.ORGANISATION and by.name else ""
    page = _url(language.address_of(pledge, campaign))
    return {
        "id": pledge.public_id,
        "url": page,
        "answer" if pledge.type is Type.ANSWER else "promise": shown.words,
        "by": by.name or None,
        "role": by.meta or None,
        "organisation": organisation or None,
        "verified": bool(organisation and pledge.organisation and pledge.organisation.verified_at),
        "kind": shown.kind.value,
        "theme": pledge.theme.key if pledge.theme_id is not None and pledge.theme else None,
        "audience": pledge.audience.key if pledge.audience_id is not None and pledge.audience else None,
        "lang": shown.lang,
        "by_when": shown.by_when.isoformat() if shown.by_when else None,
        "how_we_will_know": shown.how_we_will_know or None,
        "status": pledge.progress.value,
        "published_at": _moment(pledge.published_at),
        "comments": pledge.comments_shown,
        "example": pledge.example,
        "embed_url": f"{page}/embed",
        "card_url": f"{page}/card.png",
    }


def _comment(comment: Contribution) -> dict[str, Any]:
    shown = comment.published_revision
    assert shown is not None  # noqa: S101 (only what is shown comes here)
    return {
        "id": comment.public_id,
        "url": _url(language.address_of(comment, g.campaign)),
        "comment": shown.words,
        "by": pieces.signature(shown, comment.show_name).name or None,
        "lang": shown.lang,
        "reply_to": comment.reply_to.public_id if comment.reply_to and comment.reply_to.shown_at else None,
        "published_at": _moment(comment.published_at),
    }
