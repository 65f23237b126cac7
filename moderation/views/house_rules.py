"""The house rules of a campaign, with their worked examples: read by all at the desk, written by leads."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from moderation import permissions
from moderation.models import HouseRule, Moderator, Role
from moderation.permissions import Act
from moderation.rules import house_rules
from pledges.db import reading, transaction, utcnow
from pledges.models import Campaign
from pledges.text import clean

from .base import campaign_asked, campaigns_of, desk, for_staff

ACTS = ("add", "edit", "retire", "copy")


@desk.get("/house-rules")
@for_staff
def show_house_rules(me: Moderator) -> ResponseReturnValue:
    session = reading()
    held = permissions.roles(session, me)
    campaign = campaign_asked(session, held, request.args.get("campaign", ""))
    chosen = request.args.get("edit", "")
    return _page(session, me, held, campaign, edited=_own(session, campaign, chosen) if chosen else None)


@desk.post("/house-rules")
@for_staff
def change_house_rules(me: Moderator) -> ResponseReturnValue:
    """One change of the rules; the page comes back filled where something is missing."""
    form, now = request.form, utcnow()
    act = form.get("act", "")
    if act not in ACTS:
        abort(400)
    with transaction() as session:
        held = permissions.roles(session, me)
        campaign = campaign_asked(session, held, form.get("campaign", ""))
        permissions.require(held, Act.EDIT_RULES, campaign.id)
        rule = _own(session, campaign, form.get("rule", "")) if act in ("edit", "retire") else None
        if act in ("add", "edit"):
            draft = _draft(campaign)
            problems = {
                f"words_{lang}": gettext("Write this in each of the campaign’s languages.")
                for _name, lang in draft.lacking(campaign.languages)
            }
            if not problems and rule is None and house_rules.add(session, campaign, draft, me, now) is None:
                problems["words_" + campaign.languages[0]] = gettext("These are as many rules as anybody reads.")
            if problems:
                return _page(session, me, held, campaign, edited=rule, draft=draft, problems=problems), 422
            if rule is not None:
                house_rules.edit(session, rule, draft, me, now)
        elif rule is None:
            house_rules.copy_usual(session, campaign, me, now)
        else:
            house_rules.retire(session, rule, me, now)
        slug = campaign.slug
    return redirect(url_for("desk.show_house_rules", campaign=slug), code=303)


def _own(session: Session, campaign: Campaign, chosen: str) -> HouseRule:
    for rule in house_rules.own(session, campaign.id):
        if str(rule.id) == chosen:
            return rule
    abort(404)


def _draft(campaign: Campaign) -> house_rules.Draft:
    def texts(name: str, most: int) -> dict[str, str]:
        written = {lang: clean(request.form.get(f"{name}_{lang}", ""))[:most] for lang in campaign.languages}
        return {lang: text for lang, text in written.items() if text}

    return house_rules.Draft(
        texts("words", house_rules.WORDS_CHARS),
        texts("allowed", house_rules.EXAMPLE_CHARS),
        texts("declined", house_rules.EXAMPLE_CHARS),
    )


def _page(
    session: Session,
    me: Moderator,
    held: dict[int | None, Role],
    campaign: Campaign,
    *,
    edited: HouseRule | None = None,
    draft: house_rules.Draft | None = None,
    problems: dict[str, str] | None = None,
) -> str:
    filled: Any = draft or edited
    return render_template(
        "moderation/house_rules.html",
        me=me,
        chosen=campaign,
        campaigns=campaigns_of(session, held, Act.LOOK),
        own=bool(house_rules.own(session, campaign.id)),
        rules=house_rules.rules_of(session, campaign.id),
        may_edit=permissions.may(held, Act.EDIT_RULES, campaign.id),
        edited=edited,
        filled=filled,
        problems=problems or {},
    )
