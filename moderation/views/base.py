"""What all pages of the desk share: who may come in, what may be kept, and what goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from moderation import permissions
from moderation.decisions.move import NewerStands, NobodyElse
from moderation.models import Moderator, Review, Role
from moderation.people import sign_in
from moderation.permissions import Act, NotAllowed
from moderation.queue import care, counts
from moderation.record.notes import Erased
from moderation.surge import state
from moderation.workflow import MoveNotAllowed
from pledges.db import transaction
from pledges.errors import WordsChanged
from pledges.models import Campaign, CampaignState
from pledges.text import number
from pledges.web.headers import POLICY

log = logging.getLogger(__name__)

desk = Blueprint("desk", "moderation", url_prefix="/moderation")
# scripts of the desk ask the desk, and write text and nodes, never markup
DESK_POLICY = f"{POLICY}; connect-src 'self'; require-trusted-types-for 'script'"
View = TypeVar("View", bound=Callable[..., Any])


def for_staff(view: View) -> View:
    """The view is for people who are signed in with both factors; `me` is who."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        me = sign_in.signed_in()
        if me is None:
            g.turned_away = True
            return redirect(url_for("security.login", next=request.full_path if request.method == "GET" else None))
        g.lang = me.lang
        return view(*args, me=me, **kwargs)

    return checked  # type: ignore[return-value]


def private(response: Any) -> Any:
    """Nothing of the desk is kept by a browser or cache, framed, or told to other sites."""
    if not sign_in.at_the_desk(request):
        return response
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Content-Security-Policy"] = DESK_POLICY + ("; frame-src 'self'" if g.get("frames") else "")
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@desk.errorhandler(NotAllowed)
def _not_allowed(_error: NotAllowed) -> ResponseReturnValue:
    return problem(gettext("Your role does not allow this."), 403)


@desk.errorhandler(MoveNotAllowed)
def _no_such_move(_error: MoveNotAllowed) -> ResponseReturnValue:
    return problem(gettext("This is not possible any more. Look at the item again."), 409)


@desk.errorhandler(NewerStands)
def _newer_stands(_error: NewerStands) -> ResponseReturnValue:
    words = gettext("This cannot be undone: newer words of its author were approved since and stand in its place.")
    return problem(words, 409)


@desk.errorhandler(NobodyElse)
def _nobody_else(_error: NobodyElse) -> ResponseReturnValue:
    words = gettext("Nobody else at this desk could give a second opinion. Decide it yourself, or invite a colleague.")
    return problem(words, 409)


@desk.errorhandler(Erased)
def _erased(_error: Erased) -> ResponseReturnValue:
    return problem(gettext("This was erased. Nothing is noted about it any more."), 409)


@desk.errorhandler(WordsChanged)
def _tampered(error: WordsChanged) -> ResponseReturnValue:
    log.error("%s: somebody has been at the database", error)
    return problem(gettext("These are not the words that were sent. Nothing was shown; tell who runs the wall."), 409)


@desk.errorhandler(OverflowError)
@desk.errorhandler(DataError)
def _no_such_number(_error: Exception) -> ResponseReturnValue:
    """A number that no column holds names nothing here."""
    return problem(gettext("There is nothing of that number."), 404)


@desk.errorhandler(404)
def _nothing_there(_error: Exception) -> ResponseReturnValue:
    """What is not there, or not for this person."""
    return problem(gettext("There is nothing here, or not for you. It may have been erased since."), 404)


@desk.errorhandler(409)
def _over_already(_error: Exception) -> ResponseReturnValue:
    return problem(gettext("This is over already, or somebody has just changed it. Look at it again."), 409)


@desk.errorhandler(StaleDataError)
def _stale(_error: StaleDataError) -> ResponseReturnValue:
    return problem(gettext("Somebody has just decided this. Look at the item again."), 409)


def problem(words: str, status: int, **more: object) -> ResponseReturnValue:
    return render_template("moderation/problem.html", words=words, me=sign_in.signed_in(), **more), status


def review_or_404(session: Session, review_id: int, me: Moderator) -> tuple[Review, dict[int | None, Role]]:
    """The item, for somebody who may look at its campaign; for all others it does not exist."""
    review = session.get(Review, review_id)
    held = permissions.roles(session, me)
    if review is None or not permissions.may(held, Act.LOOK, review.campaign_id):
        abort(404)
    return review, held


def counted(texts: int = 1) -> bool:
    """Whether harsh texts that were asked for by a button may be shown: they are counted now.

    Not where the page of that button had been used already, as when the answer is loaded again by accident.
    """
    seen = number(request.form.get("seen", ""))
    with transaction() as session:
        return care.count_opened(session, sign_in.this_session(), -1 if seen is None else seen, texts)


def harsh_opened(session: Session) -> int:
    """How many harsh texts this session has shown."""
    return care.opened(session, sign_in.this_session())


def campaign_named(session: Session, slug: str) -> Campaign | None:
    return session.scalars(select(Campaign).where(Campaign.slug == slug)).first() if slug else None


def campaigns_of(session: Session, held: dict[int | None, Role], act: Act) -> list[Campaign]:
    """The campaigns in which these roles allow `act`, by address."""
    where = permissions.campaigns(held, act)
    found = session.scalars(select(Campaign).order_by(Campaign.slug)).all()
    return [campaign for campaign in found if where is None or campaign.id in where]


def open_first(session: Session, campaigns: list[Campaign], now: datetime) -> list[Campaign]:
    """First what is in surge, then what is on, the one in which most waits first; then what is over or to come."""
    ids = [campaign.id for campaign in campaigns]
    flooded = {campaign.id for _surge, campaign in state.everywhere(session, ids, now)}
    waiting = counts.waiting_in(session, ids)

    def place(campaign: Campaign) -> tuple[bool, bool, int]:
        return campaign.id not in flooded, campaign.state is not CampaignState.OPEN, -waiting.get(campaign.id, 0)

    return sorted(campaigns, key=place)


def campaign_asked(session: Session, held: dict[int | None, Role], slug: str) -> Campaign:
    """The campaign with this address, else the first that may be looked at; none: 404."""
    seen = campaigns_of(session, held, Act.LOOK)
    chosen = [campaign for campaign in seen if campaign.slug == slug] if slug else seen
    if not chosen:
        abort(404)
    return chosen[0]
