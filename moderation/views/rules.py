"""What moderators go by: the house rules, and what has been decided so far."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from pledges.db import reading, utcnow

from .. import permissions, screens
from ..models import Moderator, Reason
from ..permissions import Act
from .base import desk, for_staff


@desk.get("/history")
@for_staff
def show_history(me: Moderator) -> ResponseReturnValue:
    session, now = reading(), utcnow()
    where = permissions.campaigns(permissions.roles(session, me), Act.LOOK)
    mine = request.args.get("who", "") == "me"
    lines = screens.recent(session, where, me if mine else None, now)
    return render_template("moderation/history.html", me=me, lines=lines, mine=mine)


@desk.get("/house-rules")
@for_staff
def show_house_rules(me: Moderator) -> ResponseReturnValue:
    session = reading()
    reasons = session.scalars(
        select(Reason).where(Reason.retired_at.is_(None)).order_by(Reason.use, Reason.place)
    ).all()
    return render_template("moderation/house_rules.html", me=me, reasons=reasons)
