"""Surge mode and its lists, campaign by campaign."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, format_datetime, gettext
from sqlalchemy.orm import Session

from moderation import permissions
from moderation.clusters import joining
from moderation.models import ExpectedDay, Hold, HoldEffect, HoldKind, Moderator, Review, Surge
from moderation.permissions import Act, NotAllowed
from moderation.record import values
from moderation.screens import context
from moderation.surge import expecting, held, lists, state, switching
from pledges import ends
from pledges.campaigns.guarding import SWITCHES
from pledges.db import reading, transaction, utcnow
from pledges.models import Campaign
from pledges.text import clean, number

from .base import campaign_named, campaigns_of, desk, for_staff, open_first

HOURS = (1, 2, 4, 8, 24)
NOTE_CHARS = 300


@desk.get("/surge")
@for_staff
def show_surge(me: Moderator) -> ResponseReturnValue:
    """With `from`, an item's number, the list's form is filled in with the network that it came from."""
    campaign = _chosen(reading(), me, request.args.get("campaign", ""))
    return _page(me, campaign, given=_network_from(campaign, me, request.args.get("from", "")))


@desk.post("/surge/start")
@for_staff
def start_surge(me: Moderator) -> ResponseReturnValue:
    hours = request.form.get("hours", "2")
    with transaction() as session:
        campaign = _campaign(session, me, Act.START_SURGE)
        length = int(hours) if hours in {str(choice) for choice in HOURS} else HOURS[1]
        try:
            switching.start(session, campaign, by=me, why="hand", hours=length, switches=_switches(), now=utcnow())
        except switching.NotPossible:
            return _page(me, campaign, problem=gettext("Surge mode is on already.")), 409
    return _back(campaign)


@desk.post("/surge/change")
@for_staff
def change_surge(me: Moderator) -> ResponseReturnValue:
    """The switches as ticked; "slower than usual" is only switched on through its preview.

    Any moderator switches on; off is a part of ending it, which is a lead's.
    """
    now = utcnow()
    with transaction() as session:
        campaign = _campaign(session, me, Act.START_SURGE)
        running = _running(session, campaign)
        wanted = _switches()
        off = any(getattr(running, name) and not on for name, on in wanted.items())
        if off and not permissions.may(permissions.roles(session, me), Act.END_SURGE, campaign.id):
            return _page(
                me, campaign, problem=gettext("Only a lead can switch off what is on. Nothing has changed.")
            ), 403
        switching.change(session, campaign, running, wanted | {"slower": running.slower}, me, now)
    return _back(campaign)


@desk.post("/surge/end")
@for_staff
def end_surge(me: Moderator) -> ResponseReturnValue:
    with transaction() as session:
        campaign = _campaign(session, me, Act.END_SURGE)
        switching.end(session, campaign, _running(session, campaign), me, utcnow())
    return _back(campaign)


@desk.post("/surge/help")
@for_staff
def ask_for_help(me: Moderator) -> ResponseReturnValue:
    with transaction() as session:
        campaign = _campaign(session, me, Act.START_SURGE)
        try:
            count = switching.ask_for_help(session, campaign, _running(session, campaign), me, utcnow())
        except switching.NotPossible:
            return _page(me, campaign, problem=gettext("Help was asked for within the last hour.")), 409
    return _page(me, campaign, asked=count)


@desk.post("/surge/slower")
@for_staff
def tell_slower(me: Moderator) -> ResponseReturnValue:
    """First the letter as it will be read, and how many get it; then, confirmed, it is owed to all of them."""
    now = utcnow()
    with transaction() as session:
        campaign = _campaign(session, me, Act.START_SURGE)
        running = _running(session, campaign)
        if request.form.get("confirmed") != "yes":
            return _preview(session, me, campaign)
        switches = {name: getattr(running, name) for name in SWITCHES} | {"slower": True}
        switching.change(session, campaign, running, switches, me, now)
    return _back(campaign)


@desk.post("/surge/expected")
@for_staff
def tell_expected(me: Moderator) -> ResponseReturnValue:
    """A day on which much is expected is told; a lead's or an owner's act."""
    form, now = request.form, utcnow()
    about = number(form.get("about", "").strip().replace(",", "").replace(" ", ""))
    with transaction() as session:
        campaign = _campaign(session, me, Act.TELL_EXPECTED)
        try:
            expecting.tell(session, campaign, date.fromisoformat(form.get("day", "")), about or 0, me, now)
        except expecting.ToldAlready:
            return _page(me, campaign, problem=gettext("That day is told already."), given=form), 422
        except ValueError:
            words = gettext("Choose a day, from today on, and about how many promises (1 to 1,000,000).")
            return _page(me, campaign, problem=words, given=form), 422
    return _back(campaign)


@desk.post("/surge/expected/<int:told_id>/end")
@for_staff
def take_back_expected(told_id: int, me: Moderator) -> ResponseReturnValue:
    with transaction() as session:
        told = session.get(ExpectedDay, told_id)
        campaign = session.get(Campaign, told.campaign_id) if told is not None else None
        if told is None or campaign is None:
            abort(404)
        _require(session, me, campaign, Act.TELL_EXPECTED)
        expecting.take_back(session, campaign, told, me, utcnow())
    return _back(campaign)


@desk.post("/surge/lists")
@for_staff
def add_hold(me: Moderator) -> ResponseReturnValue:
    form, now = request.form, utcnow()
    try:
        kind, effect = HoldKind(form.get("kind", "")), HoldEffect(form.get("effect", ""))
        days = int(form.get("days", ""))
    except ValueError:
        kind, effect, days = None, None, 0
    with transaction() as session:
        campaign = _campaign(session, me, Act.START_SURGE)
        if kind is None or effect is None or not 1 <= days <= lists.HOLD_DAYS:
            words = gettext(
                "Choose what it is, what it does, and for how many days (1 to %(most)s).", most=lists.HOLD_DAYS
            )
            return _page(me, campaign, problem=words, given=form), 422
        value, note = clean(form.get("value", "")), clean(form.get("note", ""))[:NOTE_CHARS]
        try:
            lists.add_hold(session, campaign, kind, value, effect, days=days, note=note, by=me, now=now)
        except ValueError:
            return _page(me, campaign, problem=WRONG[kind](), given=form), 422
        except lists.ListedAlready as error:
            return _page(me, campaign, problem=_listed_already(error.hold, campaign), given=form), 422
    return _back(campaign)


@desk.post("/surge/lists/<int:hold_id>/end")
@for_staff
def end_hold(hold_id: int, me: Moderator) -> ResponseReturnValue:
    with transaction() as session:
        hold = session.get(Hold, hold_id)
        campaign = session.get(Campaign, hold.campaign_id) if hold is not None else None
        if hold is None or campaign is None:
            abort(404)
        _require(session, me, campaign, Act.START_SURGE)
        lists.end_hold(session, campaign, hold, me, utcnow())
    return _back(campaign)


WRONG: dict[HoldKind, Any] = {
    HoldKind.NETWORK: lambda: gettext(
        "Write an address or a network, such as 203.0.113.0/24; not wider than /16 or /32."
    ),
    HoldKind.DOMAIN: lambda: gettext("Write a mail domain of at most 100 characters, such as example.org."),
    HoldKind.PHRASE: lambda: gettext("Write a phrase of one to eight words, with 4 to 100 characters."),
}


def _listed_already(hold: Hold, campaign: Campaign) -> str:
    return gettext(
        "%(entry)s is on the list already, until %(moment)s. Take it off first if something else should happen.",
        entry=hold.value,
        moment=format_datetime(ends.last_moment(hold.ends_at, campaign.time_zone), "d MMM, HH:mm", rebase=False),
    )


def _network_from(campaign: Campaign, me: Moderator, asked: str) -> dict[str, str]:
    """The list's form for the network that an item of this campaign came from, while that is known."""
    session = reading()
    review_id = number(asked)
    review = session.get(Review, review_id) if review_id is not None else None
    if review is None or review.campaign_id != campaign.id:
        return {}
    if not context.may_list_network(session, review, permissions.roles(session, me), utcnow()):
        return {}
    return {"kind": HoldKind.NETWORK, "value": joining.network_of(session, review)}


