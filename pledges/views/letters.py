"""Letters of one purpose are stopped, by one press in a mailbox or on our page."""

from __future__ import annotations

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from pledges import tokens
from pledges.db import reading, transaction, until_stored, utcnow
from pledges.errors import NotYours
from pledges.models import Contribution
from pledges.updates import asking
from pledges.web.caching import never_kept
from pledges.web.language import speak_for

from .base import public
from .receipt import privately


@public.route("/letters/<token>", methods=["GET", "POST"])
@never_kept("it holds a private link")
def letters(token: str) -> ResponseReturnValue:
    """A GET shows the button; a POST, which a mail program sends by itself, stops them at once (RFC 8058)."""
    read = tokens.read_letters_token(token)
    if read is None:
        raise NotYours
    public_id, purpose = read
    own = reading().scalars(select(Contribution).where(Contribution.public_id == public_id)).first()
    if own is None:
        raise NotYours
    speak_for(own.campaign)
    if request.method == "POST":
        until_stored(lambda: _stop(own, purpose))
    return privately(
        make_response(render_template("receipt/letters.html", stopped=request.method == "POST", purpose=purpose))
    )


def _stop(own: Contribution, purpose: str) -> None:
    with transaction() as session:
        asking.stop(session, own, purpose, utcnow())
