"""The organisation behind a promise: its author asks for proof, and says which colleagues speak for it too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from flask import Response, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges import tokens
from pledges.db import reading, transaction, until_stored, utcnow
from pledges.errors import NotYours
from pledges.intake.allowance import clock, refusal
from pledges.intake.door import review_desk
from pledges.intake.forms.base import Form
from pledges.models import Contribution, Matter, Sector, Size
from pledges.organisations import badges, logos, matters, pictures
from pledges.receipt import organisation
from pledges.wall import pieces
from pledges.web.caching import never_kept
from pledges.web.helpers import number
from pledges.web.language import address_of, link, page_lang, speak_for

from .base import public
from .receipt import own_or_404, privately, receipt_page

ACTS = ("prove", "describe", "colleague", "hand_over", "dismiss", "no_logo")


@dataclass
class ProofForm(Form):
    """To which address the link goes that proves an organisation."""

    @classmethod
    def read(cls) -> ProofForm:
        form = cls()
        form._take(request.form, ["email"])
        form._email(needed=_("Write an email address at your organisation"))
        form._ticked(request.form, ["take_over"])
        return form


def act(own: Contribution, token: str, wanted: str) -> ResponseReturnValue:
    """One of ACTS by the author; the page comes back with the form where something in it is wrong."""
    now = utcnow()
    if wanted == "prove":
        return _prove(own, token, now)
    until_stored(lambda: _acted(own, wanted, now))
    return _done(token, wanted)


def _acted(own: Contribution, wanted: str, now: datetime) -> None:
    public_id = request.form.get("who", "")[:16]
    with transaction() as session:
        match wanted:
            case "describe":
                sector, size = _chosen(Sector, "sector"), _chosen(Size, "size")
                organisation.describe(session, own, sector, size, now)
            case "colleague":
                accepted = {"yes": True, "no": False}.get(request.form.get("answer", ""))
                if accepted is None:
                    abort(400)
                organisation.answer(session, own, public_id, accepted, review_desk(), now)
            case "no_logo":
                organisation.take_logo_away(session, own, now)
            case "hand_over":
                organisation.hand_over(session, own, public_id, now)
            case "dismiss":
                organisation.dismiss(session, own, public_id, now)


Choice = TypeVar("Choice", bound=StrEnum)


def _chosen(of: type[Choice], name: str) -> Choice | None:
    """What was chosen from a list; none: nothing."""
    given = request.form.get(name, "")
    try:
        return of(given) if given else None
    except ValueError:
        abort(400)


def _prove(own: Contribution, token: str, now: datetime) -> Response:
    """A link is owed to the address, or the form says what is wrong with it."""
    form = ProofForm.read()
    if own.contact is not None and own.contact.proved_at is None:
        form.errors["email"] = _("Confirm your own address first: the button for it is in the letter that we sent you")
    if form.errors:
        return _again(own, token, form, 422)
    wait = refusal("letters", email=form["email"])
    if wait is not None:
        form.errors["email"] = _(
            "We have sent several letters already. Please wait until %(time)s", time=clock(wait, now)
        )
        return _again(own, token, form, wait.status)
    try:
        with transaction() as session:
            taken = matters.ask(
                session, own, form["email"], take_over=bool(form["take_over"]), lang=page_lang(), now=now
            )
            review_desk().proof_asked(session, taken, now)
    except matters.NoDomain:
        form.errors["email"] = _("This address stands at no domain of its own")
        return _again(own, token, form, 422)
    review_desk().links_asked()
    return _done(token, "prove")


@public.post("/receipt/<token>/logo")
def logo_sent(token: str) -> ResponseReturnValue:
    """A logo waits for a moderator, or the page says what is wrong with it."""
    own, now = own_or_404(token), utcnow()
    wait = refusal("receipts")
    if wait is not None:
        abort(wait.status, retry_after=wait.retry_after_seconds)
    form = Form()
    form._take(request.form, ["alt"])
    if not form["alt"]:
        form.errors["alt"] = _("Write what the logo shows, for those who cannot see it")
    form._at_most("alt", logos.ALT_CHARS)
    sent = request.files.get("logo")
    try:
        picture = pictures.drawn_anew(sent.stream.read(pictures.MOST_BYTES + 1) if sent is not None else b"")
    except pictures.NoLogo as error:
        form.errors["logo"] = _no_logo(error.why)
        return _again(own, token, form, 422)
    if form.errors:
        return _again(own, token, form, 422)

    def kept() -> None:
        with transaction() as session:
            organisation.send_logo(session, own, picture, form["alt"], page_lang(), now)

    until_stored(kept)
    return _done(token, "logo")


logo_sent.takes_file = True  # type: ignore[attr-defined]


def _no_logo(why: str) -> str:
    most = number(pictures.MOST_BYTES // 1024)
    return {
        "none": _("Choose a picture"),
        "large": _("This file is too large. Send one of %(most)s KB at most", most=most),
        "kind": _("Send a picture as PNG, JPEG or WebP"),
        "points": _("This picture has too many points. Send a smaller one"),
        "broken": _("We cannot read this picture. Save it again as PNG, and send that"),
    }[why]


def _again(own: Contribution, token: str, form: Form, status: int) -> Response:
    return privately(make_response(receipt_page(own, token, proving=form), status))


def _done(token: str, done: str) -> Response:
    return privately(make_response(redirect(link("receipt", token=token, done=done, _anchor="organisation"), code=303)))


@public.route("/proofs/<token>", methods=["GET", "POST"])
@never_kept("it holds a private link")
def proof(token: str) -> ResponseReturnValue:
    """A GET shows the promise and the button; whoever presses has read a letter at the organisation's address."""
    now, matter = utcnow(), _of_link(reading(), token)
    if request.method == "POST":
        with transaction() as session:
            mine = _of_link(session, token)
            if matters.press(session, mine, now):
                review_desk().proof_waits(session, mine, now)
        return privately(make_response(_page(matter, now, pressed=True)))
    over = matter.decided_at is not None or matters.is_over(matter, now)
    return privately(make_response(_page(matter, now, pressed=matter.waiting_since is not None, over=over)))


def _of_link(session: Session, token: str) -> Matter:
    """What this link proves; raises NotYours, also where the promise stands on the wall no more."""
    public_id = tokens.read_matter_token(token)
    matter = session.scalars(select(Matter).where(Matter.public_id == public_id)).first() if public_id else None
    if matter is None or matter.contribution is None or matter.contribution.shown_at is None:
        raise NotYours
    speak_for(matter.campaign)
    return matter


def _page(matter: Matter, now: datetime, *, pressed: bool, over: bool = False) -> str:
    pledge = matter.contribution
    assert pledge is not None  # noqa: S101 (asked above)
    return render_template(
        "receipt/proof.html",
        matter=matter,
        token=tokens.matter_token(matter.public_id),
        p=pieces.piece(pledge),
        page=address_of(pledge, matter.campaign),
        pressed=pressed,
        over=over,
        verified=badges.vouched(pledge, now),
        by_colleague=matters.by_colleague(matter.organisation, pledge, now),
    )
