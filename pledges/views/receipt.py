"""The private page of an author."""

from __future__ import annotations

import segno
from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import select

from pledges import tokens
from pledges.campaigns import guarding
from pledges.db import reading, utcnow
from pledges.errors import NotYours
from pledges.intake.door import review_desk
from pledges.intake.forms.comment import CommentForm
from pledges.intake.forms.pledge import OFFERED, WISHES, PledgeForm
from pledges.intake.road import form_page
from pledges.models import Consent, Contribution, ShowName, Type
from pledges.receipt import acts, story
from pledges.settings import settings
from pledges.text import first_name
from pledges.wall import pieces
from pledges.web.caching import PRIVATE, never_kept
from pledges.web.language import address_of, link, page_lang, speak_for

from .base import public
from .editing import edit_road


@public.get("/receipt/<token>")
@never_kept("it holds a private link")
def receipt(token: str) -> ResponseReturnValue:
    """Status and what can be done; looking changes nothing."""
    own = own_or_404(token)
    if request.args.get("do") == "edit" and own.withdrawn_at is None:
        return privately(form_page(edit_road(own, token), _as_sent(own), 200))
    return privately(make_response(_receipt(own, token)))


def standing_wishes(own: Contribution) -> list[Consent]:
    """What the author asked for or agreed to beside being shown, and has not taken back."""
    return [consent for consent in own.consents if consent.purpose in WISHES and consent.withdrawn_at is None]


def is_proof(own: Contribution, proof: str) -> bool:
    """Whether `proof` stands in letters to this author's address alone."""
    return own.contact is not None and tokens.proves(proof, own.id, own.contact.email_hash)


def own_or_404(token: str) -> Contribution:
    """What this link opens; raises NotYours. The campaign speaks from here on."""
    own = (
        reading()
        .scalars(
            select(Contribution).where(
                Contribution.receipt_hash == tokens.hash_token(token), Contribution.erased_at.is_(None)
            )
        )
        .first()
    )
    if own is None:
        raise NotYours
    speak_for(own.campaign)
    return own


def _receipt(own: Contribution, token: str) -> str:
    now = utcnow()
    address = settings().base_url + link("receipt", token=token)
    standing = review_desk().standing(reading(), own, page_lang(), now)
    return render_template(
        "receipt/show.html",
        own=own,
        p=pieces.piece(own, own.latest),
        words=own.latest.words,
        standing=standing,
        happened=story.of(own, standing),
        token=token,
        address=address,
        qr=Markup(segno.make(address, error="m").svg_inline(scale=4, svgclass="qr", omitsize=True)),  # noqa: S704
        page=address_of(own, own.campaign),
        on_wall=own.shown_at is not None and (own.parent is None or own.parent.shown_at is not None),
        newer_waits=own.published_revision_id is not None and own.published_revision_id != own.latest.id,
        restore_until=acts.restore_until(own),
        just_sent="sent" in request.args,
        proof=request.args["proof"] if is_proof(own, request.args.get("proof", "")) else "",
        done=request.args.get("done", ""),
        held_back=guarding.stands_still(own.campaign, now),
        slower=guarding.on(own.campaign, "slower", now),
        named={own.show_name, own.latest.level} != {ShowName.ANONYMOUS},
        is_comment=own.type is Type.COMMENT,
        wishes=standing_wishes(own),
        offered=OFFERED,
        called=first_name(own.latest.name),
        settings=settings(),
    )


def privately(response: Response) -> Response:
    """Kept by no cache, told to no other site, found by no search engine."""
    response.headers["Cache-Control"] = PRIVATE
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _as_sent(own: Contribution) -> PledgeForm | CommentForm:
    maker = CommentForm if own.type is Type.COMMENT else PledgeForm
    return maker.of(own, own.latest, page_lang())