def _switches() -> dict[str, bool]:
    return {name: request.form.get(name) == "yes" for name in SWITCHES if name != "slower"}


def _running(session: Session, campaign: Campaign) -> Surge:
    running = state.running(session, campaign.id, utcnow(), lock=True)
    if running is None:
        abort(409)
    return running


def _campaign(session: Session, me: Moderator, act: Act) -> Campaign:
    """The campaign that the form names, where `me` may do this."""
    campaign = campaign_named(session, request.form.get("campaign", ""))
    if campaign is None:
        abort(404)
    _require(session, me, campaign, act)
    return campaign


def _require(session: Session, me: Moderator, campaign: Campaign, act: Act) -> None:
    held = permissions.roles(session, me)
    if not permissions.may(held, Act.LOOK, campaign.id):
        abort(404)
    if not permissions.may(held, act, campaign.id):
        raise NotAllowed(act)


def _chosen(session: Session, me: Moderator, slug: str) -> Campaign:
    campaigns = _mine(session, me)
    named = [campaign for campaign in campaigns if campaign.slug == slug]
    if not campaigns or (slug and not named):
        abort(404)
    return (named or campaigns)[0]


def _mine(session: Session, me: Moderator) -> list[Campaign]:
    return open_first(session, campaigns_of(session, permissions.roles(session, me), Act.LOOK), utcnow())


def _back(campaign: Campaign) -> ResponseReturnValue:
    return redirect(url_for("desk.show_surge", campaign=campaign.slug), code=303)


def _preview(session: Session, me: Moderator, campaign: Campaign) -> str:
    letters = []
    for lang in campaign.languages:
        with force_locale(lang):
            context = {"campaign_title": campaign.title.in_(lang), "subject": gettext("It takes longer than usual")}
            blank = "…"
            letters.append((lang, render_template("email/slower.txt", reference=blank, receipt_url=blank, **context)))
    count = held.to_tell(session, campaign.id)
    return render_template("moderation/slower.html", me=me, campaign=campaign, letters=letters, count=count)


def _page(me: Moderator, campaign: Campaign, **happened: Any) -> str:
    session, now = reading(), utcnow()
    held = permissions.roles(session, me)
    return render_template(
        "moderation/surge.html",
        me=me,
        campaign=campaign,
        campaigns=_mine(session, me),
        running=state.running(session, campaign.id, now),
        holds=state.holds(session, campaign.id, now),
        hours=HOURS,
        kinds=values.HOLD_KINDS,
        effects=values.HOLD_EFFECTS,
        may_start=permissions.may(held, Act.START_SURGE, campaign.id),
        expected=expecting.to_come(session, campaign, now),
        may_tell=permissions.may(held, Act.TELL_EXPECTED, campaign.id),
        may_end=permissions.may(held, Act.END_SURGE, campaign.id),
        **({"problem": "", "asked": None, "given": {}} | happened),
    )
