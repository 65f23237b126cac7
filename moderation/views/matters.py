"""What the desk knows of an organisation: its badge, who speaks for it, what waits; and the domains that prove nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation import permissions
from moderation.models import Moderator, Role
from moderation.organisations import domains, matters
from moderation.permissions import Act
from pledges.campaigns import event_codes
from pledges.db import reading, transaction, until_stored, utcnow
from pledges.errors import NotNow
from pledges.intake import allowance
from pledges.models import Campaign, Contribution, How, Logo, Matter, MatterKind, Organisation
from pledges.organisations import badges, logos

from .base import desk, for_staff


@desk.get("/organisations/<public_id>")
@for_staff
def show_organisation(public_id: str, me: Moderator) -> ResponseReturnValue:
    session, now = reading(), utcnow()
    held = permissions.roles(session, me)
    organisation, where = _organisation(session, public_id, held)
    lead_of = [each for each in where if permissions.may(held, Act.EDIT_RULES, each.id)]
    asked = [each for each in matters.of(session, organisation) if _may_see(held, each)]
    return render_template(
        "moderation/organisation.html",
        me=me,
        organisation=organisation,
        told=badges.told(organisation, now),
        campaigns=where,
        people=badges.people(session, organisation, now),
        asked=asked,
        logo_kind=MatterKind.LOGO,
        pictures=matters.pictures(session, asked),
        logo=logos.of(organisation),
        waiting=[each for each in asked if each.decided_at is None],
        may={each.id: _may(held, each, Act.DECIDE) for each in asked},
        lead={each.id: _may(held, each, Act.EDIT_RULES) for each in asked},
        alone={each.id: matters.needs(each, How.DOMAIN, now) is Act.EDIT_RULES for each in asked},
        may_end=bool(lead_of) and len(lead_of) == len(where),
        hows=matters.HOWS,
        links=_links(session, organisation, where, held, now),
    )


def _links(
    session: Session, organisation: Organisation, where: list[Campaign], held: dict[int | None, Role], now: datetime
) -> list[Any]:
    """The links for its colleagues, how many came by each, and whether they are to be ended by whoever looks."""
    seen = [each.id for each in where if permissions.may(held, Act.LOOK, each.id)]
    given = event_codes.staff_links_of(session, organisation, seen)
    return [
        {
            "event": each.event,
            "pledge": each.pledge,
            "used": allowance.used(each.event),
            "counts": each.counts(now),
            "may_end": each.event.ended_at is None
            and each.event.ends_at > now
            and permissions.may(held, Act.DECIDE, each.event.campaign_id),
        }
        for each in given
    ]


@desk.post("/organisations/<public_id>")
@for_staff
def decide_organisation(public_id: str, me: Moderator) -> ResponseReturnValue:
    """Something that waits about it is decided, its badge taken away or handed over."""
    return until_stored(lambda: _decide(public_id, me))


def _decide(public_id: str, me: Moderator) -> ResponseReturnValue:
    now, form = utcnow(), request.form
    wanted = form.get("act", "")
    with transaction() as session:
        held = permissions.roles(session, me)
        organisation, where = _organisation(session, public_id, held)
        try:
            if wanted in ("yes", "no"):
                matter = _matter(session, organisation, form.get("matter", ""), held)
                how = How(form["how"]) if form.get("how") in matters.HOWS else How.DOMAIN
                matters.decide(session, matter, me, held, accepted=wanted == "yes", how=how, now=now)
            elif wanted == "end_link":
                matters.end_link(
                    session, organisation, _link(session, organisation, form.get("link", ""), held), me, now
                )
            elif wanted in ("end", "hand_over", "no_logo"):
                for each in where:  # what changes there is theirs to say as well
                    permissions.require(held, Act.EDIT_RULES, each.id)
                if wanted == "end":
                    matters.end(session, organisation, me, where[0].id, now)
                elif wanted == "no_logo":
                    matters.take_logo_away(session, organisation, me, where[0].id, now)
                else:
                    to = _who(session, form.get("who", ""))
                    matters.hand_over(session, organisation, to, me, where[0].id, now)
            else:
                abort(400)
        except NotNow:
            abort(409)
    return redirect(url_for("desk.show_organisation", public_id=public_id, done=wanted), code=303)


@desk.get("/organisations/<public_id>/<matter>.png")
@for_staff
def show_logo(public_id: str, matter: str, me: Moderator) -> ResponseReturnValue:
    """A logo that waits, or is shown."""
    session = reading()
    held = permissions.roles(session, me)
    organisation, _where = _organisation(session, public_id, held)
    asked = _matter(session, organisation, matter, held)
    png = session.scalars(select(Logo.png).where(Logo.matter_id == asked.id)).first()
    if png is None:
        abort(404)
    return Response(png, mimetype="image/png")


def _organisation(session: Session, public_id: str, held: dict[int | None, Role]):
    """The organisation and the campaigns in which it has to do; 404 for whoever may look at none of them."""
    found = session.scalars(select(Organisation).where(Organisation.public_id == public_id)).first()
    where = matters.campaigns_of(session, found) if found is not None else []
    if found is None or not any(permissions.may(held, Act.LOOK, each.id) for each in where):
        abort(404)
    return found, where


def _may_see(held: dict[int | None, Role], matter: Matter) -> bool:
    return permissions.may(held, Act.LOOK, matter.campaign_id)


def _may(held: dict[int | None, Role], matter: Matter, act: Act) -> bool:
    return permissions.may(held, act, matter.campaign_id)


def _matter(session: Session, organisation: Organisation, public_id: str, held: dict[int | None, Role]) -> Matter:
    query = select(Matter).where(Matter.public_id == public_id[:16], Matter.organisation_id == organisation.id)
    found = session.scalars(query).first()
    if found is None or not _may_see(held, found):
        abort(404)
    return found


def _link(
    session: Session, organisation: Organisation, code_id: str, held: dict[int | None, Role]
) -> event_codes.Given:
    """One of the links that were made for its colleagues; 404 for what is none, or of a campaign that is not theirs."""
    where = [each.id for each in matters.campaigns_of(session, organisation)]
    links = event_codes.staff_links_of(session, organisation, where)
    found = next((each for each in links if str(each.event.id) == code_id), None)
    if found is None or not permissions.may(held, Act.LOOK, found.event.campaign_id):
        abort(404)
    permissions.require(held, Act.DECIDE, found.event.campaign_id)
    return found


def _who(session: Session, public_id: str) -> Contribution:
    found = session.scalars(select(Contribution).where(Contribution.public_id == public_id[:16])).first()
    if found is None:
        abort(404)
    return found


@desk.get("/domains")
@for_staff
def show_domains(me: Moderator) -> ResponseReturnValue:
    return _domains(reading(), me)


@desk.post("/domains")
@for_staff
def change_domains(me: Moderator) -> ResponseReturnValue:
    """A domain proves nothing from now on, or proves as others do, or is left to our own list again."""
    form, now = request.form, utcnow()
    with transaction() as session:
        held = permissions.roles(session, me)
        if not _may_list(held):
            raise permissions.NotAllowed(Act.EDIT_RULES)
        try:
            match form.get("act", ""):
                case "share":
                    domains.say(session, form.get("domain", ""), True, me, now)
                case "let":
                    domains.say(session, form.get("domain", ""), False, me, now)
                case "unsay":
                    domains.unsay(session, form.get("domain", ""), me, now) or abort(404)
                case _:
                    abort(400)
        except domains.BadDomain as error:
            return _domains(session, me, problem=_problem(error.why)), 422
    return redirect(url_for("desk.show_domains", changed=1), code=303)


def _may_list(held: dict[int | None, Role]) -> bool:
    """Whether these roles may say what is true of a domain: a lead of any campaign, since badges are of all."""
    return permissions.campaigns(held, Act.EDIT_RULES) != []


def _problem(why: str) -> str:
    return {
        "none": gettext("Write a domain in full, like example.org."),
        "full": gettext("The list is full. Take domains off that are not needed."),
        "known": gettext("The list says so already."),
    }[why]


def _domains(session: Session, me: Moderator, problem: str = "") -> str:
    return render_template(
        "moderation/domains.html",
        me=me,
        said=domains.said(session),
        usual=domains.usual(),
        may_edit=_may_list(permissions.roles(session, me)),
        problem=problem,
    )
