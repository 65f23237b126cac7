"""The private page of an author."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import segno
from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from markupsafe import Markup
from sqlalchemy import select

from pledges import tokens
from pledges.campaigns import event_codes, guarding
from pledges.db import reading, utcnow
from pledges.errors import NotYours
from pledges.intake.door import review_desk
from pledges.intake.forms.base import TRAP, Form, consent_words
from pledges.intake.forms.comment import CommentForm
from pledges.intake.forms.pledge import OFFERED, WISHES, PledgeForm
from pledges.intake.forms.update import STATUSES, UpdateForm
from pledges.intake.road import form_page
from pledges.models import Consent, Contribution, ShowName, Type
from pledges.organisations import facts, matters
from pledges.receipt import acts, answering, organisation, story
from pledges.settings import settings
from pledges.text import first_name
from pledges.updates import actions, asking, timeline
from pledges.wall import pieces, shown, thread
from pledges.web.caching import PRIVATE, never_kept
from pledges.web.language import address_of, link, page_lang, speak_for

from .base import public
from .comment import own_comment_road
from .editing import edit_road

LESS = {  # what the buttons say that show less of a name
    ShowName.FIRST.value: lazy_gettext("Show only my first name"),
    ShowName.ROLE.value: lazy_gettext("Show only my role or place"),
    ShowName.ORGANISATION.value: lazy_gettext("Show only the name of the organisation"),
    ShowName.ANONYMOUS.value: lazy_gettext("Do not show my name"),
}
LAST_COMMENTS = 5  # that an author can answer from the private page


@public.get("/receipt/<token>")
@never_kept("it holds a private link")
def receipt(token: str) -> ResponseReturnValue:
    """Status and what can be done; looking changes nothing."""
    own = own_or_404(token)
    if request.args.get("do") == "edit" and own.withdrawn_at is None:
        return privately(form_page(edit_road(own, token), _as_sent(own), 200))
    if request.args.get("do") == "comment" and own.shown_at is not None and own.type in shown.SHELVES.values():
        form = CommentForm.blank(own.campaign, page_lang(), request.args.get("reply_to", "")[:16])
        return privately(form_page(own_comment_road(own, token), form, 200))
    return privately(make_response(receipt_page(own, token)))


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


def update_purpose(own: Contribution) -> str:
    return f"update:{own.public_id}"


def receipt_page(
    own: Contribution, token: str, *, form: UpdateForm | None = None, trouble: str = "", proving: Form | None = None
) -> str:
    """The whole page; with the form for how it goes, or for proof, as it was sent, and what stood in its way."""
    now = utcnow()
    told = timeline.own(reading(), own) if own.type is Type.PLEDGE else []
    address = settings().base_url + link("receipt", token=token)
    standing = review_desk().standing(reading(), own, page_lang(), now)
    return render_template(
        "receipt/show.html",
        own=own,
        p=pieces.piece(own, own.latest),
        words=own.latest.words,
        standing=standing,
        happened=story.of(own, standing, told),
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
        less_words=LESS,
        less=[(each, pieces.signature(own.latest, each)) for each in acts.less_of(own)],
        is_comment=own.type is Type.COMMENT,
        can_tell=answering.can_tell(own),
        told=told,
        sent_actions=actions.of_revision(own.latest),
        actions=actions.of(reading(), own) if own.type is Type.PLEDGE else [],
        own_page=_own_page,
        statuses=STATUSES,
        invites_colleagues=acts.may_invite_colleagues(own),
        staff_code=event_codes.staff_link_of(reading(), own, now) if acts.may_invite_colleagues(own) else None,
        form=form or UpdateForm(),
        proving=proving or Form(),
        standing_for=organisation.of(reading(), own, now),
        link_holds=matters.LINK_HOLDS,
        sector_words=facts.SECTORS,
        size_words=facts.SIZES,
        trouble=trouble,
        form_token=tokens.new_form_token(update_purpose(own)),
        trap=TRAP,
        asked_next=_asked_next(own),
        asks=consent_words(own.campaign, Type.PLEDGE)[asking.FOLLOW_UP],
        wishes=standing_wishes(own),
        offered=OFFERED,
        **_finished(own),
        called=first_name(own.latest.name),
        settings=settings(),
    )


def _finished(own: Contribution) -> dict[str, Any]:
    """What the page of a promise on the wall shows besides: its block in the cloth, and what was said under it."""
    if own.type is not Type.PLEDGE or own.shown_at is None or own.published_at is None:
        return {"cloth": None, "comments": []}
    session = reading()
    dye = pieces.dye(own.theme, own.public_id)
    woven = pieces.the_cloth(session, own.campaign, mark=own.published_at.date(), own=dye, narrow=True)
    last = thread.newest(session, own, LAST_COMMENTS) if own.comments_shown else []
    return {"cloth": woven, "comments": [pieces.piece(each) for each in last]}


def _own_page(update: Contribution) -> str:
    """The private page of what was written with an answer."""
    return link("receipt", token=tokens.receipt_token(update.id, update.receipt_number, update.receipt_hash))


def _asked_next(own: Contribution) -> datetime | None:
    """When we ask next, as far as the author has let us."""
    contact = own.contact
    proved = contact is not None and contact.proved_at is not None and contact.undeliverable_at is None
    return contact.next_question_at if contact is not None and proved and own.withdrawn_at is None else None


def privately(response: Response) -> Response:
    """Kept by no cache, told to no other site, found by no search engine."""
    response.headers["Cache-Control"] = PRIVATE
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _as_sent(own: Contribution) -> PledgeForm | CommentForm | UpdateForm:
    makers: dict[Type, type[PledgeForm | CommentForm | UpdateForm]] = {
        Type.COMMENT: CommentForm,
        Type.UPDATE: UpdateForm,
    }
    return makers.get(own.type, PledgeForm).of(own, own.latest, page_lang())
