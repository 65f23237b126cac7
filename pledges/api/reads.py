"""What everyone sees, as JSON: open to every site."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import BaseModel

from pledges.campaigns import finding
from pledges.db import reading
from pledges.figures import counters
from pledges.front import ANY
from pledges.limits.counting import is_deep
from pledges.models import Campaign, Contribution
from pledges.updates import actions
from pledges.wall import filters as wall_filters
from pledges.wall import listing, shown, thread
from pledges.wall import removed as wall_removed
from pledges.web import language, paging
from pledges.web.caching import kept, shared, shared_by_all, shows

from . import schemas, showing
from .asked import MOST, is_limit, limit_meant, moment, since_meant
from .base import WrongField, api, as_json, described


@api.get("/campaigns")
@kept()
@described("Every campaign that is shown, the open ones first", schemas.Campaigns)
def campaigns() -> ResponseReturnValue:
    return shared_by_all(_campaigns)


def _campaigns() -> Response:
    found = finding.shown_campaigns(reading(), *listing.WHOLE)
    counts = counters.read_each(reading(), [each.id for each in found])
    return as_json(schemas.Campaigns(campaigns=[showing.campaign(each, counts[each.id]) for each in found]))


@api.get("/campaigns/<slug>")
@kept()
@described("One campaign", schemas.Campaign)
def campaign(slug: str) -> ResponseReturnValue:
    asked = campaign_or_404(slug)
    return answered(asked, lambda: showing.campaign(asked, counters.read(reading(), asked.id)))


@api.get("/campaigns/<slug>/count")
@kept()
@described("How much stands on its wall", schemas.Counts)
def count(slug: str) -> ResponseReturnValue:
    asked = campaign_or_404(slug)
    return answered(asked, lambda: showing.counted(counters.read(reading(), asked.id)))


@api.get("/campaigns/<slug>/pledges")
@kept(meaning=lambda given: limit_meant(wall_filters.meaning(given)))
@described("The promises on its wall, the newest first", schemas.Pledges)
def pledges(slug: str) -> ResponseReturnValue:
    asked = campaign_or_404(slug)
    filters, limit = wall_filters.Filters.read(request.args.to_dict()), limit_asked()
    after = request.args.get("after", "")
    if not is_deep():  # which was counted before
        paging.count_if_deep(strange=filters.is_strange(asked))

    def body() -> BaseModel:
        try:
            page = listing.wall_page(reading(), asked, filters, after=after, limit=limit)
        except paging.BadCursor:
            raise not_a_cursor() from None
        shows(each.id for each in page.items)
        told = actions.of_many(reading(), page.items)
        return schemas.Pledges(
            pledges=[showing.pledge(each, asked, told[each.id]) for each in page.items], next=page.next
        )

    return answered(asked, body)


@api.get("/campaigns/<slug>/answers")
@kept(meaning=limit_meant)
@described("The answers to one of its questions, the newest first", schemas.Answers)
def answers(slug: str) -> ResponseReturnValue:
    asked = campaign_or_404(slug)
    question = shown.question_or_404(reading(), asked, request.args.get("question", ""))
    after, limit = after_asked(), limit_asked()

    def body() -> BaseModel:
        page: paging.Page[Contribution] = paging.Page([], None)
        if question.answers_public:
            page = listing.answers_page(reading(), asked, question, after, limit=limit)
            shows(each.id for each in page.items)
        return schemas.Answers(answers=[showing.answer(each, asked) for each in page.items], next=page.next)

    return answered(asked, body)


@api.get("/campaigns/<slug>/removed")
@kept(meaning=since_meant)
@described("What was taken down, the oldest first, so that a copy elsewhere can drop it", schemas.Removed)
def removed(slug: str) -> ResponseReturnValue:
    """Ids that were taken down since then, oldest first, so that a copy elsewhere can drop them; a page at a time."""
    asked = campaign_or_404(slug)
    since, after = _since(), after_asked()

    def body() -> BaseModel:
        shows([ANY])
        page = wall_removed.removed(reading(), asked, since, after)
        return schemas.Removed(removed=[showing.gone(each) for each in page.items], next=page.next)

    return answered(asked, body)


@api.get("/pledges/<id>")
@kept()
@described("One promise or answer", schemas.PledgeOrAnswer)
def pledge(id: str) -> ResponseReturnValue:
    asked = language.speak_for(shown.campaign_of_or_404(reading(), id))
    found = shown.shown_anywhere_or_404(reading(), id)
    shows([found.id])
    return answered(asked, lambda: showing.either(found, asked, actions.of(reading(), found)))


@api.get("/pledges/<id>/comments")
@kept(meaning=limit_meant)
@described("The comments under one promise or answer, the oldest first", schemas.Comments)
def comments(id: str) -> ResponseReturnValue:
    asked = language.speak_for(shown.campaign_of_or_404(reading(), id))
    parent = shown.shown_anywhere_or_404(reading(), id)
    shows([parent.id])
    after, limit = after_asked(), limit_asked()

    def body() -> BaseModel:
        page = thread.comments_page(reading(), parent, after, limit)
        return schemas.Comments(comments=[showing.comment(each) for each in page.items], next=page.next)

    return answered(asked, body)


def campaign_or_404(slug: str) -> Campaign:
    return language.speak_for(finding.campaign_or_404(reading(), slug))


def answered(campaign: Campaign, body: Callable[[], BaseModel]) -> Response:
    """As the pages: a tag, seconds in a cache, and 304 where nothing has changed."""
    return shared(campaign, lambda: as_json(body()))


def after_asked() -> paging.Cursor | None:
    if not request.args.get("after"):
        return None
    try:
        return paging.Cursor.read(request.args["after"])
    except paging.BadCursor:
        raise not_a_cursor() from None


def not_a_cursor() -> WrongField:
    return WrongField("after", _("“after” has to be the “next” of an earlier answer."))


def limit_asked() -> int:
    asked = request.args.get("limit") or str(listing.PAGE)
    if not is_limit(asked):
        raise WrongField(
            "limit", _("“limit” has to be a whole number of 1 or more; %(most)s are given at most.", most=MOST)
        )
    return min(int(asked), MOST)


def _since() -> datetime | None:
    asked = request.args.get("since", "")
    if not asked:
        return None
    try:
        return moment(asked)
    except ValueError:
        raise WrongField(
            "since", _("“since” has to be a day or a moment, like 2027-07-21 or 2027-07-21T09:00:00Z.")
        ) from None
