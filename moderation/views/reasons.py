"""The reasons of a campaign: listed, added, changed, put in order, retired."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from moderation import permissions
from moderation.models import Moderator, Reason, Role
from moderation.permissions import Act
from moderation.rules import house_rules, reasons
from pledges.db import reading, transaction, utcnow
from pledges.models import Campaign
from pledges.text import clean

from .base import campaign_asked, campaigns_of, desk, for_staff

ACTS = ("add", "edit", "retire", "up", "down", "copy")
YES = "yes"


@desk.get("/reasons")
@for_staff
def show_reasons(me: Moderator) -> ResponseReturnValue:
    session = reading()
    held = permissions.roles(session, me)
    campaign = campaign_asked(session, held, request.args.get("campaign", ""))
    chosen = request.args.get("edit", "")
    return _page(session, me, held, campaign, edited=_own(session, campaign, chosen) if chosen else None)


@desk.post("/reasons")
@for_staff
def change_reasons(me: Moderator) -> ResponseReturnValue:
    """One change of the list; the page comes back filled where something is missing."""
    form, now = request.form, utcnow()
    act = form.get("act", "")
    if act not in ACTS:
        abort(400)
    with transaction() as session:
        held = permissions.roles(session, me)
        campaign = campaign_asked(session, held, form.get("campaign", ""))
        permissions.require(held, Act.EDIT_RULES, campaign.id)
        reason = _own(session, campaign, form.get("reason", "")) if act not in ("add", "copy") else None
        if act in ("add", "edit"):
            draft = _draft(campaign)
            if problems := _problems(draft, campaign):
                page = _page(session, me, held, campaign, edited=reason, draft=draft, problems=problems)
                return page, 422
            if reason is None:
                reasons.add(session, campaign, draft, me, now)
            else:
                reasons.edit(session, reason, draft, me, now)
        elif reason is None:
            reasons.copy_usual(session, campaign, me, now)
        elif act == "retire":
            reasons.retire(session, reason, me, now)
        else:
            reasons.reorder(session, reason, act == "up", me, now)
        slug = campaign.slug
    return redirect(url_for("desk.show_reasons", campaign=slug), code=303)


def _own(session: Session, campaign: Campaign, chosen: str) -> Reason:
    """A reason of this very campaign that stands; anything else does not exist here."""
    for reason in reasons.own(session, campaign.id):
        if str(reason.id) == chosen:
            return reason
    abort(404)


def _draft(campaign: Campaign) -> reasons.Draft:
    form = request.form
    rule = form.get("rule", "")
    return reasons.Draft(
        use=form.get("use", ""),
        name={lang: clean(form.get(f"name_{lang}", ""))[: reasons.NAME_CHARS] for lang in campaign.languages},
        words={lang: clean(form.get(f"words_{lang}", ""))[: reasons.WORDS_CHARS] for lang in campaign.languages},
        note=clean(form.get("note", ""), lines=True)[: reasons.NOTE_CHARS],
        rule=int(rule) if rule.isascii() and rule.isdigit() and len(rule) < 3 else None,
        hidden=form.get("hidden") == YES,
        needs_second=form.get("needs_second") == YES,
    )


def _problems(draft: reasons.Draft, campaign: Campaign) -> dict[str, str]:
    problems = {
        f"{name}_{lang}": gettext("Write this in each of the campaign’s languages.")
        for name, lang in draft.lacking(campaign.languages)
    }
    if draft.use not in reasons.USES:
        problems["use"] = gettext("Choose what it is for.")
    return problems


def _page(
    session: Session,
    me: Moderator,
    held: dict[int | None, Role],
    campaign: Campaign,
    *,
    edited: Reason | None = None,
    draft: reasons.Draft | None = None,
    problems: dict[str, str] | None = None,
) -> str:
    own = reasons.own(session, campaign.id)
    filled: Any = draft or edited
    return render_template(
        "moderation/reasons.html",
        me=me,
        chosen=campaign,
        campaigns=campaigns_of(session, held, Act.LOOK),
        own=bool(own),
        listed=own or reasons.usual(session),
        rules=house_rules.rules_of(session, campaign.id),
        may_edit=permissions.may(held, Act.EDIT_RULES, campaign.id),
        edited=edited,
        filled=filled,
        problems=problems or {},
    )
