"""What an author presses on the private page."""

from __future__ import annotations

from datetime import datetime

from flask import Response, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from pledges.db import reading, transaction, until_stored, utcnow
from pledges.errors import NotNow, NotYours
from pledges.intake.allowance import refusal
from pledges.intake.consents import keep_consent
from pledges.intake.door import review_desk
from pledges.intake.forms.base import consent_words
from pledges.intake.road import gone_page
from pledges.limits.rules import Kind
from pledges.models import FINDABLE, Contribution, ShowName, Type
from pledges.receipt import acts
from pledges.updates import asking
from pledges.wall import publishing
from pledges.web.helpers import asks_akismet
from pledges.web.language import link, page_lang, speak_for

from . import organising
from .base import public
from .comment import take_own_comment
from .editing import edit
from .receipt import LESS, is_proof, own_or_404, privately, standing_wishes
from .updating import tell

ACTS = (
    "comments",
    "comment",
    "edit",
    "withdraw",
    "restore",
    "erase",
    "hide_name",
    "appeal",
    "letters",
    "update",
    "wishes",
    "staff_link",
    "new_link",
    *organising.ACTS,
)


@public.post("/receipt/<token>")
def act(token: str) -> ResponseReturnValue:
    """One act of the author, told by `act`."""
    wanted = request.form.get("act", "")
    if wanted not in ACTS:
        abort(400)
    try:
        own = own_or_404(token)
    except NotYours:
        if wanted == "edit":
            return privately(gone_page("link", 404))
        _paced("receipts")
        return _done_before(token, wanted, utcnow())
    if wanted == "edit":
        return privately(make_response(edit(own, token)))
    _paced("receipts")
    if wanted == "update":
        return tell(own, token)
    if wanted in organising.ACTS:
        return organising.act(own, token, wanted)
    if wanted == "comment":
        return privately(make_response(take_own_comment(own, token)))
    now = utcnow()
    try:
        token = until_stored(lambda: _done(own, wanted, token, now))
    except NotYours:  # erased in this very moment
        return _done_before(token, wanted, now)
    except NotNow:
        if not _is_done(own, wanted, now):
            raise
    return _erased(own) if wanted == "erase" else _to_done(token, wanted)


def _paced(kind: Kind) -> None:
    """Whoever sends too often is told how long to wait."""
    wait = refusal(kind)
    if wait is not None:
        abort(wait.status, retry_after=wait.retry_after_seconds)


def _to_done(token: str, wanted: str) -> Response:
    return privately(make_response(redirect(link("receipt", token=token, done=wanted), code=303)))


def _is_done(own: Contribution, wanted: str, now: datetime) -> bool:
    """Whether this was done a moment ago and still holds, so that a second press is answered like the first."""
    if not acts.asked_lately(reading(), own, wanted, now):
        return False
    return wanted != "appeal" or review_desk().standing(reading(), own, page_lang(), now).state == "waiting"


def _done_before(token: str, wanted: str, now: datetime) -> Response:
    """Erasing, which ended the link, is answered again for a while; all else by it is NotYours."""
    if wanted == "erase":
        gone = acts.erased_lately(reading(), token, now)
        if gone is not None:
            speak_for(gone.campaign)
            return _erased(gone)
    raise NotYours


def _erased(gone: Contribution) -> Response:
    outside = asks_akismet(gone.campaign) or review_desk().asked_outside(reading(), gone)
    return privately(make_response(render_template("receipt/erased.html", outside=outside)))


def _done(own: Contribution, wanted: str, token: str, now: datetime) -> str:
    """The act is done and stored; the token by which the page is found from now on."""
    with transaction() as session:
        return _do(session, own, wanted, token, now)


def _do(session: Session, own: Contribution, wanted: str, token: str, now: datetime) -> str:
    desk = review_desk()
    match wanted:
        case "comments":
            acts.close_comments(session, own, request.form.get("open", "") == "", now)
        case "withdraw":
            acts.withdraw(session, own, desk, now)
        case "restore":
            acts.restore(session, own, desk, now)
        case "erase":
            acts.erase(session, own, desk, now)
        case "hide_name":
            _show_less(session, own, request.form.get("level", ""), now)
        case "appeal":
            _appeal(session, own, now)
        case "letters":
            _letters(session, own, now)
        case "wishes":
            _wishes(session, own, request.form.getlist("keep"), now)
        case "staff_link":
            acts.staff_link(session, own, request.form.get("end", "") == "", now)
        case "new_link":
            return acts.new_link(session, own, now)
    return token


def _show_less(session: Session, own: Contribution, level: str, now: datetime) -> None:
    """As much less of the name as was chosen; chosen nothing: no name."""
    words = LESS.get(level or ShowName.ANONYMOUS.value)
    if words is None:
        abort(400)
    acts.show_less(session, own, ShowName(level or ShowName.ANONYMOUS), str(words), now)


def _appeal(session: Session, own: Contribution, now: datetime) -> None:
    until = review_desk().standing(session, own, page_lang(), now).appeal_until
    if until is None or now >= until:
        raise NotNow
    acts.appeal(session, own, review_desk(), now)


def _wishes(session: Session, own: Contribution, keep: list[str], now: datetime) -> None:
    """What is not to be kept ends now; when it was agreed to stays known."""
    for consent in standing_wishes(own):
        if consent.purpose not in keep:
            consent.withdrawn_at = now
            if consent.purpose == FINDABLE:
                publishing.keep_from_search_engines(session, own)
            if consent.purpose in (asking.FOLLOW_UP, asking.INVITE_AGAIN):
                asking.end(session, own, consent.purpose, now)


def _letters(session: Session, own: Contribution, now: datetime) -> None:
    """Which letters are wanted; pressed on the page that the mailed link opens, it also proves the address."""
    if own.contact is None:
        raise NotNow
    if own.contact.proved_at is None and is_proof(own, request.form.get("proof", "")):
        own.contact.proved_at = now
        review_desk().address_confirmed(session, own, now)
    own.contact.undeliverable_at, own.contact.undeliverable_code = None, ""  # its owner is here, and says what to send
    own.contact.letters_wanted = request.form.get("letters", "") != ""
    if request.form.get("asks"):  # the page had a box for it
        _asks(session, own, request.form.get("follow_up", "") != "", now)


def _asks(session: Session, own: Contribution, wanted: bool, now: datetime) -> None:
    """The author is asked how it goes, or no more; what was agreed to, and when, stays known."""
    standing = own.contact is not None and own.contact.follow_up
    if wanted and not standing and own.type is Type.PLEDGE:
        words = consent_words(own.campaign, own.type)[asking.FOLLOW_UP]
        keep_consent(session, own, asking.FOLLOW_UP, words, now, lang=page_lang())
        asking.start(session, own, now)
    elif standing and not wanted:
        asking.end(session, own, asking.FOLLOW_UP, now)
