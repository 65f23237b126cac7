"""Search over everything that this person may look at, waiting or decided."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from pledges.db import reading, utcnow

from .. import context, finding, permissions, screens
from ..models import Moderator
from ..permissions import Act
from .base import desk, for_staff

ASKED_CHARS = 200


@desk.get("/search")
@for_staff
def show_search(me: Moderator) -> ResponseReturnValue:
    session, now = reading(), utcnow()
    asked = " ".join(request.args.get("q", "").replace("\x00", " ").split())[:ASKED_CHARS]
    where = permissions.campaigns(permissions.roles(session, me), Act.LOOK)
    reference = finding.by_reference(session, asked, where) if asked else None
    if reference is not None:
        return redirect(url_for("desk.show_by_reference", public_id=reference))
    given = request.args.get("before", "")
    before = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else finding.HIGHEST_ID
    found = finding.by_words(session, asked, where, before=before, limit=finding.PAGE + 1)
    more, found = len(found) > finding.PAGE, found[: finding.PAGE]
    numbered = finding.by_number(session, asked, where) if before == finding.HIGHEST_ID else None
    shown = ([numbered] if numbered is not None else []) + [each for each in found if each is not numbered]
    return render_template(
        "moderation/search.html",
        me=me,
        asked=asked,
        found=[(screens.row_of(review, now), str(context.FATES[review.state])) for review in shown],
        next_before=found[-1].id if more else None,
    )
