"""A campaign's word list, and a box in which to try a text."""

from __future__ import annotations

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from moderation import permissions
from moderation.models import Moderator, Role, WordEffect, WordRule
from moderation.permissions import Act
from moderation.rules import word_lists
from moderation.screening import run
from moderation.screens import checks, items
from pledges.db import reading, transaction, utcnow
from pledges.models import Campaign
from pledges.text import clean

from .base import campaign_asked, campaigns_of, desk, for_staff


@desk.get("/word-lists")
@for_staff
def show_word_lists(me: Moderator) -> ResponseReturnValue:
    session = reading()
    held = permissions.roles(session, me)
    campaign = campaign_asked(session, held, request.args.get("campaign", ""))
    return _page(session, me, held, campaign)


@desk.post("/word-lists")
@for_staff
def change_word_lists(me: Moderator) -> ResponseReturnValue:
    """A word is listed or retired; what waits is looked at again within minutes."""
    form, now = request.form, utcnow()
    with transaction() as session:
        held = permissions.roles(session, me)
        campaign = campaign_asked(session, held, form.get("campaign", ""))
        permissions.require(held, Act.EDIT_RULES, campaign.id)
        if form.get("act") == "retire":
            word_lists.retire(session, _rule(session, campaign, form.get("rule", "")), me, now)
        elif form.get("act") == "add":
            try:
                effect = WordEffect(form.get("effect", ""))
                phrase, note = clean(form.get("words", "")), clean(form.get("note", ""), lines=True)
                word_lists.add(session, campaign, phrase, effect, note, me, now)
            except word_lists.BadWords as error:
                return _page(session, me, held, campaign, problem=_problem(error.why)), 422
            except ValueError:
                return _page(session, me, held, campaign, problem=gettext("Choose what the word does.")), 422
        else:
            abort(400)
        slug = campaign.slug
    return redirect(url_for("desk.show_word_lists", campaign=slug, changed=1), code=303)


@desk.post("/word-lists/try")
@for_staff
def try_words(me: Moderator) -> ResponseReturnValue:
    """What the lists find in a text that somebody pasted; the text is kept nowhere."""
    session = reading()
    held = permissions.roles(session, me)
    campaign = campaign_asked(session, held, request.form.get("campaign", ""))
    permissions.require(held, Act.LOOK, campaign.id)
    text = clean(request.form.get("text", ""), lines=True)[: word_lists.TRIED_CHARS]
    return _page(session, me, held, campaign, text=text)


def _rule(session: Session, campaign: Campaign, chosen: str) -> WordRule:
    for rule in word_lists.of(session, campaign.id):
        if str(rule.id) == chosen:
            return rule
    abort(404)


def _problem(why: str) -> str:
    return {
        "short": gettext("Write a word with two letters at least."),
        "long": gettext("Write eight words and 100 characters at most."),
        "full": gettext("The list is full. Retire words that are not needed."),
        "known": gettext("This word is listed already, and does just that."),
    }[why]


def _page(
    session: Session,
    me: Moderator,
    held: dict[int | None, Role],
    campaign: Campaign,
    *,
    problem: str = "",
    text: str | None = None,
) -> str:
    caught = word_lists.tried(run.listed(session, campaign.id), text) if text else []
    numbers = {rule: number for number, rule in enumerate(dict.fromkeys(_named(one) for one in caught), start=1)}
    quotes = [(one.quote.field, one.quote.start, one.quote.end, _named(one)) for one in caught]
    return render_template(
        "moderation/word_lists.html",
        me=me,
        chosen=campaign,
        campaigns=campaigns_of(session, held, Act.LOOK),
        listed=word_lists.of(session, campaign.id),
        effects=items.EFFECTS,
        may_edit=permissions.may(held, Act.EDIT_RULES, campaign.id),
        problem=problem,
        text=text,
        marked=checks.marked(text, "words", quotes, numbers) if text else "",
        caught=[(number, one) for one, number in _once(caught, numbers)],
        rule_words=checks.RULES,
        waiting=word_lists.waiting(session, campaign.id) if request.args.get("changed") else None,
    )


def _named(one: word_lists.Caught) -> str:
    return f"{one.quote.rule}: {one.named}"


def _once(caught: list[word_lists.Caught], numbers: dict[str, int]) -> list[tuple[word_lists.Caught, int]]:
    """One line for each rule, however often it caught something."""
    first = {_named(one): one for one in reversed(caught)}
    return [(first[rule], number) for rule, number in numbers.items()]
