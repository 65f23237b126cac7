"""Who works at the desk: members, invitations, joining."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import login_user
from sqlalchemy import select

from pledges.db import reading, transaction, utcnow
from pledges.models import Campaign
from pledges.settings import settings
from pledges.text import clean

from .. import accounts, permissions
from ..models import Invitation, Membership, Moderator, Role
from ..permissions import Act, NotAllowed
from .base import campaign_named, desk, for_staff


@desk.get("/people")
@for_staff
def show_people(me: Moderator) -> ResponseReturnValue:
    return _people(me)


@desk.post("/people")
@for_staff
def invite(me: Moderator) -> ResponseReturnValue:
    """The link is shown once, to whoever invites; it is never mailed by us."""
    form, now = request.form, utcnow()
    try:
        role = Role(form.get("role", ""))
    except ValueError:
        return _people(me, problem=gettext("Choose a role.")), 422
    with transaction() as session:
        held = permissions.roles(session, me)
        campaign = campaign_named(session, form.get("campaign", ""))
        if not permissions.may_invite(held, role, campaign.id if campaign else None):
            raise NotAllowed(Act.INVITE)
        try:
            link = accounts.invite(session, form.get("email", ""), role, campaign.id if campaign else None, me, now)
        except ValueError:
            return _people(me, problem=gettext("Enter an email address like name@example.org.")), 422
    return _people(me, link=settings().base_url + link)


def _people(me: Moderator, *, problem: str = "", link: str = "") -> str:
    session = reading()
    held = permissions.roles(session, me)
    where = permissions.campaigns(held, Act.LOOK)
    members = session.execute(
        select(Membership, Moderator)
        .join(Moderator, Moderator.id == Membership.moderator_id)
        .where(Membership.ended_at.is_(None))
        .order_by(Moderator.name)
    ).all()
    shown = [pair for pair in members if where is None or pair[0].campaign_id in (None, *where)]
    campaigns = session.scalars(select(Campaign).order_by(Campaign.slug)).all()
    return render_template(
        "moderation/people.html",
        me=me,
        members=shown,
        campaigns=[campaign for campaign in campaigns if where is None or campaign.id in where],
        roles=[role for role in Role if any(role in permissions.INVITES.get(own, ()) for own in held.values())],
        problem=problem,
        link=link,
    )


@desk.post("/shortcuts")
@for_staff
def switch_shortcuts(me: Moderator) -> ResponseReturnValue:
    """Single keys can be switched off, for those whom they would trip up (WCAG 2.1.4)."""
    with transaction():
        me.shortcuts = not me.shortcuts
    return redirect(url_for("desk.show_queue"), code=303)


# -- joining -----------------------------------------------------------------------------------------


@desk.get("/invitation/<token>")
def show_invitation(token: str) -> ResponseReturnValue:
    invitation = accounts.open_invitation(reading(), token, utcnow())
    if invitation is None:
        return render_template("moderation/invitation.html", step="over", me=None), 404
    if accounts.known_already(reading(), invitation) is not None:
        return _role_to_take(token, invitation)
    return render_template("moderation/invitation.html", step="password", email=invitation.email, me=None, problem="")


def _role_to_take(token: str, invitation: Invitation) -> ResponseReturnValue:
    """Somebody who is at the desk already signs in as ever, and takes the role with a button."""
    me = accounts.signed_in()
    if me is None or me.email != invitation.email:
        here = url_for("desk.show_invitation", token=token)
        page = render_template("moderation/invitation.html", step="sign_in", me=None, here=here, problem="")
        return page, 403
    return render_template("moderation/invitation.html", step="role", me=me, role=invitation.role, problem="")


@desk.post("/invitation/<token>")
def join(token: str) -> ResponseReturnValue:
    """First the password, then the secret of an authenticator app and its first code."""
    now, form = utcnow(), request.form
    with transaction() as session:
        invitation = accounts.open_invitation(session, token, now, lock=True)
        if invitation is None:
            return render_template("moderation/invitation.html", step="over", me=None), 404
        known, me = accounts.known_already(session, invitation), accounts.signed_in()
        if known is not None:
            if me is None or me.id != known.id:
                return _role_to_take(token, invitation)
            accounts.take_role(session, invitation, known, now)
            return redirect(url_for("desk.show_queue"), code=303)
        if "password" in form:
            password = form["password"]
            if len(password) < accounts.PASSWORD_CHARS:
                words = gettext("The password needs at least %(count)s characters.", count=accounts.PASSWORD_CHARS)
                page = render_template(
                    "moderation/invitation.html", step="password", email=invitation.email, me=None, problem=words
                )
                return page, 422
            moderator = accounts.accept(session, invitation, clean(form.get("name", ""))[:100], password, now)
            return _ask_for_code(moderator, "")
        found = session.scalars(select(Moderator).where(Moderator.email == invitation.email)).first()
        if found is None or not found.tf_totp_secret:
            return redirect(url_for("desk.show_invitation", token=token), code=303)
        if not accounts.confirm(session, invitation, found, form.get("code", ""), now):
            return _ask_for_code(found, gettext("This code is not right. Wait for the next one and type it.")), 422
    login_user(found, authn_via=["password", "code"])
    return redirect(url_for("desk.show_queue"), code=303)


def _ask_for_code(moderator: Moderator, problem: str) -> str:
    stored = moderator.tf_totp_secret or ""
    return render_template(
        "moderation/invitation.html",
        step="code",
        me=None,
        email=moderator.email,
        secret=accounts.shown_secret(stored),
        uri=accounts.secret_uri(stored, moderator.email),
        problem=problem,
    )
