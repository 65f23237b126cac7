"""Search over everything that this person may look at, waiting or decided."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from moderation import permissions, workflow
from moderation.models import Moderator, Review
from moderation.permissions import Act
from moderation.queue import finding
from moderation.record import chain
from moderation.screens import rows
from moderation.workflow import WAITS
from pledges.db import reading, transaction, utcnow
from pledges.text import clean, number

from . import filters
from .base import desk, for_staff

ASKED_CHARS = 300


@desk.get("/search")
@for_staff
def show_search(me: Moderator) -> ResponseReturnValue:
    """What words, names, numbers and references find; a mail address is only looked for as words."""
    asked, before = _given(request.args.get("q", ""), request.args.get("before", ""))
    session = reading()
    return _straight_to(session, me, asked) or _page(session, me, asked, before)


@desk.post("/search")
@for_staff
def find(me: Moderator) -> ResponseReturnValue:
    """The question of the form, asked again as an address that can be kept, unless it names a person.

    A mail address and the link of a receipt are answered here, so that they stand in no address line, history or log.
    """
    asked, before = _given(request.form.get("q", ""), request.form.get("before", ""))
    if not finding.is_private(asked):
        return redirect(url_for("desk.show_search", q=asked, **filters.carried()), code=303)
    with transaction() as session:
        return _straight_to(session, me, asked) or _page(session, me, asked, before, posted=True)


def _given(asked: str, before: str) -> tuple[str, int]:
    asked = clean(asked)[:ASKED_CHARS]
    place = number(before)
    return asked, finding.HIGHEST_ID if place is None else place


def _straight_to(session: Session, me: Moderator, asked: str) -> ResponseReturnValue | None:
    """To the one item that a reference or a link means."""
    where = permissions.campaigns(permissions.roles(session, me), Act.LOOK)
    reference = finding.by_reference(session, asked, where) if asked else None
    if reference is not None:
        return redirect(url_for("desk.show_by_reference", public_id=reference), code=303)
    numbered = finding.by_number(session, asked, where) if "/" in asked else None
    if numbered is not None:
        return redirect(url_for("desk.show_item", review_id=numbered.id, **filters.carried()), code=303)
    return None


def _page(session: Session, me: Moderator, asked: str, before: int, *, posted: bool = False) -> ResponseReturnValue:
    now, held = utcnow(), permissions.roles(session, me)
    where, authors_of = (permissions.campaigns(held, act) for act in (Act.LOOK, Act.FIND_AUTHORS))
    address = finding.address_in(asked) if posted else None
    first = before == finding.HIGHEST_ID
    if address is not None:
        found = finding.by_author(
            session, asked, address, authors_of=authors_of, campaigns=where, before=before, limit=finding.PAGE + 1
        )
        if first and authors_of != []:
            chain.add(session, chain.actor(me), "author:find", f"moderator:{me.id}", now=now)
    else:
        found = finding.by_words(session, asked, where, before=before, limit=finding.PAGE + 1)
    more, found = len(found) > finding.PAGE, found[: finding.PAGE]
    numbered = finding.by_number(session, asked, where) if first else None
    shown = _once([*([numbered] if numbered is not None else []), *found])
    return render_template(
        "moderation/search.html",
        me=me,
        asked=asked,
        posted=posted,
        not_authors=address is not None and authors_of == [],
        found=[(rows.row_of(review, now), _fate(review)) for review in shown],
        next_before=found[-1].id if more else None,
    )


def _fate(review: Review) -> str:
    """Where it is now; of what stands on the wall while it waits to be read again, both."""
    if review.state in WAITS and review.contribution.published_revision_id == review.revision_id:
        return gettext("on the wall, and waits to be read again")
    return str(workflow.FATES[review.state])


def _once(reviews: list[Review]) -> list[Review]:
    return list(dict.fromkeys(reviews))
