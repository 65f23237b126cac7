"""The record as a page, and the figures of each week."""

from __future__ import annotations

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from moderation import permissions
from moderation.models import Act as Line
from moderation.models import Moderator
from moderation.permissions import Act, NotAllowed
from moderation.record import chain, figures, words
from moderation.screens import rows, story
from pledges.db import database, reading, utcnow
from pledges.text import number

from .base import campaign_named, campaigns_of, desk, for_staff, open_first

PAGE = 50


@desk.get("/record")
@for_staff
def show_record(me: Moderator) -> ResponseReturnValue:
    """Everything that staff did, newest first."""
    return _record(me)


@desk.post("/record/check")
@for_staff
def check_record(me: Moderator) -> ResponseReturnValue:
    """The whole chain is gone through again, by a press and never by a link, and the page tells what was found."""
    session = reading()
    if permissions.campaigns(permissions.roles(session, me), Act.SEE_RECORD) is not None:
        raise NotAllowed(Act.SEE_RECORD)
    with database().snapshot() as moment:
        faults = list(chain.verify(moment))
    return _record(me, faults)


def _record(me: Moderator, faults: list[chain.Fault] | None = None) -> str:
    session = reading()
    where = permissions.campaigns(permissions.roles(session, me), Act.SEE_RECORD)
    if where == []:
        raise NotAllowed(Act.SEE_RECORD)
    query = select(Line).order_by(Line.id.desc()).limit(PAGE + 1)
    if where is not None:
        query = query.where(Line.campaign_id.in_(where))
    before = number(request.args.get("before", ""))
    if before is not None:
        query = query.where(Line.id < before)
    subject = request.args.get("subject", "")[:80]
    if subject:
        query = query.where(Line.subject == subject)
    lines = session.scalars(query).all()
    more, lines = len(lines) > PAGE, lines[:PAGE]
    return render_template(
        "moderation/record.html",
        me=me,
        lines=words.told(session, lines),
        before=lines[-1].id if more else None,
        subject=subject,
        faults=faults,
        may_check=where is None,
    )


@desk.get("/figures")
@for_staff
def show_figures(me: Moderator) -> ResponseReturnValue:
    """Week by week, for one campaign at a time."""
    session = reading()
    held = permissions.roles(session, me)
    campaigns = open_first(session, campaigns_of(session, held, Act.LOOK), utcnow())
    if not campaigns:
        raise NotAllowed(Act.LOOK)
    chosen = campaign_named(session, request.args.get("campaign", "")) or campaigns[0]
    if chosen.id not in {campaign.id for campaign in campaigns}:
        abort(404)
    weeks = figures.weeks(session, chosen, utcnow())
    return render_template(
        "moderation/figures.html", me=me, campaigns=campaigns, chosen=chosen, weeks=weeks, moved=story.MOVED,
        may_embed=permissions.may(held, Act.EMBED, chosen.id),
        may_see_record=permissions.campaigns(held, Act.SEE_RECORD) != [],
        chart=figures.chart(weeks, chosen.wait_target_minutes * 60), age_words=rows.age_words,
    )  # fmt: skip
