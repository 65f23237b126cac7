"""One promise or answer, with its comments."""

from __future__ import annotations

from flask import g, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from pledges.campaigns import finding
from pledges.db import reading, utcnow
from pledges.intake.forms.update import STATUSES
from pledges.models import Campaign, Contribution, Type
from pledges.organisations import places
from pledges.updates import timeline
from pledges.wall import copying, listing, pieces, shown
from pledges.wall import thread as wall_thread
from pledges.web.caching import kept, shared, shows
from pledges.web.paging import cursor

from .base import public

WITH_IT = (*listing.ON_ITS_PAGE, joinedload(Contribution.audience))


@public.get("/<slug>/<any(promises, answers):shelf>/<id>")
@kept()
def promise(slug: str, shelf: str, id: str) -> ResponseReturnValue:
    pledge = shown.shown_or_404(reading(), g.campaign, id, shown.SHELVES[shelf], with_it=WITH_IT)
    return shared(g.campaign, lambda: _promise(g.campaign, pledge))


def _promise(campaign: Campaign, pledge: Contribution) -> str:
    session = reading()
    shows([pledge.id])
    assert pledge.published_at is not None and pledge.published_revision is not None  # noqa: S101 (it is shown)
    cloth = pieces.the_cloth(session, campaign, mark=pledge.published_at.date(), narrow=True)  # reads all themes
    thread = wall_thread.thread(session, pledge, cursor())
    piece = pieces.piece(pledge)
    return render_template(
        "pledge/show.html",
        p=piece,
        copy=copying.copy_of(piece, pledge, campaign),
        words=pledge.published_revision.words,
        thread=thread,
        question=pledge.question,
        findable=pledge.findable,
        organisation=pledge.organisation if places.is_listed(pledge) else None,
        audience=pledge.audience,
        comments_open=finding.takes_comments(campaign, pledge),
        cloth=cloth,
        open=finding.is_open(campaign, utcnow()),
        told=timeline.entries(session, pledge).items if pledge.type is Type.PLEDGE else [],
        statuses=STATUSES,
    )
