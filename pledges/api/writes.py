"""What partners send for their visitors: the road of our own forms, with a key in place of a form's token."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from flask import Response, abort, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import ValidationError
from sqlalchemy.orm import Session
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import BadRequest, TooManyRequests, Unauthorized, UnprocessableEntity

from pledges import text
from pledges.campaigns import finding
from pledges.db import reading, utcnow
from pledges.errors import CampaignClosed, FormUsed
from pledges.intake import storing
from pledges.intake.allowance import refusal
from pledges.intake.forms.base import consent_words
from pledges.intake.forms.comment import CommentForm
from pledges.intake.forms.pledge import PledgeForm
from pledges.intake.road import Store, as_new, stored
from pledges.intake.sent import Origin, Receipt, Sent
from pledges.limits.counting import limits_of
from pledges.limits.rules import Kind, Refusal
from pledges.models import Campaign, PartnerKey, Type
from pledges.networks import address_of
from pledges.settings import settings
from pledges.wall import shown
from pledges.web import language
from pledges.web.language import link, today

from . import keys, schemas
from .base import api, as_json, described

Given = TypeVar("Given", schemas.NewPledge, schemas.NewComment)
AGREED = "consents"  # the field in which what was agreed to stands


class WrongFields(UnprocessableEntity):
    """422, with words for each field that is wrong."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__()
        self.detail = _("Some fields are wrong.")
        self.errors = errors


@api.post("/campaigns/<slug>/pledges")
@described("Send a promise", schemas.Taken, takes=schemas.NewPledge)
def send_pledge(slug: str) -> ResponseReturnValue:
    campaign = language.speak_for(finding.campaign_or_404(reading(), slug))
    key = _key(campaign)
    given = _given(schemas.NewPledge, campaign)
    form = PledgeForm.read(_fields(given), campaign, Type.PLEDGE, page_lang=language.page_lang(), today=today(utcnow()))
    open_now = finding.is_open(campaign, utcnow())
    return _take(key, given, form, as_new(campaign, None), "promises", open_now=open_now)


@api.post("/pledges/<id>/comments")
@described("Send a comment on a promise or answer", schemas.Taken, takes=schemas.NewComment)
def send_comment(id: str) -> ResponseReturnValue:
    campaign = language.speak_for(shown.campaign_of_or_404(reading(), id))
    parent = shown.shown_anywhere_or_404(reading(), id)
    key = _key(campaign)
    given = _given(schemas.NewComment, campaign)
    form = CommentForm.read(_fields(given), campaign, page_lang=language.page_lang())
    answered = shown.answered(reading(), campaign, parent, given.reply_to) if given.reply_to else None
    if given.reply_to and answered is None:
        form.errors["reply_to"] = _("This is no comment here")
    store = as_new(campaign, None, parent=parent, reply_to=answered)
    return _take(key, given, form, store, "comments", open_now=finding.takes_comments(campaign, parent))


