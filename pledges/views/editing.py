"""An author's words, changed: a new revision on the same road."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from pledges.campaigns import event_codes
from pledges.db import reading, utcnow
from pledges.errors import FormUsed, NotNow
from pledges.intake import storing
from pledges.intake.door import review_desk
from pledges.intake.forms.comment import CommentForm
from pledges.intake.forms.pledge import PledgeForm
from pledges.intake.forms.update import UpdateForm
from pledges.intake.road import Road, gone_page, take, to_receipt
from pledges.intake.sent import Origin, Receipt, Sent
from pledges.models import Contribution, Type
from pledges.web.language import page_lang, today

from .comment import comment_form_page
from .making import pledge_form_page


def edit(own: Contribution, token: str) -> ResponseReturnValue:
    form: PledgeForm | CommentForm | UpdateForm
    if own.type is Type.UPDATE:
        form = UpdateForm.read(request.form, own.campaign, page_lang=page_lang(), status=own.latest.status)
    elif own.type is Type.COMMENT:
        form = CommentForm.read(request.form, own.campaign, page_lang=page_lang(), editing=True)
    else:
        before = [own.latest.by_when.isoformat() if own.latest.by_when else "", *(a["by"] for a in own.latest.actions)]
        form = PledgeForm.read(
            request.form,
            own.campaign,
            own.type,
            page_lang=page_lang(),
            today=today(utcnow()),
            editing=True,
            as_before=before,
        )
    road = edit_road(own, token)
    if own.withdrawn_at is None:
        with suppress(NotNow):  # withdrawn in this very moment: answered below, like what was withdrawn before
            return take(road, form)
    same = road.repeated(form.sent(None)) if not form.errors else None
    return to_receipt(same) if same is not None else gone_page("withdrawn", 409, receipt_token=token)


def edit_road(own: Contribution, token: str) -> Road:
    """The road of newer words: what is shown stays until they are approved.

    A form's token carries the number of the words it was made for, so it is used once newer ones have come.
    """
    campaign = own.campaign
    number = own.latest.number

    def repeated(sent: Sent) -> Receipt | None:
        return Receipt(own.id, own.public_id, token, fresh=False) if storing.says(own.latest, sent) else None

    def store(session: Session, sent: Sent, origin: Origin, now: datetime) -> Receipt:
        session.refresh(own)
        session.refresh(own, ["revisions"])
        again = repeated(sent)
        if again is not None:
            return again
        if own.latest.number != number:
            raise FormUsed
        storing.change(session, own, sent, origin, review_desk(), now=now)
        return Receipt(own.id, own.public_id, token, fresh=True)

    def page(*, form: PledgeForm | CommentForm | UpdateForm, **given: Any) -> str:
        given = {"trouble": "", "own": own, "receipt_token": token, **given}
        if isinstance(form, UpdateForm):
            return render_template("receipt/update.html", form=form, **given)
        if isinstance(form, CommentForm):
            assert own.parent is not None  # noqa: S101 (a comment has one, by constraint)
            return comment_form_page(form=form, parent=None, answered=None, **given)
        return pledge_form_page(campaign, own.question, None, None, form=form, **given)

    return Road(
        purpose=f"edit:{own.public_id}:{number}",
        limit="promises",
        page=page,
        store=store,
        sent_with=tuple(f"edit:{own.public_id}:{earlier}" for earlier in range(1, number)),
        repeated=repeated,
        event=event_codes.event_of(reading(), own, utcnow()),
    )
