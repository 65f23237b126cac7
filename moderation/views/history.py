"""What has been decided so far, and opening again what one decided oneself."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from moderation import permissions
from moderation.models import Moderator
from moderation.permissions import Act
from moderation.screens import story
from pledges.db import reading, utcnow
from pledges.text import number

from .base import desk, for_staff
from .queue import toast_of


@desk.get("/history")
@for_staff
def show_history(me: Moderator) -> ResponseReturnValue:
    session, now = reading(), utcnow()
    where = permissions.campaigns(permissions.roles(session, me), Act.LOOK)
    who = request.args.get("who", "")
    mine, of_checks = who == "me", who == "checks"
    before = number(request.args.get("before", ""))
    lines, older = story.recent(session, where, me if mine else None, before, of_checks=of_checks)
    may = permissions.campaigns(permissions.roles(session, me), Act.DECIDE)
    return render_template(
        "moderation/history.html",
        me=me,
        lines=lines,
        mine=mine,
        of_checks=of_checks,
        before=before,
        older=older,
        may_decide=lambda line: may is None or line["campaign_id"] in may,
        toast=toast_of(session, me, now),
    )