def _key(campaign: Campaign) -> PartnerKey:
    """The key that came along; 401 where it is none of this campaign's, or not in use."""
    scheme, _blank, key = request.headers.get("Authorization", "").partition(" ")
    found = keys.known(reading(), campaign, key.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise Unauthorized(www_authenticate=WWWAuthenticate("bearer"))
    return found


def _given(shape: type[Given], campaign: Campaign) -> Given:
    """The body in this shape; raises BadRequest or WrongFields. From here its language is spoken."""
    sent = request.get_json()
    if not isinstance(sent, dict):
        raise BadRequest
    try:
        given = shape.model_validate(sent)
    except ValidationError as error:
        raise WrongFields({".".join(map(str, each["loc"])): each["msg"] for each in error.errors()}) from None
    wrong = {}
    if given.page_lang and given.page_lang not in campaign.languages:
        wrong["page_lang"] = _("This is no language of these pages")
    if address_of(given.visitor_address) is None:
        wrong["visitor_address"] = _("This is no IP address")
    known = consent_words(campaign, Type.PLEDGE)
    if not set(given.consents) <= set(known) or "public" not in given.consents:
        wrong[AGREED] = _("“public” is needed; besides it there can be %(names)s", names=", ".join(list(known)[1:]))
    if wrong:
        raise WrongFields(wrong)
    if given.page_lang:
        g.lang = given.page_lang
    return given


def _fields(given: schemas.NewPledge | schemas.NewComment) -> dict[str, str]:
    """As a form would send them; what was agreed to is ticked."""
    said = {name: value for name, value in given.model_dump().items() if isinstance(value, str)}
    for n, each in enumerate(getattr(given, "actions", ()), start=1):
        said |= {f"action-{n}": each.action, f"action-{n}-by": each.by_when}
    return said | dict.fromkeys(given.consents, "yes") | {"consent": "yes"}


def _take(
    key: PartnerKey,
    given: schemas.NewPledge | schemas.NewComment,
    form: PledgeForm | CommentForm,
    store: Store,
    limit: Kind,
    *,
    open_now: bool,
) -> Response:
    """Stored once, and the receipt; whatever stands against it is raised."""
    if form.errors:
        raise WrongFields(form.errors)
    sent = _as_agreed(form.sent(_once(key)), given)
    try:
        again = storing.already(reading(), sent)
        if again is not None:
            return _taken(again)
        if not open_now:
            raise CampaignClosed
        _count(key, given, form, limit)
        now = utcnow()
        return _taken(stored(_with_key(key, store), sent, _origin(given), now))
    except FormUsed:
        raise WrongFields({"Idempotency-Key": _("This came before, with something else")}) from None


def _once(key: PartnerKey) -> str | None:
    """By what the same thing is known when it is sent again."""
    said = request.headers.get("Idempotency-Key", "").strip()
    if not said:
        return None
    if len(said) > 200:
        raise WrongFields({"Idempotency-Key": _("Shorten this to %(most)s characters", most=200)})
    return hashlib.sha256(f"partner {key.id} {said}".encode()).hexdigest()


def _as_agreed(sent: Sent, given: schemas.NewPledge | schemas.NewComment) -> Sent:
    """With the very words that the visitor agreed to, where they stood."""
    words = {purpose: text.clean(said, lines=True) for purpose, said in given.consents.items()}
    if any(not text.says_something(said) for said in words.values()):
        raise WrongFields({AGREED: _("Write the words that were agreed to")})
    agreed = {purpose: words[purpose] for purpose in sent.consents if purpose in words}
    return replace(sent, consents=agreed, wording=tuple(words[purpose] for purpose in sorted(words)))


def _count(
    key: PartnerKey, given: schemas.NewPledge | schemas.NewComment, form: PledgeForm | CommentForm, limit: Kind
) -> None:
    """Counted for the key, then for the visitor as in our own form; raises where either sent too often."""
    wait = limits_of(current_app).take("api", {("partner key", str(key.id)): 1})
    wait = wait or refusal(limit, email=form["email"], address=address_of(given.visitor_address))
    if wait is not None:
        raise _too_often(wait)


def _too_often(wait: Refusal) -> Exception:
    if wait.status == 503:
        abort(503, retry_after=wait.retry_after_seconds)
    return TooManyRequests(retry_after=max(1, wait.retry_after_seconds))


def _with_key(key: PartnerKey, store: Store) -> Store:
    def checked(session: Session, sent: Sent, origin: Origin, now: datetime) -> Receipt:
        if not keys.use(session, key, now):  # it was ended since it was read
            raise Unauthorized(www_authenticate=WWWAuthenticate("bearer"))
        return store(session, sent, origin, now)

    return checked


def _origin(given: schemas.NewPledge | schemas.NewComment) -> Origin:
    campaign: Campaign = g.campaign
    return Origin(
        ip=str(address_of(given.visitor_address)),
        user_agent=text.clean(given.visitor_agent),
        permalink=settings().base_url + link("wall", slug=campaign.slug),
        through_teacher=campaign.through_teacher,
        seconds_on_form=given.seconds_on_form,
        trap_value="",  # the partner's form has its own
    )


def _taken(receipt: Receipt) -> Response:
    address = settings().base_url + link("receipt", token=receipt.token)
    response = as_json(schemas.Taken(id=receipt.public_id, receipt=address), 202)
    response.headers["Cache-Control"] = "no-store"
    return response
